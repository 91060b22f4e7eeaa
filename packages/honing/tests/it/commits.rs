//! What is said of the commit is said of the workspace's own repository, of all that was compiled, and in
//! git's own words where git refuses.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::support::{Fixture, Ran, TINY_CONFIG, finish};

/// A repository with a workspace in a folder; the program has a package beside that, and one of another
/// repository.
struct Mono {
    at: Fixture,
    other: Fixture,
}

fn git(dir: &Path, args: &[&str]) {
    let own = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
    let output = Command::new("git").args(own).args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit_all(dir: &Path) {
    git(dir, &["init", "--quiet"]);
    git(dir, &["add", "--all"]);
    git(dir, &["commit", "--quiet", "-m", "some"]);
}

impl Mono {
    fn new() -> Self {
        let (at, other) = (Fixture::tiny_in("mono/app"), Fixture::empty("other"));
        let mono = Self { at, other };
        let library = |name: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n")
        };
        mono.at.write("../near/Cargo.toml", &library("near"));
        mono.at.write("../near/src/lib.rs", "pub fn near() -> u64 { 1 }\n");
        mono.other.write("far/Cargo.toml", &library("far"));
        mono.other.write("far/src/lib.rs", "pub fn far() -> u64 { 1 }\n");
        let far = mono.other.path("far").display().to_string();
        let dependencies =
            format!("near = {{ path = \"../near\" }}\nfar = {{ path = \"{far}\" }}\n\n[workspace]\n");
        mono.at.replace("Cargo.toml", "[workspace]\n", &format!("[dependencies]\n{dependencies}"));
        mono.at.replace("src/main.rs", "println!(", "assert!(near::near() + far::far() > 0);\n    println!(");
        mono.at.write("pgo/pgo.toml", TINY_CONFIG);
        mono.at.write("../.gitignore", "target\n");
        commit_all(&mono.other.root);
        mono
    }

    fn top(&self) -> &Path {
        self.at.root.parent().unwrap()
    }

    fn run_with(&self, env: &[(&str, &str)], args: &[&str]) -> Ran {
        finish(self.at.honing(args).envs(env.iter().copied()).output().unwrap())
    }

    /// Builds; the entries of the provenance that are about commits.
    fn sources_with(&self, env: &[(&str, &str)]) -> (String, Vec<Value>) {
        let ran = self.run_with(env, &["build", "--no-pgo", "--offline", "-o", "target/out/tiny"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let statement: Value =
            serde_json::from_str(&self.at.read("target/out/tiny.provenance.json")).unwrap();
        let entries = statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
        let is_source = |entry: &&Value| entry["name"].as_str().unwrap().starts_with("source");
        (ran.stderr, entries.iter().filter(is_source).cloned().collect())
    }

    /// Whether each of them is dirty: the workspace's own repository first.
    fn dirty(&self) -> Vec<bool> {
        let (_, sources) = self.sources_with(&[]);
        sources.iter().map(|source| source["annotations"]["dirty"].as_bool().unwrap()).collect()
    }
}

#[test]
fn what_was_compiled_is_dirty_wherever_it_is() {
    let mono = Mono::new();
    // The lockfile belongs to the commit.
    mono.at.run(&["build", "--no-pgo", "--offline"]);
    commit_all(mono.top());
    assert_eq!(mono.dirty(), [false, false]);

    mono.at.replace("../near/src/lib.rs", "1", "2");
    assert_eq!(mono.dirty(), [true, false], "beside the workspace, in its repository");
    git(mono.top(), &["checkout", "--quiet", "."]);
    mono.other.replace("far/src/lib.rs", "1", "2");
    assert_eq!(mono.dirty(), [true, true], "in another repository");
    git(&mono.other.root, &["checkout", "--quiet", "."]);
    mono.at.write("../notes.txt", "");
    assert_eq!(mono.dirty(), [true, false], "unknown, above the workspace");
    fs::remove_file(mono.at.path("../notes.txt")).unwrap();

    // In the place of `near`, by cargo's configuration: in no repository.
    let lone = Fixture::empty("lone");
    lone.write(
        "Cargo.toml",
        "[package]\nname = \"near\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[workspace]\n",
    );
    lone.write("src/lib.rs", "pub fn near() -> u64 { 3 }\n");
    mono.at.write(".cargo/config.toml", &format!("paths = [\"{}\"]\n", lone.root.display()));
    commit_all(mono.top());
    let (_, sources) = mono.sources_with(&[]);
    assert_eq!(sources[0]["annotations"]["dirty"], true, "{sources:?}");
    assert_eq!(sources[0]["annotations"]["withoutCommit"], serde_json::json!(["near"]));
    assert_eq!((sources.len(), sources[1]["name"].as_str()), (2, Some("source of far")));
}

#[test]
fn a_hook_of_another_repository_and_a_repository_of_another_owner() {
    let mono = Mono::new();
    mono.at.run(&["build", "--no-pgo", "--offline"]);
    commit_all(mono.top());
    let (_, own) = mono.sources_with(&[]);
    let third = Fixture::empty("third");
    third.write("README", "");
    commit_all(&third.root);
    third.write("unknown.txt", "");
    let (top, dir) = (third.root.display().to_string(), third.path(".git").display().to_string());
    let index = format!("{dir}/index");
    let hook = [
        ("GIT_DIR", dir.as_str()),
        ("GIT_WORK_TREE", &top),
        ("GIT_INDEX_FILE", &index),
        ("GIT_PREFIX", "far/"),
    ];
    let (_, hooked) = mono.sources_with(&hook);
    assert_eq!(hooked[0], own[0]);
    assert_ne!(own[0]["digest"], own[1]["digest"]);

    let owner = [("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")];
    let words = "git: detected dubious ownership in repository at '";
    let hint = "(if you trust that folder: `git config --global --add safe.directory ";
    let says = |text: &str| assert!(text.contains(words) && text.contains(hint), "{text}");
    let (stderr, sources) = mono.sources_with(&owner);
    assert!(sources.is_empty(), "{sources:?}");
    says(&stderr);
    let recorded = mono.run_with(&owner, &["--offline"]);
    assert_eq!(recorded.code, 0, "{}", recorded.stderr);
    says(&recorded.stderr);
    let status = mono.run_with(&owner, &["status"]);
    says(&status.stdout);
    let list = mono.run_with(&owner, &["checklist", "--format", "json", "--offline"]);
    assert!(list.stdout.contains(words) && list.stdout.contains("safe.directory"), "{}", list.stdout);
    // Trusted, as a job says it.
    let trusted = [
        owner[0],
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "safe.directory"),
        ("GIT_CONFIG_VALUE_0", "*"),
    ];
    assert_eq!(mono.sources_with(&trusted).1[0]["digest"], own[0]["digest"]);
}
