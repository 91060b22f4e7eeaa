//! What a build left earlier, out of its way while it builds again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use honing_core::Result;

use crate::io::files;

/// A file that is put aside, so that what is there afterwards is new. It comes back when this is dropped, and
/// what was built in its place goes.
#[derive(Debug)]
pub(super) struct Aside {
    file: PathBuf,
    kept: PathBuf,
}

impl Aside {
    /// Puts `file` into `kept`. What a run that was killed left there belongs to the person, and stays.
    pub(super) fn put(file: PathBuf, kept: PathBuf) -> Result<Self> {
        if file.symlink_metadata().is_ok() {
            files::remove_file(&kept)?;
            move_file(&file, &kept)?;
        }
        Ok(Self { file, kept })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = files::remove_file(&self.file);
        if self.kept.symlink_metadata().is_ok() {
            let _ = move_file(&self.kept, &self.file);
        }
    }
}

/// Its times stay, so that make sees the file that it made.
fn move_file(from: &Path, to: &Path) -> Result<()> {
    if fs::rename(from, to).is_ok() {
        return Ok(());
    }
    // On another file system.
    let times = from.metadata().and_then(|data| data.modified());
    files::copy(from, to)?;
    if let (Ok(time), Ok(copy)) = (times, fs::File::open(to)) {
        let _ = copy.set_modified(time);
    }
    files::remove_file(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_comes_back_also_after_a_kill() {
        let dir = tempfile::tempdir().unwrap();
        let (file, kept) = (dir.path().join("server"), dir.path().join("kept"));
        let text = || fs::read_to_string(&file).ok();
        // Nothing was there: nothing stays.
        let aside = Aside::put(file.clone(), kept.clone()).unwrap();
        fs::write(&file, "built").unwrap();
        drop(aside);
        assert_eq!(text(), None);

        fs::write(&file, "the person's").unwrap();
        let before = file.metadata().unwrap().modified().unwrap();
        let aside = Aside::put(file.clone(), kept.clone()).unwrap();
        assert_eq!(text(), None);
        // Killed before anything was built.
        std::mem::forget(aside);
        let aside = Aside::put(file.clone(), kept.clone()).unwrap();
        fs::write(&file, "built").unwrap();
        drop(aside);
        assert_eq!(text().as_deref(), Some("the person's"));
        assert_eq!(file.metadata().unwrap().modified().unwrap(), before);
        assert!(!kept.exists());
    }
}
