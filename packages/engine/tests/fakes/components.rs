//! Programs whose steps use what other programs' steps made.

use std::{fs, sync::Arc};

use honing_core::{
    ExitCode, Selection, Step,
    event::{Event, StageState},
};
use honing_engine::{Options, ProfileSource};

use crate::{
    steps::ended,
    world::{Mishap, Shape, World},
};

/// `p` is built with `q`, and `q` is trained by `p`: a compiler and its library.
const COMPILER: &str = r#"
[program.p]
needs = ["q.baseline"]
fake.name = "p"
workload.train = { role = "train", command = ["{program}", "train"] }
workload.eval = { role = "eval", command = ["{program}", "eval"] }

[program.q.fake]
name = "q"
[program.q.workload.train]
role = "train"
command = ["{program}", "{program:p:optimize}"]
[program.q.workload.eval]
role = "eval"
command = ["{program}", "eval"]
"#;

/// `q` is a library, and trained by running `p`, which is linked with it.
const LIBRARY: &str = r#"
[program.p]
needs = ["baseline: q.baseline", "instrument: q.instrument", "optimize: q.optimize"]
fake.name = "p"
workload.train = { role = "train", command = ["{program}", "train"] }
workload.eval = { role = "eval", command = ["{program}", "eval"] }

[program.q]
fake.name = "q"
workload.train = { role = "train", command = ["{program:p:instrument}", "train"] }
"#;

/// `q` has no training, and `d` says that it has no PGO.
const PLAIN: &str = r#"
[program.d]
pgo = false
needs = ["p.optimize", "baseline: p.merge"]
fake.name = "d"

[program.p]
needs = ["q.baseline"]
fake.name = "p"
workload.train = { role = "train", command = ["{program}", "train"] }
workload.eval = { role = "eval", command = ["{program}", "{program:q}"] }

[program.q.fake]
name = "q"
"#;

fn world(config: &str) -> (tempfile::TempDir, Arc<World>) {
    let dir = tempfile::tempdir().unwrap();
    let world = World::new(dir.path(), Shape::Instrumented);
    write(&world, &format!("[bench]\npairs = 12\n{config}"));
    (dir, world)
}

fn write(world: &World, config: &str) {
    fs::write(world.root.join("pgo/pgo.toml"), config).unwrap();
}

fn rewrite(world: &World, from: &str, to: &str) {
    let text = fs::read_to_string(world.root.join("pgo/pgo.toml")).unwrap();
    assert!(text.contains(from), "{text}");
    write(world, &text.replacen(from, to, 1));
}

/// The steps that ended, but for preflights: `p train`.
fn steps(events: &[Event]) -> Vec<String> {
    let ended = ended(events).into_iter().map(|(step, _)| step);
    ended.filter(|step| !step.ends_with("preflight")).collect()
}

/// Those of them that did something.
fn done(events: &[Event]) -> Vec<String> {
    let ended = ended(events).into_iter().filter(|(_, state)| *state == StageState::Done);
    ended.map(|(step, _)| step).collect()
}

fn of(program: &str, steps: &str) -> Vec<String> {
    steps.split(' ').map(|step| format!("{program} {step}")).collect()
}

/// The programs that were told to be done, in order.
fn finished<'a>(events: &'a [Event]) -> Vec<&'a str> {
    let of = |event: &'a Event| match event {
        Event::ProgramFinished { summary } => Some(summary.program.as_str()),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

fn select(from: &str, to: &str) -> Selection {
    let step = |text: &str| (!text.is_empty()).then(|| text.parse::<Step>().unwrap());
    Selection::new(step(from), step(to)).unwrap()
}

const ALL: &str = "baseline instrument train merge optimize bench record";

#[test]
fn programs_take_turns_and_each_is_finished_once() {
    let (_dir, world) = world(COMPILER);
    let order =
        [of("q", "baseline instrument"), of("p", ALL), of("q", "train merge optimize bench record")].concat();
    let (ended, events) = world.run(Options::default(), &Selection::default());
    let summaries = ended.unwrap().summaries;
    assert_eq!(steps(&events), order);
    assert_eq!(finished(&events), ["p", "q"]);
    // What was done in an earlier turn has its cost, and is done, not skipped.
    let costs = &summaries[1].costs;
    assert_eq!(costs.len(), 8);
    assert!(costs.iter().all(|cost| cost.state == StageState::Done), "{costs:?}");
    // It was trained with what `p` was optimized to.
    let profile = world.recorded_of("q").unwrap();
    assert!(profile.starts_with("1 of profile of instrumented of 1 and (optimized "), "{profile}");
    // What `p` makes anew is what `q` is trained with: that alone, and all after it.
    let (_, events) = world.run(Options::default(), &Selection::default());
    assert_eq!(done(&events), [""; 0]);
    rewrite(&world, "role = \"train\",", "role = \"train\", weight = 2,");
    let session = world.open(Options::default());
    let planned = honing_engine::plan(&session, &Selection::default()).unwrap();
    let in_order: Vec<String> = planned.iter().map(|one| format!("{} {}", one.program, one.stage)).collect();
    let in_order = in_order.into_iter().filter(|step| !step.ends_with("preflight"));
    assert_eq!(in_order.collect::<Vec<_>>(), order);
    let words = |step: &str| {
        let one = planned.iter().find(|one| format!("{} {}", one.program, one.stage) == step).unwrap();
        format!("{} {}", one.state.words(), one.reasons.join(", "))
    };
    assert_eq!(words("q instrument"), "up to date ");
    assert_eq!(words("q train"), "depends depends on what optimize of `p` makes");
    let (_, events) = world.run(Options::default(), &Selection::default());
    let again = [of("p", "train merge optimize bench record"), of("q", "train merge optimize bench record")];
    // Its training repeats since its raw profiles are gone.
    assert_eq!(done(&events), again.concat());
}

#[test]
fn a_failure_stops_what_needs_that_step_and_the_next_run_goes_on() {
    for (place, begun, stopped) in [
        ("p optimize", of("q", "baseline instrument"), true),
        ("p bench", of("q", ALL), false),
        ("q baseline", of("q", "baseline"), true),
        ("q instrument", of("q", "baseline instrument"), false),
    ] {
        let (_dir, world) = world(COMPILER);
        world.at(Some((place, Mishap::Fails)));
        let (failed, events) = world.run(Options::default(), &Selection::default());
        let error = failed.unwrap_err().to_string();
        let of_q: Vec<String> = steps(&events).into_iter().filter(|step| step.starts_with("q ")).collect();
        assert_eq!(of_q, begun, "{place}: {error}");
        assert_eq!(error.contains("not begun: it needs "), stopped, "{place}: {error}");
        assert_eq!(finished(&events).len(), usize::from(!stopped), "{place}: {error}");
        world.at(None);
        let (ended, events) = world.run(Options::default(), &Selection::default());
        assert_eq!(ended.unwrap().exit, ExitCode::Success, "{place}");
        assert_eq!(finished(&events), ["p", "q"], "{place}");
        let first = done(&events).into_iter().next().unwrap();
        assert_eq!(first, place);
    }
}

#[test]
fn a_library_is_trained_through_a_program() {
    let (_dir, world) = world(LIBRARY);
    let (ended, events) = world.run(Options::default(), &Selection::default());
    assert_eq!(ended.unwrap().exit, ExitCode::Success);
    let order = [
        of("q", "baseline instrument"),
        of("p", "baseline instrument train merge"),
        of("q", "train merge optimize bench record"),
        of("p", "optimize bench record"),
    ];
    assert_eq!(steps(&events), order.concat());
    assert_eq!(
        world.recorded_of("q").unwrap(),
        "1 of profile of instrumented of 1 with (instrumented of 1)\n"
    );
    let built = |step: &str| fs::read_to_string(world.root.join("target/honing/p").join(step)).unwrap();
    assert_eq!(built("baseline/p"), "plain of 1 with (plain of 1)");
    assert!(built("optimize/p").contains(" of 1 with (optimized "), "{}", built("optimize/p"));
    // A change of the library's training reaches the last build, and nothing before it.
    rewrite(&world, "command = [\"{program:p:i", "weight = 2, command = [\"{program:p:i");
    let (_, events) = world.run(Options::default(), &Selection::default());
    let again = [of("q", "train merge optimize bench record"), of("p", "optimize bench record")];
    assert_eq!(done(&events), again.concat());
}

#[test]
fn what_ships_and_its_profile_are_named_by_placeholders() {
    let (_dir, world) =
        world(&COMPILER.replace("\"{program:p:optimize}\"]", "\"{program:p}\"]\nenv.TOLD = \"{profile:p}\""));
    let told = || world.recorded_of("q").unwrap();
    world.run(Options::default(), &Selection::default()).0.unwrap();
    assert!(told().contains(" and (optimized "), "{}", told());
    assert!(told().contains(" and (1 of profile of instrumented of 1 with q)"), "{}", told());
    let profiles = fs::read_dir(world.root.join("target/honing/build/profiles")).unwrap();
    let names: Vec<String> =
        profiles.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(names.len() == 1 && names[0].starts_with("p-") && names[0].len() == 23, "{names:?}");
    // What the policy says of it decides.
    rewrite(&world, "[bench]", "[policy]\nships = []\n[bench]");
    let (_, events) = world.run(Options::default(), &Selection::default());
    assert!(done(&events).starts_with(&of("p", "record")), "{:?}", done(&events));
    assert!(done(&events).contains(&"q train".to_owned()));
    assert!(told().contains(" and (plain of 1 with q)"), "{}", told());
}

#[test]
fn a_component_may_have_no_training() {
    let (_dir, world) = world(PLAIN);
    let (ended, events) = world.run(Options::default(), &Selection::default());
    let ended = ended.unwrap();
    assert_eq!(ended.exit, ExitCode::Success);
    assert_eq!(steps(&events), [of("q", "baseline"), of("p", ALL), of("d", "baseline")].concat());
    let outcomes = ended.summaries.iter().map(|summary| (&*summary.program, summary.outcome.is_some()));
    assert_eq!(outcomes.collect::<Vec<_>>(), [("q", false), ("p", true), ("d", false)]);
    let built = fs::read_to_string(world.root.join("target/honing/d/baseline/d")).unwrap();
    assert_eq!(built, "plain of 1 with p with (1 of profile of instrumented of 1 with q\n)");
    // What is asked of all programs is asked of those that have it.
    let (ended, events) = world.run(Options::default(), &Selection::only("merge".parse::<Step>().unwrap()));
    ended.unwrap();
    assert_eq!(steps(&events), ["p merge"]);
    let alone = Options { programs: vec!["q".into()], ..Options::default() };
    let error = world.run(alone, &Selection::only("merge".parse::<Step>().unwrap())).0.unwrap_err();
    assert_eq!(error.to_string(), "program `q`: there is no step merge");
    assert_eq!(honing_engine::status(&world.open(Options::default())).unwrap().len(), 1);
    // An instrumented one would have to be trained.
    rewrite(&world, "\"q.baseline\"", "\"q.optimize\"");
    let error = world.run(Options::default(), &Selection::default()).0.unwrap_err().to_string();
    assert!(error.contains("program `q` has no workload with role = \"train\""), "{error}");
    rewrite(&world, "\"q.optimize\"", "\"d.instrument\"");
    let error = world.run(Options::default(), &Selection::default()).0.unwrap_err();
    assert!(error.to_string().ends_with("{program:d:instrument}: there is no step instrument"), "{error}");
    assert_eq!(error.hint(), Some("steps are preflight, baseline"));
}

#[test]
fn a_step_of_one_program_is_selected_by_its_name() {
    let (_dir, world) = world(COMPILER);
    // Each starts alone, where what it needs is there.
    let (missing, events) = world.run(Options::default(), &select("q.train", "q.train"));
    let missing = missing.unwrap_err();
    assert_eq!(missing.to_string(), "it needs what optimize of program `p` makes, and there is none");
    assert!(missing.hint().unwrap().contains("-P p --to optimize"), "{missing:?}");
    assert_eq!(ended(&events), [("q preflight".into(), StageState::Done)]);
    world.run(Options::default(), &Selection::default()).0.unwrap();
    for (from, to, skip, expected) in [
        ("q.train", "q.train", "", of("q", "train")),
        ("q.train", "merge", "", of("q", "train merge")),
        ("p.record", "q.merge", "", [of("p", "record"), of("q", "train merge")].concat()),
        ("bench", "", "p.bench", [of("p", "record"), of("q", "bench record")].concat()),
        ("", "q.instrument", "", of("q", "baseline instrument")),
    ] {
        let skip: Vec<Step> = skip.parse().into_iter().collect();
        let selection = select(from, to).without(&skip).unwrap();
        let (ended, events) = world.run(Options::default(), &selection);
        ended.unwrap();
        assert_eq!(steps(&events), expected, "{from} {to} {skip:?}");
    }
    for wrong in ["x.train", "q.after.train"] {
        let error = world.run(Options::default(), &select(wrong, "")).0.unwrap_err();
        assert_eq!((error.code(), error.hint().is_some()), (ExitCode::Usage, true), "{error}");
    }
}

#[test]
fn what_is_used_though_it_is_out_of_date_is_told() {
    let (_dir, world) = world(COMPILER);
    world.run(Options::default(), &Selection::default()).0.unwrap();
    let told = |step: &str| -> Vec<String> {
        let (ended, events) = world.run(Options::default(), &select(step, step));
        ended.unwrap();
        let of = |event: &Event| match event {
            Event::Warning { text } => text.contains("out of date").then(|| text.clone()),
            _ => None,
        };
        events.iter().filter_map(of).collect()
    };
    assert_eq!(told("q.train"), [""; 0]);
    rewrite(&world, "role = \"train\",", "role = \"train\", weight = 2,");
    let planned =
        honing_engine::plan(&world.open(Options::default()), &select("q.train", "q.train")).unwrap();
    let train =
        planned.iter().find(|one| (&*one.program, &*one.stage.to_string()) == ("q", "train")).unwrap();
    let expected = "it uses optimize of program `p`, which is out of date: train: its raw profiles were removed after a \
                    merge, and another merge needs them";
    assert_eq!(train.reasons, [expected]);
    assert_eq!(told("q.train"), [format!("q: train: {expected}")]);
    assert_eq!(told("q.merge"), [""; 0]);
    // What is made in the same run is up to date by then.
    let (_, events) = world.run(Options::default(), &Selection::default());
    assert!(
        !events.iter().any(|event| matches!(event, Event::Warning { text } if text.contains("out of date")))
    );
}

#[test]
fn steps_that_need_each_other_are_refused_before_anything_is_done() {
    let (_dir, world) = world(COMPILER);
    rewrite(&world, "\"q.baseline\"", "\"q.optimize\"");
    let (ended, events) = world.run(Options::default(), &Selection::default());
    let error = ended.unwrap_err();
    assert_eq!(
        error.to_string(),
        "steps need each other: q.train → p.optimize → q.optimize → q.merge → q.train"
    );
    assert!(events.is_empty(), "{events:?}");
    let session = world.open(Options::default());
    assert_eq!(honing_engine::plan(&session, &Selection::default()).unwrap_err().code(), ExitCode::Usage);
}

#[test]
fn profiles_are_handed_over_in_one_folder() {
    let (_dir, here) = world(LIBRARY);
    let none = here.root.join("none");
    let empty = honing_engine::export_all(&here.open(Options::default()), &none).unwrap_err();
    assert_eq!(empty.code(), ExitCode::Stale);
    here.run(Options::default(), &Selection::default()).0.unwrap();
    let folder = here.root.join("handed over");
    let written = honing_engine::export_all(&here.open(Options::default()), &folder).unwrap();
    let names: Vec<String> =
        written.iter().map(|path| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned()).collect();
    assert!(
        names[0].starts_with("q/fake/1-fake-1-") && names[1].starts_with("p/fake/1-fake-1-"),
        "{names:?}"
    );
    // Elsewhere nothing is trained, and each build comes out the same.
    let (_dir, there) = world(LIBRARY);
    let options = || Options { profile: ProfileSource::Folder(folder.clone()), ..Options::default() };
    let (ended, events) = there.run(options(), &select("optimize", "optimize"));
    ended.unwrap();
    assert_eq!(steps(&events), ["q merge", "q optimize", "p merge", "p optimize"]);
    let built = |world: &World| fs::read(world.root.join("target/honing/p/optimize/p")).unwrap();
    assert_eq!(built(&here), built(&there));
    // What training alone needs of others is not needed then.
    let (_dir, whole) = world(LIBRARY);
    let (ended, events) = whole.run(options(), &select("", "optimize"));
    ended.unwrap();
    let (q, p) = (of("q", "baseline merge optimize"), of("p", "baseline merge optimize"));
    assert_eq!(steps(&events), [&q[..1], &p[..2], &q[1..], &p[2..]].concat());
    assert_eq!(built(&here), built(&whole));
    // The last build alone, with profiles that no step here took.
    let (_dir, last) =
        world(&PLAIN.replace("needs = [\"p.optimize\", \"baseline: p.merge\"]", "needs = [\"p.merge\"]"));
    let (ended, events) = last.run(options(), &select("d.baseline", "d.baseline"));
    ended.unwrap();
    assert_eq!(steps(&events), ["d baseline"]);
    // What is not what it says it is is refused before anything is built.
    let manifest = written[1].with_extension("json");
    let text = fs::read_to_string(&manifest).unwrap();
    let profile = fs::read(&written[1]).unwrap();
    for (manifest_text, bytes, expected) in [
        (text.clone(), b"another".to_vec(), " is not what its manifest says"),
        ("{".to_owned(), profile.clone(), "cannot read "),
        (
            text.replace("\"schema\": 1", "\"schema\": 2"),
            profile.clone(),
            "it has version 2, and this Honing knows 1",
        ),
        (text.replace("\"fake\"", "\"other\""), profile.clone(), "program `p` has no profile for fake in "),
        (text.replace("\"p\"", "\"q\""), profile, "program `p` has no profile for fake in "),
    ] {
        fs::write(&manifest, manifest_text).unwrap();
        fs::write(&written[1], bytes).unwrap();
        let (ended, events) = there.run(options(), &select("optimize", "optimize"));
        let error = ended.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!((error.code(), steps(&events).len()), (ExitCode::Profile, 0), "{error}");
    }
}

#[test]
fn what_a_folder_lacks_is_trained_and_nothing_else() {
    // A run was ended when the library was trained, and not merged.
    let (_dir, here) = world(LIBRARY);
    for (from, to) in [("", "instrument"), ("q.train", "q.train")] {
        here.run(Options::default(), &select(from, to)).0.unwrap();
    }
    let folder = here.root.join("handed over");
    let written = honing_engine::export_all(&here.open(Options::default()), &folder).unwrap();
    assert_eq!(written.len(), 1, "{written:?}");
    let (ended, events) = here.run(Options::default(), &select("q.train", "q.merge"));
    ended.unwrap();
    assert_eq!(done(&events), [""; 0], "it was merged for that");
    let (_dir, there) = world(LIBRARY);
    let options = || Options { profile: ProfileSource::Folder(folder.clone()), ..Options::default() };
    // Where nothing is to be trained, what lacks is said before anything is built.
    let (ended, events) = there.run(options(), &select("optimize", "optimize"));
    let error = ended.unwrap_err();
    assert!(error.to_string().starts_with("program `p` has no profile for fake in "), "{error}");
    assert_eq!((error.code(), steps(&events).len()), (ExitCode::Profile, 0));
    let planned = honing_engine::plan(&there.open(options()), &select("", "optimize")).unwrap();
    let trains =
        |name: &str| planned.iter().any(|one| one.program == name && one.stage.to_string() == "train");
    assert_eq!((trains("q"), trains("p")), (false, true), "{planned:?}");
    let (ended, events) = there.run(options(), &select("", "optimize"));
    ended.unwrap();
    // What p is trained with is instrumented, too.
    let q = of("q", "baseline instrument merge optimize");
    let p = of("p", "baseline instrument train merge optimize");
    let (mut taken, mut expected) = (steps(&events), [q, p].concat());
    taken.sort();
    expected.sort();
    assert_eq!(taken, expected);
    here.run(Options::default(), &select("", "optimize")).0.unwrap();
    let built = |world: &World| fs::read(world.root.join("target/honing/p/optimize/p")).unwrap();
    assert_eq!(built(&here), built(&there));
    // It is there now.
    there.run(options(), &select("optimize", "optimize")).0.unwrap();
}

#[test]
fn what_builds_may_name_what_others_made() {
    let (_dir, world) = world(&PLAIN.replace(
        "fake.name = \"d\"",
        "fake = { name = \"d\", uses = \"{profile:p}\", baseline = \"{program:p}\" }",
    ));
    rewrite(&world, "needs = [\"p.optimize\", \"baseline: p.merge\"]\n", "");
    let (ended, events) = world.run(Options::default(), &Selection::default());
    ended.unwrap();
    assert_eq!(steps(&events).last().unwrap(), "d baseline");
    let built = fs::read_to_string(world.root.join("target/honing/d/baseline/d")).unwrap();
    assert!(built.starts_with("plain of 1 with (optimized ") && built.ends_with(" with p"), "{built}");
    // By content: a profile of another training, and with it what ships.
    rewrite(&world, "role = \"train\",", "role = \"train\", weight = 2,");
    let session = world.open(Options::default());
    honing_engine::run(&session, &select("", "p.record")).unwrap();
    let planned = honing_engine::plan(&session, &Selection::default()).unwrap();
    let last = planned.last().unwrap();
    assert_eq!(last.reasons, ["profile of program `p` changed", "program `p` as it ships changed"]);
    rewrite(&world, "{profile:p}", "{profile:r}");
    let error = refused(&world);
    assert!(error.contains("{profile:r}: there is no program called `r` in pgo.toml"), "{error}");
}

/// The error of a configuration that is refused.
fn refused(world: &Arc<World>) -> String {
    world.open_in(&world.root, Options::default()).map(drop).unwrap_err().to_string()
}
