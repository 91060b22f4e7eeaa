//! What Honing writes into somebody's repository passes the linters that such repositories use.
#![allow(clippy::unwrap_used, reason = "helpers of tests may fail too")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const MANIFEST: &str = include_str!("../../../packages/honing/tests/fixtures/two_binaries.toml");

fn xtask(folder: &Path, args: &[&str]) -> Output {
    let mut command = match args {
        ["pgo", ..] => {
            let mut cargo = Command::new(env!("CARGO"));
            let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
            cargo.args(["run", "--quiet", "--manifest-path", manifest, "--"]);
            cargo
        }
        _ => Command::new(env!("CARGO_BIN_EXE_tasks")),
    };
    command.args(args).current_dir(folder).output().unwrap()
}

fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = xtask(folder, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn git(folder: &Path, args: &[&str]) -> String {
    let identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    let output = Command::new("git").args(identity).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn linters_find_nothing_in_what_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    fs::create_dir(root.join("src")).unwrap();
    fs::write(root.join("src/app.rs"), "fn main() {\n    println!(\"usage: app\");\n}\n").unwrap();
    fs::write(root.join("src/helper.rs"), "fn main() {}\n").unwrap();
    fs::write(root.join("Cargo.toml"), MANIFEST).unwrap();
    fs::write(root.join(".gitignore"), "target/\n").unwrap();
    git(root, &["init", "--quiet"]);
    succeeds(root, &["pgo", "init"]);
    // A lockfile is not Honing's.
    let lock = Command::new("cargo").arg("generate-lockfile").current_dir(root).output().unwrap();
    assert!(lock.status.success(), "{lock:?}");
    succeeds(root, &["pgo", "--ci", "--pairs", "2"]);
    // It asks for a commit, and says so in the file.
    let checklist = xtask(root, &["pgo", "checklist"]).stdout;
    assert!(!checklist.is_empty());
    fs::write(root.join("checklist.md"), checklist).unwrap();
    fs::copy(root.join("target/honing/ci/report.md"), root.join("report.md")).unwrap();

    let written = dir.path().join("target/written");
    for file in git(root, &["ls-files", "--others", "--exclude-standard"]).lines() {
        let to = written.join(file);
        if !matches!(file, "Cargo.toml" | "Cargo.lock" | "src/app.rs" | "src/helper.rs" | ".gitignore") {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(root.join(file), to).unwrap();
        }
    }
    assert!(written.join("pgo/pgo.toml").exists() && written.join("pgo/profiles/app").exists());
    let folder = written.to_str().unwrap();
    let said = succeeds(Path::new(env!("CARGO_MANIFEST_DIR")), &["lint", "--folder", folder]);
    if said.contains("SKIPPED") {
        println!("SKIPPED: {said}");
    }
}
