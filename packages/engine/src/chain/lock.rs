//! One run at a time per target directory.

use std::{
    fs::{File, OpenOptions},
    path::Path,
    time::Duration,
};

// The standard library has the same since Rust 1.89.
use fs4::{FileExt, TryLockError};
use honing_core::{Result, event::Event};

use crate::{chain::sink::Sink, children::Cancel, io::files};

/// Held while a run works; the kernel lets go of it however the run ends.
#[derive(Debug)]
pub(crate) struct RunLock(#[expect(dead_code, reason = "held, not read")] File);

impl RunLock {
    /// Takes the lock of `dir`, and says so where it has to wait for another run.
    pub(crate) fn take(dir: &Path, sink: &Sink, cancel: &Cancel) -> Result<Self> {
        let path = dir.join("lock");
        let failed = |error: std::io::Error| files::error("lock", &path, &error);
        let open = || {
            files::make_dir(dir)?;
            OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)
        };
        let (mut file, mut told) = (open()?, false);
        loop {
            match FileExt::try_lock(&file) {
                Ok(()) if is_at(&file, &path) => return Ok(Self(file)),
                // Who had it was `clean`, which removes the file too. Not sooner: what is made while it
                // works is removed under whoever made it.
                Ok(()) => {
                    file = open()?;
                    continue;
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
                Err(TryLockError::WouldBlock) => {}
            }
            if !told {
                told = true;
                sink.emit(Event::Note {
                    text: format!("Blocking waiting for file lock on {}", dir.display()),
                });
            }
            cancel.check()?;
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Whether a run works in `dir` at this moment.
    pub(crate) fn is_taken(dir: &Path) -> bool {
        let file = OpenOptions::new().write(true).open(dir.join("lock"));
        file.is_ok_and(|file| matches!(FileExt::try_lock(&file), Err(TryLockError::WouldBlock)))
    }
}

/// Whether an open file is still the one at `path`.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: std::io::Result<std::fs::Metadata>| {
        metadata.map(|metadata| (metadata.dev(), metadata.ino())).ok()
    };
    id(file.metadata()) == id(std::fs::metadata(path))
}

/// An open file is not removed here.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waited_holds_the_lock_that_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let (sink, cancel) = (Sink::new(Vec::new()), Cancel::default());
        let root = dir.path().join("honing");
        let first = RunLock::take(&root, &sink, &cancel).unwrap();
        let waits = {
            let (root, cancel) = (root.clone(), cancel.clone());
            std::thread::spawn(move || RunLock::take(&root, &Sink::new(Vec::new()), &cancel).unwrap())
        };
        std::thread::sleep(Duration::from_millis(200));
        // As `clean` does.
        std::fs::remove_dir_all(&root).unwrap();
        drop(first);
        let second = waits.join().unwrap();
        assert!(RunLock::is_taken(&root));
        drop(second);
        assert!(!RunLock::is_taken(&root));
    }
}
