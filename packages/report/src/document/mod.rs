//! What a run came to, as one value: `report.json`, and what the Markdown and the page are drawn
//! from. docs/report.md describes every field; within one [`SCHEMA`] fields are added, never renamed.

mod cost;
mod past;
mod read;

use honing_core::{
    ExitCode, Step,
    account::Entries,
    applied::{Applied, HotFunction},
    event::{Artifact, StageState},
    outcome::{Measured, Outcome, Trust},
    recorded::Source,
};
use serde::{Deserialize, Serialize};

pub use past::{Change, Past};

/// Version of the document.
pub const SCHEMA: u32 = 2;

/// A run, with everything that is reported of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Version of Honing that ran; `None` where the run ended before it began to work.
    pub version: Option<String>,
    /// Name of the run's folder below `target/honing/runs`.
    pub run: Option<String>,
    /// When it began, in UTC; `None` where its name does not tell.
    pub date: Option<String>,
    /// The sentence for all of it.
    pub verdict: String,
    /// Milliseconds from its beginning to its last event.
    pub elapsed_ms: u64,
    /// Milliseconds of it that builders took; `None` where the run never ended.
    pub builder_ms: Option<u64>,
    /// How it ended; `None` where it never did: it was killed, or it still goes on.
    pub end: Option<End>,
    /// What it warned of, in order.
    pub warnings: Vec<String>,
    /// The stages that were asked for.
    pub stages: Vec<Step>,
    /// The programs, in order.
    pub programs: Vec<Program>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// How the process ends.
    pub exit: ExitCode,
    /// The number of it.
    pub code: u8,
    /// The error, if there was one.
    pub error: Option<String>,
    /// What to do next.
    pub hint: Option<String>,
}

/// What a run found for a program: with what there is, where it ended early.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Program {
    /// Its name in `pgo.toml`.
    pub program: String,
    /// The target triple.
    pub target: Option<String>,
    /// What the metrics say together; `None` where the run ended before.
    pub outcome: Option<Outcome>,
    /// The sentence for it.
    pub wording: Option<String>,
    /// Every metric of every eval workload, once it has been judged.
    pub measured: Vec<Measured>,
    /// What is known about the machine, for each eval workload.
    pub trust: Vec<Trust>,
    /// The stages as they went, in order.
    pub timeline: Vec<Span>,
    /// What a refresh costs; `None` where that cannot be told.
    pub refresh: Option<Refresh>,
    /// The baseline binary.
    pub baseline: Option<Artifact>,
    /// The optimized binary.
    pub optimized: Option<Artifact>,
    /// How much of its profile the optimized binary applied.
    pub applied: Option<Applied>,
    /// The heaviest functions of that profile.
    pub hot: Vec<HotFunction>,
    /// The profile in the repository, as it was at the end.
    pub profile: Option<Profile>,
    /// Where this run recorded the profile, relative to the workspace.
    pub recorded: Option<String>,
    /// What to do next, a line each.
    #[serde(default)]
    pub next: Vec<String>,
    /// Earlier runs of the program, the oldest first.
    pub history: Vec<Past>,
}

/// A stage in the course of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// The stage.
    pub stage: Step,
    /// How it ended; `None` where the run ended during it.
    pub state: Option<StageState>,
    /// Milliseconds from the beginning of the run to the stage's.
    pub start_ms: u64,
    /// Milliseconds from the beginning of the run to the stage's end.
    pub end_ms: u64,
    /// Milliseconds of wall time; where it is up to date, in the run that did the work.
    pub elapsed_ms: u64,
    /// Milliseconds of CPU time of its children, likewise.
    pub cpu_ms: u64,
    /// What it says about its result, or the error.
    pub detail: String,
    /// Why it ran.
    pub reasons: Vec<String>,
}

/// What a refresh of the profile costs, as multiples of one plain build's CPU time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refresh {
    /// Milliseconds of CPU time of the baseline build: one plain build.
    pub baseline_ms: u64,
    /// Milliseconds of CPU time of the instrumented build.
    pub instrument_ms: u64,
    /// Milliseconds of CPU time of the optimized build.
    pub optimize_ms: u64,
    /// instrument and optimize over baseline.
    pub builds: f64,
    /// instrument, optimize and baseline over baseline: with the build that measuring needs.
    pub with_baseline: f64,
    /// Whether all three ran in this run; otherwise some are what earlier runs recorded.
    pub this_run: bool,
    /// Whether everything was built for all three; `None` where that is not known.
    pub full: Option<bool>,
}

/// A profile in the repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Where it is, relative to the workspace.
    pub folder: String,
    /// BLAKE3 of the file.
    pub digest: String,
    /// BLAKE3 of the profile as the compiler reads it.
    pub indexed_digest: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// When it was trained, in UTC.
    pub trained: String,
    /// When it was recorded, in UTC.
    pub recorded: String,
    /// The commit that was checked out then, or `unknown`.
    pub commit: String,
    /// Whether the working tree differed from it.
    pub dirty: bool,
    /// How it came to be.
    pub source: Source,
    /// The toolchain that it was recorded with; empty in documents of version 1.
    #[serde(default)]
    pub toolchain: Entries,
    /// Why it is stale under the policy; empty where it is not.
    pub stale: Vec<String>,
}
