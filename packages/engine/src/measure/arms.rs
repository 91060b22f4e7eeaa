//! All programs, equal in all but content: copies with the same base name in folders whose paths
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

use honing_core::Result;

use crate::{builders::beside, io::files, measure::Which};

/// Copies of the programs, each with where it was copied from.
#[derive(Debug, Clone)]
pub(crate) struct Arms {
    /// The reference, its copy, then the candidates.
    copies: Vec<(PathBuf, PathBuf)>,
}

impl Arms {
    /// Copies the reference, the reference once more, and the candidates into `dir`.
    pub(crate) fn stage(dir: &Path, name: &OsStr, reference: &Path, candidates: &[&Path]) -> Result<Self> {
        let programs = [(Which::Reference, reference), (Which::Copy, reference)].into_iter();
        let candidates = candidates.iter().enumerate().map(|(index, path)| (Which::Candidate(index), *path));
        let copy = |(which, from): (Which, &Path)| {
            let folder = dir.join(folder(which));
            files::make_dir(&folder)?;
            let to = folder.join(name);
            files::copy(from, &to)?;
            Ok((from.to_owned(), to))
        };
        Ok(Self { copies: programs.chain(candidates).map(copy).collect::<Result<_>>()? })
    }

    /// The same, each with the shared libraries that it was built with.
    pub(crate) fn with_libraries(self) -> Result<Self> {
        self.copies.iter().try_for_each(|(from, to)| beside::bring(from, to))?;
        Ok(self)
    }

    /// Where a program is.
    pub(crate) fn path(&self, program: Which) -> &Path {
        let index = match program {
            Which::Reference => 0,
            Which::Copy => 1,
            Which::Candidate(index) => index + 2,
        };
        &self.copies[index].1
    }

    /// Every program that is compared: the reference and the candidates.
    pub(crate) fn compared(&self) -> impl Iterator<Item = Which> + use<> {
        std::iter::once(Which::Reference).chain((0..self.copies.len() - 2).map(Which::Candidate))
    }

    /// Removes the copies.
    pub(crate) fn remove(&self) -> Result<()> {
        self.copies.iter().filter_map(|(_, copy)| copy.parent()).try_for_each(files::remove_dir)
    }
}

/// The folder of a copy. Equally long, and words that a person understands who reads a path in an
/// error.
fn folder(which: Which) -> String {
    match which {
        Which::Reference => "baseline".into(),
        Which::Copy => "repeated".into(),
        Which::Candidate(0) => "optimize".into(),
        Which::Candidate(index) => format!("optim-{:02}", index + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_equally_long_and_names_equal() {
        let dir = tempfile::tempdir().unwrap();
        let given = ["old", "new", "newer"].map(|text| {
            let path = dir.path().join(format!("{text}-program"));
            std::fs::write(&path, text).unwrap();
            path
        });
        let candidates = [given[1].as_path(), &given[2]];
        let arms = Arms::stage(dir.path(), OsStr::new("program"), &given[0], &candidates).unwrap();
        let programs: Vec<Which> = arms.compared().chain([Which::Copy]).collect();
        let paths: Vec<&Path> = programs.iter().map(|program| arms.path(*program)).collect();
        assert!(paths.iter().all(|path| path.ends_with("program")));
        assert!(paths.iter().all(|path| path.as_os_str().len() == paths[0].as_os_str().len()), "{paths:?}");
        let texts: Vec<String> = paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
        assert_eq!(texts, ["old", "new", "newer", "old"]);
        arms.remove().unwrap();
        assert!(paths.iter().all(|path| !path.exists()));
    }
}
