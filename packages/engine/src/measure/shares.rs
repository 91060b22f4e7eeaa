//! `bench --shares`: what each program of a pipeline does for one that is built with them. It is built with one of
//! them alone as it ships and the others as their baselines, for each of them, and all of these are measured
//! together with what ships.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Instant,
};

use honing_core::{
    Digest, Error, ExitCode, Part, Result, Selection, Stage,
    event::{Event, StageState, Summary},
};

use crate::{
    builders::{Flavour, Made, beside},
    chain::{
        Chain,
        built::{Built, check_same_source},
        merge::MergedProfile,
        missing,
        optimized::{Optimized, profile_path, write_for_build},
        pipeline::Finished,
        programs,
        session::Session,
        step::{Done, started},
        subject::{Input, Need, Subject},
    },
    children::Usage,
    io::{clock, files},
    measure::{
        Which,
        arms::Arms,
        measurements::{Candidate, Measurements},
        measuring::Benching,
        pairs::Limit,
        verdicts::{Judged, gates, judge},
    },
    workloads::{tools::build_tools, train::workloads},
};

/// What is built with everything as it ships.
const ALL: &str = "all";

/// Measures the share of each program in what ships of those that are built with others. Builds what was not built
/// yet, and leaves what is recorded as it is.
///
/// # Errors
/// As for a run; usage, where no program is built with what others ship.
pub fn shares(session: &Session) -> Result<Finished> {
    let has_others = |subject: &Subject<'_>| {
        let mut needed = session.needed(subject).into_iter();
        subject.builder().names_others() && needed.any(|one| one.by == Some(Stage::Optimize))
    };
    if !session.subjects()?.iter().any(has_others) {
        return Err(Error::usage("bench --shares: no program is built with what others ship").with_hint(
            "a share is that of a program that another one's commands name as {program:NAME}: docs/command.md",
        ));
    }
    programs::each_program(session, &|_| Selection::only(Stage::Bench), |mut chain, _| {
        let subject = chain.subject;
        let (target, program) = (subject.triple.clone(), subject.name.to_owned());
        let mut summary = Summary { program, target, ..Summary::default() };
        let others = if subject.builder().names_others() { others(subject) } else { Vec::new() };
        if !others.is_empty() {
            let judged = measured(&mut chain, &others)?;
            summary.trust.clone_from(&judged.trust);
            summary.measured = judged.into_measured(0);
        }
        summary.costs.clone_from(&chain.costs.borrow());
        Ok((summary, ExitCode::Success))
    })
}

/// A program that another one is built with.
struct Component {
    name: String,
    baseline: Input,
    ships: Input,
}

/// The programs that this one is built with, without PGO in its baseline and as they ship in what ships.
fn others(subject: &Subject<'_>) -> Vec<Component> {
    let made = |name: &str, stage: Stage, is: fn(Part) -> bool| {
        let fits =
            |need: &&Need| need.other.program == name && need.is_for(stage.into()) && is(need.other.part);
        subject.needs().iter().find(fits).and_then(|need| need.made.clone())
    };
    let mut names: Vec<&str> = subject.needs().iter().map(|need| need.other.program.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let component = |name: &str| {
        let baseline = made(name, Stage::Baseline, is_baseline)?;
        let ships = made(name, Stage::Optimize, is_better)?;
        Some(Component { name: name.to_owned(), baseline, ships })
    };
    names.into_iter().filter_map(component).collect()
}

fn is_baseline(part: Part) -> bool {
    part == Part::Made(Stage::Baseline.into())
}

fn is_better(part: Part) -> bool {
    matches!(part, Part::Shipped) || part == Part::Made(Stage::Optimize.into())
}

/// Builds and measures, as the stage bench.
fn measured(chain: &mut Chain<'_>, others: &[Component]) -> Result<Judged> {
    let (session, subject) = (chain.session, chain.subject);
    let judged = chain.stage(
        Stage::Bench,
        || {
            let start = Instant::now();
            let baseline = Built::load(session, subject, Stage::Baseline).map(|done| done.output);
            let baseline = baseline.ok_or_else(|| missing(Stage::Baseline, Stage::Bench))?;
            let optimized = Optimized::load(session, subject).map(|done| done.output);
            let optimized = optimized.ok_or_else(|| missing(Stage::Optimize, Stage::Bench))?;
            check_same_source(session, subject)?;
            started(session, subject, Stage::Bench, vec!["--shares".into()]);
            let all = Alone {
                name: ALL.into(),
                path: optimized.path().into(),
                libraries: Vec::new(),
                digest: optimized.digest().clone(),
            };
            let mut programs = vec![all];
            for other in others {
                programs.extend(alone(session, subject, other)?);
            }
            programs.extend(own(session, subject, others, &optimized)?);
            let mut usage = Usage::default();
            let output = compare(session, subject, &baseline, &programs, &mut usage)?;
            let (elapsed_ms, cpu_ms) = (clock::millis_since(start), clock::millis(usage.cpu()));
            Ok(Done { output, state: StageState::Done, elapsed_ms, cpu_ms, full: None })
        },
        Measurements::words,
    )?;
    let judged = judge(session, subject, &vec![None; judged.names().len()], Some(&judged))?;
    for measured in judged.candidates.iter().flat_map(|candidate| &candidate.measured) {
        let program = subject.name.to_owned();
        session.sink.emit(Event::Measured { program, interim: false, measured: measured.clone() });
    }
    Ok(judged)
}

/// The program with one of all as it ships.
struct Alone {
    name: String,
    path: PathBuf,
    /// Shared libraries that are not yet beside it.
    libraries: Vec<PathBuf>,
    digest: Digest,
}

impl Alone {
    fn of(name: &str, made: Made) -> Self {
        let Made { path, libraries, digest, .. } = made;
        Self { name: format!("{name} alone"), path, libraries, digest }
    }
}

/// The baseline, but that one of the others is as it ships.
fn alone(session: &Session, subject: &Subject<'_>, other: &Component) -> Result<Option<Alone>> {
    let Component { name, baseline, ships } = other;
    if baseline.digest == ships.digest {
        let text = format!("{}: {name} ships as its baseline: it has no share", subject.name);
        session.sink.emit(Event::Note { text });
        return Ok(None);
    }
    let with = |need: &Need| {
        let replaced = need.other.program == *name
            && is_baseline(need.other.part)
            && need.is_for(Stage::Baseline.into());
        Need { made: if replaced { Some(ships.clone()) } else { need.made.clone() }, ..need.clone() }
    };
    let subject = subject.with_alone(name, subject.needs().iter().map(with).collect());
    subject.build(session, Stage::Bench, Flavour::Plain).map(|made| Some(Alone::of(name, made)))
}

/// The program with its own profile, and all others as their baselines.
fn own(
    session: &Session,
    subject: &Subject<'_>,
    others: &[Component],
    optimized: &Optimized,
) -> Result<Option<Alone>> {
    let profile = MergedProfile::load(session, subject).map(|done| done.output);
    let Some(profile) = profile.filter(|profile| profile.digest() == optimized.profile()) else {
        let text = format!(
            "{}: its own share is left out: the profile of its build is not here; `--from merge` makes both",
            subject.name
        );
        session.sink.emit(Event::Note { text });
        return Ok(None);
    };
    let with = |need: &Need| {
        let other = others.iter().find(|other| need.other.program == other.name);
        let replaced = other.filter(|_| need.is_for(Stage::Optimize.into()) && is_better(need.other.part));
        let made = replaced.map(|other| other.baseline.clone()).or_else(|| need.made.clone());
        Need { made, ..need.clone() }
    };
    let alone = subject.with_alone(subject.name, subject.needs().iter().map(with).collect());
    let path = profile_path(session, subject);
    write_for_build(subject, &profile, &path)?;
    let flavour = Flavour::Optimized { profile: &path, digest: Some(profile.digest()), traced: false };
    alone.build(session, Stage::Bench, flavour).map(|made| Some(Alone::of(subject.name, made)))
}

/// Measures them all against the baseline.
fn compare(
    session: &Session,
    subject: &Subject<'_>,
    baseline: &Built,
    programs: &[Alone],
    usage: &mut Usage,
) -> Result<Measurements> {
    let each = programs.iter();
    let candidates: Vec<Candidate<'_>> =
        each.map(|one| Candidate { name: &one.name, path: &one.path, digest: &one.digest }).collect();
    let output = Measurements::of(baseline, &candidates);
    if output.are_identical() {
        return Ok(output);
    }
    let chosen = workloads(session, subject, |workload| workload.role.evaluates());
    let tools = build_tools(session, subject, Stage::Bench, &chosen)?;
    let dir = session.builds().join("shares").join(subject.name);
    files::remove_dir(&dir)?;
    let paths: Vec<&Path> = candidates.iter().map(|candidate| candidate.path).collect();
    let name = OsString::from(&subject.artifact);
    let arms = Arms::stage(&dir, &name, baseline.path(), &paths)?.with_libraries()?;
    for (at, one) in programs.iter().enumerate() {
        let program = arms.path(Which::Candidate(at));
        beside::copy_libraries(&one.libraries, program.parent().unwrap_or(program))?;
    }
    let gates = gates(&session.config, subject.program, chosen.iter().map(|(name, _)| *name));
    let limit = Limit::of(session, None);
    let until = limit.time().map(|time| Instant::now() + time);
    let bench = Benching {
        session,
        subject,
        tools: &tools.paths,
        arms: &arms,
        gates: &gates,
        controls: true,
        dir: &dir,
        until,
    };
    let Some(mut tried) = bench.try_all(&chosen, usage)? else { return Ok(output) };
    let Some(mut recorded) = bench.plan(limit, &mut tried, usage)? else { return Ok(output) };
    bench.all(&mut tried, &output.names(), &mut recorded, usage, &|_| Ok(()))?;
    files::remove_dir(&dir)?;
    Ok(output.with(recorded))
}
