//! Programs that commands build, whatever they are: make, cmake, meson, a script. Every flavour is built in one
//! folder, by the same commands with other flags filled in.

mod build;
mod builder;
mod calls;
mod compiler;
mod craft;
mod output;
mod probe;
mod progress;
mod reach;
mod sources;
mod state;
mod tables;
mod words;
pub(crate) mod wrapper;

pub use craft::ByCommand;
pub use tables::TABLES;
