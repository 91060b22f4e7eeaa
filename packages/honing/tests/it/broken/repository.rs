//! Repositories and folders that look broken, and are no error.

use std::process::Command;

use super::{Case, which};
use crate::support::{Fixture, Ran};

fn git(fixture: &Fixture, args: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(&fixture.root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Runs, and what is recorded then.
fn recorded(case: &Case<'_>) -> (Ran, toml_lines::Manifest) {
    let ran = case.run(&["--force"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let folder = case.at.path("pgo/profiles/tiny");
    let triple = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(triple.join("manifest.toml")).unwrap();
    (ran, toml_lines::Manifest(text))
}

/// Enough of TOML for two keys.
mod toml_lines {
    pub(super) struct Manifest(pub(super) String);

    impl Manifest {
        pub(super) fn get(&self, key: &str) -> &str {
            let line = self.0.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
            line.expect(key).trim_matches('"')
        }
    }
}

const NO_COMMIT: &str = "warning: record: no git commit here";

#[test]
fn git_may_be_missing_empty_clean_or_dirty() {
    let fixture = Fixture::tiny();
    let case = Case::new(&fixture);
    let (ran, manifest) = recorded(&case);
    assert!(ran.stderr.contains(NO_COMMIT), "no repository: {}", ran.stderr);
    assert_eq!((manifest.get("commit"), manifest.get("dirty")), ("unknown", "false"));

    git(&fixture, &["init", "-q"]);
    let (ran, manifest) = recorded(&case);
    assert!(ran.stderr.contains(NO_COMMIT), "nothing committed: {}", ran.stderr);
    assert_eq!(manifest.get("commit"), "unknown");

    fixture.write(".gitignore", "/target\n/pgo/profiles\n");
    git(&fixture, &["add", "."]);
    git(&fixture, &["commit", "-qm", "first"]);
    let (ran, manifest) = recorded(&case);
    assert!(!ran.stderr.contains(NO_COMMIT), "clean: {}", ran.stderr);
    assert_eq!((manifest.get("commit").len(), manifest.get("dirty")), (40, "false"));

    fixture.replace("src/main.rs", "fn main() {", "// changed\nfn main() {");
    let (ran, manifest) = recorded(&case);
    assert!(!ran.stderr.contains(NO_COMMIT), "dirty: {}", ran.stderr);
    assert_eq!((manifest.get("commit").len(), manifest.get("dirty")), (40, "true"));

    let mut without_git = Case::new(&fixture);
    let tools: Vec<&str> = ["cc", "ld", "as", "llvm-profdata-22", "llvm-profdata"]
        .into_iter()
        .filter(|name| which(name).is_some())
        .collect();
    without_git.only_on_path(&tools);
    let (ran, manifest) = recorded(&without_git);
    assert!(ran.stderr.contains(NO_COMMIT), "no git: {}", ran.stderr);
    assert_eq!(manifest.get("commit"), "unknown");
}

#[test]
fn a_path_with_spaces_and_other_alphabets() {
    let fixture = Fixture::tiny_in("ein Hof, naïve & 工作 'q' \"d\" $x #1");
    let ran = fixture.succeeds(&[]);
    let path = "工作 'q' \"d\" $x #1/target/honing/tiny/optimize/tiny\n";
    assert!(ran.stdout.contains(path), "{}", ran.stdout);
    fixture.is_up_to_date(&[]);
}

#[test]
fn no_home() {
    let fixture = Fixture::tiny();
    let mut case = Case::new(&fixture);
    for name in ["CARGO_HOME", "RUSTUP_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "USER", "TERM", "LANG"] {
        case.unset(name);
    }
    // rustup's proxies look for their toolchains there; these need none.
    let tools: Vec<&str> = ["cc", "ld", "as", "llvm-profdata-22", "llvm-profdata"]
        .into_iter()
        .filter(|name| which(name).is_some())
        .collect();
    case.only_on_path(&tools);
    case.unset("HOME");
    let ran = case.run(&[]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

/// A target directory that cannot be named in UTF-8: cargo itself refuses it.
#[test]
fn a_path_that_is_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let fixture = Fixture::tiny();
    let odd = fixture.root.parent().unwrap().join(std::ffi::OsStr::from_bytes(b"odd\xff"));
    std::fs::rename(&fixture.root, &odd).unwrap();
    let mut case = Case::new(&fixture);
    case.dir = Some(odd.clone());
    let ran = case.run(&[]);
    std::fs::rename(&odd, &fixture.root).unwrap();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("error: ").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("UTF-8") && ran.stderr.contains(" hint: "), "{}", ran.stderr);
    fixture.succeeds(&[]);
}
