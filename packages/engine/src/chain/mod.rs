//! A program's way through the stages: runs what was selected, takes the rest from
//! earlier runs, and keeps account of what each stage cost.

pub(crate) mod again;
pub(crate) mod budget;
pub(crate) mod built;
pub(crate) mod crafts;
pub(crate) mod full_disk;
pub(crate) mod gather;
pub(crate) mod lock;
mod logs;
pub(crate) mod merge;
pub(crate) mod optimized;
pub(crate) mod others;
mod passes;
pub(crate) mod pipeline;
pub(crate) mod plan;
mod planner;
pub(crate) mod preflight;
pub(crate) mod profile_use;
pub(crate) mod programs;
pub(crate) mod ready;
pub(crate) mod rebase;
pub(crate) mod selected;
pub(crate) mod session;
pub(crate) mod sink;
pub(crate) mod step;
pub(crate) mod subject;
mod subjects;
pub(crate) mod turns;

use std::{cell::RefCell, rc::Rc, time::Instant};

use honing_core::{
    Error, ExitCode, Flow, Result, Selection, Stage, Step,
    event::{Event, StageCost, StageState},
};

use crate::{
    chain::{ready::Ready, session::Session, step::Done, subject::Subject},
    io::clock,
};

#[derive(Clone)]
pub(crate) struct Chain<'a> {
    pub(crate) session: &'a Session,
    /// The program, or the pass over it whose turn it is.
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) selection: &'a Selection,
    pub(crate) flow: Flow,
    /// The steps that are to be run.
    pub(crate) selected: Vec<Step>,
    /// Those of them whose turn it is.
    pub(crate) turn: Vec<Step>,
    /// What preflight found of each pass that takes part.
    pub(crate) passes: Vec<(Subject<'a>, Option<Ready>)>,
    pub(crate) costs: Costs,
    /// The turns after this one.
    pub(crate) later: Vec<(&'a Subject<'a>, &'a [Step])>,
}

/// What each stage of a program cost in this run; shared by its turns.
pub(crate) type Costs = Rc<RefCell<Vec<StageCost>>>;

impl<'a> Chain<'a> {
    pub(crate) fn new(
        session: &'a Session,
        subject: &'a Subject<'a>,
        selection: &'a Selection,
        selected: &[Step],
    ) -> Self {
        Self {
            session,
            subject,
            selection,
            flow: subject.flow(),
            selected: selected.to_vec(),
            turn: selected.to_vec(),
            passes: Vec::new(),
            costs: Costs::default(),
            later: Vec::new(),
        }
    }

    /// Whether no later turn is this program's.
    pub(crate) fn is_last(&self) -> bool {
        self.later.iter().all(|(subject, _)| subject.name != self.subject.name)
    }

    /// Whether a stage of this turn is to be run.
    pub(crate) fn runs(&self, stage: Stage) -> bool {
        self.turn.contains(&self.subject.step(stage))
    }

    /// Whether what a stage makes is asked for, be it as the input of others. The last turn speaks of all.
    pub(crate) fn reaches(&self, stage: Stage) -> bool {
        let step = self.subject.step(stage);
        let asked = if self.is_last() { &self.selected } else { &self.turn };
        asked.iter().any(|selected| self.flow.reaches(*selected, step))
    }

    /// Whether a stage was done in this run.
    pub(crate) fn did(&self, stage: Stage) -> bool {
        let step = self.subject.step(stage);
        let done = |cost: &StageCost| matches!(cost.state, StageState::Done | StageState::UpToDate);
        self.costs.borrow().iter().any(|cost| cost.stage == step && done(cost))
    }

    /// Runs a stage that was selected; otherwise takes what an earlier run left.
    pub(crate) fn stage_or<T>(
        &mut self,
        stage: Stage,
        run: impl FnOnce() -> Result<Done<T>>,
        load: impl FnOnce() -> Option<Done<T>>,
        describe: impl FnOnce(&T) -> String,
    ) -> Result<Option<T>> {
        if self.runs(stage) {
            return self.stage(stage, run, describe).map(Some);
        }
        Ok(load().map(|done| {
            self.note_cost(stage, StageState::Skipped, &done);
            done.output
        }))
    }

    /// Runs a stage, or finds that it is up to date.
    pub(crate) fn stage<T>(
        &mut self,
        stage: Stage,
        run: impl FnOnce() -> Result<Done<T>>,
        describe: impl FnOnce(&T) -> String,
    ) -> Result<T> {
        let (session, step) = (self.session, self.subject.step(stage));
        let start = Instant::now();
        // What measures gets a share of the budget, and keeps to it itself.
        let limit = session.ends().filter(|_| !self.flow.reaches(step, Stage::Bench));
        session.cancel.limit(limit);
        session.cancel.check().map_err(|error| self.late(step, start, error))?;
        let done = run().map_err(|error| self.late(step, start, error));
        session.cancel.limit(None);
        let done = done.map_err(|error| full_disk::explain(session, self.subject, stage, error));
        let done = done.inspect_err(|error| {
            let cancelled = error.code() == ExitCode::Interrupted;
            let state = if cancelled { StageState::Cancelled } else { StageState::Failed };
            self.announce(step, state, error.to_string(), (clock::millis_since(start), 0));
        })?;
        let cost = (done.elapsed_ms, done.cpu_ms);
        self.announce(step, done.state, describe(&done.output), cost);
        self.note_cost(stage, done.state, &done);
        Ok(done.output)
    }

    fn announce(&self, stage: Step, state: StageState, detail: String, (elapsed_ms, cpu_ms): (u64, u64)) {
        let program = self.subject.name.to_owned();
        self.session.sink.emit(Event::StageFinished { program, stage, state, detail, elapsed_ms, cpu_ms });
    }

    /// A stage that ran twice counts as its last time; what an earlier turn did, as that.
    fn note_cost<T>(&mut self, stage: Stage, state: StageState, done: &Done<T>) {
        let Done { elapsed_ms, cpu_ms, full, .. } = *done;
        let stage = self.subject.step(stage);
        let mut costs = self.costs.borrow_mut();
        if state == StageState::Skipped && costs.iter().any(|cost| cost.stage == stage) {
            return;
        }
        costs.retain(|cost| cost.stage != stage);
        costs.push(StageCost { stage, state, elapsed_ms, cpu_ms, full });
    }
}

pub(crate) fn need<T>(input: &Option<T>, made_by: impl Into<Step>, needed_by: Stage) -> Result<&T> {
    input.as_ref().ok_or_else(|| missing(made_by, needed_by))
}

pub(crate) fn missing(made_by: impl Into<Step>, needed_by: impl Into<Step>) -> Error {
    let (made_by, needed_by) = (made_by.into(), needed_by.into());
    Error::usage(format!("{needed_by}: needs what {made_by} makes, and there is no finished {made_by}"))
        .with_hint(honing_core::advise!(
            "make it alone: {pgo} --only {made_by}; or all from there: {pgo} --from {made_by}"
        ))
}
