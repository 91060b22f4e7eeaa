//! Go: programs that `go build` makes, with samples of CPU time as their profiles.

mod ask;
mod build;
mod builder;
mod craft;
mod list;
mod mains;
mod tables;

pub use craft::ByGo;
pub use mains::Main;
pub(crate) use mains::mains;
pub use tables::TABLES;
