//! Every step with every end: what the store, the events and the exit code say, and that the next run goes on.

use std::{path::Path, sync::Arc};

use honing_core::{
    ExitCode, Selection, Stage, Step,
    event::{Event, StageState},
};
use honing_engine::{Options, ProfileSource};

use crate::{
    plugs::ASKED,
    world::{At, BUDGET, Mishap, Shape, World, place},
};

fn whole() -> Selection {
    Selection::default()
}

fn part(from: Stage, to: Stage) -> Selection {
    Selection::new(Some(from.into()), Some(to.into())).unwrap()
}

/// How each step that ended did, in order.
pub(crate) fn ended(events: &[Event]) -> Vec<(String, StageState)> {
    let of = |event: &Event| match event {
        Event::StageFinished { program, stage, state, .. } => Some((place(program, *stage), *state)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Every step, with what `state` says of it.
fn each(world: &World, state: impl Fn(At) -> Option<StageState>) -> Vec<(String, StageState)> {
    let of = |at: At| Some((place(at.0, at.1), state(at)?));
    world.steps().into_iter().filter_map(of).collect()
}

fn all(world: &World, state: StageState) -> Vec<(String, StageState)> {
    each(world, |_| Some(state))
}

/// A workspace for each flow.
fn worlds() -> Vec<(tempfile::TempDir, Arc<World>)> {
    Shape::ALL
        .map(|shape| {
            let dir = tempfile::tempdir().unwrap();
            let world = World::new(dir.path(), shape);
            (dir, world)
        })
        .into()
}

fn rewrite(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(file, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_run_does_every_step_once_and_the_next_one_none() {
    for (_dir, world) in worlds() {
        let (finished, events) = world.run(Options::default(), &whole());
        let finished = finished.unwrap();
        assert_eq!(finished.exit, ExitCode::Success);
        assert_eq!(ended(&events), all(&world, StageState::Done));
        let trained = match world.shape {
            Shape::Sampled => "plain of 1",
            Shape::Component => "instrumented of 1 with q",
            _ => "instrumented of 1",
        };
        assert_eq!(world.recorded(), Some(format!("1 of profile of {trained}\n")));
        let summary = finished.summaries.last().unwrap();
        let gain = if world.shape == Shape::Passed { "30.0" } else { "20.0" };
        let wording = summary.wording.as_deref().unwrap();
        assert!(wording.starts_with(&format!("PGO pays: {gain} %")), "{wording}");
        // What was measured to be the best is what ships.
        let shipped = std::fs::read_to_string(&summary.optimized.as_ref().unwrap().path).unwrap();
        assert_eq!(shipped.contains(" after optimized "), world.shape == Shape::Passed, "{shipped}");
        world.at(None);
        let (again, events) = world.run(Options::default(), &whole());
        assert_eq!(again.unwrap().exit, ExitCode::Success);
        assert_eq!(ended(&events), all(&world, StageState::UpToDate));
        // Builders decide by themselves.
        let builds = |at: &At| matches!(at.1.stage, Stage::Baseline | Stage::Instrument | Stage::Optimize);
        let asked: Vec<String> =
            world.steps().iter().filter(|at| builds(at)).map(|at| place(at.0, at.1)).collect();
        assert_eq!(world.reached(), asked);
    }
}

#[test]
fn a_profile_is_read_and_matched_once_in_a_run() {
    for (dir, world) in worlds() {
        let asked = |profile| {
            ASKED.take();
            world.run(Options { profile, ..Options::default() }, &whole()).0.unwrap();
            ASKED.take()
        };
        let merges = world.steps().iter().filter(|at| at.1.stage == Stage::Merge).count();
        assert_eq!(asked(ProfileSource::Training), ["open", "match"].repeat(merges), "{:?}", world.shape);
        assert_eq!(asked(ProfileSource::Training), [""; 0], "nothing is new");
        if world.shape == Shape::Instrumented {
            std::fs::write(dir.path().join("source"), "2").unwrap();
            assert_eq!(asked(ProfileSource::Stored), ["open", "match"]);
        }
    }
}

#[test]
fn a_changed_source_runs_what_depends_on_it() {
    for (dir, world) in worlds() {
        world.run(Options::default(), &whole()).0.unwrap();
        std::fs::write(dir.path().join("source"), "2").unwrap();
        let (again, events) = world.run(Options::default(), &whole());
        assert_eq!(again.unwrap().exit, ExitCode::Success);
        let expected = |at: At| match at.1.stage {
            Stage::Preflight => Some(StageState::UpToDate),
            _ => Some(StageState::Done),
        };
        assert_eq!(ended(&events), each(&world, expected));
        assert!(world.recorded().unwrap().contains("of 2"), "{:?}", world.recorded());
    }
}

#[test]
fn another_weight_merges_and_all_after_that() {
    for (dir, world) in worlds() {
        world.run(Options { keep_raw: true, ..Options::default() }, &whole()).0.unwrap();
        rewrite(&dir.path().join("pgo/pgo.toml"), "role = \"train\"", "role = \"train\"\nweight = 3");
        let (again, events) = world.run(Options::default(), &whole());
        assert_eq!(again.unwrap().exit, ExitCode::Success);
        let flow = world.shape.flow();
        let expected = |(program, step): At| {
            let merges_before = flow.reaches(step, Stage::Merge) || step.stage == Stage::Merge;
            let done = program == "p" && merges_before;
            Some(if done { StageState::Done } else { StageState::UpToDate })
        };
        assert_eq!(ended(&events), each(&world, expected), "{:?}", world.shape);
        assert!(world.recorded().unwrap().starts_with("3 of "), "{:?}", world.recorded());
    }
}

#[test]
fn what_is_skipped_is_left_as_it_is() {
    for (dir, world) in worlds() {
        let unmeasured = whole().without(&[Stage::Bench.into()]).unwrap();
        let (finished, events) = world.run(Options::default(), &unmeasured);
        let finished = finished.unwrap();
        assert_eq!(finished.exit, ExitCode::Success);
        let but_bench = |at: At| (at.1 != Stage::Bench).then_some(StageState::Done);
        assert_eq!(ended(&events), each(&world, but_bench));
        assert!(!world.reached().contains(&"p bench".to_owned()) && world.recorded().is_some());
        // It is recorded as not measured, and plan knows.
        let planned_now = planned(&world, unmeasured.clone());
        assert!(planned_now.contains(&("p record".into(), "up to date")), "{planned_now:?}");
        let untrained = whole().without(&[Stage::Train.into(), Stage::Bench.into()]).unwrap();
        std::fs::write(dir.path().join("source"), "2").unwrap();
        let planned_now = planned(&world, untrained);
        assert!(planned_now.contains(&("p merge".into(), "up to date")), "{planned_now:?}");
        std::fs::write(dir.path().join("source"), "1").unwrap();
        // The next whole run measures what is there.
        let (_, events) = world.run(Options::default(), &whole());
        let measured = |at: At| {
            let new = at.1 == Stage::Bench || at.1 == Stage::Record;
            Some(if new { StageState::Done } else { StageState::UpToDate })
        };
        assert_eq!(ended(&events), each(&world, measured));
    }
}

#[test]
fn a_step_that_the_flow_has_not_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    for (shape, step) in [(Shape::Sampled, "instrument"), (Shape::Instrumented, "after.train")] {
        let world = World::new(dir.path(), shape);
        let (none, _) = world.run(Options::default(), &Selection::only(step.parse::<Step>().unwrap()));
        let none = none.unwrap_err();
        let expected = (ExitCode::Usage, format!("program `p`: there is no step {step}"));
        assert_eq!((none.code(), none.to_string()), expected);
    }
}

#[test]
fn what_does_not_fit_begins_again_once_and_that_is_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::light(dir.path());
    let (finished, events) = world.run(Options::default(), &whole());
    assert_eq!(finished.unwrap().exit, ExitCode::Success);
    let loops = ["instrument", "train", "merge", "optimize"];
    let steps = [&["preflight", "baseline"][..], &loops, &loops, &["bench", "record"]].concat();
    let expected: Vec<_> = steps.iter().map(|step| (format!("p {step}"), StageState::Done)).collect();
    assert_eq!(ended(&events), expected);
    assert_eq!(world.recorded(), Some("1 of profile of instrumented of 1\n".into()));
    let (_, events) = world.run(Options::default(), &whole());
    assert_eq!(ended(&events), all(&world, StageState::UpToDate));
    // New sources are not tried the light way first.
    std::fs::write(dir.path().join("source"), "2").unwrap();
    let (_, events) = world.run(Options::default(), &whole());
    assert_eq!(ended(&events).len(), Stage::ALL.len(), "{:?}", ended(&events));
    // `clean` forgets it.
    std::fs::remove_dir_all(dir.path().join("target/honing/p")).unwrap();
    let (_, events) = world.run(Options::default(), &whole());
    assert_eq!(ended(&events).len(), Stage::ALL.len() + loops.len());
}

/// An eval workload that does not run costs one build, not three.
#[test]
fn a_workload_is_tried_before_the_other_builds() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), Shape::Instrumented);
    world.at(Some(("p trial", Mishap::Fails)));
    let (failed, events) = world.run(Options::default(), &whole());
    assert_eq!(failed.map(|finished| finished.exit).unwrap_err().code(), ExitCode::Workload);
    let of_p = |name: &str, state| (format!("p {name}"), state);
    assert_eq!(ended(&events), [of_p("preflight", StageState::Done), of_p("baseline", StageState::Failed)]);
    // What was built is kept, and what ran well is not tried again.
    world.at(None);
    let (_, events) = world.run(Options::default(), &whole());
    assert_eq!(ended(&events).get(1), Some(&of_p("baseline", StageState::UpToDate)));
    assert!(world.reached().contains(&"p trial".to_owned()));
    world.at(None);
    world.run(Options::default(), &whole()).0.unwrap();
    assert!(!world.reached().contains(&"p trial".to_owned()));
}

/// What a mishap in a stage comes to: the code, and how the stage is told to have ended.
fn comes_to(stage: Stage, mishap: Mishap) -> (ExitCode, StageState) {
    match (mishap, stage) {
        (Mishap::IsCancelled, _) => (ExitCode::Interrupted, StageState::Cancelled),
        (Mishap::TakesLong, _) => (ExitCode::Preflight, StageState::Failed),
        (Mishap::Fails, Stage::Train | Stage::Bench) => (ExitCode::Workload, StageState::Failed),
        (Mishap::Fails, Stage::Merge) => (ExitCode::Profile, StageState::Failed),
        (Mishap::Fails, _) => (ExitCode::Build, StageState::Failed),
    }
}

#[test]
fn every_step_with_every_end_and_resumed() {
    let mut cases = 0;
    for shape in Shape::ALL {
        for at in shape.steps() {
            for mishap in [Mishap::Fails, Mishap::IsCancelled, Mishap::TakesLong] {
                // A record cannot be held up, a profile is damaged or not, and measuring keeps to its time.
                let is_one = match at.1.stage {
                    Stage::Record => false,
                    Stage::Merge => mishap == Mishap::Fails,
                    Stage::Bench => mishap != Mishap::TakesLong,
                    _ => true,
                };
                if is_one {
                    try_one(shape, at, mishap);
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 100);
}

fn try_one(shape: Shape, at: At, mishap: Mishap) {
    let case = format!("{} {mishap:?}, {shape:?}", place(at.0, at.1));
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), shape);
    world.at(Some((&place(at.0, at.1), mishap)));
    let budget = (mishap == Mishap::TakesLong).then_some(BUDGET);
    let (failed, events) = world.run(Options { budget, ..Options::default() }, &whole());
    let (code, state) = comes_to(at.1.stage, mishap);
    let error = failed.map(|finished| finished.exit).unwrap_err();
    assert_eq!(error.code(), code, "{case}: {error}");
    let steps = world.steps();
    // What `p` needs of `q` is there already.
    let goes_on = at == ("q", Stage::Bench.into()) && mishap == Mishap::Fails;
    let here = steps.iter().position(|one| *one == at).unwrap();
    let before = &steps[..here];
    let done = |at: &At| before.contains(at);
    let mut expected = each(&world, |at| done(&at).then_some(StageState::Done));
    expected.push((place(at.0, at.1), state));
    let done = |at: &At| done(at) || goes_on && at.0 == "p";
    if goes_on {
        expected.extend(each(&world, |at| (at.0 == "p").then_some(StageState::Done)).into_iter().skip(1));
    }
    assert_eq!(ended(&events), expected, "{case}: {error}");
    // What was finished is in the store, what was not is not, and nothing is recorded.
    for other in &steps {
        assert_eq!(world.has_left(*other), done(other), "{case}: {other:?}");
    }
    assert_eq!(world.recorded().is_some(), goes_on, "{case}");
    // What needs it is not begun, and that is said.
    let is_needed = at.0 == "q" && at.1 != Stage::Preflight && mishap != Mishap::IsCancelled && !goes_on;
    assert_eq!(error.to_string().contains("program `p`: not begun"), is_needed, "{case}: {error}");
    // The next run goes on from there.
    world.at(None);
    if at.1.stage == Stage::Merge {
        // Damaged profiles stay what they are until they are trained again.
        let (damaged, _) = world.run(Options::default(), &whole());
        assert_eq!(damaged.unwrap_err().code(), ExitCode::Profile);
        let train = Step { stage: Stage::Train, ..at.1 };
        let options = Options { force: true, programs: vec![at.0.into()], ..Options::default() };
        world.run(options, &Selection::only(train)).0.unwrap();
    }
    let (finished, events) = world.run(Options::default(), &whole());
    assert_eq!(finished.unwrap().exit, ExitCode::Success, "{case}");
    let resumed = |at: At| Some(if done(&at) { StageState::UpToDate } else { StageState::Done });
    assert_eq!(ended(&events), each(&world, resumed), "{case}, resumed");
    assert!(world.recorded().is_some(), "{case}");
}

/// What plan says of each step.
fn planned(world: &Arc<World>, selection: Selection) -> Vec<(String, &'static str)> {
    let session = world.open(Options::default());
    let planned = honing_engine::plan(&session, &selection).unwrap();
    planned.into_iter().map(|one| (place(&one.program, one.stage), one.state.words())).collect()
}

/// What plan is to say of each step: program after program.
fn each_planned(world: &World, word: impl Fn(At) -> &'static str) -> Vec<(String, &'static str)> {
    let mut steps = world.steps();
    steps.sort_by_key(|at| at.0 == "p");
    let in_flow = |at: &At| world.shape.flow().steps().position(|step| step == at.1);
    steps.sort_by_key(|at| (at.0 == "p", in_flow(at)));
    steps.into_iter().map(|at| (place(at.0, at.1), word(at))).collect()
}

#[test]
fn plan_says_what_a_run_then_does() {
    for (dir, world) in worlds() {
        assert_eq!(planned(&world, whole()), each_planned(&world, |_| "run"));
        world.run(Options::default(), &whole()).0.unwrap();
        assert_eq!(planned(&world, whole()), each_planned(&world, |_| "up to date"));
        std::fs::write(dir.path().join("source"), "2").unwrap();
        let expected = |(_, step): At| match (step.pass, step.stage) {
            (_, Stage::Preflight) => "up to date",
            (None, Stage::Baseline | Stage::Instrument | Stage::Optimize) => "run",
            _ => "depends",
        };
        assert_eq!(planned(&world, whole()), each_planned(&world, expected), "{:?}", world.shape);
        // A baseline that is gone: what is measured against it, and where it is trained, what comes of that.
        world.run(Options::default(), &whole()).0.unwrap();
        std::fs::remove_dir_all(dir.path().join("target/honing/p/baseline")).unwrap();
        let flow = world.shape.flow();
        let expected = |(program, step): At| match step.stage {
            Stage::Baseline if program == "p" => "run",
            _ if program == "p" && flow.reaches(step, Stage::Baseline) => "depends",
            _ => "up to date",
        };
        assert_eq!(planned(&world, whole()), each_planned(&world, expected), "{:?}", world.shape);
        // Nothing was run for that.
        world.at(None);
        planned(&world, whole());
        assert!(world.reached().is_empty(), "{:?}", world.reached());
    }
}

#[test]
fn what_another_program_makes_anew_is_depended_on() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), Shape::Component);
    world.run(Options::default(), &whole()).0.unwrap();
    rewrite(
        &dir.path().join("pgo/pgo.toml"),
        "[program.q.workload.train]\nrole = \"train\"",
        "[program.q.workload.train]\nrole = \"train\"\nweight = 2",
    );
    let expected = |(program, step): At| match (program, step.stage) {
        // Its raw profiles are gone since the merge.
        ("q", Stage::Train | Stage::Merge) => "run",
        ("q", Stage::Preflight | Stage::Baseline | Stage::Instrument) | (_, Stage::Preflight) => "up to date",
        _ => "depends",
    };
    assert_eq!(planned(&world, whole()), each_planned(&world, expected));
    // Once that is made, it is what changed for `p`.
    let other = Options { programs: vec!["q".into()], ..Options::default() };
    world.run(other, &whole()).0.unwrap();
    let planned_now = planned(&world, whole());
    for step in ["p baseline", "p instrument", "p optimize"] {
        assert!(planned_now.contains(&(step.into(), "run")), "{step}: {planned_now:?}");
    }
    world.run(Options::default(), &whole()).0.unwrap();
    // Alone, it takes what is there, and says what is missing.
    let only = Options { programs: vec!["p".into()], ..Options::default() };
    let (_, events) = world.run(only.clone(), &whole());
    assert!(ended(&events).iter().all(|(_, state)| *state == StageState::UpToDate), "{:?}", ended(&events));
    std::fs::remove_dir_all(dir.path().join("target/honing/q/optimize")).unwrap();
    let missing = world.run(only, &whole()).0.unwrap_err();
    let expected =
        (ExitCode::Usage, "it needs what optimize of program `q` makes, and there is none".to_owned());
    assert_eq!((missing.code(), missing.to_string()), expected);
}

#[test]
fn a_part_of_the_chain_takes_the_rest_from_earlier_runs() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), Shape::Instrumented);
    // Nothing is there to merge.
    let (missing, _) = world.run(Options::default(), &part(Stage::Merge, Stage::Merge));
    let missing = missing.unwrap_err();
    assert_eq!(
        (missing.code(), missing.to_string().contains("needs what train makes")),
        (ExitCode::Usage, true)
    );
    world.run(Options { keep_raw: true, ..Options::default() }, &Selection::up_to(Stage::Train)).0.unwrap();
    world.at(None);
    let (merged, events) = world.run(Options::default(), &part(Stage::Merge, Stage::Optimize));
    merged.unwrap();
    let steps: Vec<String> = ended(&events).into_iter().map(|(step, _)| step).collect();
    assert_eq!(steps, ["p preflight", "p merge", "p optimize"]);
    // Neither built nor trained again.
    assert_eq!(world.reached(), ["p optimize"]);
    assert_eq!(world.recorded(), None);
    // A profile of other sources than the baseline's is not measured against it.
    std::fs::write(dir.path().join("source"), "2").unwrap();
    world.run(Options::default(), &part(Stage::Optimize, Stage::Optimize)).0.unwrap();
    let (mixed, _) = world.run(Options::default(), &part(Stage::Bench, Stage::Bench));
    assert!(mixed.unwrap_err().to_string().contains("not built from the same source: source"));
}

#[test]
fn a_pass_over_another_build_is_none_of_this_one() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), Shape::Passed);
    world.run(Options::default(), &whole()).0.unwrap();
    std::fs::write(dir.path().join("source"), "2").unwrap();
    // Only the build itself is made anew: what the pass made of the old one is left out.
    let (finished, _) = world.run(Options::default(), &Selection::up_to(Stage::Optimize));
    let shipped = finished.unwrap().summaries[0].optimized.clone().unwrap();
    let text = std::fs::read_to_string(shipped.path).unwrap();
    assert!(text.starts_with("optimized ") && text.ends_with(" of 2"), "{text}");
    // Plan says so, though the build itself is done.
    let planned_now = planned(&world, whole());
    for (step, word) in
        [("p optimize", "up to date"), ("p after.instrument", "run"), ("p after.optimize", "run")]
    {
        assert!(planned_now.contains(&(step.into(), word)), "{step}: {planned_now:?}");
    }
    // A part of the pass takes the rest from before.
    world.run(Options::default(), &whole()).0.unwrap();
    world.at(None);
    let only = Selection::only("after.train".parse::<Step>().unwrap());
    let (_, events) = world.run(Options { force: true, ..Options::default() }, &only);
    let steps: Vec<String> = ended(&events).into_iter().map(|(step, _)| step).collect();
    assert_eq!(steps, ["p preflight", "p after.preflight", "p after.train"]);
}
