//! Runs the chain of stages for each program, and says what came of it.

use honing_core::{
    ExitCode, Result, Selection, Stage,
    event::{Event, SCHEMA, Summary},
    outcome::{Consequence, Measured, Outcome},
    recorded::Source,
    units,
};

use crate::{
    Session,
    chain::{Chain, missing, need},
    profiled::Profiled,
    session::ProfileSource,
    stages::{self, Baseline, BenchInputs, Findings, Measurements, MergedProfile, Optimized, Ready},
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
    each_program(session, selection, |chain, ready| chain.run(ready))
}

/// Checks every selected program, and then does `work` for one after the other.
pub(crate) fn each_program(
    session: &Session,
    selection: Selection,
    work: impl Fn(Chain<'_>, &Ready) -> Result<(Summary, ExitCode)>,
) -> Result<Finished> {
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
        let mut chain = Chain::new(session, subject, selection);
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
        let (summary, exit) = work(chain, &ready)?;
        session.sink.emit(Event::ProgramFinished { summary: Box::new(summary.clone()) });
        finished.summaries.push(summary);
        if finished.exit == ExitCode::Success {
            finished.exit = exit;
        }
    }
    Ok(finished)
}

impl Chain<'_> {
    fn run(mut self, ready: &Ready) -> Result<(Summary, ExitCode)> {
        let (session, subject) = (self.session, self.subject);
        let baseline = self.stage_or(
            Stage::Baseline,
            || stages::baseline(session, subject, ready),
            || Baseline::load(session, subject),
            |built| units::bytes(built.artifact().bytes),
        )?;
        let Profiled { profile, optimized } = self.profiled(ready)?;
        let measured = self.measure(baseline.as_ref(), optimized.as_ref())?;
        let outcome = Outcome::of(&measured);
        let consequence = outcome.consequence(&session.config.policy, &measured);
        let applied = optimized.as_ref().map(|built| built.applied().clone());
        let findings = Findings {
            source: source(session, profile.as_ref()),
            trained: stages::trained(session, subject),
            carried: profile.as_ref().and_then(|profile| profile.rebased()).map(|from| from.carried),
            applied: applied.as_ref(),
            outcome: &outcome,
            consequence: &consequence,
            measured: &measured,
            costs: &self.costs.clone(),
        };
        let recorded = self.stage_or(
            Stage::Record,
            || {
                let profile = need(&profile, Stage::Merge, Stage::Record)?;
                stages::record(session, subject, profile, &findings)
            },
            || None,
            |recorded| recorded.path.clone().unwrap_or_else(|| "not recorded".into()),
        )?;
        let built = self.selection.last() >= Stage::Optimize;
        // A build from the stored profile is judged by its match alone.
        let judged = built && session.options.profile != ProfileSource::Stored;
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
            // One of another source says nothing about this build.
            baseline: baseline
                .filter(|_| stages::check_same_source(session, subject).is_ok())
                .map(|built| built.artifact()),
            // What an earlier run left is not what this one asked for.
            optimized: optimized.filter(|_| built).map(|built| built.artifact()),
            applied: applied.filter(|_| built),
            recorded: recorded.and_then(|recorded| recorded.path),
        };
        Ok((summary, if judged { exit } else { ExitCode::Success }))
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
            || {
                let (baseline, optimized) = (baseline?, optimized?);
                let loaded = Measurements::load(session, subject).filter(|_| reports)?;
                loaded.output.are_of(baseline, optimized).then_some(loaded)
            },
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
}

/// How the profile came to be.
fn source(session: &Session, profile: Option<&MergedProfile>) -> Source {
    match session.options.profile {
        _ if profile.is_some_and(|profile| profile.rebased().is_some()) => Source::Rebased,
        ProfileSource::Training | ProfileSource::Stored => Source::Trained,
        ProfileSource::File(_) => Source::Imported,
    }
}
