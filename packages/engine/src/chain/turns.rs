//! The order of all programs' steps in a run, and the turns that it comes to.

use honing_core::{Member, Result, Selection, Stage, Step, Turn, order, selected, turns};

use crate::chain::{
    others::step_of,
    session::{ProfileSource, Session},
    subject::Subject,
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
            if is_left_out(session, subject) {
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

/// Whether a program is there for the training of others alone, and nothing is trained.
fn is_left_out(session: &Session, subject: &Subject<'_>) -> bool {
    let trains_nothing = matches!(session.options.profile, ProfileSource::Folder(_));
    if !trains_nothing
        || !subject.is_plain()
        || session.options.programs.iter().any(|name| name == subject.name)
    {
        return false;
    }
    let all = session.config.program.keys().flat_map(|other| session.config.needed(other));
    let mut uses = all.filter(|needed| needed.other.program == subject.name).peekable();
    uses.peek().is_some() && uses.all(|needed| matches!(needed.by, Some(Stage::Train | Stage::Instrument)))
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
