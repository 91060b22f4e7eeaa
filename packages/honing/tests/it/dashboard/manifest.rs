//! The edit of Cargo.toml from the dashboard, and the report that it opens.

use std::{fs, os::unix::fs::PermissionsExt};

use super::{seen::Seen, slow_down};
use crate::{
    manifest::{EDITED, with_profile},
    support::{Fixture, HONING},
};

const QUESTION: &str = "Change Cargo.toml like this?";

fn asked(seen: &mut Seen) {
    seen.press("e");
    let text = seen.shows(QUESTION);
    assert!(text.contains("-lto = false # for now") && text.contains("+codegen-units = 1"), "{text}");
    assert!(text.contains("the profile then decides about calls between crates"), "{text}");
}

/// Alone: with what follows at once it would be Alt.
fn close(seen: &mut Seen) {
    seen.press("\u{1b}");
    seen.until("panes again", |text| text.contains("1 Stages"));
}

fn names(fixture: &Fixture) -> Vec<String> {
    let entries = fs::read_dir(&fixture.root).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn cargo_toml_is_changed_only_as_shown_and_accepted() {
    let fixture = with_profile();
    let before = fixture.read("Cargo.toml");
    let mut seen = Seen::honing(&fixture, &["dash"]);
    // The plan made Cargo.lock meanwhile, if it had to.
    seen.shows("would run");
    let files = names(&fixture);

    asked(&mut seen);
    seen.press("n");
    seen.shows("Cargo.toml was left as it is");
    asked(&mut seen);
    close(&mut seen);
    assert_eq!(fixture.read("Cargo.toml"), before);

    // Somebody saves the file while it is shown.
    asked(&mut seen);
    let saved = format!("{before}# saved meanwhile\r\n");
    fixture.write("Cargo.toml", &saved);
    seen.press("y");
    let text = seen.shows("has changed since it was read");
    assert!(text.contains("look at it again"), "{text}");
    assert_eq!(fixture.read("Cargo.toml"), saved);
    close(&mut seen);

    fixture.write("Cargo.toml", &before);
    asked(&mut seen);
    seen.press("y");
    seen.shows("The next run builds again");
    let unchanged = before.strip_suffix("\r\n# as shipped\r\n[profile.release]\r\nlto = false # for now\r\n");
    assert_eq!(fixture.read("Cargo.toml"), format!("{}{EDITED}", unchanged.unwrap()));
    assert_eq!(names(&fixture), files, "nothing else is left");
    close(&mut seen);
    seen.press("e");
    seen.shows("Nothing to change in Cargo.toml");
    close(&mut seen);
    seen.press("q");
    let left = seen.ends_with(0);
    assert!(
        left.contains("Changed Cargo.toml: [profile.release] lto = \"fat\", codegen-units = 1"),
        "{left}"
    );
}

#[test]
fn what_cannot_be_read_or_written_says_why() {
    let fixture = with_profile();
    let before = fixture.read("Cargo.toml");
    let mut seen = Seen::honing(&fixture, &["dash"]);
    seen.shows("would run");
    fs::set_permissions(fixture.path("Cargo.toml"), fs::Permissions::from_mode(0o444)).unwrap();
    asked(&mut seen);
    seen.press("y");
    let text = seen.shows("Cargo.toml is read-only");
    assert!(text.contains("nothing was written; make it writable"), "{text}");
    assert_eq!(fixture.read("Cargo.toml"), before);
    close(&mut seen);

    fs::set_permissions(fixture.path("Cargo.toml"), fs::Permissions::from_mode(0o644)).unwrap();
    fixture.write("Cargo.toml", "[profile.release\n");
    seen.press("e");
    let has = |text: &str, word: &str| text.lines().any(|line| line.trim_end() == word);
    let text = seen.until("error and hint", |text| has(text, "error") && has(text, "hint"));
    assert!(text.contains("Cargo.toml") && !text.contains(QUESTION), "{text}");
    close(&mut seen);
    seen.press("q");
    seen.ends_with(0);
}

#[test]
fn not_while_a_run_reads_it_and_the_next_run_builds_with_it() {
    let fixture = with_profile();
    slow_down(&fixture);
    let before = fixture.read("Cargo.toml");
    let mut seen = Seen::honing(&fixture, &[]);
    seen.stage("train", "running");
    seen.press("e");
    seen.shows("A run works, and reads Cargo.toml");
    seen.until("diff", |text| text.contains("+codegen-units = 1"));
    seen.press("y");
    // The same from another terminal.
    let ran = fixture.run(&["manifest", "--yes"]);
    assert_eq!(
        (ran.code, ran.stderr.contains("error: a run works, and reads")),
        (15, true),
        "{}",
        ran.stderr
    );
    fixture.write("go", "");
    seen.shows(QUESTION);
    assert_eq!(fixture.read("Cargo.toml"), before);
    seen.press("y");
    seen.shows("The next run builds again");
    close(&mut seen);
    seen.press("s");
    seen.stage("baseline", "running");
    seen.finished();
    seen.stage("baseline", "done");
    seen.press("q");
    seen.ends_with(0);
}

/// A folder of programs that a desktop would have, each of which does `script`.
fn openers(fixture: &Fixture, script: &str) -> String {
    for name in ["xdg-open", "gio", "gnome-open", "kde-open", "kde-open5", "kde-open6"] {
        fixture.write(&format!("openers/{name}"), &format!("#!/bin/sh\n{script}\n"));
        let path = fixture.path(&format!("openers/{name}"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("PATH={}:{}", fixture.path("openers").display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_report_is_opened_or_its_place_is_told() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&["--to", "baseline"]);
    let runs = fs::read_dir(fixture.path("target/honing/runs")).unwrap();
    let run = runs.map(|run| run.unwrap().file_name().into_string().unwrap()).next().unwrap();
    let report = format!("target/honing/runs/{run}/report.html");
    fixture.write(&report, "<p>of a run\n");
    // It has no terminal that it could write onto, and need not come to an end.
    let path = openers(&fixture, "(echo garbled >/dev/tty) 2>/dev/null; echo \"$1\" > opened; exec sleep 5");
    let mut seen = Seen::start(&fixture, "env", &[&path, HONING, "dash"]);
    seen.shows("would run");
    seen.press("v");
    seen.shows(&format!("note: the report is {report}"));
    seen.until("opened report", |_| {
        fs::read_to_string(fixture.path("opened")).is_ok_and(|opened| opened == format!("{report}\n"))
    });
    seen.press("4");
    seen.until("an answer meanwhile", |text| text.contains("▶ 4 Hot"));
    assert!(!seen.text().contains("garbled"), "{}", seen.text());
    seen.press("q");
    seen.ends_with(0);

    let path = openers(&fixture, "exit 3");
    let mut seen = Seen::start(&fixture, "env", &[&path, HONING, "dash"]);
    seen.shows("would run");
    seen.press("v");
    seen.shows(&format!("warning: nothing opens {report}"));
    seen.press("q");
    seen.ends_with(0);
}
