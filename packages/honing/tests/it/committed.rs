//! A stored profile on its way through git: ignored, taken for text, and whole in a clone.

use std::{fs, process::Command};

use honing_core::Digest;

use crate::support::{Fixture, TRIPLE, commit, git};

#[test]
fn git_neither_ignores_nor_changes_a_profile_in_silence() {
    let fixture = Fixture::tiny();
    let folder = format!("pgo/profiles/tiny/{TRIPLE}");
    let profile = format!("{folder}/profile.honing");
    fixture.write(".gitattributes", "* text eol=crlf ident\n");
    fixture.write(".gitignore", "/target\npgo/profiles\n");
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "first");
    let ran = fixture.succeeds(&[]);
    let warning =
        format!("warning: record: git ignores {profile}, by the rule .gitignore:2:pgo/profiles: take");
    assert!(ran.stderr.contains(&warning), "{}", ran.stderr);

    fixture.write(".gitignore", "/target\n");
    let ran = fixture.succeeds(&["record", "--force"]);
    assert!(!ran.stderr.contains("git ignores"), "{}", ran.stderr);
    commit(&fixture, "profile");
    let clone = fixture.clone_in("clone");
    assert!(clone.read("pgo/pgo.toml").contains("\r\n"), "git does change what is text");
    assert_eq!(fs::read(clone.path(&profile)).unwrap(), fs::read(fixture.path(&profile)).unwrap());
    for name in ["text", "ident"] {
        let said = Command::new("git").args(["check-attr", name, &profile]).current_dir(&clone.root).output();
        let said = String::from_utf8(said.unwrap().stdout).unwrap();
        assert!(said.trim_end().ends_with(&format!("{name}: unset")), "{said}");
    }
    clone.succeeds(&["export", "-o", "whole.profdata"]);
    // Somebody's own rules stay.
    fixture.write("pgo/profiles/.gitattributes", "*.honing -text filter=lfs\n");
    fixture.succeeds(&["record", "--force"]);
    assert_eq!(fixture.read("pgo/profiles/.gitattributes"), "*.honing -text filter=lfs\n");

    // Without them: a profile in which each line end was changed.
    let lines = "a line\n".repeat(40);
    let manifest = fixture.read(&format!("{folder}/manifest.toml"));
    let line = manifest.lines().find(|line| line.starts_with("digest = ")).unwrap();
    let (digest, changed) = (Digest::of(lines.as_bytes()), lines.replace('\n', "\r\n"));
    fixture.replace(&format!("{folder}/manifest.toml"), line, &format!("digest = \"{digest}\""));
    fixture.write(&profile, &changed);
    let ran = fixture.run(&["export", "-o", "damaged.profdata"]);
    assert_eq!(ran.code, 12, "{}", ran.stderr);
    for says in [
        "its line ends were changed, as git does with text",
        "restoring it would damage it again",
        "*.honing -text",
    ] {
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
}
