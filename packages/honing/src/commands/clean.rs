//! `clean`: removes what runs have made; what is recorded in the repository stays.

use std::{fs, io::Write, path::Path};

use honing_core::{Error, Result, units};

use super::look;
use crate::{
    cli::{Shared, Trailing},
    console,
};

pub(crate) fn clean(shared: &Shared) -> Result<()> {
    let session = look(shared, &Trailing::default())?;
    let _lock = session.lock()?;
    let root = session.store.root();
    let mut freed = 0;
    if shared.program.is_empty() {
        freed += remove(root)?;
    } else {
        for subject in session.subjects()? {
            freed += remove(&root.join(subject.name))?;
            freed += remove(&root.join("build").join(format!("optimize-{}", subject.name)))?;
        }
    }
    let _ = writeln!(console::err(), "     Removed {}", units::bytes(freed));
    Ok(())
}

fn remove(path: &Path) -> Result<u64> {
    let size = size(path);
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::internal(format!("cannot remove {}: {error}", path.display())))
        }
        _ => Ok(size),
    }
}

fn size(path: &Path) -> u64 {
    let Ok(metadata) = fs::symlink_metadata(path) else { return 0 };
    if !metadata.is_dir() {
        return metadata.len();
    }
    fs::read_dir(path).map_or(0, |entries| entries.flatten().map(|entry| size(&entry.path())).sum())
}
