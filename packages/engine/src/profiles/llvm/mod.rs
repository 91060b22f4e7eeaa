//! LLVM's counters: collected after a training, merged, matched against a build, carried over to other names.

mod counters;
mod counts;
mod coverage_loss;
mod gather;
pub(crate) mod indexed;
mod kin;
mod matching;
mod merge;
pub mod profile_files;
mod rebase;
mod settings;

pub(crate) use counters::{Counters, wants_llvm};
#[cfg(test)]
pub(crate) use gather::Sums;
pub use settings::TABLES;
pub(crate) use settings::{Counting, Flush, Instrumenting};
