//! Manifests as people wrote them: those of this workspace's own dependencies, which crates ship
//! as `Cargo.toml.orig`. Edited and undone they have the same bytes, and cargo thinks of them
//! what it thought before.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test reads files, runs cargo and tells what it found"
)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{CargoOpt, MetadataCommand};
use honing_manifest::{Edit, Error, Value};

/// How many there have to be, for the test to mean something.
const LEAST: usize = 60;

/// What people would do to a manifest: change, add, and add a profile.
fn edit(text: &str) -> Edit {
    let mut edit = Edit::new(text).unwrap();
    for (key, value) in [("lto", Value::from("fat")), ("codegen-units", 1.into()), ("debug", 0.into())] {
        edit.set("release", key, value.clone(), "").unwrap();
        edit.set("dev", key, value, "").unwrap();
    }
    edit.add_profile("release-pgo", "release", "").unwrap();
    edit.set("release-pgo", "incremental", false.into(), "").unwrap();
    edit
}

/// Folders of the packages that this workspace depends on here. They are unpacked already:
/// this very test was built from some of them.
fn packages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap().trim().to_owned();
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .other_options(["--offline".into(), "--locked".into(), "--filter-platform".into(), host])
        .exec()
        .unwrap();
    let folder = |package: &cargo_metadata::Package| package.manifest_path.parent().map(PathBuf::from);
    metadata.packages.iter().filter(|package| package.source.is_some()).filter_map(folder).collect()
}

/// What cargo says of a manifest.
#[derive(Debug)]
struct Judgement {
    /// Whether it takes it.
    taken: bool,
    /// What it reads in it, as JSON.
    read: String,
    /// Warnings and errors.
    words: String,
}

/// A folder for one package: the root of its workspace, and deep enough for what it calls `..`.
struct Scratch {
    root: PathBuf,
    dir: tempfile::TempDir,
    /// What its manifest lacks to stand alone.
    lacks: String,
}

impl Scratch {
    /// The folder, and what cargo says of the manifest in it.
    fn new(text: &str) -> (Self, Judgement) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("a/b/c");
        let own: toml::Table = text.parse().unwrap();
        let lacks =
            if own.contains_key("workspace") { String::new() } else { format!("\n{}", inherited(&own)) };
        let scratch = Self { root, dir, lacks };
        let usual = ["src/lib.rs", "src/main.rs", "build.rs"].map(str::to_owned);
        named_files(&own).iter().chain(&usual).for_each(|file| scratch.write(&scratch.root.join(file), ""));
        let judgement = scratch.complete(text);
        (scratch, judgement)
    }

    /// Other members of its workspace, and dependencies that are folders beside it.
    fn complete(&self, text: &str) -> Judgement {
        let mut judgement = self.judged(text);
        for turn in 0..20 {
            let words = &judgement.words;
            let missing = words.split("failed to read `").nth(1).and_then(|rest| rest.split('`').next());
            let Some(path) = missing.filter(|_| !judgement.taken) else { break };
            let name = words.split("for dependency `").nth(1).and_then(|rest| rest.split('`').next());
            let name = name.map_or_else(|| format!("missing{turn}"), str::to_owned);
            let path = PathBuf::from(path.replace('*', "any"));
            let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2021\"\n");
            self.write(&path, &manifest);
            self.write(&path.with_file_name("src/lib.rs"), "");
            judgement = self.judged(text);
        }
        judgement
    }

    fn write(&self, path: &Path, text: &str) {
        assert!(path.starts_with(self.dir.path()), "{} is outside of the scratch folder", path.display());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn judged(&self, text: &str) -> Judgement {
        let manifest = self.root.join("Cargo.toml");
        fs::write(&manifest, format!("{text}{}", self.lacks)).unwrap();
        let output = Command::new("cargo")
            .args(["read-manifest", "--offline", "--manifest-path"])
            .arg(&manifest)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Judgement { taken: output.status.success(), read: text(output.stdout), words: text(output.stderr) }
    }
}

/// What a workspace has to say where its members write `key.workspace = true`.
fn inherited(own: &toml::Table) -> String {
    let inherits = |value: &toml::Value| value.get("workspace").is_some_and(|it| it.as_bool() == Some(true));
    let table = |table: &toml::Table, key: &str| {
        table.get(key).and_then(toml::Value::as_table).cloned().unwrap_or_default()
    };
    let mut text = String::from("[workspace]\n[workspace.package]\n");
    for (key, _) in table(own, "package").iter().filter(|(_, value)| inherits(value)) {
        let value = match key.as_str() {
            "version" => "\"1.0.0\"",
            "edition" => "\"2021\"",
            "rust-version" => "\"1.60\"",
            "license" => "\"MIT\"",
            "authors" | "keywords" | "categories" | "include" | "exclude" => "[]",
            "publish" => "true",
            _ => "\"x\"",
        };
        text.push_str(&format!("{key} = {value}\n"));
    }
    if own.get("lints").is_some_and(inherits) {
        text.push_str("[workspace.lints.rust]\n");
    }
    let mut names: BTreeMap<String, ()> = BTreeMap::new();
    let targets = table(own, "target");
    for place in std::iter::once(own).chain(targets.values().filter_map(toml::Value::as_table)) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            names.extend(
                table(place, kind).into_iter().filter(|(_, it)| inherits(it)).map(|(name, _)| (name, ())),
            );
        }
    }
    text.push_str("[workspace.dependencies]\n");
    names.keys().for_each(|name| text.push_str(&format!("{name} = \"1\"\n")));
    text
}

/// Source files that targets name.
fn named_files(own: &toml::Table) -> Vec<String> {
    let mut found = Vec::new();
    for (key, value) in own {
        let targets = match value {
            toml::Value::Array(all) => all.clone(),
            one if key == "lib" => vec![one.clone()],
            _ => continue,
        };
        for target in targets {
            let text = |key: &str| target.get(key).and_then(toml::Value::as_str).map(str::to_owned);
            let folder = match key.as_str() {
                "bin" => "src/bin",
                "example" => "examples",
                "test" => "tests",
                _ => "benches",
            };
            found.extend(text("path").or_else(|| text("name").map(|name| format!("{folder}/{name}.rs"))));
        }
    }
    let build = own.get("package").and_then(|package| package.get("build")?.as_str());
    found.extend(build.map(str::to_owned));
    found
}

#[derive(Default)]
struct Tally {
    tried: usize,
    refused: Vec<String>,
    failures: Vec<String>,
}

impl Tally {
    fn add(&mut self, path: &Path) {
        let text = fs::read_to_string(path).unwrap();
        let edit = edit(&text);
        self.tried += 1;
        if edit.undo(edit.new_text()).as_deref() != Ok(text.as_str()) {
            self.failures.push(format!("{}: undone, it has other bytes", path.display()));
        }
        let (scratch, before) = Scratch::new(&text);
        let after = scratch.judged(edit.new_text());
        if !before.taken {
            self.refused.push(format!("{}: {}", path.display(), before.words.trim()));
        }
        // A warning quotes the line that it is about, and lines move down; nothing else may differ.
        let essence = |of: &Judgement| (of.taken, of.read.clone(), numberless(&of.words));
        if essence(&before) != essence(&after) {
            let (said, says) = (before.words, after.words);
            self.failures.push(format!("{}: cargo said {said:?} and says {says:?}", path.display()));
        }
    }
}

/// Without the numbers of lines.
fn numberless(words: &str) -> String {
    words.chars().filter(|c| !c.is_ascii_digit() && *c != ' ').collect()
}

#[test]
fn cargo_thinks_the_same_of_an_edited_manifest() {
    let paths: Vec<PathBuf> = packages()
        .into_iter()
        .map(|folder| folder.join("Cargo.toml.orig"))
        .filter(|path| path.is_file())
        .collect();
    assert!(
        paths.len() >= LEAST,
        "only {} of the workspace's dependencies ship their Cargo.toml.orig",
        paths.len()
    );
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let of_one = |first: usize| {
            let mut tally = Tally::default();
            paths.iter().skip(first).step_by(threads).for_each(|path| tally.add(path));
            tally
        };
        let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || of_one(first))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let tried: usize = tallies.iter().map(|tally| tally.tried).sum();
    let refused: Vec<&String> = tallies.iter().flat_map(|tally| &tally.refused).collect();
    let failures: Vec<&String> = tallies.iter().flat_map(|tally| &tally.failures).collect();
    println!("{tried} manifests edited; cargo refuses {} of the originals: {refused:#?}", refused.len());
    assert!(failures.is_empty(), "{failures:#?}");
    assert_eq!(tried, paths.len());
    assert!(refused.len() * 10 <= tried, "cargo refuses too many of the originals to compare: {refused:#?}");
}

#[test]
fn cargo_takes_no_name_that_is_refused_here_as_reserved() {
    let package = "[package]\nname = \"x\"\nversion = \"1.0.0\"\nedition = \"2021\"\n";
    let (scratch, _) = Scratch::new(package);
    for name in ["build", "debug", "uninstall", "cargo-x", "Tmp", "rustdoc", "release-pgo", "doc", "x_1"] {
        let mut edit = Edit::new(package).unwrap();
        let ours = match edit.add_profile(name, "release", "") {
            Ok(()) => true,
            Err(Error::Name { .. }) => false,
            Err(other) => panic!("{name}: {other}"),
        };
        let text = format!("{package}[profile.{name}]\ninherits = \"release\"\n");
        assert_eq!(scratch.judged(&text).taken, ours, "{name}");
    }
}
