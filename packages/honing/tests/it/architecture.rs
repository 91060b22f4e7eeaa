//! Arrows between the workspace's packages point one way: docs/ARCHITECTURE.md, as a test.

use std::path::Path;

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
    // Effects and reports know core.
    rule("honing-engine", &["honing-core", "honing-paired", "honing-profdata"]),
    rule("honing-report", &["honing-core"]),
    rule("honing-dashboard", &["honing-core"]),
    // Only the facade knows all of them; what it optimizes is none of them.
    rule(
        "honing",
        &[
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

#[test]
fn only_the_rooms_of_a_craft_and_of_a_kind_know_them() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).unwrap().join("engine/src");
    let (mut files, mut wrong) = (0, Vec::new());
    for (room, forbidden) in ROOMS_OF_ALL {
        let mut open = vec![engine.join(room)];
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            files += 1;
            let text = std::fs::read_to_string(&path).unwrap();
            // Tests may try a real one.
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
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
