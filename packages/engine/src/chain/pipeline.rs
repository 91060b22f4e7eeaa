//! Runs the chain of stages for each program, and says what came of it.

use honing_core::{
    ExitCode, Result, Selection, Stage,
    event::{Event, Summary},
    outcome::{Came, Choice, Consequence, Outcome, beyond_reach, next},
    recorded::Source,
    units,
};

use crate::{
    chain::{
        Chain,
        built::{Built, baseline, check_same_source},
        merge::MergedProfile,
        missing, need,
        optimized::Optimized,
        profile_use::ProfileUse,
        programs::each_program,
        ready::Ready,
        session::Session,
        subject::Subject,
    },
    keep::{
        history,
        record::{Findings, record},
        status,
    },
    measure::{
        bench::bench,
        measurements::{Measurements, candidates, names},
        trial::try_workloads,
        verdicts::{Judged, growths, judge, size},
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
/// All failures together, with the first one's exit code; what was finished stays.
pub fn run(session: &Session, selection: &Selection) -> Result<Finished> {
    each_program(session, &|_| selection.clone(), |chain, ready| chain.run(ready))
}

impl Chain<'_> {
    /// All selected stages.
    pub(crate) fn run(mut self, ready: &Ready) -> Result<(Summary, ExitCode)> {
        let (session, subject) = (self.session, self.subject);
        // Where other builds come before the measurement, a mistake in a workload costs all of them.
        let selects = |stage: Stage| self.selected.contains(&stage.into());
        let tries = selects(Stage::Bench) && selects(Stage::Optimize);
        let baseline = self.stage_or(
            Stage::Baseline,
            || {
                let done = baseline(session, subject, ready)?;
                if tries {
                    try_workloads(session, subject, &done.output)?;
                }
                Ok(done)
            },
            || Built::load(session, subject, Stage::Baseline),
            |built| units::bytes(built.artifact().bytes),
        )?;
        let ProfileUse { profile, optimized } = match subject.is_plain() {
            true => ProfileUse::default(),
            false => self.use_profile(ready, baseline.as_ref())?,
        };
        let applied = optimized.as_ref().map(|built| built.applied().clone());
        let programs = optimized.map(|optimized| self.after(optimized)).transpose()?.unwrap_or_default();
        let judged = self.measure(baseline.as_ref(), &programs)?;
        let Choice { candidate, ships, outcome, consequence } = judged.choose(session, subject);
        // Of an only one, the verdict says whether its profile is kept.
        let chosen = programs.get(candidate).filter(|_| ships || programs.len() == 1);
        let findings = Findings {
            source: source(profile.as_ref()),
            trained: profile.as_ref().and_then(|profile| profile.trained(session, subject)),
            carried: profile.as_ref().and_then(|profile| profile.rebased()).map(|from| from.carried),
            parts: profile.as_ref().map_or(&[], MergedProfile::parts),
            applied: applied.as_ref(),
            outcome: &outcome,
            consequence: &consequence,
            measured: judged.measured_of(candidate),
            costs: &self.costs.borrow().clone(),
            size: baseline.as_ref().zip(programs.get(candidate)).map(|(before, after)| size(before, after)),
        };
        let recorded = self.stage_or(
            Stage::Record,
            || {
                let profile = need(&profile, Stage::Merge, Stage::Record)?;
                record(session, subject, profile, &findings)
            },
            || None,
            |recorded| recorded.path.clone().unwrap_or_else(|| "not recorded".into()),
        )?;
        if recorded.is_some() {
            stored(session, subject);
        }
        let built = self.reaches(Stage::Optimize);
        // A build from the stored profile is judged by its match, unless it was to be measured.
        let measures = self.runs(Stage::Bench);
        let is_stored = profile.as_ref().is_some_and(|profile| profile.stored().is_some());
        let decides = built && (measures || !is_stored);
        let reach = beyond_reach(&judged.trust, judged.measured_of(candidate));
        if let (Some(text), true) = (silent(&outcome, &consequence, &reach), decides) {
            session.sink.emit(Event::Warning { text });
        }
        let Consequence { exit, wording, record: may_record } = consequence;
        let recorded = recorded.and_then(|recorded| recorded.path);
        let commit = recorded.as_deref().and_then(|recorded| history::to_commit(session, recorded));
        let next = next(&Came {
            program: subject.name,
            outcome: decides.then_some(outcome.kind()),
            measurable: subject.program.workload.values().any(|workload| workload.role.evaluates()),
            may_record,
            recorded: recorded.as_deref(),
            commit: commit.as_deref(),
        });
        let summary = Summary {
            program: subject.name.to_owned(),
            target: subject.triple.clone(),
            trust: judged.trust.clone(),
            measured: judged.into_measured(candidate),
            outcome: decides.then_some(outcome),
            wording: decides.then_some(wording),
            costs: self.costs.borrow().clone(),
            // One of another source says nothing about this build.
            baseline: baseline
                .filter(|_| check_same_source(session, subject).is_ok())
                .map(|built| built.artifact()),
            ships: decides.then_some(ships),
            // What an earlier run left is not what this one asked for.
            optimized: chosen.map(Optimized::artifact).filter(|_| built),
            applied: applied.filter(|_| built),
            recorded,
            next,
        };
        Ok((summary, if decides { exit } else { ExitCode::Success }))
    }

    fn measure(&mut self, baseline: Option<&Built>, programs: &[Optimized]) -> Result<Judged> {
        let (session, subject) = (self.session, self.subject);
        let reports = self.reaches(Stage::Bench);
        let time = if self.runs(Stage::Bench) { self.time_to_measure() } else { None };
        let names = names(&self.flow);
        let candidates = candidates(&names, programs);
        let measurements = self.stage_or(
            Stage::Bench,
            || {
                let baseline = baseline.ok_or_else(|| missing(Stage::Baseline, Stage::Bench))?;
                if programs.is_empty() {
                    return Err(missing(Stage::Optimize, Stage::Bench));
                }
                check_same_source(session, subject)?;
                bench(session, subject, baseline, &candidates, time)
            },
            || {
                let loaded = Measurements::load(session, subject).filter(|_| reports)?;
                loaded.output.are_of(baseline?, &candidates).then_some(loaded)
            },
            Measurements::words,
        )?;
        let growths = growths(baseline.filter(|_| reports), programs);
        let measured = measurements.as_ref().filter(|measurements| !measurements.out_of_budget);
        if measured.is_some_and(|measured| measured.workloads.is_empty() && !measured.are_identical()) {
            let text = format!(
                "program `{}` has no workload with role = \"eval\": nothing was measured",
                subject.name
            );
            session.sink.emit(Event::Warning { text });
        }
        let judged = judge(session, subject, &growths, measurements.as_ref())?;
        for measured in judged.candidates.iter().flat_map(|candidate| &candidate.measured) {
            let program = subject.name.to_owned();
            session.sink.emit(Event::Measured { program, interim: false, measured: measured.clone() });
        }
        Ok(judged)
    }
}

/// What must not pass in silence though the run ends well.
fn silent(outcome: &Outcome, consequence: &Consequence, beyond_reach: &[String]) -> Option<String> {
    let reach = beyond_reach.join("; ");
    let next = match outcome {
        Outcome::Inconclusive { environment, .. } if environment.is_empty() && !reach.is_empty() => &reach,
        Outcome::Inconclusive { environment, .. } if environment.is_empty() => {
            "measure longer with --pairs, or on a quieter machine"
        }
        Outcome::Inconclusive { .. } => {
            "measure again when the machine is quiet: bench --force; `bench --aa` says what it is fit for"
        }
        Outcome::NoEffect => "check that the training reaches the program, and what its match is",
        Outcome::Regressed { .. } => "no gate forbids it",
        _ => return None,
    };
    (consequence.exit == ExitCode::Success).then(|| format!("{}; {next}", consequence.wording))
}

/// Tells how the profile in the repository stands.
pub(crate) fn stored(session: &Session, subject: &Subject<'_>) {
    // What is wrong with its inputs is preflight's to say.
    if let Ok(status) = status::one(session, subject) {
        session.sink.emit(Event::Stored { status: Box::new(status) });
    }
}

/// How the profile came to be.
fn source(profile: Option<&MergedProfile>) -> Source {
    match profile {
        Some(profile) if profile.rebased().is_some() => Source::Rebased,
        Some(profile) if profile.is_from_elsewhere() => Source::Imported,
        _ => Source::Trained,
    }
}
