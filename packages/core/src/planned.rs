//! What would become of a step.

use serde::Serialize;

use crate::step::Step;

/// What would become of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The program.
    pub program: String,
    /// The step.
    pub stage: Step,
    /// What would become of it.
    pub state: PlannedState,
    /// Why, a line for each reason.
    pub reasons: Vec<String>,
    /// The commands, to be pasted into a shell. Ports in them are free now.
    pub commands: Vec<String>,
}

/// What would become of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedState {
    /// It would run.
    Run,
    /// There is nothing to do.
    UpToDate,
    /// It depends on what an earlier stage makes of its new inputs.
    Depends,
    /// It was not asked for.
    Skipped,
}

impl PlannedState {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::UpToDate => "up to date",
            Self::Depends => "depends",
            Self::Skipped => "skip",
        }
    }
}
