//! Reads, merges, inspects and writes the profiles of LLVM's IR-level instrumentation: what
//! `rustc -Cprofile-generate` and `clang -fprofile-generate` programs write, and what
//! `-Cprofile-use` reads.
//!
//! Byte slices in, values out: no files, no processes, no clock.
//!
//! - [`read`] a profile in any of the four [`Format`]s, or [`Merger::add`] many; [`merge_all`] does
//!   so on several threads.
//! - [`Profile::to_indexed`] and [`Profile::to_text`] write it, and [`Profile::to_packed`] for
//!   version control.
//! - [`Profile::hottest`], [`Profile::coverage`], [`overlap()`] and [`diff()`] look into it.
//! - [`instrumented`] reads the functions out of the instrumented program itself, [`TraceReader`]
//!   out of what the compiler says while it builds; [`match_build`] tells what of a profile applies,
//!   and [`rebase()`] carries a profile over to functions with other names.
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

mod binary;
mod bytes;
mod cfg_hash;
mod copy;
mod deflate;
mod diff;
mod error;
mod format;
mod functions;
mod indexed;
mod inspect;
mod matching;
mod merger;
mod name_table;
mod names;
mod origin;
mod overlap;
mod packed;
mod policy;
mod profile;
mod raw;
mod rebase;
mod record;
mod report;
mod scan;
mod sites;
mod store;
mod symbol;
mod text;
mod trace;
mod units;
mod v0;
mod value;

pub use binary::{Instrumented, InstrumentedFunction, instrumented};
pub use bytes::ByteOrder;
pub use diff::{Diff, FunctionDiff, Presence, diff};
pub use error::Error;
pub use format::*;
pub use functions::{BuildFunction, BuildFunctions, Linkage};
pub use indexed::{CUTOFFS, CutoffEntry, IndexedVersion, Summary};
pub use inspect::{Coverage, Hot, demangle, split_name};
pub use matching::{Lost, Match, Share, Why, match_build};
pub use merger::{InputError, MergeRun, MergeSummary, Merged, Merger, merge_all};
pub use names::name_hash;
pub use origin::{Crates, Origin, home_crate};
pub use overlap::{Overlap, OverlapPart, overlap};
pub use policy::Policy;
pub use profile::{Function, Profile};
pub use rebase::{Dropped, Part, RebaseReport, Rebased, Replacement, Rule, Unpaired, rebase};
pub use report::{FileReport, Loss, LossKind, ValueData};
pub use symbol::{Meaning, unit_crate};
pub use trace::TraceReader;
pub use units::InEveryUnit;

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
