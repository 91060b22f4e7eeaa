//! Honing in a workspace that is not its own: a library, two binaries, a build script,
//! a proc-macro, rustflags in cargo's configuration, and an xtask of five lines.

use std::{fs, path::Path, process::Stdio};

use crate::support::{Fixture, Ran, finish};

const WORKSPACE: &str = r#"[workspace]
resolver = "3"
members = ["app", "lib", "mac", "xtask"]
"#;
const APP: &str = r#"[package]
name = "app"
version = "0.3.0"
edition = "2024"

[dependencies]
lib = { path = "../lib" }
mac = { path = "../mac" }
"#;
const BUILD_SCRIPT: &str = r#"
fn main() {
    let numbers: Vec<String> = (0..64u32).map(|n| (n * n % 61).to_string()).collect();
    let out = std::env::var("OUT_DIR").unwrap();
    let table = format!("pub static TABLE: [u32; 64] = [{}];", numbers.join(", "));
    std::fs::write(std::path::Path::new(&out).join("table.rs"), table).unwrap();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(from_config)");
}
"#;
const ONE: &str = r#"
include!(concat!(env!("OUT_DIR"), "/table.rs"));
fn main() {
    // Only there if build.rustflags survived the flags of PGO.
    assert!(cfg!(from_config));
    let rounds: u32 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10);
    println!("{}", lib::mix(&TABLE, rounds).wrapping_add(mac::forty_two!()));
}
"#;
const TWO: &str = r#"
fn main() {
    let words = std::env::args().nth(1).unwrap_or_default();
    println!("{}", lib::count(&words.repeat(200_000)));
}
"#;
const LIB: &str = r#"
pub fn mix(table: &[u32], rounds: u32) -> u32 {
    (0..rounds * 1000).fold(1, |sum, n| if sum % 7 == 3 { sum ^ n } else { sum.wrapping_mul(31) + table[n as usize % table.len()] })
}
pub fn count(text: &str) -> usize {
    text.split(' ').filter(|word| word.len() > 3).count()
}
"#;
const MAC: &str = r#"
use proc_macro::TokenStream;
#[proc_macro]
pub fn forty_two(_: TokenStream) -> TokenStream {
    "42u32".parse().unwrap()
}
"#;
const XTASK: &str = "fn main() -> std::process::ExitCode {\n    honing::xtask()\n}\n";

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn workspace() -> Fixture {
    let fixture = Fixture::empty("zweiter Arbeitsplatz");
    fixture.write("Cargo.toml", WORKSPACE);
    fixture.write(
        ".cargo/config.toml",
        "[alias]\nxtask = \"run --quiet --package xtask --\"\n\n[build]\nrustflags = [\"--cfg\", \"from_config\"]\n",
    );
    fixture.write("app/Cargo.toml", APP);
    fixture.write("app/build.rs", BUILD_SCRIPT);
    fixture.write("app/src/bin/one.rs", ONE);
    fixture.write("app/src/bin/two.rs", TWO);
    fixture.write("lib/Cargo.toml", "[package]\nname = \"lib\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    fixture.write("lib/src/lib.rs", LIB);
    fixture.write(
        "mac/Cargo.toml",
        "[package]\nname = \"mac\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nproc-macro = true\n",
    );
    fixture.write("mac/src/lib.rs", MAC);
    let honing = repository().join("packages/honing");
    fixture.write(
        "xtask/Cargo.toml",
        &format!(
            "[package]\nname = \"xtask\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nhoning = {{ path = {honing:?} }}\n"
        ),
    );
    fixture.write("xtask/src/main.rs", XTASK);
    // The versions that were tested, and nothing to look up.
    fs::copy(repository().join("Cargo.lock"), fixture.path("Cargo.lock")).unwrap();
    fixture
}

fn xtask(fixture: &Fixture, args: &[&str]) -> Ran {
    let template = fixture.honing(&[]);
    let mut command = std::process::Command::new("cargo");
    command.args(["xtask", "pgo"]).args(args).current_dir(&fixture.root).stdin(Stdio::null());
    for (name, value) in template.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // The xtask's dependencies are built already; what it makes stays in its own folder.
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("second-workspace");
    command.env("CARGO_TARGET_DIR", built).env("HONING_TARGET_DIR", fixture.path("target"));
    finish(command.output().unwrap())
}

#[test]
fn from_init_to_a_measured_result() {
    let fixture = workspace();
    let init = xtask(&fixture, &["init"]);
    assert_eq!(init.code, 0, "{}", init.stderr);
    let again = xtask(&fixture, &["init"]);
    assert_eq!(again.code, 2, "{}", again.stderr);
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);

    // What init writes runs as it is; a person then puts real work in.
    let text = fixture.read("pgo/pgo.toml");
    assert!(text.contains("[program.one.cargo]") && text.contains("[program.two.cargo]"), "{text}");
    let text = text
        .replacen("[\"{program}\", \"--help\"]", "[\"{program}\", \"200\"]", 1)
        .replacen("[\"{program}\", \"--help\"]", "[\"{program}\", \"300\"]", 1)
        .replacen("[\"{program}\", \"--help\"]", "[\"{program}\", \"a quick brown fox \"]", 1)
        .replacen("[\"{program}\", \"--help\"]", "[\"{program}\", \"jumps over lazy dogs \"]", 1)
        .replace("time = \"10m\" ", "pairs = 8\nmargin = 50.0 ");
    fixture.write("pgo/pgo.toml", &text);

    let run = xtask(&fixture, &["--ci", "--format", "json"]);
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let events: Vec<serde_json::Value> =
        run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summaries: Vec<&serde_json::Value> = events
        .iter()
        .filter(|event| event["event"] == "program_finished")
        .map(|event| &event["summary"])
        .collect();
    assert_eq!(summaries.len(), 2);
    for (summary, name) in summaries.iter().zip(["one", "two"]) {
        assert_eq!(summary["program"], name);
        let cpu = &summary["measured"][0];
        assert_eq!((cpu["metric"].as_str(), cpu["pairs"].as_u64()), (Some("cpu"), Some(8)));
        assert!(cpu["ratio"]["low"].as_f64().unwrap() <= cpu["ratio"]["high"].as_f64().unwrap());
        assert!(Path::new(summary["optimized"]["path"].as_str().unwrap()).is_file());
        assert_ne!(summary["optimized"]["digest"], summary["baseline"]["digest"]);
        assert!(fixture.path(&format!("pgo/profiles/{name}")).is_dir());
    }
    let plan = xtask(&fixture, &["plan"]);
    assert!(!plan.stdout.contains(" run "), "{}", plan.stdout);
    assert_eq!(
        stray_profiles(&fixture.root),
        Vec::<String>::new(),
        "nothing but the program was instrumented"
    );
}

/// Raw profiles outside of the target directory: an instrumented build script or
/// proc-macro writes them where it runs.
fn stray_profiles(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(stray_profiles(&path));
        } else if path.extension().is_some_and(|extension| extension == "profraw") {
            found.push(path.display().to_string());
        }
    }
    found
}
