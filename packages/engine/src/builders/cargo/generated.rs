//! Sources that builds write themselves: build scripts that put files beside those of the person. What
//! a script wrote last is no change of the person's; what anybody writes after it is.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::SystemTime,
};

use honing_core::{Digest, Result};

use crate::{
    builders::cargo::{scripts, units, wrapper::record::modified},
    io::files,
};

/// Beside the target directories, since the script of each flavour writes the same files.
const FILE: &str = "honing-generated.json";

/// Files, relative to the root of the workspace, with what a script wrote into them last.
#[derive(Debug, Default)]
pub(crate) struct Generated {
    root: PathBuf,
    written: BTreeMap<PathBuf, Digest>,
}

impl Generated {
    pub(crate) fn load(builds: &Path, root: &Path) -> Self {
        let written = files::read_json(&builds.join(FILE)).unwrap_or_default();
        Self { root: root.to_owned(), written }
    }

    /// Whether a file is as a script wrote it.
    pub(crate) fn has(&self, file: &Path) -> bool {
        let known = self.written.get(file.strip_prefix(&self.root).unwrap_or(file));
        known.is_some_and(|written| files::digest(file).is_ok_and(|now| now == *written))
    }

    /// Adds what the scripts of a target directory have written: what its units were compiled from, and
    /// was last written while a script ran.
    pub(crate) fn note(builds: &Path, root: &Path, target_dir: &Path) -> Result<()> {
        let spans: Vec<(SystemTime, SystemTime)> = scripts::spans(target_dir);
        if spans.is_empty() {
            return Ok(());
        }
        let meanwhile = |path: &Path| {
            modified(path).is_some_and(|at| spans.iter().any(|(from, to)| *from <= at && at <= *to))
        };
        let mut all = Self::load(builds, root);
        let before = all.written.clone();
        let records = units::records(target_dir).into_iter().filter_map(|(_, record)| record);
        let read = records.flat_map(|record| record.files);
        for file in read.filter(|file| meanwhile(&file.place(root))) {
            if let Ok(digest) = files::digest(&file.place(root)) {
                all.written.insert(file.path, digest);
            }
        }
        if all.written == before {
            return Ok(());
        }
        files::write_json(&builds.join(FILE), &all.written)
    }
}
