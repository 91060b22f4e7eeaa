//! The stages: each a function from typed inputs to a typed output that only it makes.
//!
//! `optimize` takes a [`MergedProfile`], and only `merge` makes one; what a stage needs
//! from an earlier one it gets as a value, never from memory that they share.

mod aa;
mod affordable;
mod bench;
mod collected;
mod compile;
mod gather;
mod hand_over;
mod indexed;
mod judge;
mod kin;
mod manual;
mod matching;
mod merge;
mod optimize;
mod poorer;
mod preflight;
mod probe;
mod readings;
mod rebase;
mod record;
mod selected;
mod step;
mod tools;
mod train;

pub use aa::Qualified;
pub(crate) use aa::{qualify, unfit};
pub(crate) use bench::{BenchInputs, bench, bench_fingerprint};
pub use bench::{Measured, Measurements};
pub(crate) use compile::{
    Added, baseline, build_fingerprint, check_same_source, instrument, instrument_flags, instrument_fully,
    instrumented_changes, instrumenting, orders, wanted,
};
pub use compile::{Baseline, Instrumented};
pub(crate) use gather::gather;
pub(crate) use hand_over::hand_over;
pub(crate) use judge::{Judged, growth, judge, size, wants_more};
pub(crate) use matching::hot;
pub(crate) use merge::Merged as MergedManifest;
pub use merge::MergedProfile;
pub(crate) use merge::{
    forget_spent, import, import_fingerprint, merge, merge_command, merge_fingerprint, part_of_file, spent,
};
pub use optimize::Optimized;
pub(crate) use optimize::{check_current, optimize, optimize_flags, profile_path};
pub use preflight::Ready;
pub(crate) use preflight::{check, preflight, preflight_fingerprint};
pub(crate) use rebase::{rebase, rebased_before};
pub use record::Recorded;
pub(crate) use record::{Findings, build_entry, eval_entries, record, record_fingerprint, workload_entries};
pub(crate) use selected::check_selected;
pub(crate) use step::{Product, Step, reasons, stored};
pub(crate) use tools::{build_tools, known_tools};
pub use train::RawProfiles;
pub(crate) use train::{discard_raw, raw_pattern, train, train_fingerprint, trained, training, workloads};
