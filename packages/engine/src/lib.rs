//! The effects of Honing: it runs the stages of a plan and says what happens.
//!
//! Values come in (a configuration, options), values go out (events, a summary);
//! between them are processes, cargo, the file system and the clock.

pub mod cargo;
mod clean;
mod clock;
mod disk;
mod exec;
mod files;
mod lock;
pub mod merging;
pub mod pinning;
mod pipeline;
mod planned;
pub mod process;
mod session;
mod sink;
pub mod stages;
pub mod store;
mod toolchain;
mod workload;

pub use clean::clean;
pub use exec::{exec, exec_command};
pub use pipeline::{Finished, run};
pub use planned::{Planned, PlannedState, plan};
pub use session::{Options, Session, Subject, find_binaries};
pub use sink::{Listener, Sink};
pub use toolchain::Toolchain;
