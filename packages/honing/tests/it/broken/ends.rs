//! Runs that are ended from outside, and runs that meet.

use std::{
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{Case, finished};
use crate::support::{Fixture, Ran, finish, processes_of};

fn start(case: &Case<'_>, args: &[&str]) -> Child {
    case.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits until some process of the workspace has `word` on its command line.
fn until_there_is(fixture: &Fixture, word: &str) {
    let start = Instant::now();
    while !processes_of(&fixture.root).iter().any(|line| line.contains(word)) {
        assert!(start.elapsed() < Duration::from_secs(60), "nothing called {word} was started");
        sleep(Duration::from_millis(20));
    }
}

/// A workload that runs until it is ended, and ignores being asked where it is told to.
fn endless(fixture: &Fixture, trap: &str) {
    let sleeps =
        format!(r#"["sh", "-c", "{trap} setsid sleep 91 & while :; do sleep 0.1; done", "{{program}}"]"#);
    fixture.replace("pgo/pgo.toml", r#"["{program}", "2000"]"#, &sleeps);
}

struct Ends {
    name: &'static str,
    trap: &'static str,
    signals: &'static [&'static str],
    /// It may take no longer than this from the first signal on.
    within: Duration,
}

const ENDS: [Ends; 5] = [
    Ends { name: "Ctrl-C", trap: "", signals: &["INT"], within: Duration::from_secs(4) },
    Ends {
        name: "SIGTERM, as from a CI job's end",
        trap: "",
        signals: &["TERM"],
        within: Duration::from_secs(4),
    },
    Ends { name: "a closed terminal", trap: "", signals: &["HUP"], within: Duration::from_secs(4) },
    Ends {
        name: "Ctrl-C while the workload ignores it: killed after a grace",
        trap: "trap '' TERM INT;",
        signals: &["INT"],
        within: Duration::from_secs(9),
    },
    Ends {
        name: "a second Ctrl-C kills",
        trap: "trap '' TERM INT;",
        signals: &["INT", "INT"],
        within: Duration::from_secs(4),
    },
];

#[test]
fn a_run_that_is_interrupted_says_so_once_and_leaves_nothing() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&[]);
    let (config, before) = (fixture.read("pgo/pgo.toml"), finished(&fixture.root));
    for ends in ENDS {
        endless(&fixture, ends.trap);
        let case = Case::new(&fixture);
        let child = start(&case, &[]);
        until_there_is(&fixture, "setsid sleep 91");
        let asked = Instant::now();
        for signal in ends.signals {
            send(signal, &child);
            sleep(Duration::from_millis(300));
        }
        let ran = finish(child.wait_with_output().unwrap());
        let took = asked.elapsed();
        assert!(took < ends.within, "{}: took {took:?}", ends.name);
        assert_eq!(ran.code, 130, "{}: {}", ends.name, ran.stderr);
        assert_eq!(ran.stderr.matches("error: interrupted").count(), 1, "{}: {}", ends.name, ran.stderr);
        assert!(ran.stderr.contains(" hint: "), "{}: {}", ends.name, ran.stderr);
        assert_eq!(processes_of(&fixture.root), Vec::<String>::new(), "{}", ends.name);
        assert_eq!(finished(&fixture.root), before, "{}", ends.name);
        fixture.write("pgo/pgo.toml", &config);
    }
    fixture.is_up_to_date(&[]);
}

#[test]
fn a_build_that_is_interrupted_leaves_nothing() {
    let fixture = Fixture::tiny();
    fixture.write("build.rs", "fn main() { std::thread::sleep(std::time::Duration::from_secs(90)) }");
    let case = Case::new(&fixture);
    let child = start(&case, &[]);
    until_there_is(&fixture, "build-script-build");
    send("INT", &child);
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.stderr);
    assert_eq!(processes_of(&fixture.root), Vec::<String>::new());
    std::fs::remove_file(fixture.path("build.rs")).unwrap();
    fixture.succeeds(&[]);
}

#[test]
fn two_runs_at_once_take_turns() {
    let fixture = Fixture::tiny();
    fixture.replace("pgo/pgo.toml", "seed = 7", "seed = 7\nprepare = [[\"sleep\", \"2.25\"]]");
    let case = Case::new(&fixture);
    let first = start(&case, &[]);
    until_there_is(&fixture, "sleep 2.25");
    let second: Ran = case.run(&[]);
    let first = finish(first.wait_with_output().unwrap());
    assert_eq!((first.code, second.code), (0, 0), "{}\n{}", first.stderr, second.stderr);
    assert!(!first.stderr.contains("Blocking"), "{}", first.stderr);
    assert!(second.stderr.contains("Blocking waiting for file lock on"), "{}", second.stderr);
    assert_eq!(second.stderr.matches("up to date").count(), 8, "{}", second.stderr);
}

#[test]
fn a_run_that_waits_for_another_can_be_interrupted() {
    let fixture = Fixture::tiny();
    fixture.replace("pgo/pgo.toml", "seed = 7", "seed = 7\nprepare = [[\"sleep\", \"3.25\"]]");
    let case = Case::new(&fixture);
    let first = start(&case, &["--to", "train"]);
    until_there_is(&fixture, "sleep 3.25");
    let second = start(&case, &[]);
    sleep(Duration::from_millis(800));
    send("INT", &second);
    let second = finish(second.wait_with_output().unwrap());
    assert_eq!(second.code, 130, "{}", second.stderr);
    assert_eq!(finish(first.wait_with_output().unwrap()).code, 0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let fixture = Fixture::tiny();
    let case = Case::new(&fixture);
    let mut child = start(&case, &["--format", "json"]);
    drop(child.stdout.take());
    let ran = finish(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
