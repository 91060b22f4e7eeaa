//! Benchmarks as a training.

use std::fs;

use super::{has, service};
use crate::support::Fixture;

#[test]
fn benchmarks_train_the_program_package_by_package() {
    if !has("go") {
        return;
    }
    let fixture = service("package = \"./cmd/svc\"");
    fixture.replace(
        "pgo/pgo.toml",
        "command = [\"{program}\", \"-rounds\", \"8000000\", \"-profile\", \"{dir}/cpu.pprof\"]",
        "go.bench = { package = \"./...\", args = [\"-bench\", \"Serve|Hash\", \"-benchtime=300ms\"] }",
    );
    fixture.write(
        "cmd/svc/main_test.go",
        "package main\n\nimport \"testing\"\n\nfunc BenchmarkServe(b *testing.B) {\n\tfor i := 0; i < b.N; i++ {\n\t\tserve(100)\n\t}\n}\n",
    );
    fixture.write(
        "work/work_test.go",
        "package work\n\nimport \"testing\"\n\nfunc BenchmarkHash(b *testing.B) {\n\tfor i := 0; i < b.N; i++ {\n\t\tNew().Of(\"words\")\n\t}\n}\n",
    );
    // One whose tests are no benchmarks.
    fixture.write("other/other.go", "package other\n");
    fixture.write(
        "other/other_test.go",
        "package other\n\nimport \"testing\"\n\nfunc TestNothing(t *testing.T) {}\n",
    );
    fixture.succeeds(&[]);
    let stored = stored(&fixture);
    assert!(stored.contains("func main.step\n") && stored.contains("work.fnv.Of"), "{stored}");
    assert!(!stored.contains("cmd/svc.step"), "{stored}");
    // Nothing lies about: neither programs of tests nor profiles.
    for name in ["svc.test", "work.test", "cpu.pprof"] {
        assert!(!fixture.path(name).exists(), "{name}");
    }

    fixture.replace("pgo/pgo.toml", "Serve|Hash", "NoSuch");
    let ran = fixture.run(&["--to", "optimize"]);
    assert_eq!(ran.code, 11, "{}", ran.stderr);
    assert!(ran.stderr.contains("no benchmark of ./... ran"), "{}", ran.stderr);
}

/// The profile as it is stored: text.
fn stored(fixture: &Fixture) -> String {
    let folder = fixture.path("pgo/profiles/svc");
    let platform = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    fs::read_to_string(platform.join("profile.goedges")).unwrap()
}
