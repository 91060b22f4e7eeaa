//! `pgo.toml` that cannot be read, or does not fit the rules.

use super::{Row, table};
use crate::support::Fixture;

const SERVICE: &str = r#"
[program.tiny.workload.serve]
role = "train"
service.start = ["{program}"]
service.load = ["true"]
service.ready.log = "longest"
"#;

const UNREADABLE: [Row; 10] = [
    Row {
        name: "pgo.toml is a link that leads nowhere",
        breaks: |case| {
            std::fs::remove_file(case.at.path("pgo/pgo.toml")).unwrap();
            std::os::unix::fs::symlink("nowhere", case.at.path("pgo/pgo.toml")).unwrap();
        },
        args: &[],
        code: 2,
        says: &["cannot read pgo/pgo.toml"],
        hint: "leads nowhere",
    },
    Row {
        name: "pgo.toml is a FIFO",
        breaks: |case| {
            std::fs::remove_file(case.at.path("pgo/pgo.toml")).unwrap();
            let mode = nix::sys::stat::Mode::S_IRWXU;
            nix::unistd::mkfifo(&case.at.path("pgo/pgo.toml"), mode).unwrap();
        },
        args: &[],
        code: 2,
        says: &["cannot read pgo/pgo.toml: it is no file"],
        hint: "move what is there away",
    },
    Row {
        name: "no pgo.toml",
        breaks: |case| std::fs::remove_file(case.at.path("pgo/pgo.toml")).unwrap(),
        args: &[],
        code: 2,
        says: &["cannot read pgo/pgo.toml", "No such file"],
        hint: "init",
    },
    Row {
        name: "--config names no file",
        breaks: |_| {},
        args: &["--config", "pgo/other.toml"],
        code: 2,
        says: &["cannot read pgo/other.toml"],
        hint: "--config",
    },
    Row {
        name: "pgo.toml is a folder",
        breaks: |case| {
            std::fs::remove_file(case.at.path("pgo/pgo.toml")).unwrap();
            case.at.write("pgo/pgo.toml/x", "");
        },
        args: &[],
        code: 2,
        says: &["cannot read pgo/pgo.toml", "Is a directory"],
        hint: "file",
    },
    Row {
        name: "pgo.toml is not UTF-8",
        breaks: |case| std::fs::write(case.at.path("pgo/pgo.toml"), b"[program.t\xff]").unwrap(),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml", "UTF-8"],
        hint: "UTF-8",
    },
    Row {
        name: "pgo.toml may not be read",
        breaks: |case| {
            use std::os::unix::fs::PermissionsExt;
            // A new file, so that mending it makes it readable again.
            let text = case.at.read("pgo/pgo.toml");
            std::fs::remove_file(case.at.path("pgo/pgo.toml")).unwrap();
            case.at.write("pgo/pgo.toml", &format!("{text}\n# changed\n"));
            let closed = std::fs::Permissions::from_mode(0o000);
            std::fs::set_permissions(case.at.path("pgo/pgo.toml"), closed).unwrap();
            case.without_privileges();
        },
        args: &[],
        code: 2,
        says: &["cannot read pgo/pgo.toml", "Permission denied"],
        hint: "readable",
    },
    Row {
        name: "a table is not closed",
        breaks: |case| case.config("[program.tiny.cargo]", "[program.tiny.cargo"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:7:", "unclosed table"],
        hint: "pgo.schema.json",
    },
    Row {
        name: "an empty pgo.toml",
        breaks: |case| case.at.write("pgo/pgo.toml", ""),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:1:1", "missing field `program`"],
        hint: "[program.NAME]",
    },
    Row {
        name: "no program in pgo.toml",
        breaks: |case| case.at.write("pgo/pgo.toml", "[program]\n"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:1:1", "no program is defined"],
        hint: "init",
    },
];

const KEYS: [Row; 13] = [
    Row {
        name: "a duration of ages",
        breaks: |case| case.config("seed = 7", "seed = 7\ntimeout = \"584542046090years\""),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:13:", "it may be 36500 days"],
        hint: "pgo.schema.json",
    },
    Row {
        name: "an exit code that no process can have",
        breaks: |case| case.config("seed = 7", "seed = 7\nexit_codes = [0, 999]"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:13:", "999 is no exit code: they are 0 to 255"],
        hint: "128",
    },
    Row {
        name: "a typo in a key",
        breaks: |case| case.config("package =", "pakage ="),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:8:1", "unknown field `pakage`"],
        hint: "did you mean `package`?",
    },
    Row {
        name: "a typo in a role",
        breaks: |case| case.config("\"eval\"", "\"evla\""),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:16:8", "unknown variant `evla`"],
        hint: "did you mean `eval`?",
    },
    Row {
        name: "a number as text",
        breaks: |case| case.config("pairs = 6", "pairs = \"six\""),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:4:9", "\"six\", expected a whole number"],
        hint: "pgo.schema.json",
    },
    Row {
        name: "an odd number of pairs",
        breaks: |case| case.config("pairs = 6", "pairs = 7"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:4:1", "pairs = 7", "even"],
        hint: "pairs = 8",
    },
    Row {
        name: "confidence in percent",
        breaks: |case| case.config("warmup", "confidence = 99.0\nwarmup"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:5:1", "confidence = 99"],
        hint: "0.99",
    },
    Row {
        name: "a margin beyond its range",
        breaks: |case| case.config("margin = 50.0", "margin = 80.0"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:6:1", "margin = 80"],
        hint: "margin = 1.0",
    },
    Row {
        name: "a duration that is none",
        breaks: |case| case.config("seed = 7", "seed = 7\ntimeout = \"soon\""),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:13:11", "`soon` is not a duration", "30s"],
        hint: "pgo.schema.json",
    },
    Row {
        name: "a program's name with a slash",
        breaks: |case| case.config_also("[program.\"a/b\".cargo]\npackage = \"tiny\""),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:19:", "`a/b` cannot be the name of a program"],
        hint: "ASCII letters",
    },
    Row {
        name: "a program's name that is too long for a file's",
        breaks: |case| case.config_also(&format!("[program.{}.cargo]\npackage = \"tiny\"", "p".repeat(250))),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:19:", "the name of a program has 250 letters"],
        hint: "at most 100",
    },
    Row {
        name: "a weight of zero",
        breaks: |case| case.config("seed = 7", "seed = 7\nweight = 0"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:13:1", "weight = 0"],
        hint: "eval",
    },
    Row {
        name: "bin and cdylib at once",
        breaks: |case| case.config("package = \"tiny\"", "package = \"tiny\"\nbin = \"tiny\"\ncdylib = true"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:10:1", "not both"],
        hint: "remove",
    },
];

const COMMANDS: [Row; 18] = [
    Row {
        name: "a workload that is called as a file beside its folder",
        breaks: |case| {
            case.config_also(
                "[program.tiny.workload.\"manifest.json\"]\nrole = \"train\"\ncommand = [\"{program}\"]",
            )
        },
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:", "a workload cannot be called `manifest.json`"],
        hint: "manifest.json-workload",
    },
    Row {
        name: "an empty word as command",
        breaks: |case| case.config_also("prepare = [[\"\"]]"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:", "workload `judge`: `prepare` begins with an empty word"],
        hint: "write the program first",
    },
    Row {
        name: "an empty answer",
        breaks: |case| case.config_also("answer = []"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:", "workload `judge`: `answer` is empty"],
        hint: "write the program first",
    },
    Row {
        name: "an answer that nobody compares",
        breaks: |case| case.config_also("answer = [\"sort\"]\ncompare_output = false"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:", "workload `judge` has an `answer` that is not compared"],
        hint: "remove one of them",
    },
    Row {
        name: "a placeholder that there is not",
        breaks: |case| case.train_on(&["{prgram}", "2000"]),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:13:1", "`{prgram}` is not a placeholder", "{program}"],
        hint: "{program}",
    },
    Row {
        name: "a brace without its partner",
        breaks: |case| case.train_on(&["{program}", "{2000"]),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:13:1", "`{2000`"],
        hint: "{{",
    },
    Row {
        name: "a tool that is not declared",
        breaks: |case| case.train_on(&["{tool:load}", "{program}"]),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:13:1", "{tool:load}", "workload `learn`"],
        hint: "[tool.load]",
    },
    Row {
        name: "a seed that is not there",
        breaks: |case| case.config(r#""3000""#, r#""{seed}""#),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:17:1", "workload `judge`", "no seed"],
        hint: "seed = 1",
    },
    Row {
        name: "a workload that never runs the program",
        breaks: |case| case.train_on(&["true"]),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:10:", "workload `learn` never runs the program"],
        hint: "{program}",
    },
    Row {
        name: "an empty command",
        breaks: |case| case.train_on(&[]),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:13:1", "workload `learn`", "`command` is empty"],
        hint: "{program}",
    },
    Row {
        name: "no command at all",
        breaks: |case| case.config("command = [\"{program}\", \"2000\"]", ""),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:10:", "workload `learn` needs exactly one of"],
        hint: "command =",
    },
    Row {
        name: "no way to tell that a service is ready",
        breaks: |case| {
            case.config_also(
                &SERVICE.replace("service.ready.log = \"longest\"", "service.ready.timeout = \"1s\""),
            )
        },
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:24:9", "`ready` needs exactly one of `tcp`, `http` and `log`"],
        hint: "127.0.0.1:{port:http}",
    },
    Row {
        name: "a service that is stopped by SIGKILL",
        breaks: |case| case.config_also(&format!("{SERVICE}service.stop.signal = \"SIGKILL\"\n")),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:25:14", "`SIGKILL` is not a signal to stop a service with"],
        hint: "SIGTERM",
    },
    Row {
        name: "a log pattern that is no regular expression",
        breaks: |case| case.config_also(&SERVICE.replace("longest", "longest(")),
        args: &[],
        code: 2,
        says: &["program `tiny`: workload `serve`: ready.log", "`longest(`", "open group without closing"],
        hint: r"\(",
    },
    Row {
        name: "a metric with dots instead of a JSON pointer",
        breaks: |case| case.config_also("metric.steps.pointer = \"steps.longest\""),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:19:14", "`steps.longest` is not a JSON pointer"],
        hint: "/steps/longest",
    },
    Row {
        name: "a gain is demanded where nothing decides",
        breaks: |case| case.config_also("gate = []\nmin_gain = 2.0"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:20:1", "min_gain of a workload in which nothing decides"],
        hint: "`gate`",
    },
    Row {
        name: "no workload decides",
        breaks: |case| case.config_also("gate = []"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:19:1", "program `tiny`: nothing decides"],
        hint: "gate = [\"cpu\"]",
    },
    Row {
        name: "cargo test as evaluation",
        breaks: |case| case.config_also("[program.tiny.workload.tests]\nrole = \"eval\"\ncargo.test = {}"),
        args: &[],
        code: 2,
        says: &["pgo/pgo.toml:20:1", "can train but not evaluate"],
        hint: "role = \"train\"",
    },
];

#[test]
fn a_config_that_cannot_be_read() {
    table(&Fixture::tiny(), &UNREADABLE);
}

#[test]
fn keys_and_values() {
    table(&Fixture::tiny(), &KEYS);
}

#[test]
fn commands_and_placeholders() {
    table(&Fixture::tiny(), &COMMANDS);
}
