//! Events and results as text: lines for people, JSON for programs, both for CI systems, and documents
//! of a whole run.
//!
//! Reporters write to whatever they are given; colours are always written, and the
//! stream that they go to drops them where they are not wanted.

mod applied;
mod built;
mod checklist;
pub mod ci;
mod compare;
mod diff;
pub mod document;
mod error;
mod escape;
mod html;
mod markdown;
mod plain;
mod plot;
mod strip;
mod summary;
mod table;
mod tables;

pub use built::built;
pub use checklist::checklist;
pub use compare::Comparison;
pub use diff::diff;
pub use document::Document;
pub use error::error;
pub use html::html;
pub use markdown::markdown;
pub use plain::{Plain, REASONS, Verbosity};
pub use summary::summary;
pub use table::{Column, Kind, Table};
