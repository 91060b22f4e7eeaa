//! Go: programs that `go build` makes, with samples of CPU time as their profiles.

mod ask;
mod build;
mod builder;
mod craft;
mod list;
mod mains;
mod tables;

pub use craft::ByGo;
pub use mains::{Main, find_mains};
pub use tables::TABLES;
