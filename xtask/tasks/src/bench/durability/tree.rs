//! Folders of sources: copied, and made equal again after a change.
//!
//! Cargo judges by modification times. So a file that is as it should be is not touched, and one that
//! is put back gets the present time, as the latest build has seen it otherwise.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};

use super::edit::{Edit, How};

/// Copies `from` to `to`, which must not be there.
pub(in crate::bench) fn copy(from: &Path, to: &Path) -> Result<()> {
    ensure!(!to.exists(), "{} is there already", to.display());
    make_equal(from, to)
}

/// Copies some files of `from`, named relative to it.
pub(super) fn copy_files(from: &Path, files: impl Iterator<Item = PathBuf>, to: &Path) -> Result<()> {
    for file in files {
        copy_file(&from.join(&file), &to.join(&file))?;
    }
    Ok(())
}

/// Makes `to` equal to `from`.
pub(super) fn make_equal(from: &Path, to: &Path) -> Result<()> {
    let wanted = files(from)?;
    if to.exists() {
        for extra in files(to)?.difference(&wanted) {
            fs::remove_file(to.join(extra)).with_context(|| extra.display().to_string())?;
        }
    }
    for file in &wanted {
        let (source, target) = (from.join(file), to.join(file));
        if !target.exists() || fs::read(&source)? != fs::read(&target)? {
            copy_file(&source, &target)?;
        }
    }
    Ok(())
}

/// Applies an edit in the workspace `root`.
pub(super) fn edit(root: &Path, edit: &Edit) -> Result<()> {
    let path = root.join(&edit.file);
    let named = || format!("edit of {}", path.display());
    if let How::Rename { to } = &edit.how {
        return fs::rename(&path, root.join(to)).with_context(named);
    }
    let text = fs::read_to_string(&path).with_context(named)?;
    fs::write(&path, edit.how.apply(&text).with_context(named)?).with_context(named)
}

fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let named = || format!("copy of {} to {}", from.display(), to.display());
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).with_context(named)?;
    }
    // Read and write: `fs::copy` would keep a registry's read-only mode.
    fs::write(to, fs::read(from).with_context(named)?).with_context(named)
}

/// Every file below `root`, relative to it.
fn files(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        for entry in fs::read_dir(&path).with_context(|| path.display().to_string())? {
            let entry = entry?;
            let name = folder.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(name);
            } else {
                found.insert(name);
            }
        }
    }
    Ok(found)
}
