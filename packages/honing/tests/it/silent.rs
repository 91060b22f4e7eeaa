//! What builds by commands do without a word is told: how far they are, and what goes wrong in silence.

use std::fs;

use crate::commands::{prog, prog_in};

/// make says nothing: the calls of compilers tell how far it is, and the last build how far it goes.
#[test]
fn a_build_that_says_nothing_tells_how_far_it_is() {
    let Some(fixture) = prog() else { return };
    fixture.replace("pgo/pgo.toml", "build = [\"make\", ", "build = [\"make\", \"-s\", ");
    fixture.replace("src/Makefile", "-c $< -o $@\n", "-c $< -o $@ && sleep 1.2\n");
    let told = |stage: &str| -> Vec<(u64, Option<u64>)> {
        let ran = fixture.succeeds(&["--format", "json", "--to", stage]);
        let events = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        events
            .filter(|event| event["event"] == "progress" && event["stage"] == stage)
            .map(|event| (event["done"].as_u64().unwrap(), event["total"].as_u64()))
            .collect()
    };
    for (stage, total) in [("baseline", None), ("instrument", Some(2))] {
        let told = told(stage);
        assert!(!told.is_empty() && told.len() <= 2, "{stage}: {told:?}");
        assert!(told.iter().all(|(done, of)| (1..=2).contains(done) && *of == total), "{stage}: {told:?}");
    }
}

/// Names of local functions have no folders: two that are alike share a record, and how much that is, is told.
#[test]
fn functions_that_share_a_record_are_told() {
    let Some(fixture) = prog() else { return };
    let work = fs::read_to_string(fixture.path("src/work.c")).unwrap();
    fixture.write("src/other/work.c", &work.replace("run(", "more(").replace("h * 3 + 1", "h * 5 + 1"));
    fixture.replace(
        "src/main.c",
        "unsigned run(unsigned rounds);",
        "unsigned run(unsigned), more(unsigned);",
    );
    fixture.replace(
        "src/main.c",
        "run(argc > 1 ? atoi(argv[1]) : 1000)",
        "run(argc > 1 ? atoi(argv[1]) : 9) + more(9)",
    );
    fixture.replace(
        "src/Makefile",
        "prog: main.o work.o\n\t$(CC) $(LDFLAGS) -o $@ main.o work.o\n",
        "prog: main.o work.o other/work.o\n\t$(CC) $(LDFLAGS) -o $@ $^\n\
         other/work.o: other/work.c\n\tcd other && $(CC) $(CFLAGS) $(MORE) -c work.c -o work.o\n",
    );
    let ran = fixture.succeeds(&["--ci", "--to", "optimize"]);
    let said = ran.stdout + &ran.stderr;
    assert!(said.contains("local functions that share a record"), "{said}");
    assert!(said.contains("in other/work.c and work.c"), "{said}");
    assert!(said.contains("100.0 % of the profile's weight"), "{said}");
}

/// make takes a path with blanks apart, and says so in its own words.
#[test]
fn blanks_in_a_path_are_told_and_can_be_avoided() {
    let Some(fixture) = prog_in("with blanks") else { return };
    let failed = fixture.run(&["--ci", "--to", "baseline"]);
    assert_eq!(failed.code, 10, "{failed:?}");
    assert!(failed.stderr.contains("has blanks") && failed.stderr.contains("--target-dir"), "{failed:?}");
    let elsewhere = tempfile::tempdir().unwrap();
    let dir = elsewhere.path().to_str().unwrap();
    fixture.succeeds(&["--ci", "--to", "optimize", "--target-dir", dir]);
}

/// Another make may build another program.
#[test]
fn another_tool_of_the_same_name_is_seen() {
    let Some(fixture) = prog() else { return };
    fixture.succeeds(&["--to", "baseline"]);
    let make = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|folder| folder.join("make"))
        .find(|make| make.is_file())
        .unwrap();
    fixture.write("bin/make", &format!("#!/bin/sh\nexec {} \"$@\"\n", make.display()));
    std::process::Command::new("chmod")
        .args(["+x", "bin/make"])
        .current_dir(fixture.path(""))
        .status()
        .unwrap();
    let path = format!("{}:{}", fixture.path("bin").display(), std::env::var("PATH").unwrap());
    let planned = fixture.honing(&["plan", "--explain"]).env("PATH", path).output().unwrap();
    let planned = String::from_utf8_lossy(&planned.stdout).into_owned();
    assert!(planned.contains("because: tool make /"), "{planned}");
}
