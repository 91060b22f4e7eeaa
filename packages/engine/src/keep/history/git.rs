//! Git, asked for facts about the repository that a folder is in: whatever hook, configuration,
//! language or tracing it is asked under, the answer is the same.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io::ErrorKind,
    path::Path,
    process::{Command, Stdio},
};

use honing_core::{Error, ExitCode};

/// What git sets for a hook or `rebase --exec`, so that commands there mean the hook's repository. It
/// may be another one than ours, which is the one that the workspace's folder is in.
/// `git rev-parse --local-env-vars` lists them; of those, `GIT_CONFIG_PARAMETERS` and `GIT_CONFIG_COUNT`
/// stay, as git itself keeps them for its submodules: they are how a job sets `safe.directory`.
const OF_ANOTHER_REPOSITORY: [&str; 15] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_OBJECT_DIRECTORY",
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_REPLACE_REF_BASE",
    "GIT_PREFIX",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_COMMON_DIR",
    "GIT_QUARANTINE_PATH",
];
/// What changes the meaning of the paths that we name.
const OF_PATHS: [&str; 4] =
    ["GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"];
/// For every question: no lock that the person's own git would have to wait for, no file system monitor
/// that would stay behind or be believed, nobody who reads page by page.
const ALWAYS: [&str; 4] = ["--no-optional-locks", "--no-pager", "-c", "core.fsmonitor="];

/// Why git has no answer.
#[derive(Debug, Clone)]
pub(crate) enum Silent {
    /// There is nothing to ask about: no git, no repository, or no commit.
    Nothing(&'static str),
    /// It refuses or fails, and says why.
    Fails(Error),
}

/// Git in a folder.
pub(super) struct Git<'a> {
    pub(super) env: &'a BTreeMap<OsString, OsString>,
    pub(super) dir: &'a Path,
}

impl Git<'_> {
    /// What it prints, without the last line break.
    pub(super) fn ask(&self, args: &[&str]) -> Result<String, Silent> {
        let mut command = Command::new("git");
        command.args(ALWAYS).args(args).current_dir(self.dir).stdin(Stdio::null());
        let ours = self.env.iter().filter(|(name, _)| !is_misleading(name));
        command.env_clear().envs(ours);
        // Its words are looked at: not in the person's language. And nobody is asked for a password.
        command.env_remove("LANGUAGE").env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
        let output = command.output().map_err(|error| match error.kind() {
            ErrorKind::NotFound => Silent::Nothing("there is no git"),
            _ => Silent::Fails(failure(format!("cannot run git: {error}"))),
        })?;
        if output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            return Ok(text.strip_suffix('\n').unwrap_or(&text).to_owned());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(silence(&words).unwrap_or_else(|| {
            Silent::Fails(failure(format!("git {}: {}", args.first().unwrap_or(&""), output.status)))
        }))
    }
}

fn is_misleading(name: &OsStr) -> bool {
    OF_ANOTHER_REPOSITORY.iter().chain(&OF_PATHS).any(|misleading| name == *misleading)
}

/// What git's words mean, among which may be lines of a trace.
fn silence(words: &str) -> Option<Silent> {
    let fatal = words.lines().find_map(|line| line.strip_prefix("fatal: "))?;
    if fatal.starts_with("not a git repository (or any") {
        return Some(Silent::Nothing("this is no git repository"));
    }
    let error = failure(format!("git: {fatal}"));
    // Git names the command that makes an exception for a folder of another owner.
    let exception = words.lines().map(str::trim).find(|line| line.starts_with("git config "));
    Some(Silent::Fails(match exception {
        Some(command) => error.with_hint(format!("if you trust that folder: `{command}`")),
        None => error,
    }))
}

fn failure(message: String) -> Error {
    Error::new(ExitCode::Stale, message).with_hint("`git status` shows the same; mend what it names")
}

impl Silent {
    /// Why, in one line.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Nothing(why) => (*why).to_owned(),
            Self::Fails(error) => error.words(),
        }
    }

    /// The same, where something is to be mended.
    pub(crate) fn failure(&self) -> Option<&Error> {
        match self {
            Self::Nothing(_) => None,
            Self::Fails(error) => Some(error),
        }
    }
}

impl From<Silent> for Error {
    fn from(silent: Silent) -> Self {
        match silent {
            Silent::Nothing(why) => Self::new(ExitCode::Stale, why)
                .with_hint("run it in the git repository that the release is made from"),
            Silent::Fails(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_has_no_variable_of_a_repository_that_is_not_known_here() {
        let Ok(output) = Command::new("git").args(["rev-parse", "--local-env-vars"]).output() else { return };
        let kept = ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"];
        let listed = String::from_utf8(output.stdout).unwrap();
        let unknown: Vec<&str> =
            listed.lines().filter(|name| !kept.contains(name) && !is_misleading(OsStr::new(name))).collect();
        assert!(listed.contains("GIT_DIR") && unknown.is_empty(), "{unknown:?}");
        assert!(
            !is_misleading(OsStr::new("GIT_CEILING_DIRECTORIES")) && is_misleading(OsStr::new("GIT_DIR"))
        );
    }

    #[test]
    fn git_s_own_words_and_what_to_do() {
        let none = "fatal: not a git repository (or any of the parent directories): .git\n";
        assert_eq!(silence(none).unwrap().words(), "this is no git repository");
        let owner = "12:00:00.1 git.c:460  trace: built-in: git status\n\
                     fatal: detected dubious ownership in repository at '/w'\n\
                     To add an exception for this directory, call:\n\n\
                     \tgit config --global --add safe.directory /w\n";
        let silent = silence(owner).unwrap();
        let error = silent.failure().unwrap();
        assert_eq!(error.to_string(), "git: detected dubious ownership in repository at '/w'");
        let hint = "if you trust that folder: `git config --global --add safe.directory /w`";
        assert_eq!(error.hint(), Some(hint));
        let gone = "fatal: not a git repository: /gone/.git/worktrees/w\n";
        assert!(
            silence(gone).unwrap().words().starts_with("git: not a git repository: /gone/.git/worktrees/w (")
        );
        assert!(silence("warning: nothing fatal\n").is_none());
    }
}
