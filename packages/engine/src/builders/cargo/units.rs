//! What each unit of a target directory was compiled from, against what is there now. Whatever a
//! build is said to be made of, it was compiled from: a unit one of whose files differs loses its
//! output, so that cargo compiles it again.

use std::{
    fs,
    path::{Path, PathBuf},
};

use honing_core::Result;

use crate::{
    builders::cargo::{
        generated::Generated,
        wrapper::record::{Record, SUFFIX},
    },
    io::files,
};

/// A unit, or a run of a build script, that is not of what is there now.
#[derive(Debug)]
pub(crate) struct Stale {
    /// What cargo looks for: without one of these it does the work again.
    outputs: Vec<PathBuf>,
    /// The file that differs.
    pub(crate) file: PathBuf,
}

/// Units whose files are not what they were when they were compiled. `generated` are files that
/// builds write: cargo has build scripts write them anew, and each flavour has its own.
pub(crate) fn stale(target_dir: &Path, root: &Path, generated: &Generated) -> Vec<Stale> {
    let mut found = Vec::new();
    for (path, record) in records(target_dir) {
        let differs = match &record {
            Some(record) => {
                let mut changed = record.files.iter().filter(|file| !file.is_same(root));
                changed.find(|file| !generated.has(&file.place(root))).map(|file| file.place(root))
            }
            // Torn: the wrapper was killed.
            None => Some(path.clone()),
        };
        if let Some(file) = differs {
            found.push(Stale { outputs: outputs(&path), file });
        }
    }
    found
}

impl Stale {
    pub(super) fn new(outputs: Vec<PathBuf>, file: PathBuf) -> Self {
        Self { outputs, file }
    }

    /// Has cargo do the work again.
    pub(crate) fn forget(&self) -> Result<()> {
        self.outputs.iter().try_for_each(|path| files::remove_file(path))
    }
}

/// Has cargo compile again what it compiled for the target: another profile is to be applied.
pub(crate) fn forget_all(target_dir: &Path) -> Result<()> {
    for (path, record) in records(target_dir) {
        if record.is_none_or(|record| record.for_target) {
            outputs(&path).iter().try_for_each(|path| files::remove_file(path))?;
        }
    }
    // rustc takes parts of an earlier compilation, whatever profile that had.
    let profiles =
        fs::read_dir(target_dir).into_iter().flatten().flatten().flat_map(|triple| folders(&triple.path()));
    for profile in profiles {
        files::remove_dir(&profile.join("incremental"))?;
    }
    Ok(())
}

/// The folders of Cargo profiles: for this machine, and within a folder for each triple.
pub(super) fn profiles(target_dir: &Path) -> Vec<PathBuf> {
    let tops = folders(target_dir);
    let within: Vec<PathBuf> = tops.iter().flat_map(|top| folders(top)).collect();
    tops.into_iter().chain(within).collect()
}

/// All records below a target directory. `None` for one that cannot be read.
pub(super) fn records(target_dir: &Path) -> Vec<(PathBuf, Option<Record>)> {
    let holders = profiles(target_dir).into_iter().flat_map(|profile| {
        let builds = folders(&profile.join("build"));
        // A newer layout of cargo's: a folder for each unit, within one for its package.
        let newer = builds.iter().flat_map(|package| folders(package)).map(|unit| unit.join("out"));
        let newer: Vec<PathBuf> = newer.collect();
        let named = ["deps", "examples"].map(|name| profile.join(name));
        named.into_iter().chain(builds).chain(newer).collect::<Vec<_>>()
    });
    let mut found = Vec::new();
    for holder in holders {
        let entries = fs::read_dir(&holder).into_iter().flatten().flatten().map(|entry| entry.path());
        for path in entries.filter(|path| path.extension().is_some_and(|suffix| suffix == SUFFIX)) {
            let record = files::read_json(&path);
            found.push((path, record));
        }
    }
    found
}

pub(super) fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_dir()).collect()
}

/// The files of the unit whose record this is, the record included.
fn outputs(record: &Path) -> Vec<PathBuf> {
    let stem = record.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let entries = fs::read_dir(record.parent().unwrap_or(Path::new(""))).into_iter().flatten().flatten();
    let of_unit = |name: &str| {
        let rest =
            name.strip_prefix("lib").and_then(|name| name.strip_prefix(&stem)).or(name.strip_prefix(&stem));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let entries = entries.filter(|entry| of_unit(&entry.file_name().to_string_lossy()));
    entries.map(|entry| entry.path()).filter(|path| !path.is_dir()).collect()
}
