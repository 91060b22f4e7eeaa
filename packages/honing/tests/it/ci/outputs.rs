//! What a run leaves for the job: one folder, a summary, outputs; and whose commands its log has.

use std::fs;

use serde_json::Value;

use super::{assert_groups_closed, assert_sections_closed, commands, events, fixture, github, gitlab, run};

#[test]
fn a_run_leaves_everything_in_one_folder() {
    let fixture = fixture(6, "command", "count");
    fs::create_dir_all(fixture.path("target/honing/ci")).unwrap();
    fixture.write("target/honing/ci/of-an-earlier-run", "");
    let ran = run(github(&fixture, &["--verbose"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let mut names: Vec<String> = fs::read_dir(fixture.path("target/honing/ci"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in ["events.jsonl", "report.md", "tiny.baseline.log", "tiny.train.log", "tiny.optimize.log"] {
        assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
    }
    assert!(!names.iter().any(|found| found == "of-an-earlier-run"), "{names:?}");
    let events = events(&fixture);
    assert_eq!(events.first().unwrap()["event"], "run_started");
    let last = events.last().unwrap();
    assert_eq!(last["event"], "run_finished");

    let summary = fixture.read("runner/GITHUB_STEP_SUMMARY");
    assert_eq!(summary, fixture.read("target/honing/ci/report.md"));
    let outputs = outputs(&fixture.read("runner/GITHUB_OUTPUT"));
    let output =
        |name: &str| outputs.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!((output("code"), output("exit")), (Some("0"), Some("success")));
    assert_eq!(output("optimized"), last["optimized"][0].as_str());
    assert_eq!(output("match"), Some("100.0 %"));
    assert_eq!(output("folder"), fixture.path("target/honing/ci").to_str());
    let finished = events.iter().find(|event| event["event"] == "program_finished").unwrap();
    assert_eq!(output("outcome"), finished["summary"]["outcome"]["outcome"].as_str());

    // The training printed commands, and --verbose tells all of it.
    assert!(ran.stderr.contains(": :error::not Honing's"), "{}", ran.stderr);
    let told = commands(&ran.stderr);
    assert!(assert_groups_closed(&told) > 0, "{told:#?}");
    for told in &told {
        let ours = match told.name.as_str() {
            "group" => told.data.starts_with("tiny: "),
            "endgroup" => true,
            "notice" | "warning" => told.property("title").starts_with("Honing"),
            _ => false,
        };
        assert!(ours, "{told:?}");
    }
    assert!(told.iter().any(|told| told.name == "notice"), "{told:#?}");
    assert!(commands(&ran.stdout).is_empty(), "{}", ran.stdout);
    assert!(ran.stdout.contains("optimized  ") && !ran.stdout.contains('\u{1b}'), "{}", ran.stdout);

    // Another system, and the same in colour and sections.
    let ran = run(gitlab(&fixture, &["--verbose", "--force", "--from", "train", "--to", "merge"]));
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("section_end :1:honing_1"), "{}", ran.stderr);
    assert!(assert_sections_closed(&ran.stderr) > 0, "{}", ran.stderr);
    assert!(!fixture.path("target/honing/ci/tiny.baseline.log").exists(), "renewed by every run");
}

#[test]
fn json_stays_json() {
    let fixture = fixture(6, "command", "count");
    let mut command = github(&fixture, &["--format", "json", "--to", "optimize"]);
    let ran = run({
        command.env("HONING_VERBOSE", "1");
        command
    });
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let printed = |line: &str| lines.iter().any(|event| event["event"] == "output" && event["line"] == line);
    assert!(printed("x ##[set-output name=a]b") && printed("::error::not Honing's"), "{}", ran.stdout);
    assert!(commands(&ran.stdout).is_empty(), "{}", ran.stdout);
    // Nothing is lost for those who read the other stream.
    let told = commands(&ran.stderr);
    assert!(told.iter().any(|told| told.name == "notice"), "{}", ran.stderr);
    assert!(!told.iter().any(|told| told.name.contains("group")), "{}", ran.stderr);
}

/// Without a system that is known it is the plain log; a flag and a variable name one.
#[test]
fn the_system_can_be_named() {
    let fixture = fixture(6, "count", "count");
    let groups = |command: std::process::Command| {
        let ran = run(command);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        (commands(&ran.stderr).len(), ran.stderr.matches("section_start").count())
    };
    assert_eq!(groups(fixture.honing(&["baseline", "--ci"])), (0, 0));
    let (github_commands, sections) = groups(fixture.honing(&["baseline", "--ci", "--ci-system", "github"]));
    assert!(github_commands >= 2 && sections == 0);
    let mut command = github(&fixture, &["baseline"]);
    command.env("HONING_CI_SYSTEM", "none");
    assert_eq!(groups(command), (0, 0));
    let mut command = fixture.honing(&["baseline", "--ci"]);
    command.env("HONING_CI_SYSTEM", "gitlab");
    assert!(matches!(groups(command), (0, sections) if sections >= 1));
    // Nobody said --ci.
    let mut command = github(&fixture, &["baseline"]);
    command.env("HONING_CI", "0");
    let mut without = fixture.honing(&["baseline"]);
    without.env("GITHUB_ACTIONS", "true");
    assert_eq!(groups(without), (0, 0));
}

/// A file of `name<<delimiter` blocks, read as the runner does.
fn outputs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        found.push((name.to_owned(), value.join("\n")));
    }
    found
}
