//! Programs that make builds: a makefile with a second main that is embedded, cgo, a build time, and an identity that
//! is rewritten after the link.

use std::{fs, process::Command};

use super::{has, service};
use crate::support::{Fixture, HONING};

const MAKEFILE: &str = "\
build:
\tgo generate ./cmd/agent
\tgo build -o cmd/svc/agent ./cmd/agent
\tgo build -trimpath -ldflags \"-X main.built=$$(date +%s%N)\" -o bin/svc ./cmd/svc
\tgo tool buildid -w bin/svc
\tgo run ./cmd/agent >> bin/runs
.PHONY: build
";

const TABLE: &str = "package = \"./cmd/svc\"\nbuild = [\"make\", \"build\"]\noutput = \"bin/svc\"";

/// A repository whose program is built by make.
fn driven() -> Fixture {
    let fixture = service(TABLE);
    fixture.write("Makefile", MAKEFILE);
    fixture.write("cmd/agent/main.go", "package main\n\nfunc main() { println(\"agent\") }\n");
    fixture.write(
        "cmd/svc/embedded.go",
        "package main\n\nimport (\n\t_ \"embed\"\n\n\t\"example.org/svc/native\"\n)\n\n//go:embed agent\nvar agent []byte\n\n\
         func init() {\n\tif native.Twice(len(agent)) == 0 || built == \"\" {\n\t\tpanic(\"nothing is embedded\")\n\t}\n}\n",
    );
    fixture.write(
        "native/native.go",
        "package native\n\n// static int twice(int n) { return n * 2; }\nimport \"C\"\n\n// Twice doubles.\n\
         func Twice(n int) int { return int(C.twice(C.int(n))) }\n",
    );
    fs::create_dir_all(fixture.path("bin")).unwrap();
    fixture
}

/// What `go version -m` says of a setting of a program.
fn setting(program: &std::path::Path, key: &str) -> Option<String> {
    let output = Command::new("go").arg("version").arg("-m").arg(program).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let start = format!("\tbuild\t{key}=");
    text.lines().find_map(|line| line.strip_prefix(start.as_str()).map(str::to_owned))
}

#[test]
fn make_builds_from_source_to_verdict_and_the_tree_stays_as_it_was() {
    if !has("go") || !has("make") {
        return;
    }
    let fixture = driven();
    fixture.write("bin/svc", "the person's own");
    let ran = fixture.succeeds(&[]);
    assert!(ran.stdout.contains("svc"), "{}", ran.stdout);
    assert_eq!(fixture.read("bin/svc"), "the person's own");
    // Its own programs ran as they are: one build each.
    assert_eq!(fixture.read("bin/runs").lines().count(), 0, "the agent speaks on standard error");

    let built = |stage: &str| fixture.path(&format!("target/honing/svc/{stage}/svc"));
    assert_eq!(setting(&built("baseline"), "-pgo"), None);
    assert_eq!(setting(&built("optimize"), "-pgo").as_deref(), Some("honing.pgo"));
    assert_eq!(setting(&fixture.path("cmd/svc/agent"), "-pgo"), None);
    assert!(!ran.stderr.contains("building again"), "{}", ran.stderr);
    // A build time is named, and does not have everything made again.
    assert!(ran.stderr.contains("`-ldflags` sets main.built to"), "{}", ran.stderr);
    fixture.is_up_to_date(&[]);
    let again = fixture.succeeds(&[]);
    assert!(!again.stderr.contains("main.built"), "{}", again.stderr);

    // A change of the source is built, and what make does is a part of it.
    fixture.replace("work/work.go", "16777619", "16777621");
    let stages = fixture.stages(&["--to", "optimize"]);
    assert!(stages.contains(&("baseline".into(), "done".into())), "{stages:?}");
}

/// A source that is saved while make builds is built again; what make itself makes among the sources is there then.
#[test]
fn a_source_that_changes_meanwhile_is_built_again() {
    if !has("go") || !has("make") {
        return;
    }
    let fixture = driven();
    let makefile = MAKEFILE.replace(".PHONY", "\tif [ -e saved ]; then mv saved work/work.go; fi\n.PHONY");
    fixture.write("Makefile", &makefile);
    fixture.write("saved", &fixture.read("work/work.go").replace("16777619", "16777621"));
    let ran = fixture.succeeds(&["--to", "baseline"]);
    assert_eq!(ran.stderr.matches("while it was built; building again").count(), 1, "{}", ran.stderr);
    assert!(!ran.stderr.contains("each time that it is built"), "{}", ran.stderr);
    fixture.is_up_to_date(&["--to", "baseline"]);
}

/// What only the go that a build finds knows: this executable, called `go`.
#[test]
fn one_of_several_programs_gets_the_profile_however_it_is_named() {
    if !has("go") {
        return;
    }
    let fixture = service(TABLE);
    fixture.write("cmd/agent/main.go", "package main\n\nfunc main() { println(\"agent\") }\n");
    fixture.write("honing.pgo", "");
    let shim = fixture.path("target/go-path");
    fs::create_dir_all(&shim).unwrap();
    std::os::unix::fs::symlink(HONING, shim.join("go")).unwrap();
    let path = format!("{}:{}", shim.display(), std::env::var("PATH").unwrap());
    let (main, pgo) = (fixture.path("cmd/svc"), fixture.path("honing.pgo"));
    let orders =
        serde_json::json!({ "build": { "main": main, "pgo": pgo, "notes": fixture.path("target/notes") } });
    let run = |line: &str| {
        let _ = fs::remove_dir_all(fixture.path("bin"));
        fs::create_dir_all(fixture.path("bin")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(&fixture.root).env("PATH", &path);
        let output = command.env("HONING_GO", orders.to_string()).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for line in [
        "go build -o bin/svc ./cmd/svc",
        "go build -o bin/ ./cmd/...",
        "go -C cmd build -o ../bin/ ./svc ./agent",
        "cd cmd/svc && go build -o ../../bin/svc",
        "GOFLAGS=-pgo=/nowhere go build -o bin/svc ./cmd/svc",
        "go build -pgo=off -o bin/svc cmd/svc/main.go",
        "GOBIN=$PWD/bin go install ./...",
        "env -i HOME=\"$HOME\" PATH=\"$PATH\" HONING_GO=\"$HONING_GO\" go build -o bin/svc ./cmd/svc",
    ] {
        assert_eq!(run(line), (Some(0), String::new()), "{line}");
        let given = setting(&fixture.path("bin/svc"), "-pgo");
        assert_eq!(given.as_deref(), pgo.to_str(), "{line}");
        if fixture.path("bin/agent").exists() {
            assert_eq!(setting(&fixture.path("bin/agent"), "-pgo"), None, "{line}");
        }
    }
    for (line, pgo) in [
        // Without orders it is go.
        ("env -u HONING_GO go build -o bin/svc ./cmd/svc", None),
        ("go build -o bin/svc -pgo=cmd/../honing.pgo ./cmd/agent", Some("honing.pgo")),
    ] {
        assert_eq!(run(line).0, Some(0), "{line}");
        let found = setting(&fixture.path("bin/svc"), "-pgo");
        let name = found.as_deref().and_then(|found| found.rsplit('/').next());
        assert_eq!(name, pgo, "{line}");
    }
    // It says and ends as go does.
    for (line, code, says) in [
        ("go build -o bin/svc ./cmd/none", 1, "directory not found"),
        ("go build -nosuch ./cmd/svc", 2, "flag provided but not defined"),
        ("go vet ./cmd/...", 0, ""),
        ("go run ./cmd/agent", 0, "agent"),
        ("PATH=$(dirname $(command -v go)) go version", 1, "there is no go on PATH"),
    ] {
        let (ended, said) = run(line);
        assert!(ended == Some(code) && said.contains(says), "{line}: {ended:?} {said}");
    }
}

#[test]
fn a_build_that_is_not_what_it_was_told_is_refused() {
    if !has("go") || !has("make") {
        return;
    }
    let fixture = driven();
    fixture.write("bin/svc", "the person's own");
    let agent = "build:\n\t@go build -o cmd/svc/agent ./cmd/agent\n";
    for (lines, says) in [
        (
            "\t$$(go env GOROOT)/bin/go build -o bin/svc ./cmd/svc",
            "did not build example.org/svc/cmd/svc by a call of",
        ),
        ("\tgo build -o bin/other ./cmd/svc", "cannot be read"),
        ("\tgo build -o bin/other ./cmd/svc\n\techo text > bin/svc", "is no Go program that can be read"),
        (
            "\tgo build -o bin/other ./cmd/svc\n\tcp cmd/svc/agent bin/svc",
            "is example.org/svc/cmd/agent and not",
        ),
        (
            "\tgo build -o bin/other ./cmd/svc\n\ttouch empty.pgo\n\t$$(go env GOROOT)/bin/go build -pgo=empty.pgo -o bin/svc ./cmd/svc",
            "was built with -pgo=",
        ),
        ("\tgo build -o bin/svc ./cmd/svc && false", "failed (exit code 2)"),
        ("\tgo build -nosuch -o bin/svc ./cmd/svc", "flag provided but not defined: -nosuch"),
    ] {
        fixture.write("Makefile", &format!("{agent}{lines}\n.PHONY: build\n"));
        let ran = fixture.run(&["baseline"]);
        assert_eq!(ran.code, 10, "{lines}\n{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{lines}\n{}", ran.stderr);
        assert!(ran.stderr.contains("hint: "), "{lines}\n{}", ran.stderr);
        assert_eq!(fixture.read("bin/svc"), "the person's own", "{lines}");
    }
    // What make has built once, it only copies; the output alone is put aside.
    let copied = "bin/step:\n\tgo build -o bin/step ./cmd/svc\nbuild: bin/step\n\tcp bin/step bin/svc\n.PHONY: build\n";
    fixture.write("Makefile", copied);
    fixture.succeeds(&["baseline"]);
    let ran = fixture.run(&["baseline"]);
    assert!(ran.code == 10 && ran.stderr.contains("did not build"), "{}", ran.stderr);
    fixture.replace("pgo/pgo.toml", "[\"make\", ", "[\"make\", \"-B\", ");
    fixture.succeeds(&["baseline"]);
    fixture.is_up_to_date(&["baseline"]);

    fixture.replace("pgo/pgo.toml", "[\"make\", \"-B\", \"build\"]", "[\"nosuchmake\"]");
    let ran = fixture.run(&["baseline"]);
    assert!(ran.stderr.contains("nosuchmake"), "{}", ran.stderr);
    assert_eq!(ran.code, 10, "{}", ran.stderr);
}
