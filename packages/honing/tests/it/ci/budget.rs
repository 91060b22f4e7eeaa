//! `--budget`: measuring is cut short first, then left out; builds and training end the run.

use serde_json::Value;

use super::{assert_groups_closed, commands, events, fixture, github, run};
use crate::support::{Fixture, processes_of};

fn notes(events: &[Value]) -> Vec<&str> {
    let notes = events.iter().filter(|event| ["note", "warning"].iter().any(|kind| event["event"] == *kind));
    notes.filter_map(|event| event["text"].as_str()).collect()
}

fn bench(fixture: &Fixture, args: &[&str]) -> String {
    let stages = fixture.stages(args);
    stages.into_iter().find(|(stage, _)| stage == "bench").unwrap().1
}

#[test]
fn measuring_is_cut_to_a_look_that_fits() {
    let fixture = fixture(86, "count", "nap 50");
    fixture.succeeds(&["--to", "optimize"]);
    // 86 pairs with controls would nap for 11 s alone; the first look is settled after 12.
    let ran = run(github(&fixture, &["--from", "bench", "--budget", "9s"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let events = events(&fixture);
    let notes = notes(&events);
    let cut = notes.iter().find_map(|note| note.strip_prefix("measuring takes ")).expect(&ran.stderr);
    assert!(cut.contains("; 86 do not fit into the "), "{cut}");
    let pairs = cut.split_once(": up to ").unwrap().1.split_once(" pairs of judge").expect(cut).0;
    let pairs: u32 = pairs.parse().unwrap();
    assert!([8, 12, 18, 28, 40, 60].contains(&pairs), "{cut}");
    let most = events.iter().find(|event| event["event"] == "progress" && event["unit"] == "pairs").unwrap();
    assert_eq!(most["total"], pairs, "the plan is fixed before the first pair");
    let summary = &events.iter().find(|event| event["event"] == "program_finished").unwrap()["summary"];
    assert_ne!(summary["outcome"]["outcome"], "not_measured", "{summary:#}");
    // What was measured is not paid for twice; whoever wants all of it gets it without a budget.
    assert_eq!(bench(&fixture, &["bench", "--budget", "9s"]), "up_to_date");
    let planned = fixture.succeeds(&["plan", "--only", "bench", "--format", "json"]).stdout;
    let planned = planned.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let planned = planned.into_iter().find(|stage| stage["stage"] == "bench").unwrap();
    assert_eq!(planned["state"], "run", "{planned:#}");
    assert!(planned["reasons"][0].as_str().unwrap().contains("pairs"), "{planned:#}");
}

#[test]
fn without_time_to_measure_the_profile_is_recorded_as_not_measured() {
    let fixture = fixture(6, "count", "nap 1000");
    fixture.succeeds(&["--to", "optimize"]);
    // Six pairs with controls nap for 16 s.
    let ran = run(github(&fixture, &["--from", "bench", "--budget", "12s"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told = commands(&ran.stderr);
    assert!(assert_groups_closed(&told) > 0, "{told:#?}");
    let says = |name: &str| told.iter().any(|told| told.name == name && told.data.contains("out of budget"));
    assert!(says("warning") && says("notice"), "{told:#?}");
    assert!(ran.stdout.contains("not measured (out of budget)"), "{}", ran.stdout);
    let events = events(&fixture);
    let bench =
        events.iter().find(|one| one["event"] == "stage_finished" && one["stage"] == "bench").unwrap();
    assert_eq!(
        (&bench["state"], &bench["detail"]),
        (&"skipped".into(), &"not measured (out of budget)".into())
    );
    let summary = &events.iter().find(|event| event["event"] == "program_finished").unwrap()["summary"];
    assert_eq!(summary["outcome"]["outcome"], "not_measured");
    let folder = fixture.path(summary["recorded"].as_str().unwrap());
    let manifest = std::fs::read_to_string(folder.join("manifest.toml")).unwrap();
    assert!(manifest.contains("not measured (out of budget)"), "{manifest}");
    // Nothing half-measured is left, and a run that has time measures.
    assert!(!fixture.path("target/honing/tiny/bench").exists());
    assert!(!fixture.path("target/honing/tiny/bench.partial").exists());
    fixture.replace("pgo/pgo.toml", "\"nap\", \"1000\"", "\"nap\", \"1\"");
    assert_eq!(self::bench(&fixture, &["--from", "bench"]), "done");
}

#[test]
fn a_stage_that_does_not_fit_ends_the_run_and_the_next_goes_on_from_there() {
    let fixture = fixture(6, "hang", "count");
    fixture.succeeds(&["--to", "baseline"]);
    fixture.succeeds(&["--from", "instrument", "--to", "instrument"]);
    let ran = run(github(&fixture, &["--from", "train", "--budget", "3s"]));
    assert_eq!(ran.code, 15, "{}", ran.stderr);
    let told = commands(&ran.stderr);
    assert!(assert_groups_closed(&told) > 0, "{told:#?}");
    let error = told.iter().find(|told| told.name == "error").unwrap();
    assert!(error.data.contains("tiny: the budget of 3.0s is used up in train: "), "{told:#?}");
    assert!(error.data.contains("train was not done after "), "{told:#?}");
    assert!(error.data.contains("the same command goes on from there"), "{told:#?}");
    assert_eq!(processes_of(&fixture.root), Vec::<String>::new());
    let finished =
        events(&fixture).into_iter().find(|one| one["event"] == "stage_finished" && one["stage"] == "train");
    assert_eq!(finished.unwrap()["state"], "failed");

    fixture.replace("pgo/pgo.toml", "\"hang\"", "\"count\"");
    let stages = fixture.stages(&["--to", "optimize", "--ci"]);
    let state = |stage: &str| stages.iter().find(|(found, _)| found == stage).unwrap().1.as_str();
    assert_eq!(
        (state("baseline"), state("instrument"), state("train")),
        ("up_to_date", "up_to_date", "done")
    );
}

/// Two programs share what is left; the first does not use up the second's.
#[test]
fn programs_share_the_time_to_measure() {
    let fixture = fixture(86, "count", "nap 50");
    let text = fixture.read("pgo/pgo.toml");
    let (bench, program) = text.split_once("[program.tiny.cargo]").unwrap();
    let (one, two) = (program.to_owned(), program.replace("program.tiny", "program.twin"));
    fixture.write("pgo/pgo.toml", &format!("{bench}[program.tiny.cargo]{one}\n[program.twin.cargo]{two}"));
    fixture.succeeds(&["--to", "optimize"]);
    let ran = run(github(&fixture, &["--from", "bench", "--budget", "14s"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let events = events(&fixture);
    let measured: Vec<&Value> = events.iter().filter(|event| event["event"] == "program_finished").collect();
    assert_eq!(measured.len(), 2);
    for program in measured {
        assert_ne!(program["summary"]["outcome"]["outcome"], "not_measured", "{program:#}");
    }
    // The first got half at most.
    let planned = |note: &str| note.starts_with("measuring takes ");
    let cut = notes(&events).into_iter().find(|note| planned(note)).expect(&ran.stderr);
    let left: f64 =
        cut.split_once(" fit into the ").unwrap().1.split_once("s that").expect(cut).0.parse().unwrap();
    assert!(left < 7.0, "{cut}");
}
