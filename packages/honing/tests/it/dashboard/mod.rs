//! The dashboard in a real pseudo-terminal: what a person sees, what keys and signals do,
//! and how the terminal is left each time.

mod manifest;
mod seen;
mod speed;

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use seen::{PATIENCE, Seen};

use crate::support::{Fixture, HONING, processes_of, skip};

/// A training workload that goes on until a file called `go` is there.
fn slow() -> Fixture {
    let fixture = Fixture::tiny();
    slow_down(&fixture);
    fixture
}

fn slow_down(fixture: &Fixture) {
    fixture.write("slow.sh", "while ! [ -f go ]; do sleep 0.05; done\nexec \"$@\"\n");
    let (fast, slow) =
        ("command = [\"{program}\", \"2000\"]", "command = [\"sh\", \"slow.sh\", \"{program}\", \"2000\"]");
    fixture.replace("pgo/pgo.toml", fast, slow);
}

fn children_are_gone(fixture: &Fixture) {
    let start = Instant::now();
    while !processes_of(&fixture.root).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(10), "{:#?}", processes_of(&fixture.root));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_run_from_start_to_quit() {
    let fixture = Fixture::tiny();
    let mut seen = Seen::honing(&fixture, &[]);
    seen.finished();
    assert!(seen.is_up(), "it stays open");
    let text = seen.text();
    for stage in ["preflight", "baseline", "instrument", "train", "merge", "optimize", "bench", "record"] {
        let done = |line: &str| line.contains(stage) && line.contains("✓") && line.contains("done");
        assert!(text.lines().any(done), "{stage} is not done:\n{text}");
    }
    seen.shows("judge cpu");
    seen.shows("coverage");
    seen.press("4");
    seen.shows("tiny::main");
    seen.press("6");
    seen.shows("run, in UTC");
    seen.press("q");
    // Nothing is lost: the summary is in the scrollback, and what to do next its last line.
    let left = seen.ends_with(0);
    assert!(
        left.contains("Record done") && left.contains(&format!("tiny ({}", std::env::consts::ARCH)),
        "{left}"
    );
    assert!(left.contains("target/honing/tiny/optimize/tiny"), "{left}");
    assert!(left.trim_end().ends_with("honing build --program tiny"), "{left}");
}

#[test]
fn cancelled_and_run_again_from_there() {
    let fixture = slow();
    let mut seen = Seen::honing(&fixture, &[]);
    seen.stage("train", "running");
    seen.press("x");
    seen.shows("Cancel the run?");
    seen.press("n");
    seen.until("panes again", |text| !text.contains("Cancel the run?"));
    seen.press("x");
    seen.shows("Cancel the run?");
    seen.press("y");
    seen.stage("train", "cancelled");
    seen.shows("r rerun failed");
    children_are_gone_but(&fixture, &seen);
    fixture.write("go", "");
    seen.press("r");
    seen.finished();
    seen.stage("baseline", "skipped");
    seen.press("q");
    seen.ends_with(0);
}

/// The dashboard itself names the folder too, as its environment's.
fn children_are_gone_but(fixture: &Fixture, seen: &Seen) {
    let own = format!("{}:", seen.child.process_id().unwrap());
    let start = Instant::now();
    let others =
        || processes_of(&fixture.root).into_iter().filter(|line| !line.starts_with(&own)).collect::<Vec<_>>();
    while !others().is_empty() {
        assert!(start.elapsed() < Duration::from_secs(10), "{:#?}", others());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_failure_stays_on_the_screen_until_it_is_mended() {
    let fixture = Fixture::tiny();
    fixture.replace("src/main.rs", "fn main() {", "fn main() { nonsense");
    let mut seen = Seen::honing(&fixture, &[]);
    seen.stage("baseline", "failed");
    seen.shows("error: baseline: cargo build failed");
    seen.press("m");
    seen.shows("mend what it printed");
    // Alone: with what follows at once it would be Alt.
    seen.press("\u{1b}");
    seen.until("panes again", |text| text.contains("▶ 1 Stages"));
    fixture.replace("src/main.rs", "fn main() { nonsense", "fn main() {");
    seen.press("r");
    seen.finished();
    seen.press("q");
    seen.ends_with(0);

    fixture.replace("src/main.rs", "fn main() {", "fn main() { nonsense");
    let mut seen = Seen::honing(&fixture, &["--to", "baseline"]);
    seen.stage("baseline", "failed");
    seen.press("q");
    let left = seen.ends_with(10);
    assert!(
        left.contains("Baseline failed") && left.contains("error: baseline: cargo build failed"),
        "{left}"
    );
}

#[test]
fn resized_at_any_time() {
    let fixture = slow();
    let mut seen = Seen::honing(&fixture, &[]);
    seen.stage("train", "running");
    seen.resize(60, 12);
    seen.until("one pane", |text| text.contains("▶1 Stages") && !text.contains("2 Profile ─"));
    seen.resize(30, 6);
    seen.shows("The terminal is 30x6");
    seen.resize(0, 0);
    seen.resize(140, 50);
    seen.until("all panes", |text| text.contains("2 Profile ─") && text.contains("5 Log ─"));
    seen.press("\u{3}\u{3}");
    seen.stage("train", "cancelled");
    seen.press("q");
    seen.ends_with(130);
    children_are_gone(&fixture);
}

#[test]
fn signals_end_it_and_its_children() {
    let fixture = slow();
    for name in ["TERM", "HUP", "INT"] {
        let mut seen = Seen::honing(&fixture, &[]);
        seen.stage("train", "running");
        seen.signal(name);
        let left = seen.ends_with(130);
        assert!(left.contains("interrupted"), "{name}:\n{left}");
        children_are_gone(&fixture);
    }
}

/// A shell with job control, as a person has one.
#[test]
fn ctrl_z_stops_the_children_too() {
    let fixture = slow();
    if Command::new("bash").arg("--version").output().is_err() {
        return skip("bash");
    }
    let mut seen = Seen::start(&fixture, "bash", &["--norc", "--noprofile", "-i"]);
    seen.press(&format!("{HONING} --from preflight\r"));
    seen.stage("train", "running");
    let workload = || {
        processes_of(&fixture.root)
            .into_iter()
            .find(|line| line.contains("sh slow.sh") && !line.contains("__honing-launch"))
    };
    let stopped = |line: &str| state_of(line) == 'T';
    let waited = Instant::now();
    while workload().is_none() {
        assert!(waited.elapsed() < PATIENCE);
    }
    assert!(!stopped(&workload().unwrap()));
    seen.press("\u{1a}");
    seen.until("the shell", |text| text.contains("Stopped"));
    assert!(!seen.is_up());
    wait_until("stopped workload", || workload().is_some_and(|line| stopped(&line)));
    seen.press("fg\r");
    seen.until("the dashboard", |_| seen.is_up());
    seen.stage("train", "running");
    wait_until("workload that goes on", || workload().is_some_and(|line| !stopped(&line)));
    fixture.write("go", "");
    seen.finished();
    seen.press("q");
    // Its last line: what is typed before may be thrown away with raw mode.
    seen.until("the shell", |text| !seen.is_up() && text.contains("  optimized  "));
    seen.press("exit 7\r");
    seen.ends_with(7);
}

fn state_of(line: &str) -> char {
    let pid = line.split(':').next().unwrap();
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('?')
}

fn wait_until(what: &str, there: impl Fn() -> bool) {
    let start = Instant::now();
    while !there() {
        assert!(start.elapsed() < PATIENCE, "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn dash_starts_nothing() {
    let fixture = Fixture::tiny();
    let mut seen = Seen::honing(&fixture, &["dash"]);
    seen.shows("would run: first run");
    seen.shows("no profile of `tiny`");
    assert!(seen.text().contains("nothing runs") && !fixture.path("target/honing/tiny").exists());
    // One stage alone, with what the command line asked for.
    seen.press("jo");
    seen.finished();
    seen.stage("baseline", "done");
    seen.stage("instrument", "skipped");
    seen.press("q");
    seen.ends_with(0);
}

#[test]
fn lines_where_they_are_asked_for() {
    let fixture = Fixture::tiny();
    for args in [["--plain", "--to", "baseline"], ["--ci", "--to", "baseline"]] {
        let mut seen = Seen::honing(&fixture, &args);
        let left = seen.ends_with(0);
        assert!(left.contains("Baseline"), "{left}");
        assert!(!left.contains("▶"), "{left}");
    }
    let ran = fixture.run(&["dash"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("error: dash needs an interactive terminal"), "{}", ran.stderr);
}

#[test]
fn keys_and_the_end_of_a_run_can_be_set() {
    let fixture = Fixture::tiny();
    fixture.write("config/honing/dashboard.toml", "notify = \"bell\"\n[keys]\nquit = [\"ctrl-q\"]\n");
    let mut seen = Seen::honing(&fixture, &["--to", "baseline"]);
    seen.finished();
    seen.shows("ctrl-q quit");
    seen.press("q\u{11}");
    seen.ends_with(0);
    fixture.write("config/honing/dashboard.toml", "notify = \"loud\"\n");
    let mut seen = Seen::honing(&fixture, &["--to", "baseline"]);
    let left = seen.ends_with(2);
    assert!(left.contains("dashboard.toml: unknown variant `loud`"), "{left}");
}
