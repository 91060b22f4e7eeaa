//! Cargo: what the workspace has, which flags apply, and builds that differ in
//! nothing but the flags of PGO.

mod ask;
mod build;
mod calls;
mod candidates;
pub(crate) mod compile;
mod environment;
pub(crate) mod exec;
mod flags;
mod generated;
mod host;
pub(crate) mod libraries;
mod local;
pub(crate) mod optimize;
mod packages;
mod paths;
pub(crate) mod pinning;
pub(crate) mod probe;
pub(crate) mod profiles;
mod ready;
mod scripts;
mod sources;
mod spec;
mod state;
pub(crate) mod toolchain;
pub(crate) mod tools;
mod units;
mod watch;
pub(crate) mod whereabouts;
mod workspace;
pub(crate) mod wrapper;

pub(crate) use ask::{Answer, ask, configured};
pub(crate) use build::{Built, Wanted, build, build_command, driver_command};
pub use candidates::Candidate;
pub use environment::clean_environment;
pub(crate) use flags::{CargoConfig, one_target};
pub(crate) use paths::made_whole;
pub(crate) use ready::ready;
pub(crate) use sources::{dep_info, source_digests};
pub(crate) use state::Cargo;
pub use workspace::Workspace;
