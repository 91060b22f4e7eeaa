//! Cargo's words, as values: what pgo.toml says to cargo, Cargo profiles, calls of rustc, and names of
//! symbols.
//!
//! Nothing in here starts a process, opens a file or reads a clock; the engine's room for cargo does.

pub mod calls;
pub mod cargo_profile;
pub mod dep_info;
pub mod pin;
mod pins;
pub mod tables;
