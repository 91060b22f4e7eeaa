//! Which stages run again after which change: exactly those that read it.

use crate::support::{Fixture, LOCKFILE};

const ALL: [&str; 8] =
    ["preflight", "baseline", "instrument", "train", "merge", "optimize", "bench", "record"];

fn ran(fixture: &Fixture, args: &[&str]) -> Vec<String> {
    let stages = fixture.stages(args);
    let known = |state: &str| matches!(state, "done" | "up_to_date");
    assert!(stages.iter().all(|(_, state)| known(state)), "{stages:?}");
    stages.into_iter().filter(|(_, state)| state == "done").map(|(stage, _)| stage).collect()
}

/// Also the bar "second run: no stage runs, under 100 ms outside cargo".
#[test]
fn a_change_runs_exactly_the_stages_that_read_it() {
    let fixture = Fixture::tiny();
    fixture.write("Cargo.lock", LOCKFILE);
    assert_eq!(ran(&fixture, &[]), ALL);
    assert!(ran(&fixture, &[]).is_empty(), "nothing changed");

    type Change = (&'static str, fn(&Fixture), &'static [&'static str]);
    let changes: [Change; 9] = [
        (
            "a file is touched, not changed",
            |at| at.write("src/main.rs", &at.read("src/main.rs")),
            &["baseline", "instrument", "optimize"],
        ),
        ("an eval workload's command", |at| at.replace("pgo/pgo.toml", "3000", "3001"), &["bench", "record"]),
        // Raw profiles hold addresses and differ each time; merged, be it while the training runs, they are the same.
        (
            "a train workload's seed, which the program ignores",
            |at| at.replace("pgo/pgo.toml", "seed = 7", "seed = 8"),
            &["train", "merge?"],
        ),
        (
            "a train workload's command",
            |at| at.replace("pgo/pgo.toml", "\"2000\"", "\"2100\""),
            &["train", "merge", "optimize", "bench?", "record"],
        ),
        (
            "the policy",
            |at| at.replace("pgo/pgo.toml", "[bench]", "max_age = \"400days\"\n\n[bench]"),
            &["record"],
        ),
        (
            "the margin of the verdict",
            |at| at.replace("pgo/pgo.toml", "margin = 50.0", "margin = 40.0"),
            &["record"],
        ),
        (
            "the number of pairs",
            |at| at.replace("pgo/pgo.toml", "pairs = 6", "pairs = 8"),
            &["bench", "record"],
        ),
        (
            "a weight, which a merge of one profile reads",
            |at| at.replace("pgo/pgo.toml", "seed = 8", "seed = 8\nweight = 2"),
            &["merge", "optimize", "bench?", "record"],
        ),
        ("a comment", |at| at.replace("pgo/pgo.toml", "[bench]", "# a comment\n[bench]"), &[]),
    ];
    for (what, change, expected) in changes {
        change(&fixture);
        let stages = ran(&fixture, &[]);
        // A slightly other profile may well give the same binary, which is not measured again.
        let optional: Vec<&str> = expected.iter().filter_map(|stage| stage.strip_suffix('?')).collect();
        let certain = |stage: &&str| !stage.ends_with('?');
        let expected: Vec<&str> = expected.iter().copied().filter(certain).collect();
        let stages: Vec<&str> =
            stages.iter().map(String::as_str).filter(|stage| !optional.contains(stage)).collect();
        assert_eq!(stages, expected, "{what}");
        assert!(ran(&fixture, &[]).is_empty(), "after {what}, a second run has nothing to do");
    }
}

#[test]
fn source_and_lockfile_reach_every_build() {
    let fixture = Fixture::tiny();
    fixture.write("dep/Cargo.toml", "[package]\nname = \"dep\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    fixture.write("dep/src/lib.rs", "pub fn one() -> u64 { 1 }\n");
    fixture.replace("Cargo.toml", "[workspace]", "[dependencies]\ndep = { path = \"dep\" }\n\n[workspace]\n");
    fixture.replace("src/main.rs", "1..to", "dep::one()..to");
    assert_eq!(ran(&fixture, &[]), ALL);
    fixture.replace("src/main.rs", "steps += 1", "steps += 1 + u64::from(n == 12345678)");
    let after_source = ran(&fixture, &[]);
    assert_eq!(after_source, ["baseline", "instrument", "train", "merge", "optimize", "bench", "record"]);
    // A dependency's version is in Cargo.lock, and in no pinned symbol: the binaries come
    // out the same, and nothing has to be trained or measured again.
    fixture.replace("dep/Cargo.toml", "0.1.0", "0.2.0");
    assert_eq!(ran(&fixture, &[]), ["baseline", "instrument", "optimize"]);
    let plan = fixture.succeeds(&["plan"]);
    assert!(!plan.stdout.contains(" run "), "{}", plan.stdout);
}

#[test]
fn stages_run_alone_from_and_up_to() {
    let fixture = Fixture::tiny();
    let states = |args: &[&str]| fixture.stages(args).into_iter().map(|(stage, _)| stage).collect::<Vec<_>>();
    assert_eq!(states(&["--to", "instrument"]), ["preflight", "baseline", "instrument"]);
    assert_eq!(states(&["train"]), ["preflight", "train"]);
    assert_eq!(states(&["--from", "merge", "--to", "optimize"]), ["preflight", "merge", "optimize"]);
    let early = fixture.run(&["record"]);
    assert_eq!(early.code, 0, "{}", early.stderr);
    assert_eq!(states(&["--only", "bench"]), ["preflight", "bench"]);

    let other = Fixture::tiny();
    let missing = other.run(&["--from", "merge"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("there is no finished train"), "{}", missing.stderr);
    let profile = fixture.path("target/honing/tiny/merge/tiny.profdata");
    let stages = other.stages(&["--to", "optimize", "--profile", profile.to_str().unwrap()]);
    let names: Vec<&str> = stages.iter().map(|(stage, _)| stage.as_str()).collect();
    assert_eq!(names, ["preflight", "baseline", "merge", "optimize"]);

    // A measurement that will lack its baseline is refused before the build.
    std::fs::remove_dir_all(other.path("target/honing/tiny/baseline")).unwrap();
    let late = other.run(&["--from", "optimize", "--profile", profile.to_str().unwrap(), "--force"]);
    assert_eq!(late.code, 2, "{}", late.stderr);
    assert!(late.stderr.contains("bench: needs what baseline makes"), "{}", late.stderr);
    assert!(!late.stderr.contains("Optimize"), "{}", late.stderr);
    assert_eq!(other.run(&["plan", "--from", "optimize"]).code, 0);
}

#[test]
fn the_second_run_is_quick_and_says_that_nothing_was_done() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&[]);
    let ran = fixture.succeeds(&["--format", "json"]);
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    let own = last["at_ms"].as_u64().unwrap() - last["builder_ms"].as_u64().unwrap();
    // The bar is 100 ms; benchmarks hold that (docs/benchmarks.md). This catches a stage that works.
    assert!(own < 1000, "{own} ms outside cargo");
    let plain = fixture.succeeds(&[]);
    assert_eq!(plain.stderr.matches("up to date").count(), 8, "{}", plain.stderr);
    assert!(plain.stdout.contains("target/honing/tiny/optimize/tiny\n  next "), "{}", plain.stdout);
    // More pairs than pgo.toml asks for are kept.
    fixture.succeeds(&["bench", "--pairs", "8"]);
    assert_eq!(fixture.stages(&["bench"])[1], ("bench".to_owned(), "up_to_date".to_owned()));
}

/// `--from train` trains the instrumented program that is there, and says that the sources went on.
#[test]
fn training_an_older_program_is_told() {
    let fixture = Fixture::tiny();
    assert_eq!(fixture.run(&["--to", "train", "--plain"]).code, 0);
    let older = |fixture: &Fixture| {
        let ran = fixture.run(&["--from", "train", "--to", "merge", "--plain"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr.contains("the program that is trained is older than this: src/main.rs changed")
    };
    assert!(!older(&fixture));
    let source = fixture.read("src/main.rs");
    fixture.write("src/main.rs", &format!("{source}\n// Changed.\n"));
    assert!(older(&fixture));
}
