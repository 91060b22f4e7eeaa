//! Runs the chain of stages for each program, and says what came of it.

use std::time::Instant;

use honing_core::{
    Error, ExitCode, Result, Selection, Stage,
    event::{Event, SCHEMA, StageCost, StageState, Summary},
    outcome::{Consequence, Measured, Outcome},
    units,
};

use crate::{
    Session, clock, disk,
    session::Subject,
    stages::{
        self, Baseline, BenchInputs, Instrumented, Measurements, MergedProfile, Optimized, RawProfiles,
        Ready, Step,
    },
};

/// A run that came to its end.
#[derive(Debug)]
pub struct Finished {
    /// A summary for each program.
    pub summaries: Vec<Summary>,
    /// How the process ends.
    pub exit: ExitCode,
}

/// Runs the selected stages of every selected program.
///
/// # Errors
/// The first failure, with its exit code; what was finished before stays.
pub fn run(session: &Session, selection: Selection) -> Result<Finished> {
    let subjects = session.subjects()?;
    session.prepare_run_dir()?;
    session.keep_events()?;
    session.sink.emit(Event::RunStarted {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        run: session.run_dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        programs: subjects.iter().map(|subject| subject.name.to_owned()).collect(),
        stages: Stage::ALL.into_iter().filter(|stage| selection.contains(*stage)).collect(),
    });
    let _lock = session.lock()?;
    // For all programs first: a wrong word for the last one fails in the first second.
    let mut chains = Vec::new();
    for subject in &subjects {
        let mut chain = Chain { session, subject, selection, costs: Vec::new() };
        let ready = chain.stage(
            Stage::Preflight,
            || {
                stages::check_selected(session, subject, selection)?;
                stages::preflight(session, subject)
            },
            |ready| format!("merges with {ready}"),
        )?;
        chains.push((chain, ready));
    }
    let mut finished = Finished { summaries: Vec::new(), exit: ExitCode::Success };
    for (chain, ready) in chains {
        let (summary, exit) = chain.run(&ready)?;
        session.sink.emit(Event::ProgramFinished { summary: Box::new(summary.clone()) });
        finished.summaries.push(summary);
        if finished.exit == ExitCode::Success {
            finished.exit = exit;
        }
    }
    Ok(finished)
}

struct Chain<'a> {
    session: &'a Session,
    subject: &'a Subject<'a>,
    selection: Selection,
    costs: Vec<StageCost>,
}

impl Chain<'_> {
    fn run(mut self, ready: &Ready) -> Result<(Summary, ExitCode)> {
        let (session, subject) = (self.session, self.subject);
        let size = |artifact: &honing_core::event::Artifact| units::bytes(artifact.bytes);
        let baseline = self.stage_or(
            Stage::Baseline,
            || stages::baseline(session, subject, ready),
            || Baseline::load(session, subject),
            |built| size(&built.artifact()),
        )?;
        let profile = self.profile(ready)?;
        let optimized = self.stage_or(
            Stage::Optimize,
            || stages::optimize(session, subject, ready, need(&profile, Stage::Merge, Stage::Optimize)?),
            || Optimized::load(session, subject),
            |built| size(&built.artifact()),
        )?;
        let measured = self.measure(baseline.as_ref(), optimized.as_ref())?;
        let outcome = Outcome::of(&measured);
        let consequence = outcome.consequence(&session.config.policy, &measured);
        let recorded = self.stage_or(
            Stage::Record,
            || {
                let profile = need(&profile, Stage::Merge, Stage::Record)?;
                stages::record(session, subject, profile, (&outcome, &consequence), &measured)
            },
            || None,
            |recorded| recorded.path.clone().unwrap_or_else(|| "not recorded".into()),
        )?;
        let judged = self.selection.last() >= Stage::Optimize;
        if matches!(outcome, Outcome::Inconclusive { .. }) && judged && consequence.exit == ExitCode::Success
        {
            let text =
                format!("{}; measure longer with --pairs, or on a quieter machine", consequence.wording);
            session.sink.emit(Event::Warning { text });
        }
        let Consequence { exit, wording, .. } = consequence;
        let summary = Summary {
            program: subject.name.to_owned(),
            target: subject.triple.clone(),
            measured,
            outcome: judged.then_some(outcome),
            wording: judged.then_some(wording),
            costs: self.costs,
            baseline: baseline.map(|built| built.artifact()),
            // What an earlier run left is not what this one asked for.
            optimized: optimized.filter(|_| judged).map(|built| built.artifact()),
            recorded: recorded.and_then(|recorded| recorded.path),
        };
        Ok((summary, if judged { exit } else { ExitCode::Success }))
    }

    /// Instrument, train, merge; or a profile from elsewhere.
    fn profile(&mut self, ready: &Ready) -> Result<Option<MergedProfile>> {
        let (session, subject) = (self.session, self.subject);
        let describe = |profile: &MergedProfile| units::bytes(profile.bytes());
        if let Some(file) = session.options.profile.clone() {
            let import = || stages::import(session, subject, &file);
            return self
                .stage(Stage::Merge, import, |profile| format!("{} from elsewhere", describe(profile)))
                .map(Some);
        }
        let instrumented = self.stage_or(
            Stage::Instrument,
            || stages::instrument(session, subject, ready),
            || Instrumented::load(session, subject),
            |built| units::bytes(built.artifact().bytes),
        )?;
        let merges = self.selection.contains(Stage::Merge);
        let raw = self.stage_or(
            Stage::Train,
            || {
                if merges {
                    stages::forget_spent(session, subject, ready)?;
                }
                stages::train(session, subject, need(&instrumented, Stage::Instrument, Stage::Train)?)
            },
            || RawProfiles::load(session, subject),
            |raw| {
                let (files, bytes) = raw.extent();
                format!("{files} raw profile{}, {}", if files == 1 { "" } else { "s" }, units::bytes(bytes))
            },
        )?;
        let merged = self.stage_or(
            Stage::Merge,
            || stages::merge(session, subject, ready, need(&raw, Stage::Train, Stage::Merge)?),
            || MergedProfile::load(session, subject),
            describe,
        )?;
        if let (Some(raw), false, true) =
            (&raw, session.options.keep_raw, self.selection.contains(Stage::Merge))
        {
            stages::discard_raw(session, subject, raw)?;
        }
        Ok(merged)
    }

    fn measure(
        &mut self,
        baseline: Option<&Baseline>,
        optimized: Option<&Optimized>,
    ) -> Result<Vec<Measured>> {
        let (session, subject) = (self.session, self.subject);
        let reports = self.selection.last() >= Stage::Bench;
        let measurements = self.stage_or(
            Stage::Bench,
            || {
                let baseline = baseline.ok_or_else(|| missing(Stage::Baseline, Stage::Bench))?;
                let optimized = optimized.ok_or_else(|| missing(Stage::Optimize, Stage::Bench))?;
                stages::check_same_source(session, subject)?;
                if baseline.digest() == optimized.digest() {
                    let text = "PGO had no effect on the binary: baseline and optimized are identical".into();
                    session.sink.emit(Event::Warning { text });
                }
                stages::bench(session, subject, BenchInputs { baseline, optimized })
            },
            || Measurements::load(session, subject).filter(|_| reports),
            |measurements| {
                let pairs = measurements.series.first().map_or(0, |series| series.pairs.len());
                format!("{pairs} pairs")
            },
        )?;
        let Some(measurements) = measurements else { return Ok(Vec::new()) };
        if measurements.series.is_empty() {
            let text = format!(
                "program `{}` has no workload with role = \"eval\": nothing was measured",
                subject.name
            );
            session.sink.emit(Event::Warning { text });
        }
        let measured = stages::judge(subject.program, &session.config.bench, &measurements)?;
        for measured in &measured {
            let program = subject.name.to_owned();
            session.sink.emit(Event::Measured { program, measured: measured.clone() });
        }
        Ok(measured)
    }

    /// Runs a stage that was selected; otherwise takes what an earlier run left.
    fn stage_or<T>(
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
            self.note_cost(stage, StageState::Skipped, step.elapsed_ms, step.cpu_ms);
            step.output
        }))
    }

    fn stage<T>(
        &mut self,
        stage: Stage,
        run: impl FnOnce() -> Result<Step<T>>,
        describe: impl FnOnce(&T) -> String,
    ) -> Result<T> {
        let session = self.session;
        session.cancel.check()?;
        let start = Instant::now();
        let step = run().map_err(|error| disk::explain(session, self.subject, stage, error));
        let step = step.inspect_err(|error| {
            let cancelled = error.code() == ExitCode::Interrupted;
            let state = if cancelled { StageState::Cancelled } else { StageState::Failed };
            self.announce(stage, state, error.to_string(), (clock::millis_since(start), 0));
        })?;
        let cost = (step.elapsed_ms, step.cpu_ms);
        self.announce(stage, step.state, describe(&step.output), cost);
        self.note_cost(stage, step.state, step.elapsed_ms, step.cpu_ms);
        Ok(step.output)
    }

    fn announce(&self, stage: Stage, state: StageState, detail: String, (elapsed_ms, cpu_ms): (u64, u64)) {
        let program = self.subject.name.to_owned();
        self.session.sink.emit(Event::StageFinished { program, stage, state, detail, elapsed_ms, cpu_ms });
    }

    fn note_cost(&mut self, stage: Stage, state: StageState, elapsed_ms: u64, cpu_ms: u64) {
        self.costs.push(StageCost { stage, state, elapsed_ms, cpu_ms });
    }
}

fn need<T>(input: &Option<T>, made_by: Stage, needed_by: Stage) -> Result<&T> {
    input.as_ref().ok_or_else(|| missing(made_by, needed_by))
}

fn missing(made_by: Stage, needed_by: Stage) -> Error {
    Error::usage(format!("{needed_by}: needs what {made_by} makes, and there is no finished {made_by}"))
        .with_hint(format!("run it first: --from {made_by}"))
}
