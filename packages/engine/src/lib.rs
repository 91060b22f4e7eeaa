//! The effects of Honing: it runs the stages of a plan and says what happens.
//!
//! Values come in (a configuration, options), values go out (events, a summary);
//! between them are processes, cargo, the file system and the clock.

pub mod cargo;
mod carry;
mod chain;
mod clean;
mod clock;
mod disk;
mod exec;
mod files;
mod history;
mod lock;
pub mod merging;
pub mod pinning;
mod pipeline;
mod planned;
pub mod process;
mod profiled;
mod recorded;
mod session;
mod sink;
pub mod stages;
mod status;
pub mod store;
mod toolchain;
mod workload;

pub use carry::{export, export_rebased, rebase};
pub use clean::clean;
pub use exec::{exec, exec_command};
pub use history::Since;
pub use pipeline::{Finished, run};
pub use planned::{Planned, PlannedState, plan};
pub use recorded::{Stored, load as stored};
pub use session::{Options, ProfileSource, Session, Subject, find_binaries};
pub use sink::{Listener, Sink};
pub use status::{LastMatch, Status, status};
pub use toolchain::Toolchain;
