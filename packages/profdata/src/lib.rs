//! Reads, merges and writes the profiles of LLVM's IR-level instrumentation: what
//! `rustc -Cprofile-generate` and `clang -fprofile-generate` programs write, and what
//! `-Cprofile-use` reads.
//!
//! Byte slices in, values out: no files, no processes, no clock.
//!
//! - [`read`] a profile in any of the four [`Format`]s, or [`Merger::add`] many; [`merge_all`] does
//!   so on several threads.
//! - [`Profile::to_indexed`] and [`Profile::to_text`] write it, and [`Profile::to_packed`] for
//!   version control.
//! - [`instrumented_functions`] are those of an instrumented program itself, [`Rewrite`] gives functions
//!   other names.
//!
//! ```
//! use honing_profdata::{IndexedVersion, Policy, merge_all};
//! let files = [b":ir\nmain\n7\n1\n40\n".as_slice(), b":ir\nmain\n7\n1\n2\n".as_slice()];
//! let load = |file: usize| files.get(file).map(|bytes| (bytes, 1)).ok_or("no such file");
//! let run = merge_all(files.len(), 2, Policy::default(), load);
//! let merged = run.merger.finish()?;
//! assert_eq!(merged.profile.weight(), 42);
//! let profdata: Vec<u8> = merged.profile.to_indexed(IndexedVersion::Lowest)?;
//! # assert!(!profdata.is_empty());
//! # Ok::<(), honing_profdata::Error>(())
//! ```
//!
//! What cannot be read is left out and reported ([`FileReport`], [`Loss`]); a [`Policy`] says how
//! much may be lost. Any bytes give a profile or an [`Error`].

#![forbid(unsafe_code)]

mod bytes;
mod deflate;
mod error;
mod format;
mod indexed;
mod instrumented;
mod merger;
mod name_table;
mod names;
mod packed;
mod policy;
mod profile;
mod raw;
mod record;
mod report;
mod rewrite;
mod sites;
mod store;
mod text;
mod value;

pub use bytes::ByteOrder;
pub use error::Error;
pub use format::*;
pub use indexed::{CUTOFFS, CutoffEntry, IndexedVersion, Summary};
pub use instrumented::{InstrumentedFunction, instrumented_functions};
pub use merger::{InputError, MergeRun, MergeSummary, Merged, Merger, merge_all};
pub use names::name_hash;
pub use policy::Policy;
pub use profile::{Function, Profile};
pub use report::{FileReport, Loss, LossKind, ValueData};
pub use rewrite::Rewrite;

/// A profile that was read from one file.
#[derive(Debug)]
pub struct Read {
    /// What was read.
    pub profile: Profile,
    /// What was found and what was left out.
    pub report: FileReport,
}

/// Reads a raw, indexed, text or packed profile and keeps whatever can be read.
///
/// # Errors
/// If nothing can be read, or the file has no function.
pub fn read(bytes: &[u8]) -> Result<Read, Error> {
    let mut merger = Merger::new(Policy::KEEP_ALL);
    let mut report = merger.add(bytes, 1)?;
    let Merged { profile, summary } = merger.finish_anyway()?;
    report.losses.extend(summary.dropped);
    Ok(Read { profile, report })
}
