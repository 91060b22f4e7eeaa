//! The order of all programs' steps in a run, and the turns that it comes to.

use honing_core::{
    Member, Part, Result, Selection, Stage, Step, Turn, config::Needed, order, selected, turns,
};

use crate::{
    chain::{
        others::step_of,
        session::{ProfileSource, Session},
        subject::Subject,
    },
    keep::handed,
};

/// The steps of all programs.
#[derive(Debug)]
pub(crate) struct Pipeline {
    /// What was selected of each program: by what holds for all, and its steps.
    pub(crate) selected: Vec<(Selection, Vec<Step>)>,
    /// Every step, selected or not, in turns.
    pub(crate) all: Vec<Turn>,
    /// The selected ones.
    pub(crate) turns: Vec<Turn>,
}

impl Pipeline {
    /// The steps of `subjects`, with a selection for each.
    ///
    /// # Errors
    /// Usage, where a step is named that there is not, or steps need each other.
    pub(crate) fn of(session: &Session, subjects: &[Subject<'_>], selections: &[Selection]) -> Result<Self> {
        let members: Vec<Member<'_>> =
            subjects.iter().map(|subject| member(session, subjects, subject)).collect::<Result<_>>()?;
        let order = order(&members)?;
        let mut selected = selected(&members, &order, selections)?;
        for (subject, (_, steps)) in subjects.iter().zip(&mut selected) {
            if is_left_out(session, subject)? {
                steps.clear();
            }
        }
        let steps =
            |of: &[(Selection, Vec<Step>)]| of.iter().map(|(_, steps)| steps.clone()).collect::<Vec<_>>();
        let every: Vec<Vec<Step>> = members.iter().map(|member| member.flow.steps().collect()).collect();
        Ok(Self {
            all: turns(&members, &order, &every),
            turns: turns(&members, &order, &steps(&selected)),
            selected,
        })
    }

    /// The steps that were selected of a program.
    pub(crate) fn steps(&self, program: usize) -> &[Step] {
        self.selected.get(program).map_or(&[], |(_, steps)| steps)
    }
}

/// Whether a step is done in this session, were it selected. Where the profile was handed over, nothing is trained;
/// the instrumented program is built where the training of others uses it.
pub(crate) fn is_done_here(session: &Session, turn: &Subject<'_>, stage: Stage) -> Result<bool> {
    let is_trained = || *handed::source(session, turn) == ProfileSource::Training;
    match stage {
        Stage::Train => Ok(is_trained()),
        Stage::Instrument => Ok(is_trained() || is_folder(session) && is_used(session, turn, Some(stage))?),
        _ => Ok(true),
    }
}

/// Whether a program is there for the training of others alone, and none of them is trained.
fn is_left_out(session: &Session, subject: &Subject<'_>) -> Result<bool> {
    if !is_folder(session)
        || !subject.is_plain()
        || session.options.programs.iter().any(|name| name == subject.name)
    {
        return Ok(false);
    }
    Ok(users(session, subject.name).next().is_some() && !is_used(session, subject, None)?)
}

fn is_folder(session: &Session) -> bool {
    matches!(session.options.profile, ProfileSource::Folder(_))
}

/// Who needs something of a program, and what.
fn users<'a>(session: &'a Session, program: &'a str) -> impl Iterator<Item = (&'a String, Needed)> {
    let of = |name: &'a String| session.config.needed(name).into_iter().map(move |needed| (name, needed));
    session.config.program.keys().flat_map(of).filter(move |(_, needed)| needed.other.program == program)
}

/// Whether a step that is done in this session uses what a program makes, be it of one stage alone.
fn is_used(session: &Session, subject: &Subject<'_>, made: Option<Stage>) -> Result<bool> {
    for (name, needed) in users(session, subject.name) {
        let Some(program) = session.config.program.get(name) else { continue };
        let of_it = |stage: Stage| needed.other.part == Part::Made(subject.step(stage));
        if made.is_some_and(|stage| !of_it(stage)) {
            continue;
        }
        let user = session.subject(name, program)?;
        let is_used = match needed.by {
            None => !is_left_out(session, &user)?,
            Some(by) => is_done_here(session, &user, by)?,
        };
        if is_used {
            return Ok(true);
        }
    }
    Ok(false)
}

fn member<'a>(session: &Session, subjects: &[Subject<'_>], subject: &Subject<'a>) -> Result<Member<'a>> {
    let (flow, mut needs) = (subject.flow(), Vec::new());
    for needed in session.needed(subject) {
        // What is not part of this run was made by another one.
        let Some(at) = subjects.iter().position(|other| other.name == needed.other.program) else { continue };
        let Some(other) = subjects.get(at).map(Subject::flow) else { continue };
        let step = step_of(&other, needed.other.part);
        if !other.has(step) {
            let what = format!("program `{}`: {{{}}}", subject.name, needed.other);
            return Err(other.has_no(step).at(what));
        }
        needs.extend(flow.steps().filter(|by| needed.is_for(*by)).map(|by| (by, at, step)));
    }
    Ok(Member { name: subject.name, flow, needs })
}
