//! Arrows between the workspace's packages point one way: docs/ARCHITECTURE.md, as a test.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

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
    // Pure: they know only what is pure.
    rule("honing-core", &["honing-paired"]),
    rule("honing-paired", &[]),
    Rule { package: "honing-profdata", may: &[], tests_may: &["honing-match"] },
    rule("honing-match", &["honing-profdata"]),
    rule("honing-pprof", &[]),
    rule("honing-manifest", &[]),
    rule("honing-gobinary", &[]),
    rule("honing-gcov", &[]),
    // Pure, for what pgo.toml says to cargo.
    rule("honing-cargo", &["honing-core"]),
    // Effects and reports know core.
    rule(
        "honing-engine",
        &[
            "honing-cargo",
            "honing-core",
            "honing-gcov",
            "honing-gobinary",
            "honing-match",
            "honing-paired",
            "honing-pprof",
            "honing-profdata",
        ],
    ),
    rule("honing-report", &["honing-core"]),
    rule("honing-dashboard", &["honing-cargo", "honing-core"]),
    // Only the facade knows all of them; what it optimizes is none of them.
    rule(
        "honing",
        &[
            "honing-cargo",
            "honing-core",
            "honing-paired",
            "honing-pprof",
            "honing-profdata",
            "honing-manifest",
            "honing-match",
            "honing-engine",
            "honing-report",
            "honing-dashboard",
        ],
    ),
    rule("xtask", &["honing"]),
    rule("tasks", &["honing", "honing-match", "honing-paired", "honing-profdata"]),
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

/// Paths into the rooms of crafts and of kinds of profile.
const PLUGGED: &[&str] = &[
    "cargo::",
    "go::",
    "llvm::",
    "pprof::",
    "profdata::",
    "honing_match::",
    "gobinary::",
    "gcc::",
    "gcov::",
];

/// Rooms of the engine that work for any craft and any kind of profile, and what they must not name.
const ROOMS_OF_ALL: [(&str, &[&str]); 7] = [
    ("chain", PLUGGED),
    ("children", PLUGGED),
    ("io", PLUGGED),
    ("keep", PLUGGED),
    ("measure", PLUGGED),
    ("workloads", PLUGGED),
    ("profiles", &["cargo::", "go::"]),
];

/// Code that has no word of one craft, and the words that it may have all the same.
const NO_CRAFT: [(&str, &[&str]); 9] = [
    ("core/src", &[]),
    ("engine/src/chain", &[]),
    ("engine/src/children", &[]),
    ("engine/src/io", &[]),
    ("engine/src/keep", &[]),
    ("engine/src/measure", &[]),
    ("engine/src/workloads", &[]),
    ("report/src", &[]),
    // What edits Cargo.toml.
    (
        "dashboard/src",
        &[
            "Cargo profiles",
            "Cargo.toml",
            "cargo's configuration",
            "CargoProfiles",
            "cargo_profile",
            "honing_cargo",
        ],
    ),
];

/// Manifests of version 2 were cargo's.
const OLD: &str = "recorded/second.rs";

#[test]
fn words_of_one_craft_stand_in_its_rooms() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).unwrap();
    let mut wrong = Vec::new();
    for (place, allowed) in NO_CRAFT {
        for (at, line) in code(&packages.join(place)) {
            // The version of this package is nobody's word.
            let rest =
                allowed.iter().fold(line.replace("CARGO_PKG", ""), |line, word| line.replace(word, ""));
            let rest = rest.to_lowercase();
            if ["cargo", "rustc", "llvm", "pprof"].iter().any(|word| rest.contains(word)) {
                wrong.push(format!("{at}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn only_the_rooms_of_a_craft_and_of_a_kind_know_them() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).unwrap().join("engine/src");
    let mut wrong = Vec::new();
    for (room, forbidden) in ROOMS_OF_ALL {
        let of_room = code(&engine.join(room)).into_iter();
        wrong.extend(of_room.filter(|(_, line)| forbidden.iter().any(|word| line.contains(word))));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a craft and a kind of profile see of a session, and what a session knows of them: each needs the others.
const SEAM: [&str; 6] = [
    "builders/mod.rs",
    "builders/pass.rs",
    "chain/crafts.rs",
    "chain/session.rs",
    "chain/subject.rs",
    "profiles/mod.rs",
];

/// Through two rooms, none but the seam; within a room, none of more than three files.
#[test]
fn circles_of_files_are_small_and_stay_in_their_room() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).unwrap();
    let mut wrong = Vec::new();
    for package in [
        "cargo",
        "core",
        "dashboard",
        "engine",
        "honing",
        "manifest",
        "match",
        "paired",
        "profdata",
        "report",
    ] {
        let reached = reached(&packages.join(package).join("src"));
        let back = |one: &str, other: &str| reached[other].contains(one);
        for (one, others) in &reached {
            let circle: Vec<&str> =
                others.iter().map(String::as_str).filter(|other| back(one, other)).collect();
            if package == "engine" && circle.iter().chain([&one.as_str()]).all(|file| SEAM.contains(file)) {
                assert!(one != SEAM[0] || circle.len() >= 4, "the seam is a circle: {circle:?}");
                continue;
            }
            let room = |file: &str| file.split_once('/').map(|(room, _)| room.to_owned());
            if circle.len() > 3 || circle.iter().any(|other| room(other) != room(one)) {
                wrong.push((package, circle.join(" ")));
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every file below a folder, with the files that it uses by any number of steps.
fn reached(source: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut texts = BTreeMap::<String, String>::new();
    for (at, line) in code(source) {
        let (file, _) = at.rsplit_once(':').unwrap();
        let file = Path::new(file).strip_prefix(source).unwrap().display().to_string();
        // The front door opens on every room.
        if file != "lib.rs" {
            *texts.entry(file).or_default() += &line;
        }
    }
    let known: BTreeSet<&str> = texts.keys().map(String::as_str).collect();
    let arrows: BTreeMap<&str, BTreeSet<&str>> =
        texts.iter().map(|(file, text)| (file.as_str(), used(file, text, &known))).collect();
    let mut reached = BTreeMap::new();
    for from in &known {
        let (mut there, mut open) = (BTreeSet::<&str>::new(), vec![*from]);
        while let Some(file) = open.pop() {
            open.extend(arrows[file].iter().filter(|next| there.insert(**next)));
        }
        reached.insert((*from).to_owned(), there.into_iter().map(str::to_owned).collect());
    }
    reached
}

/// The files of `known` that the code of one uses by paths: `crate::a::{b, c::D}`, `super::D`, and those that
/// begin with a child.
fn used<'k>(file: &str, text: &str, known: &BTreeSet<&'k str>) -> BTreeSet<&'k str> {
    let module = module(file);
    let modules = known.iter().map(|file| self::module(file));
    let children = modules.filter_map(|other| other.strip_prefix(module.as_slice())?.first().copied());
    let begins: BTreeSet<String> =
        children.chain(["crate", "super"]).map(|word| format!("{word}::")).collect();
    let mut used = BTreeSet::new();
    for (at, _) in begins.iter().flat_map(|word| text.match_indices(word)) {
        if text[..at].ends_with(|letter: char| letter.is_alphanumeric() || "_:".contains(letter)) {
            continue;
        }
        let (mut above, mut rest) = (module.clone(), &text[at..]);
        if let Some(path) = rest.strip_prefix("crate::") {
            (above, rest) = (Vec::new(), path);
        }
        while let Some(path) = rest.strip_prefix("super::") {
            above.pop();
            rest = path;
        }
        let mut path: String = above.iter().map(|part| format!("{part}::")).collect();
        let mut before = Vec::new();
        for letter in rest.chars() {
            match letter {
                '{' if path.ends_with("::") || path.is_empty() => before.push(path.clone()),
                ',' | '}' if !before.is_empty() => {
                    used.extend(file_of(&path, known));
                    if letter == '}' {
                        before.pop();
                    }
                    path = before.last().cloned().unwrap_or_default();
                }
                ' ' => {}
                ':' | '_' => path.push(letter),
                _ if letter.is_alphanumeric() => path.push(letter),
                _ => break,
            }
            if letter == '}' && before.is_empty() {
                break;
            }
        }
        used.extend(file_of(&path, known));
    }
    used.remove(file);
    used
}

/// The parts of the path of a file's module.
fn module(file: &str) -> Vec<&str> {
    file.trim_end_matches(".rs").trim_end_matches("/mod").split('/').collect()
}

/// The file with what a path names: that of its longest part.
fn file_of<'k>(path: &str, known: &BTreeSet<&'k str>) -> Option<&'k str> {
    let parts: Vec<&str> = path.split("::").collect();
    // Behind the last comma there is nothing.
    let parts = if path.ends_with("::") { &[] } else { parts.as_slice() };
    let files = (1..=parts.len()).rev().flat_map(|length| {
        let part = parts[..length].join("/");
        [format!("{part}.rs"), format!("{part}/mod.rs")]
    });
    files.into_iter().find_map(|file| known.get(file.as_str()).copied())
}

/// The lines of code in a file or below a folder, with where they are. Comments are none; tests may try a
/// real craft.
fn code(path: &Path) -> Vec<(String, String)> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        return entries
            .filter(|path| !path.ends_with("tests.rs") && !path.ends_with(OLD))
            .flat_map(|path| code(&path))
            .collect();
    }
    let text =
        std::fs::read_to_string(path).unwrap_or_else(|_| unreachable!("{} is not there", path.display()));
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.starts_with("//"));
    lines.map(|(at, line)| (format!("{}:{}", path.display(), at + 1), line.to_owned())).collect()
}
