//! Cargo: what the workspace has, which flags apply, and builds that differ in
//! nothing but the flags of PGO.

mod ask;
mod build;
mod builder;
mod calls;
mod candidates;
mod check;
mod configured;
mod environment;
pub(crate) mod exec;
mod flags;
mod flavours;
mod generated;
mod host;
mod libraries;
mod local;
mod own;
mod packages;
mod paths;
mod pinning;
mod probe;
pub(crate) mod profiles;
mod ready;
mod scripts;
mod sources;
mod spec;
mod state;
mod tables;
pub(crate) mod toolchain;
mod tools;
mod units;
mod watch;
pub(crate) mod whereabouts;
mod workspace;
pub(crate) mod wrapper;

pub use candidates::Candidate;
pub use environment::clean_environment;
pub use tables::TABLES;
pub use workspace::Workspace;
