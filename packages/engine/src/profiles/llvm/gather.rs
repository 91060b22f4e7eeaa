//! Adds raw profiles up while a workload runs, without a loss that a merge of everything would not have.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use honing_core::{Error, Result};
use honing_profdata::{Format, IndexedVersion, LossKind, Merger, Policy};

use crate::{
    io::files,
    profiles::{Gather, Sorter, Sum, llvm::kin::module},
};

/// The sum's file, in the folder of raw profiles.
const SUM: &str = "sum.profdata";

/// The sum so far. It stays in memory: a run that is killed begins the training anew.
pub(crate) struct Sums {
    sorter: Option<Box<dyn Sorter>>,
    /// Modules that were seen, and whether they are the program's.
    own: BTreeMap<String, bool>,
    sum: Merger,
    files: u64,
    lacking: Lacking,
}

/// Files that lacked something beside their counts.
type Lacking = BTreeMap<String, u64>;

impl Sums {
    pub(crate) fn new(sorter: Option<Box<dyn Sorter>>) -> Self {
        let (own, lacking) = (BTreeMap::new(), BTreeMap::new());
        Self { sorter, own, sum: Merger::new(Policy::KEEP_ALL), files: 0, lacking }
    }

    /// Whether the program wrote it. Files of one module are alike, so one of them is looked at.
    fn is_own(&mut self, file: &PathBuf) -> bool {
        let Some(sorter) = &self.sorter else { return true };
        let module = module(file);
        if let Some(own) = self.own.get(&module) {
            return *own;
        }
        // What is torn says nothing about its module.
        if batch(std::slice::from_ref(file)).is_none() {
            return false;
        }
        let own = sorter.strangers(std::slice::from_ref(file), 1).is_none();
        self.own.insert(module, own);
        own
    }

    /// Adds all of `files` or none.
    fn add_all(&mut self, files: &[PathBuf]) -> bool {
        let Some((batch, lacking)) = batch(files).filter(|(batch, _)| self.sum.fits(batch)) else {
            return false;
        };
        self.sum.absorb(batch);
        self.files += files.len() as u64;
        for (what, count) in lacking {
            *self.lacking.entry(what).or_default() += count;
        }
        true
    }
}

impl Gather for Sums {
    fn add(&mut self, files: &[PathBuf]) -> Vec<PathBuf> {
        let own: Vec<PathBuf> = files.iter().filter(|file| self.is_own(file)).cloned().collect();
        if own.is_empty() || self.add_all(&own) {
            return own;
        }
        own.into_iter().filter(|file| self.add_all(std::slice::from_ref(file))).collect()
    }

    fn finish(self: Box<Self>, raw: &Path) -> Result<Option<Sum>> {
        if self.files == 0 {
            return Ok(None);
        }
        let failed = |error| Error::internal(format!("train: cannot write the sum of raw profiles: {error}"));
        let merged = self.sum.finish_anyway().map_err(failed)?;
        let path = raw.join(SUM);
        files::write_atomically(&path, &merged.profile.to_indexed(IndexedVersion::Lowest).map_err(failed)?)?;
        let words = |(what, count)| format!("{count} of {} raw profiles: {what}", self.files);
        Ok(Some(Sum { path, words: self.lacking.into_iter().map(words).collect() }))
    }
}

/// The sum of `files`, where each is whole, and what they lack beside counts.
fn batch(files: &[PathBuf]) -> Option<(Merger, Lacking)> {
    let (mut sum, mut lacking) = (Merger::new(Policy::KEEP_ALL), Lacking::new());
    for file in files {
        let report = sum.add(&files::read(file).ok()?, 1).ok()?;
        if report.format != Format::Raw {
            return None;
        }
        for loss in &report.losses {
            if !matches!(loss.kind, LossKind::Values | LossKind::TemporalTraces) {
                return None;
            }
            *lacking.entry(loss.kind.to_string()).or_default() += 1;
        }
    }
    Some((sum, lacking))
}
