//! Events and results as text: lines for people, JSON for programs.
//!
//! Reporters write to whatever they are given; colours are always written, and the
//! stream that they go to drops them where they are not wanted.

mod applied;
mod error;
mod json;
mod plain;
mod summary;
mod table;

pub use error::error;
pub use json::json;
pub use plain::{Plain, Verbosity};
pub use summary::summary;
pub use table::{Align, Table};
