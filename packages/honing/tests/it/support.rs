//! Workspaces to run the real program on.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The program under test.
pub(crate) const HONING: &str = env!("CARGO_BIN_EXE_honing");

/// Counts Collatz steps: CPU-bound, deterministic, built in half a second.
const TINY_MAIN: &str = r#"
fn steps(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}
fn main() {
    let to: u64 = std::env::args().nth(1).and_then(|to| to.parse().ok()).unwrap_or(1000);
    let longest = (1..to).map(steps).max().unwrap_or(0);
    println!("{{\"longest\": {longest}}}");
}
"#;

/// One program, one training workload, one evaluation workload. The margin is so wide
/// that a program of a millisecond on a busy machine is not found to regress.
pub(crate) const TINY_CONFIG: &str = r#"[bench]
pairs = 6
warmup = 0
margin = 50.0
[program.tiny]
package = "tiny"

[program.tiny.workload.learn]
role = "train"
seed = 7
command = ["{program}", "2000"]

[program.tiny.workload.judge]
role = "eval"
command = ["{program}", "3000"]
"#;

/// A workspace in a folder of its own.
pub(crate) struct Fixture {
    _dir: tempfile::TempDir,
    /// The root of the workspace.
    pub(crate) root: PathBuf,
}

/// What a run of the program came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Fixture {
    /// An empty folder called `name`.
    pub(crate) fn empty(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join(name);
        fs::create_dir_all(&root).unwrap();
        // The path that cargo will name: /tmp may be a link.
        let root = root.canonicalize().unwrap();
        Self { _dir: dir, root }
    }

    /// The tiny program with [`TINY_CONFIG`], in a folder called `name`.
    pub(crate) fn tiny_in(name: &str) -> Self {
        let fixture = Self::empty(name);
        fixture.write(
            "Cargo.toml",
            "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[features]\nextra = []\n\n[workspace]\n",
        );
        fixture.write("src/main.rs", TINY_MAIN);
        fixture.write("pgo/pgo.toml", TINY_CONFIG);
        fixture
    }

    /// The tiny program.
    pub(crate) fn tiny() -> Self {
        Self::tiny_in("tiny")
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn write(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap()
    }

    /// Replaces a text that has to be there.
    pub(crate) fn replace(&self, relative: &str, from: &str, to: &str) {
        let text = self.read(relative);
        assert!(text.contains(from), "{relative} has no {from:?}:\n{text}");
        self.write(relative, &text.replacen(from, to, 1));
    }

    /// The program, ready to run here, with an environment that is the same everywhere.
    pub(crate) fn honing(&self, args: &[&str]) -> Command {
        let mut command = Command::new(HONING);
        command.args(args).current_dir(&self.root).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let of_the_test = name.starts_with("CARGO_") && name != "CARGO_HOME" || name == "CARGO";
            if of_the_test || name.starts_with("HONING_") || name.contains("RUSTFLAGS") || name == "CI" {
                command.env_remove(name);
            }
        }
        command
    }

    /// Runs the program here.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        finish(self.honing(args).output().unwrap())
    }

    /// Runs the program here and expects it to end with 0.
    pub(crate) fn succeeds(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    /// Runs the program here with `--format json`; how each stage ended.
    pub(crate) fn stages(&self, args: &[&str]) -> Vec<(String, String)> {
        let mut all = args.to_vec();
        all.extend(["--format", "json"]);
        let ran = self.run(&all);
        let events = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let text = |event: &serde_json::Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
        events
            .filter(|event| event["event"] == "stage_finished")
            .map(|event| (text(&event, "stage"), text(&event, "state")))
            .collect()
    }
}

pub(crate) fn finish(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Says on the real standard error (libtest captures only its macros) that a test
/// needs something; fails where skipping is not allowed, as in `.ci/run`.
pub(crate) fn skip(needs: &str) {
    assert!(std::env::var_os("HONING_NO_SKIP").is_none(), "needs {needs}, and HONING_NO_SKIP is set");
    let _ = writeln!(std::io::stderr(), "SKIPPED: needs {needs}");
}

/// Processes whose command line, or whose environment, names `folder`.
pub(crate) fn processes_of(folder: &Path) -> Vec<String> {
    let needle = folder.to_string_lossy().into_owned();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let pid = entry.file_name().to_string_lossy().into_owned();
        if line.contains(&needle) && pid != std::process::id().to_string() {
            found.push(format!("{pid}: {line}"));
        }
    }
    found
}
