//! Workloads that cannot run, fail, hang, or leave no profile.

use super::{Row, table};
use crate::support::Fixture;

const BEFORE: [Row; 5] = [
    Row {
        name: "a command that is not there",
        breaks: |case| case.train_on(&["./load.sh", "{program}"]),
        args: &[],
        code: 15,
        says: &["program `tiny`: workload `learn`: command", "no program `./load.sh`"],
        hint: "install it",
    },
    Row {
        name: "a command that may not be executed",
        breaks: |case| {
            case.at.write("load.sh", "#!/bin/sh\n");
            case.train_on(&["./load.sh", "{program}"]);
        },
        args: &[],
        code: 15,
        says: &["program `tiny`: workload `learn`: command", "`./load.sh`", "executable"],
        hint: "chmod +x",
    },
    Row {
        name: "a corpus that is not there",
        breaks: |case| case.config("seed = 7", "seed = 7\ninputs = [\"corpus\"]"),
        args: &[],
        code: 15,
        says: &["workload `learn`", "inputs", "/corpus", "No such file"],
        hint: "inputs",
    },
    Row {
        name: "an unreadable corpus",
        breaks: |case| {
            use std::os::unix::fs::PermissionsExt;
            case.at.write("corpus/a.txt", "text");
            let closed = std::fs::Permissions::from_mode(0o000);
            std::fs::set_permissions(case.at.path("corpus/a.txt"), closed).unwrap();
            case.config("seed = 7", "seed = 7\ninputs = [\"corpus\"]");
            case.without_privileges();
        },
        args: &[],
        code: 15,
        says: &["workload `learn`", "corpus/a.txt", "Permission denied"],
        hint: "make it readable",
    },
    Row {
        name: "a corpus with a link to itself",
        breaks: |case| {
            std::os::unix::fs::symlink("corpus", case.at.path("corpus")).unwrap();
            case.config("seed = 7", "seed = 7\ninputs = [\"corpus\"]");
        },
        args: &[],
        code: 15,
        says: &["workload `learn`", "/corpus", "symbolic links"],
        hint: "inputs",
    },
];

const TRAINING: [Row; 17] = [
    Row {
        name: "a workload that exits 1",
        breaks: |case| case.train_on(&["sh", "-c", "echo no such record >&2; exit 1", "{program}"]),
        args: &[],
        code: 11,
        says: &["train: workload `learn`", "exit code 1"],
        hint: "no such record",
    },
    Row {
        name: "a workload that fails without a word, and is tried again",
        breaks: |case| {
            case.config("seed = 7", "seed = 7\nretries = 1");
            case.train_on(&["sh", "-c", "exit 7", "{program}"]);
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`", "exit code 7"],
        hint: "exit_codes",
    },
    Row {
        name: "a workload that crashes",
        breaks: |case| case.train_on(&["sh", "-c", "kill -SEGV $$", "{program}"]),
        args: &[],
        code: 11,
        says: &["train: workload `learn`", "signal SIGSEGV"],
        hint: "run it by hand",
    },
    Row {
        name: "a workload that hangs, with a grandchild in a session of its own",
        breaks: |case| {
            case.config("seed = 7", "seed = 7\ntimeout = \"500ms\"");
            case.train_on(&["sh", "-c", "setsid sleep 97 & sleep 98", "{program}"]);
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`", "did not end within 500ms"],
        hint: "`timeout` of workload `learn`",
    },
    Row {
        name: "a preparation that fails",
        breaks: |case| {
            let prepare = "prepare = [[\"sh\", \"-c\", \"echo no data >&2; exit 4\"]]";
            case.config("seed = 7", &format!("seed = 7\n{prepare}"));
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`: prepare", "exit code 4"],
        hint: "no data",
    },
    Row {
        name: "a preparation that hangs",
        breaks: |case| {
            let prepare = "timeout = \"500ms\"\nprepare = [[\"sleep\", \"96\"]]";
            case.config("seed = 7", &format!("seed = 7\n{prepare}"));
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`: prepare", "did not end within 500ms"],
        hint: "timeout",
    },
    Row {
        name: "a workload that starts something else than the program",
        breaks: |case| case.train_on(&["echo", "{program}"]),
        args: &[],
        code: 12,
        says: &["train: workload `learn` left no profile"],
        hint: "never ran",
    },
    Row {
        name: "a workload that ends the program by SIGKILL",
        breaks: |case| {
            case.train_on(&["sh", "-c", "\"$0\" 200000000 & sleep 0.2; kill -KILL $!", "{program}"])
        },
        args: &[],
        code: 12,
        says: &["train: workload `learn` left no profile"],
        hint: "flush = \"continuous\"",
    },
    Row {
        name: "a workload that rewrites its inputs",
        breaks: |case| {
            case.at.write("corpus/sub/a.txt", "text");
            case.config("seed = 7", "seed = 7\ninputs = [\"corpus\"]");
            case.train_on(&["sh", "-c", "\"$0\" 2000; echo more >> corpus/sub/a.txt", "{program}"]);
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn` does not leave its inputs as they are", "corpus/sub/a.txt changed"],
        hint: "{dir}/corpus",
    },
    Row {
        name: "a workload that writes a file beside its inputs",
        breaks: |case| {
            case.at.write("corpus/a.txt", "text");
            case.config("seed = 7", "seed = 7\ninputs = [\"corpus\"]");
            case.train_on(&["sh", "-c", "\"$0\" 2000; touch corpus/a.txt.out", "{program}"]);
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`", "corpus/a.txt.out is new while it ran"],
        hint: "{dir}/corpus",
    },
    Row {
        name: "a workload that removes its input",
        breaks: |case| {
            case.at.write("one.txt", "text");
            case.config("seed = 7", "seed = 7\ninputs = [\"one.txt\"]");
            case.train_on(&["sh", "-c", "\"$0\" 2000; rm one.txt", "{program}"]);
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`", "one.txt", "No such file"],
        hint: "{dir}/corpus",
    },
    Row {
        name: "a profile that cannot be written",
        breaks: |case| {
            let script = "chmod 555 \"$(dirname \"$LLVM_PROFILE_FILE\")\"; \"$0\" 2000";
            case.train_on(&["sh", "-c", script, "{program}"]);
            case.without_privileges();
        },
        args: &[],
        code: 12,
        says: &["train: workload `learn`", "LLVM Profile Error: Failed to write file", "Permission denied"],
        hint: "flush = \"continuous\"",
    },
    Row {
        name: "cargo test that fails",
        breaks: |case| {
            case.at.write("tests/it.rs", "#[test]\nfn fails() { assert_eq!(1, 2) }\n");
            case.config("command = [\"{program}\", \"2000\"]", "cargo.test = {}");
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`", "cargo test", "exit code 101"],
        hint: "test failed",
    },
    Row {
        name: "cargo test that fails, by the name of the test",
        breaks: |case| {
            let fails = "#[test]\nfn adds_up() { assert_eq!(1, 2, \"sums\") }\n#[test]\nfn passes() {}\n";
            case.at.write("tests/it.rs", fails);
            case.config("command = [\"{program}\", \"2000\"]", "cargo.test = {}");
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`"],
        hint: "---- adds_up stdout ----",
    },
    Row {
        name: "cargo test that fails, by its assertion",
        breaks: |case| {
            case.at.write("tests/it.rs", "#[test]\nfn adds_up() { assert_eq!(1, 2, \"sums\") }\n");
            case.config("command = [\"{program}\", \"2000\"]", "cargo.test = {}");
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`"],
        hint: "assertion `left == right` failed: sums",
    },
    Row {
        name: "cargo test that does not compile",
        breaks: |case| {
            case.at.write("tests/it.rs", "#[test]\nfn adds_up() { no_such_function() }\n");
            case.config("command = [\"{program}\", \"2000\"]", "cargo.test = {}");
        },
        args: &[],
        code: 11,
        says: &["train: workload `learn`", "cargo test"],
        hint: "could not compile",
    },
    Row {
        name: "cargo test whose profiles cargo's configuration sends elsewhere",
        breaks: |case| {
            case.at.write("tests/it.rs", "#[test]\nfn passes() {}\n");
            let elsewhere = "[env]\nLLVM_PROFILE_FILE = { value = \"elsewhere_%p.profraw\", force = true }\n";
            case.at.write(".cargo/config.toml", elsewhere);
            case.config("command = [\"{program}\", \"2000\"]", "cargo.test = {}");
        },
        args: &[],
        code: 15,
        says: &["program `tiny`: workload `learn`", "LLVM_PROFILE_FILE", "elsewhere_%p.profraw"],
        hint: "force",
    },
];

const EVALUATION: [Row; 6] = [
    Row {
        name: "an evaluation that rewrites its inputs",
        breaks: |case| {
            case.at.write("corpus/a.txt", "text");
            let rewrites = r#"["sh", "-c", "\"$0\" 3000; echo more >> corpus/a.txt", "{program}"]"#;
            case.config(r#"["{program}", "3000"]"#, &format!("{rewrites}\ninputs = [\"corpus\"]"));
        },
        args: &[],
        code: 11,
        says: &["bench: workload `judge` does not leave its inputs", "corpus/a.txt changed while it ran"],
        hint: "{dir}/corpus",
    },
    Row {
        name: "an evaluation that leaves the program running",
        breaks: |case| {
            let leaves = r#"["sh", "-c", "setsid \"$0\" 999999999999 >/dev/null & exit 0", "{program}"]"#;
            case.config(r#"["{program}", "3000"]"#, &format!("{leaves}\ntimeout = \"1s\""));
        },
        args: &[],
        code: 11,
        says: &["bench: workload `judge`", "left tiny (pid ", "before its work was done"],
        hint: "in the foreground",
    },
    Row {
        name: "output without the metric",
        breaks: |case| case.config_also("metric.p99.pointer = \"/latency/p99\""),
        args: &[],
        code: 11,
        says: &["bench: workload `judge`", "no number at /latency/p99"],
        hint: "the output begins with {\"longest\":",
    },
    Row {
        name: "output that is not JSON",
        breaks: |case| {
            let echo = r#"["sh", "-c", "\"$0\" 3000; echo done", "{program}"]"#;
            case.config(r#"["{program}", "3000"]"#, echo);
            case.config_also("work = \"/longest\"");
        },
        args: &[],
        code: 11,
        says: &["bench: workload `judge`", "not JSON"],
        hint: "one JSON document",
    },
    Row {
        name: "an evaluation that fails in the optimized program alone",
        breaks: |case| {
            let fails = r#"["sh", "-c", "case $0 in */optimize/*) echo differs >&2; exit 9;; esac; \"$0\" 3000", "{program}"]"#;
            case.config(r#"["{program}", "3000"]"#, fails);
        },
        args: &[],
        code: 11,
        says: &["bench: workload `judge`", "/optimize/", "exit code 9"],
        hint: "differs",
    },
    Row {
        name: "no work done",
        breaks: |case| {
            let idle = r#"["sh", "-c", "\"$0\" 3000 >/dev/null; echo '{{\"done\": 0}}'", "{program}"]"#;
            case.config(r#"["{program}", "3000"]"#, idle);
            case.config_also("work = \"/done\"");
        },
        args: &[],
        code: 11,
        says: &["bench: workload `judge`", "no work was done", "/done"],
        hint: "`work`",
    },
];

#[test]
fn what_preflight_sees() {
    table(&Fixture::tiny(), &BEFORE);
}

#[test]
fn training() {
    table(&Fixture::tiny(), &TRAINING);
}

#[test]
fn evaluation() {
    table(&Fixture::tiny(), &EVALUATION);
}
