//! The whole life of a profile, as docs/release_process.md tells it: refresh, commit, version bump,
//! check, checklist, build; on clones, with no step between the commands.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    stored::{LIB, MAIN},
    support::{Fixture, LOCKFILE, Ran, commit, finish, git},
};

/// A machine: a clone, and how `cargo xtask pgo` is called there.
struct Machine {
    clone: Fixture,
    xtask: bool,
}

impl Machine {
    /// Runs `cargo xtask pgo` and expects it to end with 0.
    fn pgo(&self, args: &[&str]) -> Ran {
        let ran = if self.xtask { finish(self.cargo_xtask(args)) } else { self.clone.run(args) };
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    fn cargo_xtask(&self, args: &[&str]) -> std::process::Output {
        let mut command = Command::new("cargo");
        command.args(["xtask", "pgo"]).args(args).current_dir(&self.clone.root).stdin(Stdio::null());
        for (name, _) in self.clone.honing(&[]).get_envs().filter(|(_, value)| value.is_none()) {
            command.env_remove(name);
        }
        command.output().unwrap()
    }
}

/// The life of `program`, whose package's version stands in `Cargo.toml`, up to a binary that is run
/// with `args`.
#[allow(clippy::print_stdout, reason = "what it found is the evidence: --nocapture shows it")]
fn live(origin: &Fixture, xtask: bool, program: &str, refresh: &[&str], args: &[&str]) {
    let nightly = Machine { clone: origin.clone_in("nightly"), xtask };
    nightly.pgo(refresh);
    commit(&nightly.clone, "Refresh the profile");
    git(&nightly.clone, &["push", "--quiet", "origin", "HEAD"]);

    let release = Machine { clone: origin.clone_in("release"), xtask };
    release.clone.replace("Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\"");
    // As every release does: the lockfile has the version, too.
    let mut update = Command::new("cargo");
    update.args(["update", "--workspace", "--offline"]).current_dir(&release.clone.root);
    let updated = update.output().unwrap();
    assert!(updated.status.success(), "{}", String::from_utf8_lossy(&updated.stderr));
    commit(&release.clone, "Version 0.2.0");

    let checked = release.pgo(&["check", "--locked"]);
    println!("{}", checked.stdout);
    let list = release.pgo(&["checklist", "--locked"]).stdout;
    println!("{list}");
    assert!(list.contains("**ready**") && list.contains(&format!("## {program} 0.2.0 (")), "{list}");
    let built = release.pgo(&["build", "--locked", "--format", "json"]);
    let events: Vec<Value> = built.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let event = |name: &str| events.iter().rev().find(|event| event["event"] == name).unwrap();
    let summary = &event("program_finished")["summary"];
    println!("{}", summary["optimized"]);
    let share = event("matched")["applied"]["share"].as_f64().unwrap();
    assert_eq!(event("matched")["applied"]["by"], "trace", "the compiler itself says what it applied");
    assert_eq!(event("run_finished")["optimized"][0], summary["optimized"]["path"]);
    let binary = PathBuf::from(summary["optimized"]["path"].as_str().unwrap());
    let digest = summary["optimized"]["digest"].as_str().unwrap();
    assert!(list.contains(&digest[..12]), "what was checked is what is built: {digest} {list}");
    let provenance =
        binary.with_file_name(format!("{}.provenance.json", binary.file_name().unwrap().display()));
    let provenance: Value = serde_json::from_str(&fs::read_to_string(provenance).unwrap()).unwrap();
    assert_eq!(provenance["subject"][0]["digest"]["blake3"], digest, "{provenance:#}");
    let result = &provenance["predicate"]["runDetails"]["honing_result"];
    println!("{result:#}");
    assert_eq!((&result["match"]["share"], &result["stale"]), (&share.into(), &Value::Array(Vec::new())));
    // Both machines had to leave their trees as they were committed.
    let status =
        Command::new("git").args(["status", "--porcelain"]).current_dir(&release.clone.root).output();
    assert_eq!(String::from_utf8_lossy(&status.unwrap().stdout), "");
    let plain =
        nightly.clone.path("target/honing").join(program).join("baseline").join(binary.file_name().unwrap());
    assert_ne!(fs::read(plain).unwrap(), fs::read(&binary).unwrap(), "PGO made no difference");
    assert!(share >= 0.99, "{share}");
    assert!(Command::new(&binary).args(args).output().unwrap().status.success());
}

/// A repository to clone from and push to.
fn bare(of: &Path) -> Fixture {
    let origin = Fixture::empty("origin.git");
    git(&origin, &["clone", "--quiet", "--bare", &of.display().to_string(), "."]);
    origin
}

#[test]
fn from_refresh_to_release_with_no_step_between() {
    let source = Fixture::tiny();
    source.write("src/lib.rs", LIB);
    source.write("src/main.rs", MAIN);
    source.write(".gitignore", "/target\n");
    source.write("Cargo.lock", LOCKFILE);
    git(&source, &["init", "--quiet"]);
    commit(&source, "source");
    let origin = bare(&source.root);
    live(&origin, false, "tiny", &["--plain"], &["2000"]);
}

/// The same on this repository's tracker, from nothing, by `cargo xtask pgo` itself: ten minutes.
#[test]
#[ignore = "ten minutes; cargo test -p honing --test it life -- --ignored --nocapture"]
fn from_refresh_to_release_on_the_tracker() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let origin = bare(repository);
    live(&origin, true, "tracker", &["--ci", "--pairs", "8"], &["--version"]);
}
