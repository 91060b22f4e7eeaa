//! Words on the command line, and in variables that stand for them.

use super::{Row, table};
use crate::support::Fixture;

const ROWS: [Row; 16] = [
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
        args: &["train", "--to", "bench"],
        code: 2,
        says: &["train alone", "--from and --to"],
        hint: "--from train",
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
        name: "rustflags where cargo would drop them",
        breaks: |_| {},
        args: &["--", "--config", "build.rustflags=[]"],
        code: 2,
        says: &["build.rustflags", "dropped"],
        hint: ".cargo/config.toml",
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
