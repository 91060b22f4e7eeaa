//! A working tree: its commit, and what differs from that.

use std::path::{Path, PathBuf};

use crate::keep::history::git::{Git, Silent};

/// The working tree that git is asked in.
pub(super) struct Tree<'a> {
    pub(super) git: Git<'a>,
    /// Its topmost folder, without links.
    pub(super) top: PathBuf,
    /// The commit that is checked out.
    pub(super) commit: String,
}

/// The commit that is checked out where git is asked.
pub(super) fn commit(git: &Git<'_>) -> Result<String, Silent> {
    // Before the first commit it ends without a word.
    match git.ask(&["rev-parse", "--verify", "HEAD^{commit}"]) {
        Err(Silent::Fails(_))
            if git.ask(&["symbolic-ref", "HEAD"]).is_ok_and(|head| is_unborn(git, &head)) =>
        {
            Err(Silent::Nothing("nothing is committed yet"))
        }
        answer => answer,
    }
}

fn is_unborn(git: &Git<'_>, head: &str) -> bool {
    git.ask(&["for-each-ref", "--count=1", head]).is_ok_and(|found| found.is_empty())
}

impl<'a> Tree<'a> {
    /// The tree around the folder that git is asked in.
    pub(super) fn find(git: Git<'a>) -> Result<Self, Silent> {
        let commit = commit(&git)?;
        let top = PathBuf::from(git.ask(&["rev-parse", "--show-toplevel"])?);
        Ok(Self { top: top.canonicalize().unwrap_or(top), git, commit })
    }

    /// Whether git has something of `path`, which need not be there.
    pub(super) fn has(&self, path: &Path) -> bool {
        let spec = self.spec("", path);
        spec.is_some_and(|spec| {
            self.git.ask(&["ls-files", "-z", "--", &spec]).is_ok_and(|found| !found.is_empty())
        })
    }

    /// The files of git that `spec` names, relative to the top.
    pub(super) fn files(&self, spec: &str) -> Result<Vec<String>, Silent> {
        let found = self.git.ask(&["ls-files", "-z", "--full-name", "--", spec])?;
        Ok(found.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// What differs from the commit in `paths`; nothing where they are elsewhere.
    pub(super) fn changes_in(&self, paths: &[PathBuf]) -> Result<Vec<String>, Silent> {
        let specs: Vec<String> = paths.iter().filter_map(|path| self.spec("", path)).collect();
        if specs.is_empty() { Ok(Vec::new()) } else { self.changes(&specs) }
    }

    /// What differs from the commit in what `specs` name, as in `git status --short`: `?? notes.txt`.
    pub(super) fn changes(&self, specs: &[String]) -> Result<Vec<String>, Silent> {
        // Between zeros names are as they are, and a rename's old one is an entry of its own. A file that
        // git does not know may be compiled as well as any other, and so may what is in a submodule,
        // whatever is configured to be shown.
        let args = ["status", "--porcelain", "-z", "--untracked-files=all", "--ignore-submodules=none", "--"];
        let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
        let said = self.git.ask(&[&args, specs.as_slice()].concat())?;
        let mut entries = said.split('\0').filter(|entry| !entry.is_empty());
        let mut found = Vec::new();
        while let Some(entry) = entries.next() {
            found.push(entry.to_owned());
            if entry.starts_with(['R', 'C']) {
                entries.next();
            }
        }
        Ok(found)
    }

    /// Everything but `paths`.
    pub(super) fn without(&self, paths: &[PathBuf]) -> Vec<String> {
        let apart = paths.iter().filter_map(|path| self.spec("exclude,", path));
        std::iter::once(":(top)".to_owned()).chain(apart).collect()
    }

    /// `path`, which need not be there, as git takes it; `None` where it is not in this tree, which git
    /// would call an error.
    pub(super) fn spec(&self, magic: &str, path: &Path) -> Option<String> {
        let inside = real(path).strip_prefix(&self.top).ok()?.to_str()?.to_owned();
        // Git knows no literal path that is empty.
        let literal = if inside.is_empty() { "" } else { ",literal" };
        Some(format!(":({magic}top{literal}){inside}"))
    }
}

/// `path` without links, as far as it is there.
pub(super) fn real(path: &Path) -> PathBuf {
    let there = path.ancestors().find_map(|part| Some((part, part.canonicalize().ok()?)));
    let Some((part, real)) = there else { return path.to_owned() };
    let rest = path.strip_prefix(part).unwrap_or(Path::new(""));
    if rest.as_os_str().is_empty() { real } else { real.join(rest) }
}
