//! What a profile of LLVM's counters says, of a build and beside another profile.
//!
//! - [`TraceReader`] reads a build's functions out of what the compiler says, [`instrumented`] out of an
//!   instrumented program.
//! - [`match_build`] tells what of a profile a build applies, [`rebase()`] carries a profile over to
//!   functions with other names, and [`in_every_unit`] lets a build find functions in other units.
//! - [`hottest`], [`coverage`], [`overlap()`] and [`diff()`] look into profiles; [`Meaning`], [`Crates`] and
//!   [`demangle`] into their names.
//!
//! Merging has to be fast; this has not, and is compiled without optimization. So it is a crate of its
//! own, for which `honing-profdata` reads and writes.

#![forbid(unsafe_code)]

mod binary;
mod cfg_hash;
mod diff;
mod functions;
mod inspect;
mod matching;
mod origin;
mod overlap;
mod rebase;
mod scan;
mod sharing;
mod symbol;
mod trace;
mod units;
mod v0;

pub use binary::{Instrumented, instrumented};
pub use diff::{Diff, FunctionDiff, Presence, diff};
pub use functions::{BuildFunction, BuildFunctions, Linkage};
pub use inspect::{Coverage, Hot, coverage, demangle, hottest, split_name};
pub use matching::{Lost, Match, Share, Why, match_build};
pub use origin::{Crates, Origin, home_crate};
pub use overlap::{Overlap, OverlapPart, overlap};
pub use rebase::{Dropped, Part, RebaseReport, Rebased, Replacement, Rule, Unpaired, rebase};
pub use sharing::{Sharing, sharing};
pub use symbol::{Meaning, unit_crate};
pub use trace::TraceReader;
pub use units::{InEveryUnit, in_every_unit};
