//! Words on the command line, and in variables that stand for them.

use super::{Case, Row, table};
use crate::support::Fixture;

const ROWS: [Row; 23] = [
    Row {
        name: "a folder of profiles that is not there",
        breaks: |_| {},
        args: &["--profiles", "nowhere", "--only", "optimize"],
        code: 12,
        says: &["--profiles: there is no folder", "nowhere"],
        hint: "export --all",
    },
    Row {
        name: "no jobs at once",
        breaks: |_| {},
        args: &["--jobs", "0"],
        code: 2,
        says: &["--jobs", "a number from 1, `default`"],
        hint: "--help",
    },
    Row {
        name: "a budget of ages",
        breaks: |_| {},
        args: &["--budget", "584542046090years"],
        code: 2,
        says: &["--budget", "it may be 36500 days"],
        hint: "--help",
    },
    Row {
        name: "a program that there is not",
        breaks: |_| {},
        args: &["-P", "tny"],
        code: 2,
        says: &["no program called `tny`", "pgo/pgo.toml"],
        hint: "did you mean `tiny`?",
    },
    Row {
        name: "the same, from the environment",
        breaks: |case| case.set("HONING_PROGRAM", "other"),
        args: &[],
        code: 2,
        says: &["no program called `other`"],
        hint: "tiny",
    },
    Row {
        name: "a workload that there is not",
        breaks: |_| {},
        args: &["-w", "lern"],
        code: 2,
        says: &["no workload called `lern`", "program `tiny`"],
        hint: "did you mean `learn`?",
    },
    Row {
        name: "a stage that there is not",
        breaks: |_| {},
        args: &["--to", "optimise"],
        code: 2,
        says: &["no stage is called `optimise`"],
        hint: "did you mean `optimize`?",
    },
    Row {
        name: "a word that is like no stage",
        breaks: |_| {},
        args: &["--only", "zebra"],
        code: 2,
        says: &["no stage is called `zebra`"],
        hint: "preflight",
    },
    Row {
        name: "stages in the wrong order",
        breaks: |_| {},
        args: &["--from", "bench", "--to", "train"],
        code: 2,
        says: &["--from bench comes after --to train"],
        hint: "the order is",
    },
    Row {
        name: "a stage alone and a range",
        breaks: |_| {},
        args: &["--only", "train", "--to", "bench"],
        code: 2,
        says: &["'--only <STAGE>' cannot be used with '--to <STAGE>'"],
        hint: "--help",
    },
    Row {
        name: "a flag that there is not",
        breaks: |_| {},
        args: &["--pears", "4"],
        code: 2,
        says: &["--pears"],
        hint: "--pairs",
    },
    Row {
        name: "a value that is no number",
        breaks: |case| case.set("HONING_PAIRS", "many"),
        args: &[],
        code: 2,
        says: &["many", "--pairs"],
        hint: "HONING_PAIRS",
    },
    Row {
        name: "an odd number of pairs, which only the last but one stage reads",
        breaks: |_| {},
        args: &["--pairs", "7", "--force"],
        code: 2,
        says: &["--pairs", "7", "even"],
        hint: "--pairs 8",
    },
    Row {
        name: "a feature that there is not",
        breaks: |_| {},
        args: &["-F", "extr"],
        code: 2,
        says: &["no feature called `extr`", "package `tiny`"],
        hint: "did you mean `extra`?",
    },
    Row {
        name: "a feature of a package that there is not",
        breaks: |_| {},
        args: &["-F", "tinny/extra"],
        code: 2,
        says: &["tinny/extra", "package"],
        hint: "tiny",
    },
    Row {
        name: "cargo's --release",
        breaks: |_| {},
        args: &["--", "--release"],
        code: 2,
        says: &["`--release` after `--`"],
        hint: "pgo.toml",
    },
    Row {
        name: "another folder for parts of a build",
        breaks: |_| {},
        args: &["--", "--config", "build.build-dir='between'"],
        code: 2,
        says: &["build.build-dir", "folders of builds"],
        hint: "--target-dir",
    },
    Row {
        name: "a flag that cargo does not know",
        breaks: |_| {},
        args: &["--", "--no-such-flag"],
        code: 10,
        says: &["baseline: cargo build failed", "unexpected argument '--no-such-flag'"],
        hint: "--no-such-flag",
    },
    Row {
        name: "quiet about all but the error",
        breaks: |case| case.config("package =", "pakage ="),
        args: &["--quiet"],
        code: 2,
        says: &["pgo/pgo.toml:8:1", "unknown field `pakage`"],
        hint: "did you mean `package`?",
    },
    Row {
        name: "a plan of what cannot run",
        breaks: |case| case.config("package =", "pakage ="),
        args: &["plan"],
        code: 2,
        says: &["pgo/pgo.toml:8:1", "unknown field `pakage`"],
        hint: "did you mean `package`?",
    },
    Row {
        name: "settings that cannot be read",
        breaks: |case| case.config("pairs = 6", "pairs = 7"),
        args: &["show-config"],
        code: 2,
        says: &["pgo/pgo.toml:4:1", "pairs = 7"],
        hint: "pairs = 8",
    },
    Row {
        name: "cleaning up after a program that there is not",
        breaks: |_| {},
        args: &["clean", "-P", "tny"],
        code: 2,
        says: &["no program called `tny`"],
        hint: "did you mean `tiny`?",
    },
    Row {
        name: "--manifest-path names no file",
        breaks: |_| {},
        args: &["--manifest-path", "nowhere/Cargo.toml"],
        code: 2,
        says: &["nowhere/Cargo.toml"],
        hint: "--manifest-path",
    },
];

#[test]
fn words_on_the_command_line() {
    table(&Fixture::tiny(), &ROWS);
}

/// The last event says the same as standard error.
#[test]
fn errors_as_json() {
    let fixture = Fixture::tiny();
    let case = Case::new(&fixture);
    case.train_on(&["sh", "-c", "exit 7", "{program}"]);
    let ran = case.run(&["--format", "json"]);
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert_eq!((last["event"].as_str(), last["code"].as_i64()), (Some("run_finished"), Some(11)));
    let (error, hint) = (last["error"].as_str().unwrap(), last["hint"].as_str().unwrap());
    assert_eq!(ran.stderr, format!("error: {error}\n hint: {hint}\n"));
    let failed: Vec<String> =
        ran.stdout.lines().filter(|line| line.contains("\"failed\"")).map(str::to_owned).collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
}
