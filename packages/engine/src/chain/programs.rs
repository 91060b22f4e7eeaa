//! The programs of a run, one after the other: each after those that it needs.

use std::collections::BTreeSet;

use honing_core::{
    Error, ExitCode, Result, Selection, Step,
    event::{Event, SCHEMA, Summary},
};

use crate::{
    chain::{
        Chain,
        pipeline::{Finished, stored},
        ready::Ready,
        session::Session,
        subject::{Need, Subject},
    },
    keep::history,
};

/// Checks every selected program for the steps that are selected of it, and then does `work` for one after
/// the other. What fails for one
/// does not keep the others from their turn; the first failure says how the run ends.
pub(crate) fn each_program(
    session: &Session,
    selection: &dyn Fn(&Subject<'_>) -> Selection,
    work: impl Fn(Chain<'_>, &Ready) -> Result<(Summary, ExitCode)>,
) -> Result<Finished> {
    let subjects = session.subjects()?;
    // Before the run's folder is made: what another run does meanwhile may be `clean`.
    let _lock = session.lock()?;
    let selections: Vec<Selection> = subjects.iter().map(selection).collect();
    if !session.continues {
        begin(session, &subjects, &selections)?;
        tell_other_locks(session, &subjects);
    }
    subjects.iter().for_each(|subject| stored(session, subject));
    // For all programs first: a wrong word for the last one fails in the first second.
    let mut chains = Vec::new();
    for (at, subject) in subjects.iter().enumerate() {
        let chain = Chain::new(session, subject, &selections[at])?;
        let mut chain = Chain { later: &subjects[at + 1..], ..chain };
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

/// Says where what is built is not what everybody else builds.
fn tell_other_locks(session: &Session, subjects: &[Subject<'_>]) {
    let locks: BTreeSet<&str> =
        subjects.iter().flat_map(|subject| subject.builder().locks()).copied().collect();
    for lock in locks.into_iter().filter(|lock| history::differs(session, lock)) {
        let text = format!(
            "{lock} is not the committed one: the baseline may not be the program that ships (`git diff {lock}`)"
        );
        session.sink.emit(Event::Warning { text });
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
pub(crate) fn begin(session: &Session, subjects: &[Subject<'_>], selections: &[Selection]) -> Result<()> {
    session.prepare_run_dir()?;
    session.keep_events()?;
    let mut stages: Vec<Step> = Vec::new();
    for (subject, selection) in subjects.iter().zip(selections) {
        let more = subject.selected(selection)?;
        stages.extend(more.into_iter().filter(|step| !stages.contains(step)).collect::<Vec<_>>());
    }
    session.sink.emit(Event::RunStarted {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        run: session.run_dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        command: session.options.command.clone(),
        programs: subjects.iter().map(|subject| subject.name.to_owned()).collect(),
        stages,
        steps: subjects
            .iter()
            .map(|subject| (subject.name.to_owned(), subject.flow().steps().collect()))
            .collect(),
    });
    Ok(())
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
