//! Go: programs that `go build` makes, with samples of CPU time as their profiles.

mod aside;
mod ask;
mod bench;
mod build;
mod builder;
mod called;
mod craft;
mod driven;
mod list;
mod mains;
mod off;
mod orders;
mod reads;
pub(crate) mod shim;
mod state;
mod tables;
mod witness;

pub use craft::ByGo;
pub use mains::Main;
pub(crate) use mains::mains;
pub use tables::TABLES;
