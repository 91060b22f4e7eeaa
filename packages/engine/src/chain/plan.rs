//! What a run would do, without doing it: for `plan`. And what it would use of programs that it does not build.

use honing_core::{Part, Planned, PlannedState, Result, Selection, Stage, Step, config::Needed};

use crate::chain::{
    others::step_of,
    planner::of,
    preflight::check,
    selected::check_selected,
    session::{ProfileSource, Session},
    step::FORCED,
    subject::Subject,
    turns::Pipeline,
};

/// What a run of `selection` would do, in its order. Compiles nothing, runs no workload.
///
/// # Errors
/// What preflight finds by looking.
pub fn plan(session: &Session, selection: &Selection) -> Result<Vec<Planned>> {
    let subjects = session.subjects()?;
    let pipeline = Pipeline::of(session, &subjects, &vec![selection.clone(); subjects.len()])?;
    for (subject, (selection, selected)) in subjects.iter().zip(&pipeline.selected) {
        if !selected.is_empty() {
            check(session, subject)?;
            check_selected(session, subject, selection, selected)?;
        }
    }
    let mut planned = all(session, &subjects, &pipeline)?;
    for Outdated { program, step, text } in outdated(session, &subjects, &pipeline) {
        let by = planned.iter_mut().find(|one| one.program == program && one.stage == step);
        by.into_iter().for_each(|one| one.reasons.push(text.clone()));
    }
    Ok(planned)
}

/// What would become of every step.
fn all(session: &Session, subjects: &[Subject<'_>], pipeline: &Pipeline) -> Result<Vec<Planned>> {
    let mut planned = Vec::new();
    for turn in &pipeline.all {
        let Some(subject) = subjects.get(turn.program) else { continue };
        planned = of(session, subject, (pipeline.steps(turn.program), &turn.steps), planned)?;
    }
    Ok(planned)
}

/// Which of these steps of a program have something to do: all, where that cannot be told.
pub(crate) fn to_run(session: &Session, subject: &Subject<'_>, steps: &[Step]) -> Vec<Step> {
    let Ok(planned) = of(session, subject, (steps, steps), Vec::new()) else {
        return steps.to_vec();
    };
    planned.into_iter().filter(is_to_run).map(|planned| planned.stage).collect()
}

fn is_to_run(planned: &Planned) -> bool {
    matches!(planned.state, PlannedState::Run | PlannedState::Depends)
}

/// What a step uses of another program though it would be made anew, were that asked for.
pub(crate) struct Outdated {
    /// The program whose step it is.
    pub(crate) program: String,
    /// The step that uses it.
    pub(crate) step: Step,
    /// What it uses, and why that is out of date.
    pub(crate) text: String,
}

/// What the selected steps use of steps that are not, and that is out of date. Nothing, where that cannot be told:
/// then the run itself says why.
pub(crate) fn outdated(session: &Session, subjects: &[Subject<'_>], pipeline: &Pipeline) -> Vec<Outdated> {
    let mut uses = used(session, subjects, pipeline);
    // With a profile from elsewhere, nothing of a training is out of date.
    match session.options.profile {
        ProfileSource::Training => {}
        ProfileSource::Stored => uses.retain(|(_, _, _, made)| made.stage == Stage::Optimize),
        _ => return Vec::new(),
    }
    if uses.is_empty() {
        return Vec::new();
    }
    let anew = all_anew(session).unwrap_or_default();
    let one = |(program, step, other, made): (&str, Step, String, Step)| {
        let why = why(&anew, &other, made)?;
        let text = format!("it uses {made} of program `{other}`, which is out of date: {why}");
        Some(Outdated { program: program.to_owned(), step, text })
    };
    uses.into_iter().filter_map(one).collect()
}

/// Why a step would be made anew: by what changed first, where others come before it.
fn why(anew: &[Planned], program: &str, step: Step) -> Option<String> {
    let one = anew.iter().find(|one| one.program == program && one.stage == step)?;
    // What is only forced is not out of date.
    let changed = |planned: &&Planned| {
        planned.state == PlannedState::Run && planned.reasons.iter().any(|reason| reason != FORCED)
    };
    let own = anew.iter().filter(|one| one.program == program).find(changed);
    let first = Some(one).filter(changed).or(own).or_else(|| anew.iter().find(changed))?;
    let why = first.reasons.first()?;
    Some(match (first.program == program, first.stage == step) {
        (true, true) => why.clone(),
        (true, false) => format!("{}: {why}", first.stage),
        _ => format!("{}.{}: {why}", first.program, first.stage),
    })
}

/// The steps of others that selected ones use and that are not part of the run.
fn used<'a>(
    session: &Session,
    subjects: &[Subject<'a>],
    pipeline: &Pipeline,
) -> Vec<(&'a str, Step, String, Step)> {
    let mut found = Vec::new();
    for (at, subject) in subjects.iter().enumerate() {
        for Needed { by, other } in session.needed(subject) {
            let Some((name, program)) = session.config.program.get_key_value(&other.program) else {
                continue;
            };
            let Ok(flow) = session.subject(name, program).map(|other| other.flow()) else { continue };
            let made = match step_of(&flow, other.part) {
                // What ships is chosen anew from what is there.
                _ if other.part == Part::Shipped && flow.has(Stage::Optimize) => Stage::Optimize.into(),
                step => step,
            };
            let place = subjects.iter().position(|subject| subject.name == name);
            if place.is_some_and(|at| pipeline.steps(at).contains(&made)) {
                continue;
            }
            let need = Needed { by, other };
            let by = pipeline.steps(at).iter().filter(|step| need.is_for(**step));
            found.extend(by.map(|step| (subject.name, *step, name.clone(), made)));
        }
    }
    found
}

/// What a run of everything would make anew.
fn all_anew(session: &Session) -> Result<Vec<Planned>> {
    let programs = session.config.in_order().into_iter();
    let subjects =
        programs.map(|(name, program)| session.subject(name, program)).collect::<Result<Vec<_>>>()?;
    let pipeline = Pipeline::of(session, &subjects, &vec![Selection::default(); subjects.len()])?;
    Ok(all(session, &subjects, &pipeline)?.into_iter().filter(is_to_run).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_only_forced_is_not_out_of_date() {
        let planned = |reason: &str| Planned {
            program: "p".into(),
            stage: Stage::Baseline.into(),
            state: PlannedState::Run,
            reasons: vec![reason.into()],
            commands: Vec::new(),
        };
        let said = |reason: &str| why(&[planned(reason)], "p", Stage::Baseline.into());
        assert_eq!(said("a.rs changed").as_deref(), Some("a.rs changed"));
        assert_eq!(said(FORCED), None);
    }
}
