//! Samples of CPU time of Go programs (pprof).

mod ask;
mod edges;
mod effects;
mod matching;
mod merge;
mod pull;
mod rebase;
mod samples;
mod settings;

pub(crate) use samples::Samples;
pub use settings::TABLES;
