//! Removes what runs have made; what is recorded in the repository stays.

use std::path::Path;

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
        for folder in subject.builder().own_folders(session, subject.name) {
            freed += remove(&folder)?;
        }
    }
    Ok(freed)
}

fn remove(path: &Path) -> Result<u64> {
    let size = files::size(path);
    files::remove_dir(path)?;
    Ok(size)
}
