//! Both programs, equal in all but content: copies with the same base name in folders whose paths
//! are equally long, side by side.
//!
//! The length of a path moves the stack, and with it what shares a cache line (Mytkowicz et al.,
//! "Producing wrong data without doing anything obviously wrong!", ASPLOS 2009); a program that goes
//! by its own name does something else under another; and two files that came to be at different
//! times lie differently in the page cache. Copies that are made together differ in none of these.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Result};

use crate::{builders::beside, io::files, measure::Which};

/// Folders of the copies: the baseline, the other, the baseline once more. Equally long, and words that
/// a person understands who reads a path in an error.
const FOLDERS: [&str; 3] = ["baseline", "optimize", "repeated"];

/// Copies of the programs.
#[derive(Debug, Clone)]
pub(crate) struct Arms {
    paths: [PathBuf; 3],
}

impl Arms {
    /// Copies both programs, and the baseline once more, into `dir`.
    pub(crate) fn stage(dir: &Path, name: &OsStr, baseline: &Path, optimized: &Path) -> Result<Self> {
        let stage = |folder: &str, from: &Path| -> Result<PathBuf> {
            let folder = dir.join(folder);
            files::make_dir(&folder)?;
            let to = folder.join(name);
            files::copy(from, &to)?;
            Ok(to)
        };
        Ok(Self {
            paths: [
                stage(FOLDERS[0], baseline)?,
                stage(FOLDERS[1], optimized)?,
                stage(FOLDERS[2], baseline)?,
            ],
        })
    }

    /// The same, each with the shared libraries that it was built with.
    pub(crate) fn with_libraries(self, baseline: &Path, optimized: &Path) -> Result<Self> {
        for (from, to) in [baseline, optimized, baseline].iter().zip(&self.paths) {
            beside::bring(from, to)?;
        }
        Ok(self)
    }

    /// Where a program is.
    pub(crate) fn path(&self, program: Which) -> &Path {
        match program {
            Which::Baseline => &self.paths[0],
            Which::Optimized => &self.paths[1],
            Which::Copy => &self.paths[2],
        }
    }

    /// Removes the copies.
    pub(crate) fn remove(&self) -> Result<()> {
        self.paths.iter().filter_map(|path| path.parent()).try_for_each(files::remove_dir)
    }

    /// The digests of the baseline and of the other.
    pub(crate) fn digests(&self) -> Result<(Digest, Digest)> {
        Ok((files::digest(&self.paths[0])?, files::digest(&self.paths[1])?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_equally_long_and_names_equal() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old-program"), dir.path().join("p"));
        std::fs::write(&old, "old").unwrap();
        std::fs::write(&new, "new").unwrap();
        let arms = Arms::stage(dir.path(), OsStr::new("program"), &old, &new).unwrap();
        let paths =
            [Which::Baseline, Which::Optimized, Which::Copy].map(|program| arms.path(program).to_owned());
        assert!(paths.iter().all(|path| path.ends_with("program")));
        assert!(paths.iter().all(|path| path.as_os_str().len() == paths[0].as_os_str().len()));
        let texts = paths.map(|path| std::fs::read_to_string(path).unwrap());
        assert_eq!(texts, ["old", "new", "old"]);
        let (a, b) = arms.digests().unwrap();
        assert_ne!(a, b);
    }
}
