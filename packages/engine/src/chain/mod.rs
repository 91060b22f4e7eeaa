//! A program's way through the stages: runs what was selected, takes the rest from
//! earlier runs, and keeps account of what each stage cost.

pub(crate) mod budget;
pub(crate) mod built;
pub(crate) mod gather;
pub(crate) mod lock;
pub(crate) mod merge;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod preflight;
pub(crate) mod profiled;
pub(crate) mod rebase;
pub(crate) mod selected;
pub(crate) mod session;
pub(crate) mod sink;
pub(crate) mod step;

use std::time::Instant;

use honing_core::{
    Error, ExitCode, Flow, Result, Selection, Stage,
    event::{Event, StageCost, StageState},
};

use crate::{
    chain::{
        session::{Session, Subject},
        step::Step,
    },
    io::{clock, disk},
};

pub(crate) struct Chain<'a> {
    pub(crate) session: &'a Session,
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) selection: Selection,
    pub(crate) flow: Flow,
    pub(crate) costs: Vec<StageCost>,
    /// The programs whose turn comes after this one's.
    pub(crate) later: &'a [Subject<'a>],
}

impl<'a> Chain<'a> {
    pub(crate) fn new(session: &'a Session, subject: &'a Subject<'a>, selection: Selection) -> Self {
        Self { session, subject, selection, flow: subject.flow(), costs: Vec::new(), later: &[] }
    }

    /// Runs a stage that was selected; otherwise takes what an earlier run left.
    pub(crate) fn stage_or<T>(
        &mut self,
        stage: Stage,
        run: impl FnOnce() -> Result<Step<T>>,
        load: impl FnOnce() -> Option<Step<T>>,
        describe: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>> {
        if self.selection.contains(stage) {
            return self.stage(stage, run, describe).map(Some);
        }
        Ok(load().map(|step| {
            self.note_cost(stage, StageState::Skipped, &step);
            step.output
        }))
    }

    /// Runs a stage, or finds that it is up to date.
    pub(crate) fn stage<T>(
        &mut self,
        stage: Stage,
        run: impl FnOnce() -> Result<Step<T>>,
        describe: impl FnOnce(&T) -> String,
    ) -> Result<T> {
        let session = self.session;
        let start = Instant::now();
        // What measures gets a share of the budget, and keeps to it itself.
        let limit = session.ends().filter(|_| !self.flow.reaches(stage, Stage::Bench));
        session.cancel.limit(limit);
        session.cancel.check().map_err(|error| self.late(stage, start, error))?;
        let step = run().map_err(|error| self.late(stage, start, error));
        session.cancel.limit(None);
        let step = step.map_err(|error| disk::explain(session, self.subject, stage, error));
        let step = step.inspect_err(|error| {
            let cancelled = error.code() == ExitCode::Interrupted;
            let state = if cancelled { StageState::Cancelled } else { StageState::Failed };
            self.announce(stage, state, error.to_string(), (clock::millis_since(start), 0));
        })?;
        let cost = (step.elapsed_ms, step.cpu_ms);
        self.announce(stage, step.state, describe(&step.output), cost);
        self.note_cost(stage, step.state, &step);
        Ok(step.output)
    }

    fn announce(&self, stage: Stage, state: StageState, detail: String, (elapsed_ms, cpu_ms): (u64, u64)) {
        let program = self.subject.name.to_owned();
        self.session.sink.emit(Event::StageFinished { program, stage, state, detail, elapsed_ms, cpu_ms });
    }

    /// A stage that ran twice counts as its last time.
    fn note_cost<T>(&mut self, stage: Stage, state: StageState, step: &Step<T>) {
        let Step { elapsed_ms, cpu_ms, full, .. } = *step;
        self.costs.retain(|cost| cost.stage != stage);
        self.costs.push(StageCost { stage, state, elapsed_ms, cpu_ms, full });
    }
}

pub(crate) fn need<T>(input: &Option<T>, made_by: Stage, needed_by: Stage) -> Result<&T> {
    input.as_ref().ok_or_else(|| missing(made_by, needed_by))
}

pub(crate) fn missing(made_by: Stage, needed_by: Stage) -> Error {
    Error::usage(format!("{needed_by}: needs what {made_by} makes, and there is no finished {made_by}"))
        .with_hint(honing_core::advise!(
            "make it alone: {pgo} {made_by}; or all from there: {pgo} --from {made_by}"
        ))
}
