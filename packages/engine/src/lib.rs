//! The effects of Honing: it runs the stages of a plan and says what happens.
//!
//! Values come in (a configuration, options), values go out (events, a summary);
//! between them are processes, cargo, the file system and the clock.

mod budget;
pub mod cargo;
mod cargo_profiles;
mod carry;
mod chain;
mod checklist;
mod ci;
mod clean;
mod clock;
mod compare;
mod disk;
mod exec;
mod files;
mod history;
mod lock;
mod measure;
pub mod merging;
pub mod pinning;
mod pipeline;
mod planned;
pub mod process;
mod profiled;
mod qualified;
mod recorded;
mod release;
mod session;
mod sink;
pub mod stages;
mod status;
pub mod store;
mod toolchain;
mod whereabouts;
mod workload;

pub use cargo_profiles::{RootManifest, cargo_profile};
pub use carry::{export, export_rebased, rebase};
pub use checklist::checklist;
pub use ci::{Places, gather};
pub use clean::clean;
pub use compare::{CompareOptions, CompareReport, Compared, compare, replay};
pub use exec::{exec, exec_command};
pub use files::write_atomically;
pub use measure::{MetricKind, Recording, Run, Which, host::Host};
pub use merging::Given;
pub use pipeline::{Finished, run};
pub use planned::{Planned, PlannedState, plan};
pub use qualified::qualify;
pub use recorded::{Stored, load as stored};
pub use release::{ReleaseOptions, release};
pub use session::{Options, ProfileSource, Session, Subject};
pub use sink::{Listener, Sink};
pub use status::status;
pub use toolchain::Toolchain;
pub use whereabouts::find_binaries;
