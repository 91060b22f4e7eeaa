//! Whether a raw profile was written by the program that is trained.
//!
//! What a workload starts inherits `LLVM_PROFILE_FILE`: where that is another instrumented program, its
//! counters land beside the program's own. They would make the profile larger, its match smaller, and
//! code hot that the program never ran.
//!
//! The rule: nearly every function of a raw profile has to be declared, with the same control flow, by
//! the instrumented program or by one of the shared libraries of the same build. A raw profile names
//! every instrumented function of its module, also those that never ran, so what the program or a
//! library wrote itself reaches 100 %. Another program has at least functions of its own, however many
//! of its libraries it shares, and stays below.

use std::{
    cell::OnceCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use honing_core::units;
use honing_match::{Instrumented as Declared, instrumented};
use honing_profdata::Profile;

use crate::{builders::beside::is_shared_library, io::files, profiles::Sorter};

/// The least share of functions that makes a raw profile the program's. Less than all, for what a tool
/// may have changed in the binary after the link.
const OWN: f64 = 0.98;

/// The modules of an instrumented build, as far as they had to be looked at.
pub(super) struct Kin {
    program: PathBuf,
    /// Where the build left its shared libraries.
    folders: Vec<PathBuf>,
    declared: OnceCell<Option<Declared>>,
    libraries: OnceCell<Vec<Declared>>,
}

/// A raw profile of something else.
#[derive(Debug, Clone, PartialEq)]
struct Stranger {
    file: PathBuf,
    /// Share of its functions that the program has, too.
    shared: f64,
}

impl Kin {
    /// The modules of `program`, whose build left shared libraries in `folders`.
    pub(super) fn of(program: &Path, folders: Vec<PathBuf>) -> Self {
        let beside = program.parent().map(Path::to_owned);
        let folders = beside.into_iter().chain(folders).collect();
        Self { program: program.to_owned(), folders, declared: OnceCell::new(), libraries: OnceCell::new() }
    }

    /// Those of `files` that something else wrote. Files of one module are alike, and one of them is
    /// looked at. What cannot be read is left to the merge, which has words for it.
    fn others(&self, files: &[PathBuf]) -> Vec<Stranger> {
        let mut modules: BTreeMap<String, Vec<&PathBuf>> = BTreeMap::new();
        for file in files {
            modules.entry(module(file)).or_default().push(file);
        }
        let mut strangers = Vec::new();
        for files in modules.values() {
            let Some(profile) = files.iter().find_map(|file| read(file)) else { continue };
            let Some(shared) = self.share_of(&profile).filter(|shared| *shared < OWN) else { continue };
            strangers.extend(files.iter().map(|file| Stranger { file: (*file).clone(), shared }));
        }
        strangers
    }

    /// The largest share that a module of the build has; `None` where the program cannot be read.
    fn share_of(&self, profile: &Profile) -> Option<f64> {
        let program = self.declared.get_or_init(|| declared(&self.program)).as_ref()?;
        let share = program.share_of(profile);
        if share >= OWN {
            return Some(share);
        }
        let libraries = self.libraries.get_or_init(|| self.find_libraries());
        Some(libraries.iter().map(|library| library.share_of(profile)).fold(share, f64::max))
    }

    fn find_libraries(&self) -> Vec<Declared> {
        let entries = self.folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok());
        let paths = entries.flatten().flatten().map(|entry| entry.path());
        paths.filter(|path| is_shared_library(path)).filter_map(|path| declared(&path)).collect()
    }
}

impl Sorter for Kin {
    fn strangers(&self, files: &[PathBuf], all: usize) -> Option<(Vec<PathBuf>, String)> {
        let strangers = self.others(files);
        let shared = strangers.iter().map(|stranger| stranger.shared).reduce(f64::max)?;
        let words = format!(
            "{} of {all} raw profiles left out: another instrumented program wrote them, at most {} of whose \
             functions are the trained program's. To be rid of this, start that one without \
             LLVM_PROFILE_FILE",
            strangers.len(),
            units::share(shared)
        );
        Some((strangers.into_iter().map(|stranger| stranger.file).collect(), words))
    }
}

fn declared(path: &Path) -> Option<Declared> {
    instrumented(&files::read(path).ok()?).ok()
}

fn read(file: &Path) -> Option<Profile> {
    Some(honing_profdata::read(&files::read(file).ok()?).ok()?.profile)
}

/// What names the module in a file called `PID_MODULE.profraw`, see [`super::Counters`].
pub(super) fn module(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split_once('_').map(|(_, module)| module.to_owned()).unwrap_or(name)
}
