//! What the go command says of itself where a program is built.

use std::{collections::BTreeMap, ffi::OsString, path::Path, process::Stdio};

use honing_core::{Error, ExitCode, Result};
use serde::{Deserialize, de::DeserializeOwned};

/// The oldest Go whose programs can be read.
const OLDEST: (u32, u32) = (1, 21);

/// Letters of what a stranger printed that are shown.
const SHOWN: usize = 100;

/// What `go env` says, as far as it decides what is built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
pub(super) struct GoEnv {
    pub(super) goversion: String,
    pub(super) goos: String,
    pub(super) goarch: String,
    pub(super) gohostos: String,
    pub(super) gohostarch: String,
    pub(super) goflags: String,
    pub(super) goexperiment: String,
    pub(super) goamd64: String,
    pub(super) goarm64: String,
    #[serde(rename = "CGO_ENABLED")]
    pub(super) cgo_enabled: String,
    pub(super) gomod: String,
    pub(super) gowork: String,
    pub(super) gomodcache: String,
    /// What else decides what compilers make.
    #[serde(flatten)]
    pub(super) others: BTreeMap<String, String>,
}

impl GoEnv {
    const NAMES: &'static str = "\
        GOVERSION GOOS GOARCH GOHOSTOS GOHOSTARCH GOFLAGS GOEXPERIMENT GOAMD64 GOARM64 CGO_ENABLED GOMOD \
        GOWORK GOMODCACHE GOFIPS140 GO386 GOARM GOMIPS GOPPC64 GORISCV64 CC CXX CGO_CFLAGS CGO_CPPFLAGS \
        CGO_CXXFLAGS CGO_FFLAGS CGO_LDFLAGS PKG_CONFIG";

    /// As in `1.26.8`.
    pub(super) fn version(&self) -> &str {
        let word = self.goversion.split_whitespace().next().unwrap_or_default();
        word.strip_prefix("go").unwrap_or(word)
    }

    /// Operating system and processor as one word that a folder can be called.
    pub(super) fn platform(&self) -> String {
        format!("{}_{}", self.goos, self.goarch)
    }

    fn is_supported(&self) -> bool {
        let mut numbers = self.version().split(['.', 'r', 'b']).map(|word| word.parse::<u32>().unwrap_or(0));
        let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        // One that was built from its sources says `devel` or a commit.
        found.0 == 0 || found >= OLDEST
    }
}

/// Where and how `go` is called.
#[derive(Debug, Clone)]
pub(super) struct Go<'a> {
    pub(super) dir: &'a Path,
    pub(super) env: BTreeMap<OsString, OsString>,
}

impl Go<'_> {
    /// Its own account.
    pub(super) fn about_itself(&self) -> Result<GoEnv> {
        let args: Vec<&str> = ["env", "-json"].into_iter().chain(GoEnv::NAMES.split(' ')).collect();
        let said = self.ask(&args)?;
        let env: GoEnv = parse(&said, "go env")?.pop().ok_or_else(|| {
            Error::preflight("`go env` answers with nothing").with_hint("see that `go env` works here")
        })?;
        if !env.is_supported() {
            let (major, minor) = OLDEST;
            return Err(Error::preflight(format!("Go {} is too old", env.version())).with_hint(format!(
                "install Go {major}.{minor} or newer, or let GOTOOLCHAIN choose one (`go version` in {})",
                self.dir.display()
            )));
        }
        Ok(env)
    }

    /// The answer of a short command.
    pub(super) fn ask(&self, args: &[&str]) -> Result<Vec<u8>> {
        let mut command = std::process::Command::new("go");
        command.args(args).env_clear().envs(&self.env).current_dir(self.dir).stdin(Stdio::null());
        let output = command.output().map_err(|error| {
            if !self.dir.is_dir() {
                return Error::usage(format!("{}: there is no such folder", self.dir.display()))
                    .with_hint("`dir` in [program.NAME.go] is relative to the workspace");
            }
            Error::preflight(format!("cannot run go: {error}")).with_hint(
                "install Go, and see that `go version` works here; or leave this program out with -P",
            )
        })?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(self.failed(args, &String::from_utf8_lossy(&output.stderr)))
    }

    fn failed(&self, args: &[&str], said: &str) -> Error {
        let (verb, words) = (args.first().unwrap_or(&""), cause(said));
        let is = |parts: &[&str]| parts.iter().any(|part| said.contains(part));
        let (code, hint) = if is(&["requires go >="]) {
            let hint = "install the Go that go.mod asks for, or let GOTOOLCHAIN choose it: GOTOOLCHAIN=auto";
            (ExitCode::Preflight, hint.to_owned())
        } else if is(&["directory not found", "is not in std", "matched no packages", "no Go files in"]) {
            (ExitCode::Usage, "`package` names a package as `go build` does, from `dir` on".to_owned())
        } else {
            let shown = args.iter().filter(|word| !word.starts_with("-json"));
            let by_hand = shown.map(|word| shlex::try_quote(word).unwrap_or_default());
            let by_hand = by_hand.collect::<Vec<_>>().join(" ");
            let hint = format!(
                "mend what it names, or run it by hand:\n(cd {} && go {by_hand})",
                self.dir.display()
            );
            (if *verb == "list" { ExitCode::Build } else { ExitCode::Preflight }, hint)
        };
        Error::new(code, format!("go {verb} failed: {words}")).with_hint(hint)
    }
}

/// The line that says why; lines with `#` name the package, and what Go fetches comes before what went wrong.
pub(super) fn cause(said: &str) -> String {
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.clone().next().unwrap_or("it said nothing");
    let fetches = |line: &str| ["go: downloading", "go: finding"].iter().any(|word| line.starts_with(word));
    lines.find(|line| !fetches(line)).unwrap_or(first).to_owned()
}

/// The values in an answer, one after the other.
pub(super) fn parse<T: DeserializeOwned>(said: &[u8], what: &str) -> Result<Vec<T>> {
    let read = serde_json::Deserializer::from_slice(said).into_iter().collect::<Result<Vec<T>, _>>();
    read.map_err(|error| {
        let text = String::from_utf8_lossy(said);
        let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        if first.starts_with('{') {
            return Error::preflight(format!("the answer of `{what}` cannot be read: {error}"));
        }
        let first: String = first.chars().take(SHOWN).collect();
        Error::preflight(format!("`{what}` answers with `{first}`, and not with JSON"))
            .with_hint("the first `go` on PATH may be a script that prints lines of its own: let it print them on stderr")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared() {
        let env = |version: &str| GoEnv { goversion: version.into(), ..GoEnv::default() };
        for (version, supported) in [
            ("go1.26.8", true),
            ("go1.21", true),
            ("go1.21rc2", true),
            ("go1.20.14", false),
            ("devel go1.27-abc", true),
            ("go1.26.8 X:nodwarf5", true),
        ] {
            assert_eq!(env(version).is_supported(), supported, "{version}");
        }
        assert_eq!(env("go1.26.8 X:nodwarf5").version(), "1.26.8");
    }

    #[test]
    fn what_is_no_answer_is_shown() {
        let env: Vec<GoEnv> = parse(b"{\"GOOS\":\"linux\"}\n{}", "go env").unwrap();
        assert_eq!((env[0].goos.as_str(), env.len()), ("linux", 2));
        let said = |text: &[u8]| parse::<GoEnv>(text, "go env").unwrap_err().to_string();
        assert_eq!(said(b"\nusing go 1.26\n{}"), "`go env` answers with `using go 1.26`, and not with JSON");
        assert!(said(b"{\"GOOS\":3}").contains("cannot be read"));
        assert!(said(&[0xff; 4096]).chars().count() < 200);
    }

    #[test]
    fn the_cause_is_no_package_and_no_download() {
        assert_eq!(cause("# edge\n./main.go:3:1: syntax error\n"), "./main.go:3:1: syntax error");
        assert_eq!(cause("go: downloading a v1\ngo: a@v1: refused\n"), "go: a@v1: refused");
        assert_eq!(cause("go: finding module for package a\nm.go:1:2: no module\n"), "m.go:1:2: no module");
        assert_eq!(cause("go: downloading a v1\n"), "go: downloading a v1");
        assert_eq!(cause(""), "it said nothing");
    }
}
