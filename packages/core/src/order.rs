//! The steps of several programs in one order: each after all that it uses, of its own program and of others.

use std::collections::BTreeSet;

use crate::{
    error::{Error, Result},
    flow::Flow,
    stage::{Selection, Stage},
    step::Step,
};

/// A program of a pipeline.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its steps.
    pub flow: Flow,
    /// What its steps use of others: the step, the other program by its place, that one's step.
    pub needs: Vec<(Step, usize, Step)>,
}

/// A step of a program, which is named by its place.
type At = (usize, Step);

/// Steps of one program that are done without one of another between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The program, by its place.
    pub program: usize,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

impl Member<'_> {
    fn uses(&self, program: usize, step: Step) -> impl Iterator<Item = At> + '_ {
        let own = self.flow.uses(step).iter().map(move |used| (program, *used));
        let others = self.needs.iter().filter(move |(by, ..)| *by == step);
        others.map(|(_, other, used)| (*other, *used)).chain(own)
    }
}

/// All steps: those of a program together, as far as the others allow that, and the programs as they are
/// listed.
///
/// # Errors
/// Usage, where steps need each other: with their path.
pub fn order(members: &[Member<'_>]) -> Result<Vec<At>> {
    let steps = |(program, member): (usize, &Member<'_>)| {
        let steps = member.flow.steps().filter(|step| step.stage != Stage::Preflight);
        steps.map(move |step| (program, step)).collect::<Vec<At>>()
    };
    let mut left: Vec<Vec<At>> = members.iter().enumerate().map(steps).collect();
    let (mut order, mut done) = (Vec::new(), BTreeSet::new());
    while left.iter().any(|steps| !steps.is_empty()) {
        let before = order.len();
        for (member, steps) in members.iter().zip(&mut left) {
            take_ready(member, steps, &mut done, &mut order);
            // What comes first may be able to go on now.
            if order.len() > before {
                break;
            }
        }
        if order.len() == before {
            return Err(circle(members, &left));
        }
    }
    Ok(with_preflights(members, &order))
}

/// Takes all steps of a program that can be done now, or after others of them.
fn take_ready(member: &Member<'_>, steps: &mut Vec<At>, done: &mut BTreeSet<At>, order: &mut Vec<At>) {
    let mut at = 0;
    while let Some((program, step)) = steps.get(at).copied() {
        if member.uses(program, step).all(|used| done.contains(&used)) {
            done.insert((program, step));
            order.push((program, step));
            steps.remove(at);
            at = 0;
        } else {
            at += 1;
        }
    }
}

/// Each preflight before the first step that it is for.
fn with_preflights(members: &[Member<'_>], order: &[At]) -> Vec<At> {
    let mut all: Vec<At> = Vec::new();
    for (program, step) in order {
        for pass in [None, step.pass] {
            let look = Step { pass, stage: Stage::Preflight };
            let has = members.get(*program).is_some_and(|member| member.flow.has(look));
            if has && !all.contains(&(*program, look)) {
                all.push((*program, look));
            }
        }
        all.push((*program, *step));
    }
    all
}

/// The error that steps need each other.
fn circle(members: &[Member<'_>], left: &[Vec<At>]) -> Error {
    let is_left = |at: &At| left.get(at.0).is_some_and(|steps| steps.contains(at));
    let mut path: Vec<At> = left.iter().flatten().copied().take(1).collect();
    // Each that is left uses another one that is.
    while let Some(last) = path.last().copied()
        && let Some(member) = members.get(last.0)
        && let Some(next) = member.uses(last.0, last.1).find(is_left)
    {
        let begins = path.iter().position(|at| *at == next);
        path.push(next);
        if let Some(begins) = begins {
            path.drain(..begins);
            break;
        }
    }
    let name = |(program, step): &At| {
        let program = members.get(*program).map_or("", |member| member.name);
        format!("{program}.{step}")
    };
    let path: Vec<String> = path.iter().map(name).collect();
    Error::usage(format!("steps need each other: {}", path.join(" → ")))
        .with_hint("take one of them out of `needs`, or its placeholder out of a workload")
}

/// The turns that an order comes to, of the steps that were selected. What a step needs of its own program by
/// name was made in a turn before.
pub fn turns(members: &[Member<'_>], order: &[At], selected: &[Vec<Step>]) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let is_selected = |(program, step): &At| selected.get(*program).is_some_and(|of| of.contains(step));
    let works = |at: &At| is_selected(at) && at.1.stage != Stage::Preflight;
    let works: Vec<At> = order.iter().copied().filter(works).collect();
    let mut steps = with_preflights(members, &works);
    // Of some programs only the preflight was asked for.
    let alone = |(program, _): &&At| works.iter().all(|(other, _)| other != program);
    steps.splice(..0, order.iter().filter(alone).copied());
    for (program, step) in steps.iter().filter(|at| is_selected(at)) {
        let goes_on = |turn: &Turn| {
            let needs = members.get(*program).map_or(&[][..], |member| &member.needs);
            let made_here = |(by, other, used): &(Step, usize, Step)| {
                by == step && other == program && turn.steps.contains(used)
            };
            turn.program == *program && !needs.iter().any(made_here)
        };
        match turns.last_mut().filter(|turn| goes_on(turn)) {
            Some(turn) => turn.steps.push(*step),
            None => turns.push(Turn { program: *program, steps: vec![*step] }),
        }
    }
    turns
}

/// The steps of each program that were selected, by a selection for each. A step that is named alone
/// (`train`) is that of all programs; with a program's name (`llvm.train`) it has a place in the order of all.
///
/// # Errors
/// Usage, where a step is named that there is not, or nothing is left.
pub fn selected(
    members: &[Member<'_>],
    order: &[At],
    selections: &[Selection],
) -> Result<Vec<(Selection, Vec<Step>)>> {
    let place = |at: At| order.iter().position(|one| *one == at);
    let mut all = Vec::new();
    for (program, (member, selection)) in members.iter().zip(selections).enumerate() {
        let of_one = |step: Option<Step>| step.and_then(|step| named(members, step));
        let [first, last] = [of_one(selection.first()), of_one(selection.last())];
        let skipped: Vec<At> = selection.skipped().iter().filter_map(|step| named(members, *step)).collect();
        for (program, step) in first.iter().chain(&last).chain(&skipped) {
            let Some(member) = members.get(*program).filter(|member| !member.flow.has(*step)) else {
                continue;
            };
            return Err(member.flow.has_no(*step).at(format!("program `{}`", member.name)));
        }
        let general = selection.general(|step| named(members, step).is_none());
        let mut steps =
            member.flow.selected(&general).map_err(|error| told(members, member, &general, error))?;
        if (first, last) != (None, None) || !skipped.is_empty() {
            let (from, to) = (first.and_then(place).unwrap_or(0), last.and_then(place).unwrap_or(usize::MAX));
            let within = |step: &Step| place((program, *step)).is_some_and(|at| from <= at && at <= to);
            let asked = |step: &Step| within(step) && !skipped.contains(&(program, *step));
            let works: Vec<Step> =
                steps.iter().copied().filter(|step| step.stage != Stage::Preflight && asked(step)).collect();
            steps.retain(|step| match step.stage {
                Stage::Preflight => {
                    [first, last].contains(&Some((program, *step)))
                        || works.iter().any(|other| step.pass.is_none() || step.pass == other.pass)
                }
                _ => works.contains(step),
            });
        }
        all.push((general, steps));
    }
    if all.iter().all(|(_, steps)| steps.is_empty()) {
        return Err(Error::usage("nothing is left to run").with_hint("name a first step before the last one"));
    }
    Ok(all)
}

/// The step of one program that is named so: `llvm.train`, `llvm.bolt.train`.
fn named(members: &[Member<'_>], step: Step) -> Option<At> {
    let text = step.to_string();
    let of = |(program, member): (usize, &Member<'_>)| {
        let rest = text.strip_prefix(member.name)?.strip_prefix('.')?;
        Some((member.name.len(), (program, rest.parse().ok()?)))
    };
    members.iter().enumerate().filter_map(of).max_by_key(|(length, _)| *length).map(|(_, at)| at)
}

/// An error about a selection, with what can be named instead. A step that no program has is no one's.
fn told(members: &[Member<'_>], member: &Member<'_>, selection: &Selection, error: Error) -> Error {
    let named = [selection.first(), selection.last()].into_iter().flatten();
    let mut named = named.chain(selection.skipped().iter().copied()).filter(|step| step.pass.is_some());
    let unknown = named.any(|step| !members.iter().any(|member| member.flow.has(step)));
    match (error.hint().map(str::to_owned), members) {
        (Some(hint), [_, _, ..]) if unknown => {
            let names: Vec<&str> = members.iter().map(|member| member.name).collect();
            let of_one = format!("{}.baseline and so on", member.name);
            error.with_hint(format!("{hint}; of one program {of_one}; programs are {}", names.join(", ")))
        }
        _ => error.at(format!("program `{}`", member.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Training::{Instrumented, Sampled};

    /// Programs by name, and what their steps use of others: `llvm.train rustc.optimize`.
    fn members(names: &[&'static str], needs: &[&str]) -> Vec<Member<'static>> {
        let flow = |name: &str| match name {
            "go" => Flow::new(Sampled, &[]),
            "lib" => Flow::plain(),
            _ => Flow::new(Instrumented, &[]),
        };
        let at = |text: &str| {
            let (name, step) = text.split_once('.').unwrap();
            (names.iter().position(|one| *one == name).unwrap(), step.parse::<Step>().unwrap())
        };
        let needs: Vec<(At, At)> =
            needs.iter().map(|text| text.split_once(' ').unwrap()).map(|(by, of)| (at(by), at(of))).collect();
        let of = |(at, name): (usize, &&'static str)| {
            let own = needs.iter().filter(|((by, _), _)| *by == at);
            let needs = own.map(|((_, by), (other, step))| (*by, *other, *step)).collect();
            Member { name, flow: flow(name), needs }
        };
        names.iter().enumerate().map(of).collect()
    }

    /// The turns as lines: `llvm: preflight baseline instrument`.
    fn lines(members: &[Member<'_>], selection: &Selection) -> Result<Vec<String>> {
        let order = order(members)?;
        let selected = selected(members, &order, &vec![selection.clone(); members.len()])?;
        let steps: Vec<Vec<Step>> = selected.into_iter().map(|(_, steps)| steps).collect();
        let line = |turn: Turn| {
            let steps: Vec<String> = turn.steps.iter().map(ToString::to_string).collect();
            format!("{}: {}", members[turn.program].name, steps.join(" "))
        };
        Ok(turns(members, &order, &steps).into_iter().map(line).collect())
    }

    /// rustc is built with LLVM, and LLVM is trained by rustc.
    fn compiler() -> Vec<Member<'static>> {
        members(
            &["rustc", "llvm"],
            &[
                "rustc.baseline llvm.baseline",
                "rustc.instrument llvm.baseline",
                "rustc.optimize llvm.baseline",
                "llvm.train rustc.optimize",
            ],
        )
    }

    #[test]
    fn programs_take_turns_where_steps_need_that() {
        let all = Selection::default();
        let expected = [
            "llvm: preflight baseline instrument",
            "rustc: preflight baseline instrument train merge optimize bench record",
            "llvm: train merge optimize bench record",
        ];
        assert_eq!(lines(&compiler(), &all).unwrap(), expected);
        // Not the order of the flow, where another program's needs are against that.
        let crossed = members(&["a", "b"], &["a.instrument b.optimize", "b.baseline a.optimize"]);
        let expected = [
            "a: preflight baseline",
            "b: preflight instrument train merge optimize",
            "a: instrument train merge optimize bench record",
            "b: baseline bench record",
        ];
        assert_eq!(lines(&crossed, &all).unwrap(), expected);
        let plain = members(&["lib", "go"], &["go.train lib.baseline"]);
        let expected =
            ["lib: preflight baseline", "go: preflight baseline train merge optimize bench record"];
        assert_eq!(lines(&plain, &all).unwrap(), expected);
        let own = members(&["a"], &["a.bench a.baseline"]);
        let expected = ["a: preflight baseline instrument train merge optimize", "a: bench record"];
        assert_eq!(lines(&own, &all).unwrap(), expected);
        let passes = [(crate::step::Pass::named("bolt"), Instrumented)];
        let mut passed = compiler();
        passed[1].flow = Flow::new(Instrumented, &passes);
        passed[1].needs.push(("bolt.train".parse().unwrap(), 0, Stage::Bench.into()));
        let last = lines(&passed, &all).unwrap().pop().unwrap();
        assert!(
            last.starts_with("llvm: train merge optimize bolt.preflight bolt.instrument bolt.train"),
            "{last}"
        );
    }

    #[test]
    fn only_a_circle_of_steps_is_refused_and_its_path_is_told() {
        let mut circle = compiler();
        circle[0].needs.push((Stage::Instrument.into(), 1, Stage::Merge.into()));
        let error = lines(&circle, &Selection::default()).unwrap_err();
        let expected = "steps need each other: rustc.instrument → llvm.merge → llvm.train → rustc.optimize → \
                        rustc.merge → rustc.train → rustc.instrument";
        assert_eq!(error.to_string(), expected);
        let own = members(&["a"], &["a.train a.bench"]);
        let error = lines(&own, &Selection::default()).unwrap_err();
        assert!(
            error.to_string().ends_with(": a.train → a.bench → a.optimize → a.merge → a.train"),
            "{error}"
        );
    }

    #[test]
    fn steps_are_selected_of_all_programs_or_of_one() {
        let step = |text: &str| text.parse::<Step>().unwrap();
        let of = |from: &str, to: &str, skip: &[&str]| {
            let [from, to] = [from, to].map(|text| (!text.is_empty()).then(|| step(text)));
            let skip: Vec<Step> = skip.iter().map(|text| step(text)).collect();
            lines(&compiler(), &Selection::new(from, to).unwrap().without(&skip).unwrap())
        };
        for (from, to, skip, expected) in [
            ("llvm.train", "", &[][..], &["llvm: preflight train merge optimize bench record"][..]),
            ("llvm.merge", "llvm.merge", &[], &["llvm: preflight merge"]),
            (
                "",
                "rustc.train",
                &[],
                &["llvm: preflight baseline instrument", "rustc: preflight baseline instrument train"],
            ),
            (
                "rustc.optimize",
                "optimize",
                &["llvm.merge"],
                &["rustc: preflight optimize", "llvm: preflight train optimize"],
            ),
            ("train", "merge", &["rustc.train"], &["rustc: preflight merge", "llvm: preflight train merge"]),
            ("llvm.preflight", "llvm.preflight", &[], &["llvm: preflight"]),
        ] {
            assert_eq!(of(from, to, skip).unwrap(), expected, "{from} {to} {skip:?}");
        }
        for (from, to, skip, expected) in [
            ("lvm.train", "", &[][..], "there is no step lvm.train"),
            ("llvm.bolt.train", "", &[], "program `llvm`: there is no step bolt.train"),
            ("llvm.record", "rustc.train", &[], "nothing is left to run"),
        ] {
            let error = of(from, to, skip).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
            assert!(error.hint().is_some());
        }
        assert!(of("lvm.train", "", &[]).unwrap_err().hint().unwrap().ends_with("programs are rustc, llvm"));
    }
}
