//! The manifest of a stored profile: what a person reviews in a diff, and what later
//! runs judge the profile by.

mod manifest;
mod measured;
mod read;
mod second;
mod workload;

pub use manifest::{CostEntry, HotEntry, Manifest, PartEntry, Profile, SizeEntry, Source, VerdictEntry};
pub use measured::{MatchEntry, MeasuredEntry};
pub use read::SCHEMA;
pub use workload::{WorkloadEntry, workload_changes};
