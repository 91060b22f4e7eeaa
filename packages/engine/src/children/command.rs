//! A command line with everything that it depends on.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
};

use crate::children::left::Awaits;

/// A command line with everything that it depends on.
#[derive(Debug, Clone)]
pub struct Command {
    /// Program: a path, or a name to be looked up in `PATH`.
    pub program: OsString,
    /// Arguments.
    pub args: Vec<OsString>,
    /// The whole environment.
    pub env: BTreeMap<OsString, OsString>,
    /// Variables of `env` that matter, for display.
    pub shown_env: Vec<OsString>,
    /// Working directory.
    pub dir: PathBuf,
    /// Whose processes it may leave running.
    pub awaits: Option<Awaits>,
    /// The file that it reads on standard input; nothing without it.
    pub stdin: Option<PathBuf>,
}

impl Command {
    /// A command with an environment and a working directory.
    pub fn new(program: impl Into<OsString>, env: &BTreeMap<OsString, OsString>, dir: &Path) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: env.clone(),
            shown_env: Vec::new(),
            dir: dir.to_owned(),
            awaits: None,
            stdin: None,
        }
    }

    /// Adds arguments.
    pub fn args<S: Into<OsString>>(&mut self, args: impl IntoIterator<Item = S>) -> &mut Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets a variable, which is then part of the displayed command.
    pub fn env(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.env.insert(name.into(), value.as_ref().into());
        self.shown_env.push(name.into());
        self
    }
}

/// What stands between the flags of `CARGO_ENCODED_RUSTFLAGS`.
const SEPARATOR: char = '\u{1f}';

/// Quoted so that it can be pasted into a shell.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.shown_env {
            let value = self.env.get(name).map(|value| quote(value)).unwrap_or_default();
            write!(f, "{}={value} ", name.to_string_lossy())?;
        }
        f.write_str(&quote(&self.program))?;
        self.args.iter().try_for_each(|word| write!(f, " {}", quote(word)))?;
        self.stdin.iter().try_for_each(|file| write!(f, " < {}", quote(file.as_os_str())))
    }
}

impl Command {
    /// As it is pasted into a shell in the folder `here`.
    pub(crate) fn from(&self, here: &Path) -> String {
        if self.dir == here {
            self.to_string()
        } else {
            format!("(cd {} && {self})", quote(self.dir.as_os_str()))
        }
    }
}

/// A word as a shell reads it. What separates encoded rustflags is a control character,
/// which a terminal neither shows nor lets be copied.
fn quote(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    if word.contains(SEPARATOR) {
        let escaped = word.replace('\\', "\\\\").replace('\'', "\\'").replace(SEPARATOR, "\\x1f");
        return format!("$'{escaped}'");
    }
    shlex::try_quote(&word).map_or_else(|_| word.to_string(), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_can_be_pasted() {
        let quoted = |word: &str| quote(OsStr::new(word));
        assert_eq!(quoted("plain"), "plain");
        let command = Command::new("make", &BTreeMap::new(), Path::new("/a b"));
        assert_eq!(
            (command.from(Path::new("/a b")), command.from(Path::new("/"))),
            ("make".into(), "(cd '/a b' && make)".into())
        );
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("-Ca=it's\u{1f}-Cb"), r"$'-Ca=it\'s\x1f-Cb'");
    }
}
