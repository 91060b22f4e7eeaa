//! LLVM's counters: collected after a training, merged, matched against a build, carried over to other names.

pub(crate) mod collected;
mod counters;
pub(crate) mod gather;
pub(crate) mod indexed;
pub(crate) mod kin;
pub(crate) mod matching;
pub(crate) mod merge;
pub mod merging;
pub(crate) mod poorer;
pub(crate) mod rebase;

pub(crate) use counters::Counters;
