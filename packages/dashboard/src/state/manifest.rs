//! The Cargo profiles, and the edit of Cargo.toml that is proposed.

use honing_cargo::cargo_profile::Review;
use honing_core::Error;

/// What the Cargo profiles are, and an edit that makes them as PGO wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CargoProfiles {
    /// The profiles that programs are built with.
    pub reviews: Vec<Review>,
    /// The edit as a unified diff, line by line; nothing where there is nothing to change.
    pub diff: Vec<String>,
    /// What is to be done after it.
    pub next: Vec<String>,
}

/// How far a person is with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Manifest {
    /// They were not asked for.
    #[default]
    Unread,
    /// They are being read.
    Reading,
    /// They are shown; where there is an edit, it can be accepted.
    Read(CargoProfiles),
    /// The edit is being written.
    Writing(CargoProfiles),
    /// The edit was written.
    Written(CargoProfiles),
    /// They cannot be read, or the edit cannot be written.
    Failed(Error),
}
