//! The dashboard: the event stream of a run as panes on a terminal, and what a person can
//! do from there.
//!
//! [`State::update`] takes messages (events, keys, sizes, time) and [`view`] draws; both
//! are pure. The module `terminal` is the rim: it reads keys, draws, handles signals, and
//! gives the terminal back whichever way the process ends.

mod inbox;
mod keys;
mod pane;
mod past;
mod screen;
mod settings;
mod state;
mod terminal;
mod text;
mod update;
mod view;

pub use inbox::Inbox;
pub use keys::{Key, Keymap};
pub use past::{Past, read as read_past};
pub use screen::{SMALLEST, Screen};
pub use settings::Settings;
pub use state::{Ask, CargoProfiles, Mode, Notify, Setup, Standing, State};
pub use terminal::{Backend, Left, run, tell};
pub use update::{Effect, Msg};
pub use view::view;
