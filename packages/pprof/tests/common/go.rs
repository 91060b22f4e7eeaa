//! Go's own tools, and profiles that they make. A test that lacks Go says so and passes, unless
//! `HONING_NO_SKIP` is set.

use super::path;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A Go toolchain.
pub struct Go {
    /// Where its sources are.
    pub root: PathBuf,
    /// `go tool preprofile`.
    preprofile: PathBuf,
}

/// Go of 1.23 or newer, or a line on the real standard error that says that the test was skipped.
pub fn go() -> Option<&'static Go> {
    static GO: OnceLock<Option<Go>> = OnceLock::new();
    let found = GO.get_or_init(|| {
        let root = ask(&["env", "GOROOT"])?.into();
        let preprofile = ask(&["tool", "-n", "preprofile"])?.into();
        Some(Go { root, preprofile })
    });
    if found.is_none() {
        skip("go of 1.23 or newer, with `go tool preprofile`");
    }
    found.as_ref()
}

fn ask(args: &[&str]) -> Option<String> {
    let output = Command::new("go").args(args).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

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

/// Runs a command to its end and gives its standard output.
///
/// # Panics
/// If it fails, with its standard error.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{errors}", output.status);
    output.stdout
}

impl Go {
    /// What `go tool preprofile` makes of a profile, or what it says against it.
    pub fn preprofile(&self, profile: &Path) -> Result<String, String> {
        let output = Command::new(&self.preprofile).arg("-i").arg(profile).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// The same of bytes.
    pub fn preprofile_of(&self, profile: &[u8]) -> Result<String, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(profile).unwrap();
        self.preprofile(file.path())
    }

    /// The profile that the compiler itself is built with.
    pub fn default_pgo(&self) -> PathBuf {
        self.root.join("src/cmd/compile/default.pgo")
    }

    /// Merges profiles by Go's own tool.
    pub fn merge(&self, profiles: &[&Path], out: &Path) {
        let mut merge = self.command(&["tool", "pprof", "-symbolize=none", "-proto"]);
        run(merge.arg(format!("-output={}", out.display())).args(profiles));
    }

    /// The go command, without the user's flags.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("go");
        command.args(args).env("GOFLAGS", "-buildvcs=false").env("GOTOOLCHAIN", "local");
        command
    }

    /// Builds a program of `tests/programs`.
    pub fn build(&self, name: &str, folder: &Path) -> PathBuf {
        let program = folder.join(name);
        run(self
            .command(&["build", "-o"])
            .arg(&program)
            .arg(path("programs").join(name).with_extension("go")));
        program
    }
}

/// Who wrote a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Producer {
    /// `runtime/pprof` in a running program, or its HTTP endpoint.
    Runtime,
    /// `go test -cpuprofile`.
    Test,
    /// `go tool pprof -proto` of several.
    Merge,
}

/// A real profile.
pub struct Real {
    pub program: &'static str,
    pub producer: Producer,
    pub path: PathBuf,
}

/// Real profiles, made once for all tests of a file.
pub fn corpus(go: &Go) -> &'static [Real] {
    static CORPUS: OnceLock<(tempfile::TempDir, Vec<Real>)> = OnceLock::new();
    let (_, profiles) = CORPUS.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let mut maker = Maker { go, folder: folder.path(), profiles: Vec::new() };
        maker.make();
        let profiles = std::mem::take(&mut maker.profiles);
        (folder, profiles)
    });
    profiles
}

struct Maker<'a> {
    go: &'a Go,
    folder: &'a Path,
    profiles: Vec<Real>,
}

impl Maker<'_> {
    fn make(&mut self) {
        self.profiles.push(Real {
            program: "compile",
            producer: Producer::Runtime,
            path: self.go.default_pgo(),
        });
        for program in ["recurse", "shapes", "text", "pack"] {
            let binary = self.go.build(program, self.folder);
            for milliseconds in ["250", "500"] {
                let out = self.next(program, Producer::Runtime);
                run(Command::new(&binary).arg(out).arg(milliseconds));
            }
        }
        let serve = self.go.build("serve", self.folder);
        run(Command::new(serve).arg(self.next("serve", Producer::Runtime)));
        for package in ["net/http", "go/types"] {
            let flag = format!("-gcflags=-cpuprofile={}", self.next("compile", Producer::Runtime).display());
            run(&mut self.go.command(&["build", &flag, package]));
        }
        let flag = format!("-ldflags=-cpuprofile={}", self.next("link", Producer::Runtime).display());
        run(self
            .go
            .command(&["build", &flag, "-o"])
            .arg(self.folder.join("linked"))
            .arg(path("programs/serve.go")));
        let gofmt = self.go.root.join("bin/gofmt");
        let out = self.next("gofmt", Producer::Runtime);
        run(Command::new(gofmt)
            .arg("-cpuprofile")
            .arg(out)
            .arg("-l")
            .args(["src/net", "src/runtime"].map(|folder| self.go.root.join(folder))));
        for (program, bench) in [("sort", "Sort"), ("strconv", "."), ("encoding/json", "Marshal")] {
            let out = self.next(program, Producer::Test);
            let mut test =
                self.go.command(&["test", "-run=^$", "-benchtime=10ms", "-bench", bench, "-cpuprofile"]);
            run(test.arg(out).arg("-o").arg(self.folder.join("bench")).arg(program).current_dir(self.folder));
        }
        for [one, two] in [["recurse", "recurse"], ["text", "pack"], ["compile", "link"], ["serve", "sort"]] {
            let of = |program| self.profiles.iter().filter(move |real| real.program == program);
            let paths = [of(one).next().unwrap(), of(two).next_back().unwrap()].map(|real| real.path.clone());
            let out = self.next("merged", Producer::Merge);
            self.go.merge(&paths.each_ref().map(PathBuf::as_path), &out);
        }
    }

    fn next(&mut self, program: &'static str, producer: Producer) -> PathBuf {
        let path = self.folder.join(format!("{}.pprof", self.profiles.len()));
        self.profiles.push(Real { program, producer, path: path.clone() });
        path
    }
}
