//! The programs of a run, one after the other: each after those that it needs.

use std::{collections::BTreeSet, rc::Rc};

use honing_core::{
    Error, ExitCode, Part, Result, Selection, Stage, Step, Turn,
    event::{Event, SCHEMA, StageState, Summary},
};

use crate::{
    chain::{
        Chain, Costs,
        others::Profiles,
        pipeline::{Finished, stored},
        plan::{Outdated, outdated},
        ready::Ready,
        session::Session,
        subject::{Need, Subject},
        turns::{Pipeline, is_done_here},
    },
    keep::history,
};

/// A program of a run, once preflight has looked at it.
struct Looked<'a> {
    ready: Ready,
    passes: Vec<(Subject<'a>, Option<Ready>)>,
    costs: Costs,
}

/// Checks every selected program for the steps that are selected of it, and then does `work` for one turn after
/// the other. What fails for one does not keep those that do not need it from their turn; the first failure says
/// how the run ends.
pub(crate) fn each_program(
    session: &Session,
    selection: &dyn Fn(&Subject<'_>) -> Selection,
    work: impl Fn(Chain<'_>, &Ready) -> Result<(Summary, ExitCode)>,
) -> Result<Finished> {
    let subjects = session.subjects()?;
    let selections: Vec<Selection> = subjects.iter().map(selection).collect();
    let pipeline = Pipeline::of(session, &subjects, &selections)?;
    // Before the run's folder is made: what another run does meanwhile may be `clean`.
    let _lock = session.lock()?;
    let works = |(at, subject)| (subject, pipeline.steps(at));
    let working: Vec<(&Subject<'_>, &[Step])> =
        subjects.iter().enumerate().map(works).filter(|(_, steps)| !steps.is_empty()).collect();
    if !session.continues {
        begin(session, &working)?;
        tell_other_locks(session, &subjects);
    }
    working.iter().for_each(|(subject, _)| stored(session, subject));
    let looked = look(session, &subjects, &pipeline)?;
    for Outdated { program, step, text } in outdated(session, &subjects, &pipeline) {
        session.sink.emit(Event::Warning { text: format!("{program}: {step}: {text}") });
    }
    let mut run = Run { session, subjects: &subjects, pipeline: &pipeline, looked, turns: Turns::default() };
    let mut finished = Finished { summaries: Vec::new(), exit: ExitCode::Success };
    for (at, turn) in pipeline.turns.iter().enumerate() {
        let (name, later) = (run.name(turn), pipeline.turns.get(at + 1..).unwrap_or_default());
        if run.turns.failed_at(name).is_some() {
            continue;
        }
        let (summary, exit) = match run.take(turn, later, &work) {
            Err(error) if working.len() > 1 && error.code() != ExitCode::Interrupted => {
                run.fail(turn, later, error);
                continue;
            }
            ended => ended?,
        };
        if later.iter().any(|later| later.program == turn.program) {
            continue;
        }
        if !session.continues {
            session.sink.emit(Event::ProgramFinished { summary: Box::new(summary.clone()) });
        }
        run.turns.done.push(name);
        finished.summaries.push(summary);
        if finished.exit == ExitCode::Success && run.turns.failed.is_empty() {
            finished.exit = exit;
        }
    }
    match run.turns.error() {
        None => Ok(finished),
        // The first failure, which may be a verdict.
        Some(error) if finished.exit != ExitCode::Success => Err(error.with_code(finished.exit)),
        Some(error) => Err(error),
    }
}

/// Looks at all programs first: a wrong word for the last one fails in the first second.
fn look<'a>(
    session: &'a Session,
    subjects: &'a [Subject<'a>],
    pipeline: &'a Pipeline,
) -> Result<Vec<Option<Looked<'a>>>> {
    let one = |(subject, (selection, steps)): (&'a Subject<'a>, &'a (Selection, Vec<Step>))| {
        if steps.is_empty() {
            return Ok(None);
        }
        let mut chain = Chain::new(session, subject, selection, steps);
        let ready = chain.preflight()?;
        let passes = subject.passes().into_iter().map(|pass| chain.ready_for(pass)).collect::<Result<_>>()?;
        Ok(Some(Looked { ready, passes, costs: chain.costs }))
    };
    subjects.iter().zip(&pipeline.selected).map(one).collect()
}

/// A run of several programs.
struct Run<'a> {
    session: &'a Session,
    subjects: &'a [Subject<'a>],
    pipeline: &'a Pipeline,
    looked: Vec<Option<Looked<'a>>>,
    turns: Turns<'a>,
}

impl<'a> Run<'a> {
    fn subject(&self, turn: &Turn) -> Option<&'a Subject<'a>> {
        self.subjects.get(turn.program)
    }

    fn name(&self, turn: &Turn) -> &'a str {
        self.subject(turn).map_or("", |subject| subject.name)
    }

    /// Does a turn.
    fn take(
        &self,
        turn: &Turn,
        later: &'a [Turn],
        work: impl Fn(Chain<'_>, &Ready) -> Result<(Summary, ExitCode)>,
    ) -> Result<(Summary, ExitCode)> {
        let missing = || Error::internal("a program was not looked at");
        let looked = self.looked.get(turn.program).and_then(Option::as_ref).ok_or_else(missing)?;
        let subject = self.subject(turn).ok_or_else(missing)?;
        let subject = needed(self.session, subject, &turn.steps, &self.turns)?;
        let (selection, selected) = self.pipeline.selected.get(turn.program).ok_or_else(missing)?;
        let with_needs = |(pass, ready): &(Subject<'a>, Option<Ready>)| {
            (pass.with(subject.needs().to_vec()), ready.clone())
        };
        let chain = Chain {
            turn: turn.steps.clone(),
            passes: looked.passes.iter().map(with_needs).collect(),
            costs: Rc::clone(&looked.costs),
            later: later.iter().filter_map(|turn| Some((self.subject(turn)?, &*turn.steps))).collect(),
            ..Chain::new(self.session, &subject, selection, selected)
        };
        work(chain, &looked.ready)
    }

    /// Remembers how a turn failed, and which of the program's steps are none's input now.
    fn fail(&mut self, turn: &Turn, later: &[Turn], error: Error) {
        let name = self.name(turn);
        let mut undone = self.pipeline.steps(turn.program).to_vec();
        if let Some(looked) = self.looked.get(turn.program).and_then(Option::as_ref) {
            let costs = looked.costs.borrow();
            let done = |step: &Step| {
                let is_done = |state| matches!(state, StageState::Done | StageState::UpToDate);
                costs.iter().any(|cost| cost.stage == *step && is_done(cost.state))
            };
            undone.retain(|step| !done(step));
        }
        let goes_on =
            |turn: &&Turn| self.name(turn) != name && self.turns.failed_at(self.name(turn)).is_none();
        if let Some(next) = later.iter().find(goes_on) {
            let text = format!("program `{name}`: {error}; going on with `{}`", self.name(next));
            self.session.sink.emit(Event::Warning { text });
        }
        self.turns.failed.push(Failed { name, error, undone });
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

/// The program with what `steps` of it need of others, whose turns were before.
fn needed<'a>(
    session: &'a Session,
    subject: &Subject<'a>,
    steps: &[Step],
    turns: &Turns<'_>,
) -> Result<Subject<'a>> {
    let subject = session.with_needs(subject, Profiles::Written)?;
    // With a profile from elsewhere nothing is trained.
    let turns_of = [vec![subject.clone()], subject.passes()].concat();
    let is_done = |step: &Step| match turns_of.iter().find(|turn| turn.pass() == step.pass) {
        Some(turn) => is_done_here(session, turn, step.stage),
        None => Ok(true),
    };
    let mut works = Vec::new();
    for step in steps {
        works.extend(is_done(step)?.then_some(*step));
    }
    let uses = |need: &&Need| works.iter().any(|step| need.is_for(*step));
    for need in subject.needs().iter().filter(uses) {
        let Need { other, step, .. } = need;
        if let Some(failed) = turns.failed_at(&other.program).filter(|failed| failed.undone.contains(step)) {
            let text = format!("not begun: it needs {}, which failed", need.words());
            return Err(Error::new(failed.error.code(), text));
        }
        if need.made.is_none() {
            let to = if other.part == Part::Shipped { Step::from(Stage::Optimize) } else { *step };
            let what = match other.part {
                Part::Made(_) => format!("what {} makes", need.words()),
                _ => format!("the {}", need.words()),
            };
            return Err(Error::usage(format!("it needs {what}, and there is none"))
                .with_hint(honing_core::advise!("make it first: `{pgo} -P {} --to {to}`", other.program)));
        }
    }
    Ok(subject)
}

/// What became of the programs of a run.
#[derive(Debug, Default)]
struct Turns<'a> {
    failed: Vec<Failed<'a>>,
    done: Vec<&'a str>,
}

/// A program that failed.
#[derive(Debug)]
struct Failed<'a> {
    name: &'a str,
    error: Error,
    /// Its steps that were selected and are not done.
    undone: Vec<Step>,
}

impl Turns<'_> {
    fn failed_at(&self, name: &str) -> Option<&Failed<'_>> {
        self.failed.iter().find(|failed| failed.name == name)
    }

    /// One error for all that failed, with the first one's code and place.
    fn error(&self) -> Option<Error> {
        let first = &self.failed.first()?.error;
        let messages: Vec<String> = self
            .failed
            .iter()
            .map(|Failed { name, error, .. }| format!("program `{name}`: {error}"))
            .collect();
        let mut hints: Vec<String> =
            self.failed.iter().filter_map(|failed| failed.error.hint().map(str::to_owned)).collect();
        if !self.done.is_empty() {
            let names: Vec<String> = self.done.iter().map(|name| format!("`{name}`")).collect();
            hints.push(format!("the other programs are done: {}", names.join(", ")));
        }
        let error = Error::new(first.code(), messages.join("; ")).with_hint(hints.join("\n"));
        Some(match self.failed.iter().find_map(|failed| failed.error.place()) {
            Some(place) => error.in_file(&place.file, place.position),
            None => error,
        })
    }
}

/// Begins a run of these steps of programs: its folder, its events.
pub(crate) fn begin(session: &Session, programs: &[(&Subject<'_>, &[Step])]) -> Result<()> {
    session.prepare_run_dir()?;
    session.keep_events()?;
    let mut stages: Vec<Step> = Vec::new();
    for (_, steps) in programs {
        let more = steps.iter().copied().filter(|step| !stages.contains(step));
        stages.extend(more.collect::<Vec<_>>());
    }
    session.sink.emit(Event::RunStarted {
        schema: SCHEMA,
        version: env!("CARGO_PKG_VERSION").into(),
        run: session.run_dir.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        command: session.options.command.clone(),
        programs: programs.iter().map(|(subject, _)| subject.name.to_owned()).collect(),
        stages,
        steps: programs
            .iter()
            .map(|(subject, _)| (subject.name.to_owned(), subject.flow().steps().collect()))
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
        let failed = |name, error| Failed { name, error, undone: Vec::new() };
        let turns = Turns {
            failed: vec![
                failed("b", fails(ExitCode::Build, "baseline: no", "mend it").in_file("b.rs", None)),
                failed("d", fails(ExitCode::Workload, "train: no", "raise it")),
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
