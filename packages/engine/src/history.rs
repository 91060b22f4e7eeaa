//! What version control knows: where we are, and what happened since.

use std::path::{Path, PathBuf};

use honing_core::{checklist::Repository, status::Since};

use crate::{Session, recorded::Stored, toolchain::shell};

/// The commit that is checked out, and whether anything is changed on top of it. `None`
/// without git, a repository or a commit.
pub(crate) fn head(session: &Session) -> Option<(String, bool)> {
    let commit = git(session, &["rev-parse", "HEAD"])?;
    // A profile that was recorded and not committed yet is no change of the source.
    let profiles = session.config_path.parent().unwrap_or(Path::new("")).join("profiles");
    let apart = format!(":(exclude){}", profiles.display());
    // A file that git does not know may be compiled as well as any other.
    let changes = git(session, &["status", "--porcelain", "--untracked-files=normal", "--", ".", &apart]);
    Some((commit, changes.is_some_and(|changes| !changes.is_empty())))
}

/// Whether the profile and everything else is as it is committed. `None` without git, a repository
/// or a commit.
pub(crate) fn repository(session: &Session, stored: Option<&Stored>) -> Option<Repository> {
    let commit = git(session, &["rev-parse", "HEAD"])?;
    let files: Vec<String> = stored.into_iter().flat_map(Stored::files).collect();
    let is_known =
        |file: &String| git(session, &["ls-files", "--", file]).is_some_and(|found| !found.is_empty());
    let untracked = files.iter().filter(|file| !is_known(file)).cloned().collect();
    let named: Vec<&str> = files.iter().map(String::as_str).collect();
    let profile = if named.is_empty() { Vec::new() } else { changes(session, &named)? };
    let apart: Vec<String> = files.iter().map(|file| format!(":(exclude){file}")).collect();
    let rest: Vec<&str> = [":(top)"].into_iter().chain(apart.iter().map(String::as_str)).collect();
    let top = PathBuf::from(git(session, &["rev-parse", "--show-toplevel"])?);
    let mut changes = changes(session, &rest)?;
    changes.retain(|change| change.strip_prefix("?? ").is_none_or(|name| !is_own_output(&top.join(name))));
    Some(Repository { commit, untracked, profile, changes })
}

/// Whether git has something of `path`, which need not be there.
pub(crate) fn has(session: &Session, path: &Path) -> bool {
    let found = path.to_str().and_then(|path| git(session, &["ls-files", "--", path]));
    found.is_some_and(|found| !found.is_empty())
}

/// What differs from the commit in `paths`, as in `git status --short`: `?? notes.txt`.
fn changes(session: &Session, paths: &[&str]) -> Option<Vec<String>> {
    // Between zeros names are as they are, and a rename's old one is an entry of its own.
    let args = ["status", "--porcelain", "-z", "--untracked-files=all", "--"];
    let said = git(session, &[&args, paths].concat())?;
    let mut entries = said.split('\0').filter(|entry| !entry.is_empty());
    let mut found = Vec::new();
    while let Some(entry) = entries.next() {
        found.push(entry.to_owned());
        if entry.starts_with(['R', 'C']) {
            entries.next();
        }
    }
    Some(found)
}

/// Whether this process prints into the file: `checklist > checklist.md` does not make a tree dirty.
#[cfg(unix)]
fn is_own_output(file: &Path) -> bool {
    use std::os::{fd::AsFd, unix::fs::MetadataExt};
    let Ok(output) = std::io::stdout().as_fd().try_clone_to_owned() else { return false };
    let output = std::fs::File::from(output).metadata();
    let (Ok(output), Ok(file)) = (output, std::fs::metadata(file)) else { return false };
    (output.dev(), output.ino()) == (file.dev(), file.ino())
}

/// Whether this process prints into the file: unknown here.
#[cfg(not(unix))]
fn is_own_output(_: &Path) -> bool {
    false
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

/// What git says, in the root of the workspace; `None` where it fails.
pub(crate) fn git(session: &Session, args: &[&str]) -> Option<String> {
    let shell = shell(&session.workspace.root).ok()?;
    let command = xshell::cmd!(shell, "git {args...}").env_clear().envs(&session.env);
    command.quiet().ignore_stderr().read().ok()
}
