//! LLVM's counters: collected after a training, merged, matched against a build, carried over to other names.

mod counters;
mod counts;
pub(crate) mod indexed;
mod kin;
mod matching;
mod merge;
pub mod merging;
mod poorer;
mod rebase;
mod settings;

pub(crate) use counters::{Counters, wants_llvm};
pub(crate) use settings::{Counting, Flush, Instrumenting};
pub use settings::{MergeTool, TABLES};
