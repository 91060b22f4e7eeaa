//! Go: programs that `go build` makes, with samples of CPU time as their profiles.

mod ask;
mod build;
mod builder;
mod craft;
mod list;
mod tables;

pub use craft::ByGo;
pub use tables::TABLES;
