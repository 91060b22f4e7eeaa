//! What version control knows: where we are, and what happened since.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::{Session, toolchain::shell};

/// What happened in some folders since a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Since {
    /// Commits that touched them.
    pub commits: u64,
    /// Lines added and removed, with what is not committed yet.
    pub lines: u64,
}

/// The commit that is checked out, and whether anything is changed on top of it. `None`
/// without git, a repository or a commit.
pub(crate) fn head(session: &Session) -> Option<(String, bool)> {
    let commit = git(session, &["rev-parse", "HEAD"])?;
    // A profile that was recorded and not committed yet is no change of the source.
    let profiles = session.config_path.parent().unwrap_or(Path::new("")).join("profiles");
    let apart = format!(":(exclude){}", profiles.display());
    let changes = git(session, &["status", "--porcelain", "--untracked-files=no", "--", ".", &apart]);
    Some((commit, changes.is_some_and(|changes| !changes.is_empty())))
}

/// What happened in `folders` since `commit`. `None` where history does not reach back
/// to it, as in a shallow clone.
pub(crate) fn since(session: &Session, commit: &str, folders: &[PathBuf]) -> Option<Since> {
    let is_commit = (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_commit {
        return None;
    }
    let folders: Vec<&str> = folders.iter().filter_map(|folder| folder.to_str()).collect();
    let range = format!("{commit}..HEAD");
    // Not the program: its profile and configuration, and the lockfile, which is told apart.
    let beside = session.config_path.parent().unwrap_or(Path::new("")).display();
    let apart = [format!(":(exclude,top){beside}"), ":(exclude,glob)**/Cargo.lock".to_owned()];
    let apart: Vec<&str> = apart.iter().map(String::as_str).collect();
    let with = |args: &[&str]| git(session, &[args, &["--"], folders.as_slice(), &apart].concat());
    let commits = with(&["rev-list", "--count", &range])?.parse().ok()?;
    let numbers = with(&["diff", "--numstat", commit])?;
    // Binary files have a dash for both numbers.
    let count = |field: Option<&str>| field.and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    let of_line = |line: &str| {
        let mut fields = line.split('\t');
        count(fields.next()) + count(fields.next())
    };
    Some(Since { commits, lines: numbers.lines().map(of_line).sum() })
}

fn git(session: &Session, args: &[&str]) -> Option<String> {
    let shell = shell(&session.workspace.root).ok()?;
    let command = xshell::cmd!(shell, "git {args...}").env_clear().envs(&session.env);
    command.quiet().ignore_stderr().read().ok()
}
