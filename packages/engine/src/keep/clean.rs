//! Removes what runs have made; what is recorded in the repository stays.

use std::{
    fs,
    path::{Path, PathBuf},
};

use honing_core::Result;

use crate::{chain::session::Session, io::files};

/// Removes the output of the selected programs, or all of it where none was named.
/// Returns the bytes that it took.
///
/// # Errors
/// Interrupted, while another run holds the lock; internal, where something stays.
pub fn clean(session: &Session) -> Result<u64> {
    let _lock = session.lock()?;
    let root = session.store.root();
    if session.options.programs.is_empty() {
        return remove(root);
    }
    let mut freed = 0;
    for subject in session.subjects()? {
        freed += remove(&root.join(subject.name))?;
        for builds in all_builds(session) {
            freed += remove_builds(&builds, subject.name)?;
        }
    }
    Ok(freed)
}

/// Every folder that builders work in. An earlier version had target directories in the root of all.
fn all_builds(session: &Session) -> Vec<PathBuf> {
    let root = session.builds();
    let entries = fs::read_dir(&root).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_dir()).chain([root]).collect()
}

/// Removes the target directories that are one program's alone.
fn remove_builds(folder: &Path, program: &str) -> Result<u64> {
    let own = ["optimize", "exec-baseline", "exec-instrument", "exec-optimize"];
    let is_own = |name: &str| {
        own.iter().any(|flavour| {
            let rest = name.strip_prefix(&format!("{flavour}-{program}"));
            // A mark of eight digits stands for the flags.
            rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with('-') && rest.len() == 9))
        })
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let entries = entries.filter(|entry| is_own(&entry.file_name().to_string_lossy()));
    entries.map(|entry| remove(&entry.path())).sum()
}

fn remove(path: &Path) -> Result<u64> {
    let size = files::size(path);
    files::remove_dir(path)?;
    Ok(size)
}
