//! Why a profile cannot be read or merged: what, where, what next.

use crate::format::PACKED_VERSION;
use crate::format::{INDEXED_VERSION_MAX, INDEXED_VERSION_MIN, RAW_VERSION_MAX, RAW_VERSION_MIN};

/// A profile that cannot be read at all, or a merge that lost too much.
///
/// What can be read around is no error but a [`crate::Loss`] in the file's report.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file has no bytes.
    #[error(
        "the profile is empty: with %p in LLVM_PROFILE_FILE a process that was killed leaves \
         a zero-byte file; end it in order or use continuous mode (%c)"
    )]
    Empty,
    /// The first bytes are of none of the formats.
    #[error("not an LLVM profile: its first bytes are neither raw, indexed, text nor packed")]
    UnknownFormat,
    /// The program was 32-bit.
    #[error("a raw profile of a 32-bit program: only 64-bit ones can be read")]
    Raw32,
    /// The raw format's version is outside of what can be read.
    #[error(
        "raw profile version {found}, but versions {RAW_VERSION_MIN} to {RAW_VERSION_MAX} can be \
         read; merge it with the llvm-profdata of the LLVM that instrumented the program"
    )]
    RawVersion {
        /// The file's version.
        found: u64,
    },
    /// The indexed format's version is outside of what can be read.
    #[error(
        "indexed profile version {found}, but versions {INDEXED_VERSION_MIN} to \
         {INDEXED_VERSION_MAX} can be read"
    )]
    IndexedVersion {
        /// The file's version.
        found: u64,
    },
    /// The profile was instrumented by a front end.
    #[error(
        "a front end's profile (coverage): only IR-level profiles can be read; instrument with \
         rustc -Cprofile-generate or clang -fprofile-generate"
    )]
    FrontEnd,
    /// The profile needs debug information that is not in it.
    #[error("names and data of this profile are in debug information, which cannot be joined")]
    DebugCorrelated,
    /// A declared size or offset does not fit the file.
    #[error("{what} does not fit the file: {declared} declared at byte {at}, {available} available")]
    OutOfBounds {
        /// What was declared.
        what: &'static str,
        /// The declared size or offset, in the unit of `what`.
        declared: u64,
        /// Byte of the file that declares it, or that it starts at.
        at: u64,
        /// What the file has room for, in the same unit.
        available: u64,
    },
    /// A field has a value that no writer gives it.
    #[error("{what} is {found} at byte {at}")]
    Malformed {
        /// Which field.
        what: &'static str,
        /// Its value.
        found: u64,
        /// Byte of the file where it is.
        at: u64,
    },
    /// The names cannot be unpacked.
    #[error("the names section cannot be read: {0}")]
    Names(&'static str),
    /// The packed format's version is not the one that can be read.
    #[error(
        "packed profile version {found}, but only version {PACKED_VERSION} can be read: a newer Honing \
         wrote it; update Honing, or record the profile anew"
    )]
    PackedVersion {
        /// The file's version.
        found: u32,
    },
    /// The packed profile is not as it was written.
    #[error("the packed profile is damaged: {0}; restore it from version control")]
    Packed(&'static str),
    /// A line of a text profile is not what belongs there.
    #[error("line {line}: {what}, found `{found}`")]
    Text {
        /// Line of the file, from 1.
        line: u64,
        /// What was expected.
        what: &'static str,
        /// The line, shortened.
        found: String,
    },
    /// Profiles that instrumented only function entries cannot be merged with others.
    #[error("function-entry-only profiles cannot be merged with profiles of blocks")]
    MixedVariants,
    /// Nothing was read, so there is nothing to write.
    #[error("no profile with counters among {files} files")]
    Nothing {
        /// How many files were offered.
        files: u64,
    },
    /// More weight was lost than the policy allows.
    #[error(
        "{:.2} % of the weight was lost, {:.2} % is allowed; see the files' reports, or allow more",
        share * 100.0,
        allowed * 100.0
    )]
    TooMuchLost {
        /// Lost weight over all weight, 0 to 1.
        share: f64,
        /// What the policy allows, 0 to 1.
        allowed: f64,
    },
    /// The profile cannot be written in the version that was asked for.
    #[error("indexed version {asked} cannot carry {what}: ask for version {needed} or later")]
    VersionTooLow {
        /// The version that was asked for.
        asked: u64,
        /// What the profile has.
        what: &'static str,
        /// The lowest version that carries it.
        needed: u64,
    },
    /// The bytes are no object file with instrumentation.
    #[error("the binary cannot be read: {0}")]
    Binary(String),
}

impl Error {
    /// Shorthand for [`Error::OutOfBounds`].
    pub(crate) fn bounds(what: &'static str, declared: u64, at: usize, available: usize) -> Error {
        Error::OutOfBounds { what, declared, at: at as u64, available: available as u64 }
    }
}
