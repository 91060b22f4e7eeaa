//! What version control knows: where we are, and what happened since.

mod beside;
mod git;
#[cfg(test)]
mod tests;
mod tree;

use std::path::{Path, PathBuf};

use honing_core::{checklist::Repository, release::Checkout, status::Since};

use crate::{
    chain::{session::Session, subject::Subject},
    keep::stored_profile::Stored,
};
use git::Git;
pub(crate) use git::Silent;
use tree::Tree;

/// The commit that is checked out.
pub(crate) fn commit(session: &Session) -> Result<String, Silent> {
    tree::commit(&git(session))
}

/// The commit that is checked out, whether anything is changed on top of it, and what of the program's
/// packages it says nothing about.
///
/// The whole repository counts, not only the workspace: packages beside it, included files, and
/// configuration above it are compiled as well.
pub(crate) fn head(session: &Session, subject: &Subject<'_>) -> Result<Checkout, Silent> {
    let tree = Tree::find(git(session))?;
    // A profile that was recorded and not committed yet is no change of the source.
    let beside_config = session.root.join(session.config_path.parent().unwrap_or(Path::new("")));
    let profiles = tree.without(&[beside_config.join("profiles")]);
    let (beside, changes) = beside::find(session, subject, &tree);
    let dirty = !tree.changes(&profiles)?.is_empty() || !changes.is_empty();
    Ok(Checkout { commit: tree.commit, dirty, beside })
}

/// Whether the profile and everything else is as it is committed.
pub(crate) fn repository(
    session: &Session,
    subject: &Subject<'_>,
    stored: Option<&Stored>,
) -> Result<Repository, Silent> {
    let tree = Tree::find(git(session))?;
    let root = &session.root;
    let files: Vec<String> = stored.into_iter().flat_map(Stored::files).collect();
    let paths: Vec<PathBuf> = files.iter().map(|file| root.join(file)).collect();
    let is_unknown = |file: &&String| !tree.has(&root.join(file));
    let untracked = files.iter().filter(is_unknown).cloned().collect();
    let profile = tree.changes_in(&paths)?;
    let mut changes = tree.changes(&tree.without(&paths))?;
    changes
        .retain(|change| change.strip_prefix("?? ").is_none_or(|name| !is_own_output(&tree.top.join(name))));
    let (beside, of_others) = beside::find(session, subject, &tree);
    changes.extend(of_others);
    Ok(Repository { commit: tree.commit, untracked, profile, changes, beside })
}

/// Whether git has something of `path`, which need not be there.
pub(crate) fn has(session: &Session, path: &Path) -> bool {
    let path = session.root.join(path);
    Tree::find(git(session)).is_ok_and(|tree| tree.has(&path))
}

/// Whether `file`, relative to the workspace, differs from the committed one; not where none is committed.
pub(crate) fn differs(session: &Session, file: &str) -> bool {
    let said = git(session).ask(&["status", "--porcelain", "--ignore-submodules=all", "--", file]);
    said.is_ok_and(|said| !said.is_empty() && !said.starts_with(['?', 'A']))
}

/// The folder of all profiles, where something of it is not as it is committed: that of `recorded`, which is a profile's,
/// relative to the workspace. Nothing without git, and where git ignores it.
pub(crate) fn to_commit(session: &Session, recorded: &str) -> Option<String> {
    // <folder>/<program>/<triple>
    let folder = Path::new(recorded).ancestors().nth(2)?.to_str()?;
    let said = git(session).ask(&["status", "--porcelain", "--", folder]).ok()?;
    (!said.is_empty()).then(|| folder.to_owned())
}

/// The rule by which git ignores a file, relative to the workspace: `.gitignore:3:/pgo/profiles`.
pub(crate) fn ignored_by(session: &Session, file: &Path) -> Option<String> {
    let found = git(session).ask(&["check-ignore", "-v", "--", file.to_str()?]).ok()?;
    Some(found.split_once('\t')?.0.to_owned())
}

/// What happened to the code in the packages' `folders` since `commit`. `None` where history does not reach back
/// to it, as in a shallow clone.
pub(crate) fn since(
    session: &Session,
    subject: &Subject<'_>,
    commit: &str,
    folders: &[PathBuf],
) -> Result<Option<Since>, Silent> {
    let tree = Tree::find(git(session))?;
    let is_commit = (7..=64).contains(&commit.len()) && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_commit {
        return Ok(None);
    }
    let code = code(&tree, folders, subject.builder().package_file());
    // Not the program: its profile and configuration, and the lockfile, which is told apart.
    let beside = session.root.join(session.config_path.parent().unwrap_or(Path::new("")));
    let apart = tree.spec("exclude,", &beside);
    let locks = subject.builder().locks().iter().map(|file| format!(":(top,exclude,glob)**/{file}"));
    let paths: Vec<String> = code.into_iter().chain(apart).chain(locks).collect();
    Ok(since_in(&tree, commit, &paths))
}

/// What of `folders` is the packages' code, as git takes it: neither packages of their own that are in them,
/// such as an xtask, nor what is hidden, such as `.cargo` and `.github`.
fn code(tree: &Tree<'_>, folders: &[PathBuf], package_file: Option<&str>) -> Vec<String> {
    let files = package_file.and_then(|name| tree.files(&format!(":(top,glob)**/{name}")).ok());
    let packages = files.iter().flatten().filter_map(|file| Some(tree.top.join(file).parent()?.to_owned()));
    let folders: Vec<PathBuf> = folders.iter().map(|folder| tree::real(folder)).collect();
    let apart = packages.filter(|package| {
        folders.iter().any(|folder| package.starts_with(folder))
            && !folders.iter().any(|folder| folder.starts_with(package))
    });
    let apart: Vec<String> = apart.filter_map(|package| tree.spec("exclude,", &package)).collect();
    let hidden = ["**/.*", "**/.*/**"].map(|pattern| format!(":(top,exclude,glob){pattern}"));
    let all = folders.iter().filter_map(|folder| tree.spec("", folder));
    all.chain(apart).chain(hidden).collect()
}

fn since_in(tree: &Tree<'_>, commit: &str, paths: &[String]) -> Option<Since> {
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let ask = |args: &[&str]| tree.git.ask(&[args, &["--"], paths.as_slice()].concat()).ok();
    let commits = ask(&["rev-list", "--count", &format!("{commit}..HEAD")])?.parse().ok()?;
    // Not `git diff`, which the person's configuration changes.
    let numbers = ask(&["diff-index", "--numstat", "-M", "--no-ext-diff", "--no-textconv", commit])?;
    // Binary files have a dash for both numbers.
    let count = |field: Option<&str>| field.and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    let of_line = |line: &str| {
        let mut fields = line.split('\t');
        count(fields.next()) + count(fields.next())
    };
    Some(Since { commits, lines: numbers.lines().map(of_line).sum() })
}

/// Git where the workspace is.
fn git(session: &Session) -> Git<'_> {
    Git { env: &session.around.env, dir: &session.root }
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
