//! `pgo checklist`: gathers the facts for core's checklist, and with `--fix` runs the stages that mend
//! what does not hold.

use std::collections::BTreeSet;

use honing_core::{
    ExitCode, Result, Selection, Stage, Step,
    checklist::{self, Again, Attempt, Built, Checked, Checklist, Facts, Item, Mend},
    event::{Event, Summary},
};
use serde::de::IgnoredAny;

use crate::{
    chain::{
        built as program,
        optimized::Optimized,
        pipeline::{self, Finished},
        programs,
        session::{Options, ProfileSource, Session},
        subject::Subject,
    },
    io::{clock, files},
    keep::{history, record::eval_entries, status, stored_profile, transfer},
};

/// The second build's target directory while it lasts, in the run's folder.
const SECOND: &str = "second";

/// Every item of every selected program; `fix` runs stages first, where they mend one.
///
/// # Errors
/// Usage, where a name is wrong; interrupted. What fails besides is an item that does not hold.
pub fn checklist(session: &Session, fix: bool) -> Result<Checklist> {
    let mut subjects = session.subjects()?;
    subjects.retain(|subject| !subject.is_plain());
    let last = if fix { Stage::Record } else { Stage::Optimize };
    let steps = |subject: &Subject<'_>| subject.selected(&Selection::up_to(last));
    let steps: Vec<Vec<Step>> = subjects.iter().map(steps).collect::<Result<_>>()?;
    programs::begin(session, &subjects.iter().zip(steps.iter().map(Vec::as_slice)).collect::<Vec<_>>())?;
    let mut programs = Vec::new();
    for subject in &subjects {
        let mended = if fix { mend(session, subject)? } else { None };
        let (facts, built) = facts(session, subject, true)?;
        if let Some(summary) = mended.or(built) {
            session.sink.emit(Event::ProgramFinished { summary: Box::new(summary) });
        }
        programs.push(Checked {
            program: subject.name.to_owned(),
            version: facts.version.clone(),
            target: subject.triple.clone(),
            items: items(session, subject, &facts),
        });
    }
    let commit = history::commit(session).ok();
    Ok(Checklist::new(env!("CARGO_PKG_VERSION").into(), clock::utc_now(), commit, programs))
}

fn items(session: &Session, subject: &Subject<'_>, facts: &Facts) -> Vec<Item> {
    checklist::items(facts, &session.config.policy, subject.program)
}

/// Runs what mends an item, until nothing is left that stages can mend. What was measured last, if
/// anything was.
fn mend(session: &Session, subject: &Subject<'_>) -> Result<Option<Summary>> {
    let (mut tried, mut measured) = (Vec::new(), None);
    loop {
        let items = items(session, subject, &facts(session, subject, false)?.0);
        let Some((mend, item)) = checklist::mend(&items, &tried) else { return Ok(measured) };
        let text = format!("fix: {}, since \"{}\" does not hold: {}", mend.words(), item.title, item.value);
        session.sink.emit(Event::Note { text });
        tried.push(mend);
        let failed = match attempt(apply(session, subject, mend))? {
            Attempt::Failed(error) => {
                Some(error.hint().map_or_else(|| error.to_string(), |hint| format!("{error}\n  {hint}")))
            }
            Attempt::Made(finished) => {
                let ended = finished.summaries.into_iter().next().filter(|summary| summary.outcome.is_some());
                measured = ended.or(measured);
                let wording = measured.as_ref().and_then(|summary| summary.wording.clone());
                wording.filter(|_| finished.exit != ExitCode::Success)
            }
            Attempt::Spared(_) => None,
        };
        if let Some(text) = failed {
            session.sink.emit(Event::Warning { text: format!("fix: {}: {text}", mend.words()) });
        }
    }
}

fn apply(session: &Session, subject: &Subject<'_>, mend: Mend) -> Result<Finished> {
    let all = Selection::default();
    let stored = || part(session, subject, ProfileSource::Stored);
    match mend {
        Mend::Refresh => pipeline::run(&part(session, subject, ProfileSource::Training)?, &all),
        Mend::Rebase => transfer::rebase(&stored()?),
        Mend::Measure => pipeline::run(&stored()?, &all),
    }
}

/// A session for one program.
fn part(session: &Session, subject: &Subject<'_>, profile: ProfileSource) -> Result<Session> {
    session.part(options(session, subject, profile))
}

/// The list judges: a run of its own is to warn, not to fail.
fn options(session: &Session, subject: &Subject<'_>, profile: ProfileSource) -> Options {
    let programs = vec![subject.name.to_owned()];
    Options { programs, profile, strict: false, ..session.options.clone() }
}

/// What is known about a program, and what its build came to; a second build only where `whole` is
/// asked for.
fn facts(session: &Session, subject: &Subject<'_>, whole: bool) -> Result<(Facts, Option<Summary>)> {
    let status = status::one(session, subject)?;
    let stored = stored_profile::load(session, subject).ok().flatten();
    let repository = history::repository(session, subject, stored.as_ref()).map_err(Into::into);
    let mut summary = None;
    let build = match &status.error {
        Some(_) => Attempt::Spared("there is no profile that can be used".into()),
        None => attempt(build(session, subject, &mut summary))?,
    };
    let least = session.config.policy.min_match;
    let again = match &build {
        Attempt::Made(built) if built.applied.as_ref().is_none_or(|applied| applied.fulfils(least)) => {
            if whole {
                attempt(again(session, subject, built))?
            } else {
                Attempt::Spared("it comes last".into())
            }
        }
        Attempt::Made(_) => Attempt::Spared("this build is none to release".into()),
        Attempt::Failed(_) | Attempt::Spared(_) => Attempt::Spared("there is no first build".into()),
    };
    let version = subject.builder().version(subject);
    let toolchain = match &stored {
        Some(stored) => status::facts(session, subject, stored)?.toolchain,
        None => Vec::new(),
    };
    let evals = eval_entries(session, subject)?;
    let facts = Facts { now: clock::utc_now(), version, toolchain, evals, status, build, again, repository };
    Ok((facts, summary))
}

/// What is only one item's failure, but for an interruption.
fn attempt<T>(result: Result<T>) -> Result<Attempt<T>> {
    match result {
        Ok(made) => Ok(Attempt::Made(made)),
        Err(error) if error.code() == ExitCode::Interrupted => Err(error),
        Err(error) => Ok(Attempt::Failed(error)),
    }
}

/// The release build.
fn build(session: &Session, subject: &Subject<'_>, summary: &mut Option<Summary>) -> Result<Built> {
    let part = part(session, subject, ProfileSource::Stored)?;
    *summary = compile(&part, subject)?;
    built(&part, subject)
}

/// How it ships: with its profile, or without.
fn stage(session: &Session, subject: &Subject<'_>) -> Stage {
    if stored_profile::left_out(session, subject).is_some() { Stage::Baseline } else { Stage::Optimize }
}

fn built(session: &Session, subject: &Subject<'_>) -> Result<Built> {
    let missing = || honing_core::Error::internal("checklist: the build left nothing");
    let stage = stage(session, subject);
    let (artifact, digest, applied) = if stage == Stage::Baseline {
        let built = program::Built::load(session, subject, stage).ok_or_else(missing)?.output;
        (built.artifact(), built.digest().clone(), None)
    } else {
        let built = Optimized::load(session, subject).ok_or_else(missing)?.output;
        (built.artifact(), built.digest().clone(), Some(built.applied().clone()))
    };
    let when = session.store.load::<IgnoredAny>(subject.name, stage).ok_or_else(missing)?.finished;
    Ok(Built { path: artifact.path, bytes: artifact.bytes, digest, applied, when })
}

/// The same from nothing, in another target directory. Those are large: of that, only a binary that
/// differs is kept, to be compared.
fn again(session: &Session, subject: &Subject<'_>, first: &Built) -> Result<Again> {
    let target_dir = session.run_dir.join(SECOND);
    files::remove_dir(&target_dir)?;
    let text = format!("building {} once more, from nothing, in {}", subject.name, target_dir.display());
    session.sink.emit(Event::Note { text });
    let there = |subject: &Subject<'_>| {
        let options = options(session, subject, ProfileSource::Stored);
        session.part(Options { target_dir: Some(target_dir.clone()), ..options })
    };
    for other in built_with(session, subject)? {
        compile(&there(&other)?, &other)?;
    }
    let part = there(subject)?;
    let again = compile(&part, subject).and_then(|summary| second(&part, subject, summary));
    let differs = again.as_ref().is_ok_and(|again| again.digest != first.digest);
    files::remove_dir(&if differs { part.store.root().join("build") } else { target_dir })?;
    again
}

/// The programs that its build uses, and theirs, each after those that it uses itself.
fn built_with<'a>(session: &'a Session, subject: &Subject<'a>) -> Result<Vec<Subject<'a>>> {
    let (mut used, mut ask) = (BTreeSet::new(), vec![subject.clone()]);
    while let Some(one) = ask.pop() {
        let stage = stage(session, &one).into();
        for need in session.needed(&one).into_iter().filter(|need| need.is_for(stage)) {
            if let Some((name, program)) = session.config.program.get_key_value(&need.other.program)
                && used.insert(name.as_str())
            {
                ask.push(session.subject(name, program)?);
            }
        }
    }
    let order = session.config.in_order().into_iter().filter(|(name, _)| used.contains(name));
    order.map(|(name, program)| session.subject(name, program)).collect()
}

fn second(part: &Session, subject: &Subject<'_>, summary: Option<Summary>) -> Result<Again> {
    let Built { path, bytes, digest, .. } = built(part, subject)?;
    let costs = summary.map(|summary| summary.costs).unwrap_or_default();
    let cost = costs.into_iter().find(|cost| cost.stage == stage(part, subject));
    let (elapsed_ms, cpu_ms) = cost.map_or((0, 0), |cost| (cost.elapsed_ms, cost.cpu_ms));
    Ok(Again { path, bytes, digest, elapsed_ms, cpu_ms })
}

fn compile(session: &Session, subject: &Subject<'_>) -> Result<Option<Summary>> {
    let selection = Selection::only(stage(session, subject));
    Ok(pipeline::run(session, &selection)?.summaries.into_iter().next())
}
