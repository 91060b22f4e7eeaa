//! Errors that a person makes with a Go program, as a table: what, why, what next.

use std::process::Command;

use super::{has, service};
use crate::support::{Fixture, finish, git};

struct Row {
    name: &'static str,
    breaks: fn(&Fixture, &mut Command),
    code: i32,
    says: &'static [&'static str],
    hint: &'static str,
}

fn config(fixture: &Fixture, line: &str) {
    fixture.replace("pgo/pgo.toml", "package = \"./cmd/svc\"", line);
}

const ROWS: [Row; 18] = [
    Row {
        name: "no go on PATH",
        breaks: |_, command| {
            command.env("PATH", "/nowhere");
        },
        code: 15,
        says: &["program `svc`", "cannot run go"],
        hint: "install Go",
    },
    Row {
        name: "a package that is no program",
        breaks: |at, _| config(at, "package = \"./work\""),
        code: 2,
        says: &["`./work` is package work, and no program"],
        hint: "is one main package",
    },
    Row {
        name: "a pattern with several packages",
        breaks: |at, _| config(at, "package = \"./...\""),
        code: 2,
        says: &["`./...` names 2 packages"],
        hint: "is one main package",
    },
    Row {
        name: "no such package",
        breaks: |at, _| config(at, "package = \"./cmd/none\""),
        code: 2,
        says: &["cmd/none", "directory not found"],
        hint: "`package`",
    },
    Row {
        name: "a syntax error",
        breaks: |at, _| at.write("cmd/svc/main.go", "package main\n\nfunc main() {\n"),
        code: 10,
        says: &["cmd/svc/main.go:4:1", "unexpected EOF"],
        hint: "run it by hand",
    },
    Row {
        name: "a type error",
        breaks: |at, _| at.write("cmd/svc/main.go", "package main\n\nfunc main() { nothing() }\n"),
        code: 10,
        says: &["cmd/svc/main.go:3:15", "undefined: nothing"],
        hint: "run it by hand",
    },
    Row {
        name: "a folder that does not exist",
        breaks: |at, _| config(at, "package = \"./cmd/svc\"\ndir = \"nowhere\""),
        code: 2,
        says: &["nowhere: there is no such folder"],
        hint: "`dir` in [program.NAME.go]",
    },
    Row {
        name: "a flag that go does not know",
        breaks: |at, _| config(at, "package = \"./cmd/svc\"\nflags = [\"-nosuch\"]"),
        code: 10,
        says: &["flag provided but not defined: -nosuch"],
        hint: "run it by hand",
    },
    Row {
        name: "a profile in flags",
        breaks: |at, _| config(at, "package = \"./cmd/svc\"\nflags = [\"--pgo=auto\"]"),
        code: 2,
        says: &["pgo/pgo.toml:", "`--pgo=auto` is Honing's to set"],
        hint: "take it out",
    },
    Row {
        name: "a Go that is too old for the module",
        breaks: |at, command| {
            at.write("go.mod", "module example.org/svc\n\ngo 1.99\n");
            command.env("GOTOOLCHAIN", "local");
        },
        code: 15,
        says: &["go.mod requires go >= 1.99"],
        hint: "install the Go",
    },
    Row {
        name: "a module that is not there",
        breaks: |at, command| {
            at.replace("cmd/svc/main.go", "\"flag\"", "\"flag\"\n\t_ \"example.org/missing\"");
            command.env("GOPROXY", "off").env("GOFLAGS", "-mod=mod");
        },
        code: 10,
        says: &["example.org/missing", "GOPROXY=off"],
        hint: "run it by hand",
    },
    Row {
        name: "an output without a command",
        breaks: |at, _| config(at, "package = \"./cmd/svc\"\noutput = \"bin/svc\""),
        code: 2,
        says: &["pgo/pgo.toml:", "there is no `build`"],
        hint: "add the command",
    },
    Row {
        name: "an input that is not there",
        breaks: |at, _| {
            config(
                at,
                "package = \"./cmd/svc\"\nbuild = [\"make\"]\noutput = \"bin/svc\"\ninputs = [\"scripts\"]",
            )
        },
        code: 2,
        says: &["`inputs`: scripts does not exist"],
        hint: "relative to `dir`",
    },
    Row {
        name: "linker flags beside a command",
        breaks: |at, _| {
            config(at, "package = \"./cmd/svc\"\nbuild = [\"make\"]\noutput = \"bin/svc\"\nldflags = \"-s\"")
        },
        code: 2,
        says: &["pgo/pgo.toml:", "with `build`, `ldflags` is the command's to say"],
        hint: "take it out",
    },
    Row {
        name: "an output outside of its folder",
        breaks: |at, _| config(at, "package = \"./cmd/svc\"\nbuild = [\"make\"]\noutput = \"../svc\""),
        code: 2,
        says: &["pgo/pgo.toml:", "`output` is a file below `dir`"],
        hint: "bin/server",
    },
    Row {
        name: "benchmarks that are measured",
        breaks: |at, _| {
            at.replace(
                "pgo/pgo.toml",
                "command = [\"{program}\", \"-rounds\", \"20000\"",
                "go.bench = { args = [\"-bench\", \".\"] }\n#",
            );
        },
        code: 2,
        says: &["pgo/pgo.toml:", "what `go` runs can train but not evaluate"],
        hint: "",
    },
    Row {
        name: "a profile in the arguments of benchmarks",
        breaks: |at, _| {
            at.replace(
                "pgo/pgo.toml",
                "command = [\"{program}\", \"-rounds\", \"8000000\"",
                "go.bench = { args = [\"-bench=.\", \"-test.cpuprofile=x\"] }\n#",
            );
        },
        code: 2,
        says: &["pgo/pgo.toml:", "`-test.cpuprofile=x` is Honing's to set"],
        hint: "take it out",
    },
    Row {
        name: "benchmarks of packages without tests",
        breaks: |at, _| {
            at.replace(
                "pgo/pgo.toml",
                "command = [\"{program}\", \"-rounds\", \"8000000\"",
                "go.bench = { args = [\"-bench\", \".\"] }\n#",
            );
        },
        code: 2,
        says: &["`./cmd/svc` has no package with tests"],
        hint: "such as ./...",
    },
];

#[test]
fn errors_say_what_why_and_what_next() {
    if !has("go") {
        return;
    }
    let fixture = service("package = \"./cmd/svc\"");
    let mut wrong = Vec::new();
    for row in ROWS {
        let mut command = fixture.honing(&["baseline"]);
        (row.breaks)(&fixture, &mut command);
        let ran = finish(command.output().unwrap());
        git(&fixture, &["checkout", "--quiet", "."]);
        let errors = ran.stderr.lines().filter(|line| line.starts_with("error")).count();
        let hint = ran.stderr.split(" hint: ").nth(1).unwrap_or_default();
        let said = row.says.iter().all(|part| ran.stderr.contains(part));
        if ran.code != row.code || errors != 1 || !said || !hint.contains(row.hint) {
            wrong.push(format!("== {}: {}\n{}", row.name, ran.code, ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    fixture.succeeds(&["baseline"]);
}

/// What would slow or change other builds than these is told once.
#[test]
fn other_profiles_that_lie_about_are_told_once() {
    if !has("go") {
        return;
    }
    let fixture = service("package = \"./cmd/svc\"");
    fixture.write("cmd/svc/default.pgo", "");
    let run = || {
        let ran = finish(
            fixture.honing(&["baseline"]).env("GOFLAGS", "-buildvcs=false -pgo=/nowhere").output().unwrap(),
        );
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stderr
    };
    let (first, second) = (run(), run());
    for words in ["cmd/svc/default.pgo slows `go test`", "GOFLAGS has -pgo=/nowhere"] {
        assert!(first.contains(words), "{first}");
        assert!(!second.contains(words), "{second}");
    }
}
