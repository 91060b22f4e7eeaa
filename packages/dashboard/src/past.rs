//! Past runs, from the events that they left.

use std::collections::BTreeMap;

use honing_core::{
    ExitCode, Step,
    applied::{Applied, HotFunction},
    event::{Event, Record, StageState, Summary, began},
    outcome::{Measured, gain_percent},
};

/// What a past run left of one program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Past {
    /// The run's name: when it began, in UTC, and its process.
    pub run: String,
    /// The command that it was, such as `run` or `check`.
    pub command: String,
    /// The program.
    pub program: String,
    /// Stages that ended, with milliseconds of wall time.
    pub stages: Vec<(Step, StageState, u64)>,
    /// How much of the profile was applied.
    pub applied: Option<Applied>,
    /// The heaviest functions.
    pub hot: Vec<HotFunction>,
    /// Every metric.
    pub measured: Vec<Measured>,
    /// The result, where the program came to its end.
    pub summary: Option<Summary>,
    /// How the run ended; absent where it was ended from outside, or still goes on.
    pub exit: Option<ExitCode>,
    /// The error that it ended with.
    pub error: Option<String>,
}

impl Past {
    /// By how many percent what it costs changed, CPU time for the most part: less is better, as in Deltas.
    pub fn change(&self) -> Option<f64> {
        gain_percent(&self.measured).map(|gain| -gain)
    }

    /// Milliseconds of wall time that all stages cost, in whichever run they did their work.
    pub fn cost_ms(&self) -> Option<u64> {
        let summary = self.summary.as_ref()?;
        Some(summary.costs.iter().map(|cost| cost.elapsed_ms).sum())
    }

    /// How it ended, in a few words.
    pub fn outcome(&self) -> String {
        let unfinished = self.stages.iter().rev().find_map(|(stage, state, _)| match state {
            StageState::Failed | StageState::Cancelled => Some(format!("{stage} {}", state.words())),
            _ => None,
        });
        let outcome = self.summary.as_ref().and_then(|summary| summary.outcome.as_ref());
        match (outcome, self.exit) {
            (Some(outcome), _) => outcome.word().to_owned(),
            (None, Some(ExitCode::Success)) => "done".into(),
            (None, exit) => unfinished
                .or_else(|| self.error.as_deref()?.lines().next().map(str::to_owned))
                .or_else(|| exit.map(|exit| exit.meaning().to_owned()))
                .unwrap_or_else(|| "not finished".into()),
        }
    }

    /// When it began: `2026-11-25 13:40`; where its name does not tell, that.
    pub fn when(&self) -> String {
        began(&self.run).map_or_else(|| self.run.clone(), |at| at[..16].replace('T', " "))
    }
}

/// What the lines of an `events.jsonl` tell of each program. Lines that are no event of
/// this version are passed over.
pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Past> {
    let mut found: BTreeMap<String, Past> = BTreeMap::new();
    let (mut run, mut command) = (String::new(), String::new());
    let (mut ended, mut failed) = (None, None);
    // Most lines are output, and say nothing here.
    let telling = lines.into_iter().filter(|line| !line.contains("\"event\":\"output\""));
    for record in telling.filter_map(|line| serde_json::from_str::<Record>(line).ok()) {
        match record.event {
            Event::RunStarted { run: name, command: given, .. } => (run, command) = (name, given),
            Event::RunFinished { exit, error, .. } => (ended, failed) = (Some(exit), error),
            Event::StageFinished { program, stage, state, elapsed_ms, .. } => {
                found.entry(program).or_default().stages.push((stage, state, elapsed_ms));
            }
            Event::Matched { program, applied } => found.entry(program).or_default().applied = Some(applied),
            Event::Hot { program, functions } => found.entry(program).or_default().hot = functions,
            Event::Measured { program, measured, .. } => {
                replace(&mut found.entry(program).or_default().measured, measured)
            }
            Event::ProgramFinished { summary } => {
                let past = found.entry(summary.program.clone()).or_default();
                past.measured.clone_from(&summary.measured);
                past.summary = Some(*summary);
            }
            _ => {}
        }
    }
    let told = |(program, past)| Past {
        run: run.clone(),
        command: command.clone(),
        program,
        exit: ended,
        error: failed.clone(),
        ..past
    };
    found.into_iter().map(told).collect()
}

/// The last numbers of a series count.
pub(crate) fn replace(all: &mut Vec<Measured>, new: Measured) {
    match all.iter_mut().find(|old| old.replaces(&new)) {
        Some(old) => *old = new,
        None => all.push(new),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_failed_says_where() {
        let lines = [
            r#"{"at_ms":1,"event":"run_started","schema":1,"version":"0","run":"r","programs":["p"],"stages":["train"]}"#,
            r#"{"at_ms":1,"event":"output","program":"p","stage":"train","line":"x"}"#,
            r#"{"at_ms":1,"event":"of a later version"}"#,
            r#"{"at_ms":2,"event":"stage_finished","program":"p","stage":"train","state":"failed","detail":"","elapsed_ms":7,"cpu_ms":0}"#,
        ];
        let past = read(lines);
        assert_eq!((past.len(), past[0].run.as_str(), past[0].outcome().as_str()), (1, "r", "train failed"));
        assert_eq!(past[0].stages, [(honing_core::Stage::Train.into(), StageState::Failed, 7)]);
    }
}
