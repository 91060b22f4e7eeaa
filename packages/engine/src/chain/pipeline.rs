//! Runs the chain of stages for each program, and says what came of it.

use honing_core::{
    Error, ExitCode, Result, Selection, Stage, Step,
    event::{Event, SCHEMA, Summary},
    outcome::{Choice, Consequence, Outcome},
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
        preflight::preflight,
        profile_use::ProfileUse,
        ready::Ready,
        selected::check_selected,
        session::Session,
        subject::{Need, Subject},
    },
    keep::{
        record::{Findings, record},
        status,
    },
    measure::{
        bench::bench,
        measurements::{Measurements, candidates, names},
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
    each_program(session, selection, |chain, ready| chain.run(ready))
}

/// Checks every selected program, and then does `work` for one after the other. What fails for one
/// does not keep the others from their turn; the first failure says how the run ends.
pub(crate) fn each_program(
    session: &Session,
    selection: &Selection,
    work: impl Fn(Chain<'_>, &Ready) -> Result<(Summary, ExitCode)>,
) -> Result<Finished> {
    let subjects = session.subjects()?;
    // Before the run's folder is made: what another run does meanwhile may be `clean`.
    let _lock = session.lock()?;
    if !session.continues {
        begin(session, &subjects, selection)?;
    }
    subjects.iter().for_each(|subject| stored(session, subject));
    // For all programs first: a wrong word for the last one fails in the first second.
    let mut chains = Vec::new();
    for (at, subject) in subjects.iter().enumerate() {
        check_selected(session, subject, selection)?;
        let mut chain = Chain { later: &subjects[at + 1..], ..Chain::new(session, subject, selection)? };
        let ready = chain.preflight()?;
        chain.passes =
            subject.passes().into_iter().map(|pass| chain.ready_for(pass)).collect::<Result<_>>()?;
        chains.push((chain, ready));
    }
    let mut finished = Finished { summaries: Vec::new(), exit: ExitCode::Success };
    let mut turns = Turns::default();
    for (chain, ready) in chains {
        let (name, later) = (chain.subject.name, chain.later);
        let ended = needed(session, chain.subject, &turns)
            .and_then(|subject| work(Chain { subject: &subject, ..chain }, &ready));
        let (summary, exit) = match ended {
            Err(error) if subjects.len() > 1 && error.code() != ExitCode::Interrupted => {
                if let Some(next) = later.first() {
                    let text = format!("program `{name}`: {error}; going on with `{}`", next.name);
                    session.sink.emit(Event::Warning { text });
                }
                turns.failed.push((name, error));
                continue;
            }
            ended => ended?,
        };
        if !session.continues {
            session.sink.emit(Event::ProgramFinished { summary: Box::new(summary.clone()) });
        }
        turns.done.push(name);
        finished.summaries.push(summary);
        if finished.exit == ExitCode::Success && turns.failed.is_empty() {
            finished.exit = exit;
        }
    }
    match turns.error() {
        None => Ok(finished),
        // The first failure, which may be a verdict.
        Some(error) if finished.exit != ExitCode::Success => Err(error.with_code(finished.exit)),
        Some(error) => Err(error),
    }
}

/// The program with what it needs of others, whose turn was before.
fn needed<'a>(session: &'a Session, subject: &Subject<'a>, turns: &Turns<'_>) -> Result<Subject<'a>> {
    let subject = session.with_needs(subject)?;
    for need in subject.needs() {
        let failed = turns.failed.iter().find(|(name, _)| *name == need.program);
        if let Some((name, error)) = failed {
            let text = format!("not begun: it needs {} of program `{name}`, which failed", need.step);
            return Err(Error::new(error.code(), text));
        }
        if need.made.is_none() {
            let Need { program, step, .. } = need;
            return Err(Error::usage(format!(
                "it needs what {step} of program `{program}` makes, and there is none"
            ))
            .with_hint(honing_core::advise!("make it first: `{pgo} -P {program} --to {step}`")));
        }
    }
    Ok(subject)
}

/// What became of the programs of a run.
#[derive(Debug, Default)]
struct Turns<'a> {
    failed: Vec<(&'a str, Error)>,
    done: Vec<&'a str>,
}

impl Turns<'_> {
    /// One error for all that failed, with the first one's code and place.
    fn error(&self) -> Option<Error> {
        let (_, first) = self.failed.first()?;
        let messages: Vec<String> =
            self.failed.iter().map(|(name, error)| format!("program `{name}`: {error}")).collect();
        let mut hints: Vec<String> =
            self.failed.iter().filter_map(|(_, error)| error.hint().map(str::to_owned)).collect();
        if !self.done.is_empty() {
            let names: Vec<String> = self.done.iter().map(|name| format!("`{name}`")).collect();
            hints.push(format!("the other programs are done: {}", names.join(", ")));
        }
        let error = Error::new(first.code(), messages.join("; ")).with_hint(hints.join("\n"));
        Some(match self.failed.iter().find_map(|(_, error)| error.place()) {
            Some(place) => error.in_file(&place.file, place.position),
            None => error,
        })
    }
}

/// Begins a run: its folder, its events.
pub(crate) fn begin(session: &Session, subjects: &[Subject<'_>], selection: &Selection) -> Result<()> {
    session.prepare_run_dir()?;
    session.keep_events()?;
    let mut stages: Vec<Step> = Vec::new();
    for subject in subjects {
        let more = subject.selected(selection)?;
        stages.extend(more.into_iter().filter(|step| !stages.contains(step)).collect::<Vec<_>>());
    }
    session.sink.emit(Event::RunStarted {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        run: session.run_dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        programs: subjects.iter().map(|subject| subject.name.to_owned()).collect(),
        stages,
        steps: subjects
            .iter()
            .map(|subject| (subject.name.to_owned(), subject.flow().steps().collect()))
            .collect(),
    });
    Ok(())
}

impl<'a> Chain<'a> {
    fn preflight(&mut self) -> Result<Ready> {
        let (session, subject) = (self.session, self.subject);
        self.stage(Stage::Preflight, || preflight(session, subject), |ready| format!("merges with {ready}"))
    }

    /// A pass, with what preflight finds of it where it takes part.
    fn ready_for(&mut self, pass: Subject<'a>) -> Result<(Subject<'a>, Option<Ready>)> {
        let takes_part = self.selected.contains(&pass.step(Stage::Preflight));
        let mut turn = self.turn(&pass);
        let ready = if takes_part { turn.preflight().map(Some) } else { Ok(None) };
        self.costs = turn.costs;
        Ok((pass, ready?))
    }

    /// The same chain, at the turn of a pass; its costs are to be taken back.
    fn turn<'b>(&mut self, pass: &'b Subject<'b>) -> Chain<'b>
    where
        'a: 'b,
    {
        Chain {
            session: self.session,
            subject: pass,
            selection: self.selection,
            flow: self.flow.clone(),
            selected: self.selected.clone(),
            passes: Vec::new(),
            costs: std::mem::take(&mut self.costs),
            later: self.later,
        }
    }

    /// The program that was optimized, and what each pass makes of it in turn.
    fn after(&mut self, optimized: Optimized) -> Result<Vec<Optimized>> {
        let (mut made, mut before) = (Vec::new(), optimized.built());
        made.push(optimized);
        for (pass, ready) in std::mem::take(&mut self.passes) {
            let pass = pass.working_on(Some(before.input()));
            let mut turn = self.turn(&pass);
            let optimized = match &ready {
                Some(ready) => turn.use_profile(ready, Some(&before)).map(|made| made.optimized),
                None => Ok(Optimized::load(turn.session, &pass).map(|done| done.output)),
            };
            self.costs = turn.costs;
            // What it made of another program is none of this one's.
            let of_this = |optimized: &Optimized| optimized.input() == Some(before.digest());
            let Some(optimized) = optimized?.filter(of_this) else { break };
            before = optimized.built();
            made.push(optimized);
        }
        Ok(made)
    }

    /// All selected stages.
    pub(crate) fn run(mut self, ready: &Ready) -> Result<(Summary, ExitCode)> {
        let (session, subject) = (self.session, self.subject);
        let baseline = self.stage_or(
            Stage::Baseline,
            || baseline(session, subject, ready),
            || Built::load(session, subject, Stage::Baseline),
            |built| units::bytes(built.artifact().bytes),
        )?;
        let ProfileUse { profile, optimized } = self.use_profile(ready, baseline.as_ref())?;
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
            costs: &self.costs.clone(),
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
        if let (Some(text), true) = (silent(&outcome, &consequence), decides) {
            session.sink.emit(Event::Warning { text });
        }
        let Consequence { exit, wording, .. } = consequence;
        let summary = Summary {
            program: subject.name.to_owned(),
            target: subject.triple.clone(),
            trust: judged.trust.clone(),
            measured: judged.into_measured(candidate),
            outcome: decides.then_some(outcome),
            wording: decides.then_some(wording),
            costs: self.costs,
            // One of another source says nothing about this build.
            baseline: baseline
                .filter(|_| check_same_source(session, subject).is_ok())
                .map(|built| built.artifact()),
            // What an earlier run left is not what this one asked for.
            optimized: chosen.map(Optimized::artifact).filter(|_| built),
            applied: applied.filter(|_| built),
            recorded: recorded.and_then(|recorded| recorded.path),
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
fn silent(outcome: &Outcome, consequence: &Consequence) -> Option<String> {
    let next = match outcome {
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
fn stored(session: &Session, subject: &Subject<'_>) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_failures_are_one_error_with_the_code_of_the_first() {
        let fails = |code, text: &str, hint: &str| Error::new(code, text).with_hint(hint);
        let turns = Turns {
            failed: vec![
                ("b", fails(ExitCode::Build, "baseline: no", "mend it").in_file("b.rs", None)),
                ("d", fails(ExitCode::Workload, "train: no", "raise it")),
            ],
            done: vec!["a", "c"],
        };
        let error = turns.error().unwrap();
        assert_eq!(error.to_string(), "program `b`: baseline: no; program `d`: train: no");
        assert_eq!(error.hint(), Some("mend it\nraise it\nthe other programs are done: `a`, `c`"));
        assert_eq!((error.code(), error.place().is_some()), (ExitCode::Build, true));
        assert!(Turns { done: vec!["a"], ..Turns::default() }.error().is_none());
    }
}
