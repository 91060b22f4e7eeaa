//! Arrows between the workspace's packages point one way: docs/ARCHITECTURE.md, as a test.

use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What a package may depend on, of this workspace's own.
struct Rule {
    package: &'static str,
    may: &'static [&'static str],
    /// For its tests alone.
    tests_may: &'static [&'static str],
}

const fn rule(package: &'static str, may: &'static [&'static str]) -> Rule {
    Rule { package, may, tests_may: &[] }
}

const RULES: &[Rule] = &[
    // Pure: core knows only what is pure, the others nobody.
    rule("honing-core", &["honing-paired"]),
    rule("honing-paired", &[]),
    rule("honing-profdata", &[]),
    rule("honing-manifest", &[]),
    // Pure, for what pgo.toml says to cargo.
    rule("honing-cargo", &["honing-core"]),
    // Effects and reports know core.
    rule("honing-engine", &["honing-cargo", "honing-core", "honing-paired", "honing-profdata"]),
    rule("honing-report", &["honing-core"]),
    rule("honing-dashboard", &["honing-cargo", "honing-core"]),
    // Only the facade knows all of them; what it optimizes is none of them.
    rule(
        "honing",
        &[
            "honing-cargo",
            "honing-core",
            "honing-paired",
            "honing-profdata",
            "honing-manifest",
            "honing-engine",
            "honing-report",
            "honing-dashboard",
        ],
    ),
    rule("xtask", &["honing", "honing-paired", "honing-profdata"]),
    // The subject and its load are what any other workspace could have.
    rule("honing-tracker", &[]),
    Rule { package: "honing-tracker-load", may: &[], tests_may: &["honing-tracker"] },
];

#[test]
fn arrows_point_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).no_deps().exec().unwrap();
    let packages = metadata.workspace_packages();
    let own = |name: &str| packages.iter().any(|package| package.name.as_str() == name);
    // A rule of nobody is kept by everybody.
    let ruled = RULES.iter().flat_map(|rule| rule.may.iter().chain(rule.tests_may).chain([&rule.package]));
    let mut wrong: Vec<String> = ruled
        .filter(|name| !own(name))
        .map(|name| format!("a rule names {name}, which is no package here"))
        .collect();
    for package in &packages {
        let Some(rule) = RULES.iter().find(|rule| rule.package == package.name.as_str()) else {
            wrong.push(format!("{} has no rule in this test", package.name));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|dependency| own(&dependency.name)) {
            let name = dependency.name.as_str();
            let in_tests = dependency.kind == DependencyKind::Development && rule.tests_may.contains(&name);
            if !rule.may.contains(&name) && !in_tests {
                wrong.push(format!("{} must not depend on {name} ({:?})", package.name, dependency.kind));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Rooms of the engine that work for any craft and any kind of profile, and what they must not name.
const ROOMS_OF_ALL: [(&str, &[&str]); 7] = [
    ("chain", &["cargo::", "llvm::", "profdata::"]),
    ("children", &["cargo::", "llvm::", "profdata::"]),
    ("io", &["cargo::", "llvm::", "profdata::"]),
    ("keep", &["cargo::", "llvm::", "profdata::"]),
    ("measure", &["cargo::", "llvm::", "profdata::"]),
    ("workloads", &["cargo::", "llvm::", "profdata::"]),
    ("profiles", &["cargo::"]),
];

/// What stands in core's manifests, events and provenance still has names of one craft: fields of files on
/// people's disks.
const STILL_NAMED: [&str; 6] =
    ["checklist/stored.rs", "event.rs", "recorded.rs", "release.rs", "shard.rs", "staleness.rs"];

#[test]
fn core_has_no_words_of_a_craft() {
    let core = packages().join("core/src");
    let (mut wrong, mut named) = (Vec::new(), Vec::new());
    for (path, text) in sources(core.clone()) {
        let path = path.strip_prefix(&core).unwrap().to_string_lossy().into_owned();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let lower = code.map(str::to_lowercase);
        let mut found =
            lower.filter(|line| ["cargo", "rustc", "llvm"].iter().any(|word| line.contains(word)));
        match found.next() {
            Some(_) if STILL_NAMED.contains(&path.as_str()) => named.push(path),
            Some(line) if !path.ends_with("tests.rs") => wrong.push(format!("{path}: {}", line.trim())),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    named.sort_unstable();
    assert_eq!(named, STILL_NAMED, "an exception that is none any more");
}

fn packages() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Files below a folder with their text up to the tests, which may try a real one.
fn sources(dir: PathBuf) -> Vec<(PathBuf, String)> {
    let (mut open, mut found) = (vec![dir], Vec::new());
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        found.push((path, text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default().to_owned()));
    }
    found
}

#[test]
fn only_the_rooms_of_a_craft_and_of_a_kind_know_them() {
    let engine = packages().join("engine/src");
    let (mut files, mut wrong) = (0, Vec::new());
    for (room, forbidden) in ROOMS_OF_ALL {
        for (path, text) in sources(engine.join(room)) {
            files += 1;
            for (at, line) in text.lines().enumerate() {
                if forbidden.iter().any(|word| line.contains(word)) {
                    wrong.push(format!("{}:{}: {}", path.display(), at + 1, line.trim()));
                }
            }
        }
    }
    assert!(files > 50, "the engine's rooms are elsewhere now: {files} files");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
