//! `pgo.toml`: what is optimized, on what it is trained, and by what it is judged.
//!
//! One set of types reads the file, refuses what it does not know and generates the
//! JSON Schema that editors complete from.

mod forms;
#[cfg(test)]
pub(crate) mod made_for_tests;
mod moved;
mod needs;
mod own;
mod parse;
mod place;
mod position;
mod program;
mod reader;
mod schema;
mod sections;
mod validate;
mod workload;

pub use forms::{Form, Tables};
pub use honing_paired::Direction;
pub use needs::Needed;
pub use own::{Own, Owned};
pub use place::Place;
pub use position::Positions;
pub(crate) use position::line_and_column;
pub use program::{Program, Tool};
pub use reader::Reader;
pub use sections::{Bench, Config, Inconclusive, Limit, Merge, OutcomeKind, Policy, Rebase, ToolchainChange};
pub use validate::TAKEN_NAMES;
pub use workload::{
    CPU, Kind, Latency, Metric, PEAK_MEMORY, Ready, Role, SYSTEM, Service, Stop, USER, WALL, Workload,
};
