//! What the tests share: the real `go`, and a small program that is written by hand.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

pub mod synth;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Says that a test was skipped.
///
/// # Panics
/// If `HONING_NO_SKIP` is set.
pub fn skip(needs: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // libtest captures what the print macros write; this it does not.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test} needs {needs}");
    assert!(std::env::var_os("HONING_NO_SKIP").is_none(), "{test} needs {needs}");
}

/// A `go` command to build with.
pub struct Go {
    command: PathBuf,
    root: Option<PathBuf>,
    folder: tempfile::TempDir,
}

impl Go {
    /// The one on PATH, or a line that says that the test was skipped.
    pub fn found() -> Option<Self> {
        let there = Command::new("go").arg("version").output().is_ok_and(|output| output.status.success());
        if !there {
            skip("go");
            return None;
        }
        Some(Self { command: "go".into(), root: None, folder: tempfile::tempdir().unwrap() })
    }

    /// The one of an unpacked toolchain.
    pub fn of(root: &Path) -> Self {
        let (command, root) = (root.join("bin/go"), Some(root.to_owned()));
        Self { command, root, folder: tempfile::tempdir().unwrap() }
    }

    /// Builds the test program with more arguments and variables, and gives its bytes and what was printed.
    ///
    /// # Panics
    /// If the build fails.
    pub fn build(&self, arguments: &[&str], variables: &[(&str, &str)]) -> (Vec<u8>, Output) {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/shop");
        self.build_in(&source, arguments, variables)
    }

    /// The same for the program in a folder.
    ///
    /// # Panics
    /// If the build fails.
    pub fn build_in(
        &self,
        source: &Path,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> (Vec<u8>, Output) {
        let program = self.program();
        let mut command = Command::new(&self.command);
        command.current_dir(source).args(["build", "-o"]).arg(&program).args(arguments).arg(".");
        command.env("GOFLAGS", "-buildvcs=false").env("GOTOOLCHAIN", "local").env("GOWORK", "off");
        if let Some(root) = &self.root {
            command.env("GOROOT", root).env("GOCACHE", self.folder.path().join("cache"));
        }
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?} {variables:?}: {errors}");
        (std::fs::read(program).unwrap(), output)
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("program")
    }

    /// Runs the program that was built last, which writes its profile into the file that it is given, and says what
    /// the compiler makes of that.
    ///
    /// # Panics
    /// If it fails.
    pub fn profiled(&self) -> String {
        let (profile, edges) = (self.folder.path().join("cpu"), self.folder.path().join("edges"));
        let run = Command::new(self.program()).arg(&profile).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        let mut command = Command::new(&self.command);
        command.args(["tool", "preprofile", "-o"]).arg(&edges).arg("-i").arg(&profile);
        let output = command.env("GOTOOLCHAIN", "local").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read_to_string(edges).unwrap()
    }

    /// What `go tool objdump` prints about the program that was built last.
    ///
    /// # Panics
    /// If it fails.
    pub fn disassembled(&self) -> String {
        let mut command = Command::new(&self.command);
        command.args(["tool", "objdump"]).arg(self.program()).env("GOTOOLCHAIN", "local");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A file for the build to read.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }
}
