//! One run at a time per target directory.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
    time::Duration,
};

use honing_core::{Result, event::Event};

use crate::{Sink, files, process::Cancel};

/// Held while a run works; the kernel lets go of it however the run ends.
#[derive(Debug)]
pub(crate) struct RunLock(#[expect(dead_code, reason = "held, not read")] File);

impl RunLock {
    /// Takes the lock of `dir`, and says so where it has to wait for another run.
    pub(crate) fn take(dir: &Path, sink: &Sink, cancel: &Cancel) -> Result<Self> {
        files::make_dir(dir)?;
        let path = dir.join("lock");
        let failed = |error: std::io::Error| files::error("lock", &path, &error);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        let mut told = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
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
}
