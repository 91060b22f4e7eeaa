//! Every step with every end: what the store, the events and the exit code say, and that the next run goes on.

use std::sync::Arc;

use honing_core::{
    ExitCode, Selection, Stage,
    event::{Event, StageState},
};
use honing_engine::Options;

use crate::world::{BUDGET, Mishap, World};

fn whole() -> Selection {
    Selection::new(Stage::Preflight, Stage::Record).unwrap()
}

/// How each stage that ended did, in order.
fn ended(events: &[Event]) -> Vec<(Stage, StageState)> {
    let of = |event: &Event| match event {
        Event::StageFinished { stage, state, .. } => Some((*stage, *state)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn all(world: &World, state: StageState) -> Vec<(Stage, StageState)> {
    world.steps().into_iter().map(|stage| (stage, state)).collect()
}

/// A workspace for each flow.
fn worlds() -> Vec<(tempfile::TempDir, Arc<World>)> {
    [false, true]
        .map(|sampled| {
            let dir = tempfile::tempdir().unwrap();
            let world = World::new(dir.path(), sampled);
            (dir, world)
        })
        .into()
}

#[test]
fn a_run_does_every_step_once_and_the_next_one_none() {
    for (_dir, world) in worlds() {
        let (finished, events) = world.run(Options::default(), &whole());
        let finished = finished.unwrap();
        assert_eq!(finished.exit, ExitCode::Success);
        assert_eq!(ended(&events), all(&world, StageState::Done));
        let trained = if world.sampled { "plain" } else { "instrumented" };
        assert_eq!(world.recorded(), Some(format!("1 of profile of {trained} of 1\n")));
        let wording = finished.summaries[0].wording.as_deref().unwrap();
        assert!(wording.starts_with("PGO pays: 20.0 %"), "{wording}");
        world.at(None);
        let (again, events) = world.run(Options::default(), &whole());
        assert_eq!(again.unwrap().exit, ExitCode::Success);
        assert_eq!(ended(&events), all(&world, StageState::UpToDate));
        // Builders decide by themselves.
        let asked: &[&str] =
            if world.sampled { &["baseline", "optimize"] } else { &["baseline", "instrument", "optimize"] };
        assert_eq!(world.reached(), asked);
    }
}

#[test]
fn a_changed_source_runs_what_depends_on_it() {
    for (dir, world) in worlds() {
        world.run(Options::default(), &whole()).0.unwrap();
        std::fs::write(dir.path().join("source"), "2").unwrap();
        let (again, events) = world.run(Options::default(), &whole());
        assert_eq!(again.unwrap().exit, ExitCode::Success);
        let mut expected = all(&world, StageState::Done);
        expected[0].1 = StageState::UpToDate;
        assert_eq!(ended(&events), expected);
        assert!(world.recorded().unwrap().contains("of 2"), "{:?}", world.recorded());
    }
}

#[test]
fn another_weight_merges_and_all_after_that() {
    for (dir, world) in worlds() {
        world.run(Options { keep_raw: true, ..Options::default() }, &whole()).0.unwrap();
        let file = dir.path().join("pgo/pgo.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replacen("role = \"train\"", "role = \"train\"\nweight = 3", 1)).unwrap();
        let (again, events) = world.run(Options::default(), &whole());
        assert_eq!(again.unwrap().exit, ExitCode::Success);
        let expected = |stage| if stage < Stage::Merge { StageState::UpToDate } else { StageState::Done };
        let expected: Vec<_> = world.steps().into_iter().map(|stage| (stage, expected(stage))).collect();
        assert_eq!(ended(&events), expected);
        assert!(world.recorded().unwrap().starts_with("3 of "), "{:?}", world.recorded());
    }
}

#[test]
fn what_is_skipped_is_left_as_it_is() {
    for (dir, world) in worlds() {
        let unmeasured = whole().without(&[Stage::Bench]).unwrap();
        let (finished, events) = world.run(Options::default(), &unmeasured);
        let finished = finished.unwrap();
        assert_eq!(finished.exit, ExitCode::Success);
        assert!(ended(&events).iter().all(|(stage, _)| *stage != Stage::Bench));
        assert!(!world.reached().contains(&"bench".to_owned()) && world.recorded().is_some());
        // It is recorded as not measured, and plan knows.
        let planned_now = planned(&world, unmeasured.clone());
        assert!(planned_now.contains(&(Stage::Record, "up to date")), "{planned_now:?}");
        let untrained = whole().without(&[Stage::Train, Stage::Bench]).unwrap();
        std::fs::write(dir.path().join("source"), "2").unwrap();
        let planned_now = planned(&world, untrained);
        assert!(planned_now.contains(&(Stage::Merge, "up to date")), "{planned_now:?}");
        std::fs::write(dir.path().join("source"), "1").unwrap();
        // The next whole run measures what is there.
        let (_, events) = world.run(Options::default(), &whole());
        let measured = ended(&events).into_iter().filter(|(_, state)| *state == StageState::Done);
        assert_eq!(measured.map(|(stage, _)| stage).collect::<Vec<_>>(), [Stage::Bench, Stage::Record]);
    }
}

#[test]
fn a_step_that_the_flow_has_not_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), true);
    let (none, _) = world.run(Options::default(), &Selection::only(Stage::Instrument));
    let none = none.unwrap_err();
    assert_eq!(
        (none.code(), none.to_string()),
        (ExitCode::Usage, "program `p` has no step instrument".into())
    );
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
    let mut cases = Vec::new();
    for (sampled, stage) in [false, true].iter().flat_map(|flow| Stage::ALL.map(|stage| (*flow, stage))) {
        for mishap in [Mishap::Fails, Mishap::IsCancelled, Mishap::TakesLong] {
            // A record cannot be held up, a profile is damaged or not, and measuring keeps to its time.
            let is_one = match stage {
                Stage::Record => false,
                Stage::Instrument if sampled => false,
                Stage::Merge => mishap == Mishap::Fails,
                Stage::Bench => mishap != Mishap::TakesLong,
                _ => true,
            };
            cases.extend(is_one.then_some((sampled, stage, mishap)));
        }
    }
    assert_eq!(cases.len(), 33);
    for (sampled, stage, mishap) in cases {
        try_one(sampled, stage, mishap);
    }
}

fn try_one(sampled: bool, stage: Stage, mishap: Mishap) {
    let case = format!("{stage} {mishap:?}, sampled: {sampled}");
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), sampled);
    world.at(Some((stage.name(), mishap)));
    let budget = (mishap == Mishap::TakesLong).then_some(BUDGET);
    let (failed, events) = world.run(Options { budget, ..Options::default() }, &whole());
    let (code, state) = comes_to(stage, mishap);
    let error = failed.map(|finished| finished.exit).unwrap_err();
    assert_eq!(error.code(), code, "{case}: {error}");
    let steps = world.steps();
    let before = steps.iter().copied().take_while(|before| *before != stage);
    let mut expected: Vec<_> = before.clone().map(|stage| (stage, StageState::Done)).collect();
    expected.push((stage, state));
    assert_eq!(ended(&events), expected, "{case}: {error}");
    // What was finished is in the store, what was not is not, and nothing is recorded.
    for other in Stage::ALL {
        let there = dir.path().join("target/honing/p").join(other.name()).join("manifest.json").is_file();
        assert_eq!(there, before.clone().any(|before| before == other), "{case}: {other}");
    }
    assert_eq!(world.recorded(), None, "{case}");
    // The next run goes on from there.
    world.at(None);
    if stage == Stage::Merge {
        // Damaged profiles stay what they are until they are trained again.
        let (damaged, _) = world.run(Options::default(), &whole());
        assert_eq!(damaged.unwrap_err().code(), ExitCode::Profile);
        let again = Selection::new(Stage::Train, Stage::Train).unwrap();
        world.run(Options { force: true, ..Options::default() }, &again).0.unwrap();
    }
    let (finished, events) = world.run(Options::default(), &whole());
    assert_eq!(finished.unwrap().exit, ExitCode::Success, "{case}");
    let expected: Vec<_> = steps
        .iter()
        .map(|&one| (one, if one < stage { StageState::UpToDate } else { StageState::Done }))
        .collect();
    assert_eq!(ended(&events), expected, "{case}, resumed");
    assert!(world.recorded().is_some(), "{case}");
}

/// What plan says of each stage.
fn planned(world: &std::sync::Arc<World>, selection: Selection) -> Vec<(Stage, &'static str)> {
    let session = world.open(Options::default());
    let planned = honing_engine::plan(&session, &selection).unwrap();
    planned.into_iter().map(|one| (one.stage, one.state.words())).collect()
}

#[test]
fn plan_says_what_a_run_then_does() {
    for (dir, world) in worlds() {
        let of_all = |word| world.steps().into_iter().map(|stage| (stage, word)).collect::<Vec<_>>();
        assert_eq!(planned(&world, whole()), of_all("run"));
        world.run(Options::default(), &whole()).0.unwrap();
        assert_eq!(planned(&world, whole()), of_all("up to date"));
        std::fs::write(dir.path().join("source"), "2").unwrap();
        let expected = |stage: &Stage| match stage {
            Stage::Preflight => "up to date",
            Stage::Baseline | Stage::Instrument | Stage::Optimize => "run",
            Stage::Train | Stage::Merge | Stage::Bench | Stage::Record => "depends",
        };
        let expected: Vec<_> = world.steps().into_iter().map(|stage| (stage, expected(&stage))).collect();
        assert_eq!(planned(&world, whole()), expected);
        // A baseline that is gone: what is measured against it, and where it is trained, what comes of that.
        world.run(Options::default(), &whole()).0.unwrap();
        std::fs::remove_dir_all(dir.path().join("target/honing/p/baseline")).unwrap();
        let expected = |stage: &Stage| match stage {
            Stage::Baseline => "run",
            Stage::Bench | Stage::Record => "depends",
            Stage::Train | Stage::Merge | Stage::Optimize if world.sampled => "depends",
            _ => "up to date",
        };
        let expected: Vec<_> = world.steps().into_iter().map(|stage| (stage, expected(&stage))).collect();
        assert_eq!(planned(&world, whole()), expected, "sampled: {}", world.sampled);
        // Nothing was run for that.
        world.at(None);
        planned(&world, whole());
        assert!(world.reached().is_empty(), "{:?}", world.reached());
    }
}

#[test]
fn a_part_of_the_chain_takes_the_rest_from_earlier_runs() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), false);
    let part = |from, to| Selection::new(from, to).unwrap();
    // Nothing is there to merge.
    let (missing, _) = world.run(Options::default(), &part(Stage::Merge, Stage::Merge));
    let missing = missing.unwrap_err();
    assert_eq!(
        (missing.code(), missing.to_string().contains("needs what train makes")),
        (ExitCode::Usage, true)
    );
    world
        .run(Options { keep_raw: true, ..Options::default() }, &part(Stage::Preflight, Stage::Train))
        .0
        .unwrap();
    world.at(None);
    let (merged, events) = world.run(Options::default(), &part(Stage::Merge, Stage::Optimize));
    merged.unwrap();
    let stages: Vec<_> = ended(&events).into_iter().map(|(stage, _)| stage).collect();
    assert_eq!(stages, [Stage::Preflight, Stage::Merge, Stage::Optimize]);
    // Neither built nor trained again.
    assert_eq!(world.reached(), ["optimize"]);
    assert_eq!(world.recorded(), None);
    // A profile of other sources than the baseline's is not measured against it.
    std::fs::write(dir.path().join("source"), "2").unwrap();
    world.run(Options::default(), &part(Stage::Optimize, Stage::Optimize)).0.unwrap();
    let (mixed, _) = world.run(Options::default(), &part(Stage::Bench, Stage::Bench));
    assert!(mixed.unwrap_err().to_string().contains("not built from the same source: source"));
}
