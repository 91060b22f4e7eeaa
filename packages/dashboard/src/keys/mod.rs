//! Keys, declared once: the table makes the dispatch, the footer and the help.

mod key;
mod map;
mod table;

pub use key::Key;
pub use map::Keymap;
pub(crate) use table::{Action, Binding, Where};
