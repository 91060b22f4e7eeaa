//! The pure middle of Honing: what is to be done and what came of it, as values.
//!
//! Nothing in here starts a process, opens a file or reads a clock; the engine does
//! that at the rim and hands the results in as values.

pub mod account;
pub mod applied;
pub mod bars;
mod called;
pub mod checklist;
pub mod config;
mod error;
pub mod event;
mod fingerprint;
mod flow;
pub mod forecast;
pub mod jobs;
mod names;
mod order;
mod others;
pub mod outcome;
mod planned;
pub mod recorded;
pub mod release;
mod settings;
pub mod shard;
mod stage;
pub mod staleness;
pub mod status;
mod step;
pub mod template;
pub mod units;

pub use called::{advised, call, called, give};
pub use error::{Error, ExitCode, Place, Result};
pub use fingerprint::{Digest, Fingerprint, because};
pub use flow::{Flow, Training};
pub use names::{closest, unknown};
pub use order::{Member, Turn, order, selected, turns};
pub use others::{Other, Part};
pub use planned::{Planned, PlannedState};
pub use settings::{Setting, settings};
pub use stage::{Selection, Stage};
pub use step::{Pass, Step};
