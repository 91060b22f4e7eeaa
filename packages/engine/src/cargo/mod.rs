//! Cargo: what the workspace has, which flags apply, and builds that differ in
//! nothing but the flags of PGO.

mod build;
mod candidates;
mod environment;
mod flags;
mod host;
pub(crate) mod libraries;
mod sources;
mod workspace;

pub(crate) use build::{Built, Wanted, build, build_command, driver_command};
pub use candidates::Candidate;
pub use environment::clean_environment;
pub(crate) use flags::{CargoConfig, Linking};
pub(crate) use sources::source_digests;
pub use workspace::Workspace;
pub(crate) use workspace::unknown;
