//! The one stream of events that every reporter reads.
//!
//! `--format json` prints a [`Record`] a line; docs/events.md describes them. Fields
//! are added, never renamed, within one [`SCHEMA`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    applied::{Applied, HotFunction},
    error::ExitCode,
    outcome::{Measured, Outcome, Trust},
    release::Release,
    status::Status,
    step::Step,
    units,
};

/// Version of the event stream.
pub const SCHEMA: u32 = 2;

/// An event and when it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Milliseconds since the run began.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Record {
    /// As one line of JSON, its end included: what `--format json` prints and `events.jsonl` holds.
    ///
    /// # Errors
    /// Where it has no form in JSON.
    pub fn to_line(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|line| line + "\n")
    }
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The first event.
    RunStarted {
        /// [`SCHEMA`].
        schema: u32,
        /// Version of Honing.
        version: String,
        /// Name of the run's folder below `target/honing/runs`.
        run: String,
        /// The command that was given, such as `run` or `check`; empty in older streams.
        #[serde(default)]
        command: String,
        /// The programs, in order.
        programs: Vec<String>,
        /// The steps that are to be run of any of them, in order.
        stages: Vec<Step>,
        /// All steps of each program, by its name.
        #[serde(default)]
        steps: BTreeMap<String, Vec<Step>>,
    },
    /// A stage begins to work.
    StageStarted {
        /// The program.
        program: String,
        /// The stage.
        stage: Step,
        /// Why it runs, a line for each reason.
        reasons: Vec<String>,
        /// Milliseconds that it took the last time, here or when the stored profile was recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        last_ms: Option<u64>,
    },
    /// Something countable went on inside a stage.
    Progress {
        /// The program.
        program: String,
        /// The stage.
        stage: Step,
        /// How far it is.
        done: u64,
        /// Out of how many, where that is known.
        total: Option<u64>,
        /// What is counted: `crates`, `workloads`, `pairs`.
        unit: String,
        /// What it is at: a crate, a workload.
        at: String,
        /// Milliseconds until that ends at the latest, where it is known what one takes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_ms: Option<u64>,
    },
    /// A command begins.
    Command {
        /// The program.
        program: String,
        /// The stage.
        stage: Step,
        /// The command line, quoted so that it can be pasted into a shell.
        line: String,
        /// The file that its output goes to.
        log: String,
    },
    /// A line that a child printed.
    Output {
        /// The program.
        program: String,
        /// The stage.
        stage: Step,
        /// The line, without its end.
        line: String,
    },
    /// Nothing was printed for a while, and the stage is alive.
    Heartbeat {
        /// The program.
        program: String,
        /// The stage.
        stage: Step,
        /// Milliseconds since the stage began.
        elapsed_ms: u64,
    },
    /// Something worth knowing.
    Note {
        /// The text.
        text: String,
    },
    /// What the command was asked for, as a sentence.
    Answer {
        /// The text.
        text: String,
    },
    /// Something that a person should look at.
    Warning {
        /// The text.
        text: String,
    },
    /// How much of its profile the optimized build applied.
    Matched {
        /// The program.
        program: String,
        /// The match.
        applied: Applied,
    },
    /// The heaviest functions of the profile that the optimized build was made with.
    Hot {
        /// The program.
        program: String,
        /// The functions, the heaviest first.
        functions: Vec<HotFunction>,
    },
    /// How the profile in the repository stands: before the first stage, and after a
    /// record.
    Stored {
        /// What is known without compiling.
        #[serde(flatten)]
        status: Box<Status>,
    },
    /// A metric of an eval workload: how it stands while it is measured, and at the end.
    Measured {
        /// The program.
        program: String,
        /// Whether more pairs are to come.
        #[serde(default)]
        interim: bool,
        /// The numbers.
        #[serde(flatten)]
        measured: Measured,
    },
    /// A stage ended.
    StageFinished {
        /// The program.
        program: String,
        /// The stage.
        stage: Step,
        /// How.
        state: StageState,
        /// What it says about its result, in a few words.
        detail: String,
        /// Milliseconds that it took.
        elapsed_ms: u64,
        /// Milliseconds of CPU time that its children used.
        cpu_ms: u64,
    },
    /// A release build is complete: what went in, and what came out.
    Built {
        /// All of it.
        #[serde(flatten)]
        release: Box<Release>,
    },
    /// A program is done.
    ProgramFinished {
        /// The result.
        summary: Box<Summary>,
    },
    /// The last event.
    RunFinished {
        /// How the process ends.
        exit: ExitCode,
        /// The number of it.
        code: u8,
        /// The error, if there was one.
        error: Option<String>,
        /// What to do next.
        hint: Option<String>,
        /// Milliseconds of the run that builders took; 0 in streams of version 1.
        #[serde(default)]
        builder_ms: u64,
        /// Paths of the optimized binaries, in the order of the programs.
        optimized: Vec<String>,
    },
}

/// How a stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// It ran and did its work.
    Done,
    /// There was nothing to do.
    UpToDate,
    /// It was not asked for.
    Skipped,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl StageState {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::UpToDate => "up to date",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A binary that a build stage made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Absolute path.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of its contents.
    pub digest: String,
}

impl Artifact {
    /// How its size changed from that of `before`: `-2.5 %`.
    pub fn change_from(&self, before: &Self) -> String {
        units::change(self.bytes as f64 / before.bytes.max(1) as f64)
    }
}

/// What a stage cost in the run that produced its present result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageCost {
    /// The stage.
    pub stage: Step,
    /// How it stands after this run.
    pub state: StageState,
    /// Milliseconds of wall time.
    pub elapsed_ms: u64,
    /// Milliseconds of CPU time of its children.
    pub cpu_ms: u64,
    /// For a build: whether everything was built for it, so that this is what a build from
    /// nothing costs; but for the baseline, only what is for the target counts. `None` where that is
    /// not known.
    #[serde(default)]
    pub full: Option<bool>,
}

/// The result of a run for one program.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The program.
    pub program: String,
    /// The target triple.
    pub target: String,
    /// Every metric of every eval workload.
    pub measured: Vec<Measured>,
    /// What is known about the machine, for each eval workload.
    #[serde(default)]
    pub trust: Vec<Trust>,
    /// What they say together; absent where the run ended before.
    pub outcome: Option<Outcome>,
    /// The sentence for it.
    pub wording: Option<String>,
    /// Every stage's cost.
    pub costs: Vec<StageCost>,
    /// The baseline binary.
    pub baseline: Option<Artifact>,
    /// The optimized binary.
    pub optimized: Option<Artifact>,
    /// Whether that is what to ship, under the policy; else the baseline is. Absent without an outcome.
    #[serde(default)]
    pub ships: Option<bool>,
    /// How much of its profile the optimized binary applied.
    pub applied: Option<Applied>,
    /// Where the profile was recorded, relative to the workspace.
    pub recorded: Option<String>,
    /// What to do next, a line each.
    #[serde(default)]
    pub next: Vec<String>,
}

/// When a run began, in UTC, by its name: `20261125T134007.123456Z-42` as `2026-11-25T13:40:07Z`. Once the
/// names had no fraction.
pub fn began(run: &str) -> Option<String> {
    let time = run.get(..16)?;
    let at = |range: std::ops::Range<usize>| {
        time.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let (year, month, day) = (at(0..4)?, at(4..6)?, at(6..8)?);
    let (hour, minute, second) = (at(9..11)?, at(11..13)?, at(13..15)?);
    let fits = time.as_bytes()[8] == b'T' && matches!(time.as_bytes()[15], b'Z' | b'.');
    fits.then(|| format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z"))
}

#[cfg(test)]
mod tests {
    use super::began;

    #[test]
    fn a_runs_name_tells_when_it_began() {
        for name in ["20261125T134007.000123Z-42", "20261125T134007Z-42"] {
            assert_eq!(began(name).as_deref(), Some("2026-11-25T13:40:07Z"), "{name}");
        }
        for name in ["replayed", "größe und so weiter", "20261125-134007Z-42", "20261125T134007", ""] {
            assert_eq!(began(name), None, "{name}");
        }
    }
}
