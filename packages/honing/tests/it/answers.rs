//! A command's answer is on standard output, and its last line says what to do next.

use crate::support::{Fixture, commit, git};

/// The tiny program in a repository.
fn committed() -> Fixture {
    let fixture = Fixture::tiny();
    fixture.write(".gitignore", "target/\n");
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "first");
    fixture
}

const COMMIT: &str = "  next       commit pgo/profiles\n";
const BUILD: &str = "build what ships: honing build --program tiny\n";

#[test]
fn a_run_ends_with_the_next_step() {
    let fixture = committed();
    let before = fixture.succeeds(&["--to", "optimize"]).stdout;
    assert!(before.ends_with("  next       measure and record it: honing --program tiny\n"), "{before}");
    let recorded = fixture.succeeds(&["--ci"]).stdout;
    assert!(recorded.ends_with(&format!("{COMMIT}             {BUILD}")), "{recorded}");
    let report = fixture.read("target/honing/ci/report.md");
    assert!(report.contains("What to do next:\n\n- commit pgo/profiles"), "{report}");
    commit(&fixture, "profile");
    let again = fixture.succeeds(&[]).stdout;
    assert!(again.ends_with(&format!("  next       {BUILD}")) && !again.contains("commit pgo"), "{again}");
    // A profile of no commit is told when it is made, not only by the checklist.
    fixture.write("notes.txt", "");
    let dirty = fixture.succeeds(&["--force", "--from", "record"]).stderr;
    assert!(dirty.contains("record: the working tree has uncommitted changes"), "{dirty}");
}

#[test]
fn what_was_asked_for_is_on_standard_output() {
    let fixture = committed();
    fixture.succeeds(&[]);
    commit(&fixture, "profile");
    for (args, answer) in [
        (&["check"][..], "check: tiny: the stored profile fits"),
        (&["check", "--ci"], "check: tiny: the stored profile fits"),
        (&["check", "--quiet"], "check: tiny: the stored profile fits"),
        (&["rebase"], "nothing to rebase"),
        (&["checklist"], "**ready**"),
        (&["checklist", "--ci"], "**ready**"),
        (&["status"], "fulfilled"),
        (&["plan"], "up to date"),
    ] {
        let ran = fixture.succeeds(args);
        assert!(ran.stdout.contains(answer), "{args:?}: {} | {}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains(answer), "{args:?}: {}", ran.stderr);
    }
    let check = fixture.succeeds(&["check"]).stdout;
    assert!(check.lines().last().unwrap().starts_with("check: tiny:"), "{check}");
    let events = fixture.succeeds(&["check", "--format", "json"]).stdout;
    assert!(events.contains(r#""event":"answer","text":"check: tiny"#), "{events}");
}

#[test]
fn a_stage_says_what_it_took_the_last_time_here_or_elsewhere() {
    let fixture = committed();
    let first = fixture.succeeds(&[]).stderr;
    assert!(first.contains("Baseline running: first run\n"), "{first}");
    commit(&fixture, "profile");
    let again = fixture.succeeds(&["--force", "--only", "train"]).stderr;
    assert!(again.contains("Train running: --force; it took 0."), "{again}");
    // A manifest has seconds.
    let clone = fixture.clone_in("tiny");
    let elsewhere = clone.succeeds(&["--to", "baseline"]).stderr;
    let took = elsewhere.lines().find(|line| line.contains("Baseline running")).unwrap();
    assert!(took.contains("first run; it took ") && took.ends_with(".0s last time"), "{elsewhere}");
}

#[test]
fn a_clone_tells_of_the_profile_what_the_original_tells() {
    let fixture = committed();
    fixture.write("src/main.rs", &format!("{}// more\n", fixture.read("src/main.rs")));
    fixture.succeeds(&[]);
    let here = fixture.succeeds(&["status"]).stdout;
    assert!(
        here.contains("0 commits and at most 1 changed line in the program's packages since; some may"),
        "{here}"
    );
    commit(&fixture, "profile");
    let last = |fixture: &Fixture| {
        let status = fixture.succeeds(&["status"]).stdout;
        status.lines().find(|line| line.starts_with("  match ")).unwrap().to_owned()
    };
    assert_eq!(last(&fixture), last(&fixture.clone_in("tiny")));
}
