//! What a program needs beside itself: shared libraries, debug information, and a standard output that
//! takes its results.

use std::{fs, process::Command};

use crate::support::{Fixture, commit, finish, git, skip};

const ROOT: &str = r#"[workspace]
resolver = "3"
members = ["app", "base"]

[profile.release]
debug = "line-tables-only"
split-debuginfo = "packed"
"#;
const APP: &str = "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nbase = { path = \"../base\" }\n";
const BASE: &str = "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"dylib\"]\n";
/// Two libraries of C, the first of which needs the second.
const BUILD_SCRIPT: &str = r#"
use std::{env, fs, process::Command};
fn cc(args: &[&str]) {
    assert!(Command::new("cc").args(args).current_dir(env::var("OUT_DIR").unwrap()).status().unwrap().success());
}
fn main() {
    let out = env::var("OUT_DIR").unwrap();
    fs::write(format!("{out}/two.c"), "unsigned two(void) { return 2; }").unwrap();
    fs::write(format!("{out}/one.c"), "unsigned two(void); unsigned one(void) { return two() - 1; }").unwrap();
    cc(&["-shared", "-fPIC", "two.c", "-o", "libtwo.so.1", "-Wl,-soname,libtwo.so.1"]);
    cc(&["-shared", "-fPIC", "one.c", "-o", "libone.so", "-l:libtwo.so.1", "-L."]);
    println!("cargo::rustc-link-search=native={out}");
    println!("cargo::rustc-link-lib=dylib=one");
    println!("cargo::rerun-if-changed=build.rs");
}
"#;
const MAIN: &str = r#"
unsafe extern "C" { safe fn one() -> u32; }
fn main() {
    let to: u64 = std::env::args().nth(1).and_then(|to| to.parse().ok()).unwrap_or(1000);
    println!("{}", (u64::from(one())..to).map(base::steps).max().unwrap());
}
"#;
const LIB: &str = r#"
#[inline(never)]
pub fn steps(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 { n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }; steps += 1; }
    steps
}
"#;
const CONFIG: &str = r#"[bench]
pairs = 4
margin = 50.0
[policy]
ships = ["improved", "no_change", "inconclusive", "regressed"]
min_match = 0.0
[tool.same.cargo]
package = "tiny"
[program.tiny.cargo]
package = "tiny"
[program.tiny.workload]
learn = { role = "train", command = ["{program}", "2000"], prepare = [["{tool:same}", "10"]] }
judge = { role = "eval", command = ["{program}", "3000"] }
"#;

#[test]
fn a_program_runs_and_ships_with_what_cargo_made_beside_it() {
    if Command::new("cc").arg("--version").output().is_err() {
        return skip("cc (Debian package gcc)");
    }
    let fixture = Fixture::empty("shared");
    for (file, text) in [
        ("Cargo.toml", ROOT),
        ("app/Cargo.toml", APP),
        ("app/build.rs", BUILD_SCRIPT),
        ("app/src/main.rs", MAIN),
        ("base/Cargo.toml", BASE),
        ("base/src/lib.rs", LIB),
        ("pgo/pgo.toml", CONFIG),
        (".gitignore", "/target\n/out\n"),
        (".cargo/config.toml", "[build]\nrustflags = [\"-Cprefer-dynamic\"]\n"),
    ] {
        fixture.write(file, text);
    }
    git(&fixture, &["init", "--quiet"]);
    // From training to a verdict: with its libraries, and its profile counts what the dylib did.
    fixture.succeeds(&[]);
    commit(&fixture, "profile");
    let shown = fixture.succeeds(&["show", "target/honing/tiny/merge/tiny.profdata"]);
    assert!(shown.stdout.contains("base::steps"), "{}", shown.stdout);
    // Another body of a library's function is another program, though the binary's bytes are the same.
    fixture.replace("base/src/lib.rs", "steps += 1", "steps += 2");
    let stages = fixture.stages(&["--to", "train"]);
    assert!(stages.contains(&("train".into(), "done".into())), "{stages:?}");
    fixture.replace("base/src/lib.rs", "steps += 2", "steps += 1");

    let ran = fixture.succeeds(&["build", "-o", "out/renamed"]);
    let mut names: Vec<String> = fs::read_dir(fixture.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let std = names.iter().find(|name| name.starts_with("libstd-")).expect("libstd").clone();
    let expected =
        ["libbase.so", "libone.so", &std, "libtwo.so.1", "renamed", "renamed.dwp", "renamed.provenance.json"];
    assert_eq!(names, expected);
    let provenance = fixture.read("out/renamed.provenance.json");
    for name in expected.iter().filter(|name| !name.ends_with(".json")) {
        assert!(provenance.contains(&format!("\"name\": \"{name}\"")), "{name}: {provenance}");
    }
    assert!(
        ran.stdout.contains("libone.so (") && ran.stdout.contains("the loader has to find"),
        "{}",
        ran.stdout
    );
    let mut shipped = Command::new(fixture.path("out/renamed"));
    let printed = shipped.arg("10").env("LD_LIBRARY_PATH", fixture.path("out")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&printed.stdout), "19\n", "{printed:?}");

    // What a stage's copy lacks is built again.
    fs::remove_file(fixture.path("target/honing/tiny/instrument/libraries.d/libone.so")).unwrap();
    let stages = fixture.stages(&["--to", "instrument"]);
    assert!(stages.contains(&("instrument".into(), "done".into())), "{stages:?}");
}

#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let fixture = Fixture::tiny();
    let into = |file: &str, args: &[&str]| {
        let full = fs::OpenOptions::new().write(true).open(file).unwrap();
        finish(fixture.honing(args).stdout(full).output().unwrap())
    };
    let rows: [&[&str]; 7] = [
        &["--help"],
        &["schema"],
        &["completions", "bash"],
        &["plan"],
        &["show-config", "--format", "json"],
        &["build", "--no-pgo"],
        &["build", "--no-pgo", "--format", "json"],
    ];
    for args in rows {
        let ran = into("/dev/full", args);
        assert_eq!(ran.code, 1, "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stderr.matches("cannot write the result").count(), 1, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("No space left"), "{args:?}: {}", ran.stderr);
    }
    // Its own failure comes first.
    let refused = into("/dev/full", &["build"]);
    assert_eq!(refused.code, 14, "{}", refused.stderr);
    assert_eq!(into("/dev/null", &["plan"]).code, 0);
    // A reader that has seen enough.
    let honing = format!(
        "set -o pipefail; '{}' build --no-pgo --verbose | true; '{0}' schema | head -n 1",
        crate::support::HONING
    );
    let piped = Command::new("bash").args(["-c", &honing]).current_dir(&fixture.root).output().unwrap();
    assert!(piped.status.success(), "{piped:?}");
}
