//! Merges raw profiles while a workload runs: thousands of processes would fill the disk with them.
//!
//! A profile is taken once nobody has it open, under a name that no process writes to, so one that comes
//! later with the same number begins a file of its own. What cannot be told to be finished stays until the
//! workload's end; what is not whole, or not the program's, stays for the merge, which judges it.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use honing_core::{Result, event::Event};
use serde::{Deserialize, Serialize};

use crate::{
    chain::session::Session,
    children::Cancel,
    io::{
        files,
        lease::{Use, in_use, misses_mappings},
    },
    profiles::{Gather, Sum},
    workloads::beside::{Over, Running},
};

/// Pauses between two looks: the longer the less there is to do.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(20));
/// Files that are merged before their space is given back.
const AT_ONCE: usize = 16;
/// What names of profiles begin with once no process knows them.
const TAKEN: &str = "taken";

/// What was merged while a workload ran.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gathered {
    /// The sum, relative to the stage's folder.
    pub(crate) file: String,
    /// Raw profiles that are in it.
    pub(crate) files: u64,
    /// What they had in bytes.
    pub(crate) bytes: u64,
    /// The most that the folder of raw profiles had in bytes at once.
    pub(crate) peak: u64,
    /// The size of the sum in bytes.
    pub(crate) sum: u64,
}

/// What was merged, and the file with the sum.
pub(crate) type Summed = (Gathered, PathBuf);

/// Merging that was begun; dropping it waits for its end.
pub(super) struct Gathering {
    running: Running,
    outcome: Arc<Mutex<Option<(Gathered, Sum)>>>,
}

impl Gathering {
    /// Begins with the folder `raw`, on a thread of its own. With `outlasting`, a process may write to
    /// what it has mapped only.
    pub(super) fn start(gather: Box<dyn Gather>, raw: PathBuf, outlasting: bool, cancel: &Cancel) -> Self {
        let outcome = Arc::new(Mutex::new(None));
        let its = Arc::clone(&outcome);
        let work = move |over: &Over| {
            let blind = outlasting && misses_mappings(&raw);
            let mut folder =
                Folder { raw, blind, left: BTreeSet::new(), taken: 0, done: Gathered::default() };
            let done = folder.gather(gather, over)?;
            if let Ok(mut outcome) = its.lock() {
                *outcome = done;
            }
            Ok(())
        };
        Self { running: Running::start(Some(Box::new(work)), cancel), outcome }
    }

    /// The workload has ended: merges what is left, says what it lacked, and gives the sum, where there is one.
    pub(super) fn end(self, session: &Session, workload: &str) -> Result<Option<Summed>> {
        Ok(self.finish()?.map(|(gathered, sum)| {
            for what in sum.words {
                let text = format!("train: workload `{workload}`: {what}");
                session.sink.emit(Event::Warning { text });
            }
            (gathered, sum.path)
        }))
    }

    fn finish(self) -> Result<Option<(Gathered, Sum)>> {
        self.running.end()?;
        Ok(self.outcome.lock().ok().and_then(|mut outcome| outcome.take()))
    }
}

/// The folder that profiles are written into.
struct Folder {
    raw: PathBuf,
    /// Whether an open file cannot be told here.
    blind: bool,
    /// What the merge has to judge.
    left: BTreeSet<PathBuf>,
    /// Files that were renamed.
    taken: u64,
    done: Gathered,
}

impl Folder {
    fn gather(&mut self, mut gather: Box<dyn Gather>, over: &Over) -> Result<Option<(Gathered, Sum)>> {
        let (least, most) = PAUSES;
        let mut pause = least;
        while !over.is() {
            pause = if self.round(&mut *gather, false)? { least } else { (pause * 2).min(most) };
            std::thread::park_timeout(pause);
        }
        if over.is_cancelled() {
            return Ok(None);
        }
        while self.round(&mut *gather, true)? {}
        let Some(sum) = gather.finish(&self.raw)? else { return Ok(None) };
        self.done.sum = files::size(&sum.path);
        self.note_peak();
        Ok(Some((std::mem::take(&mut self.done), sum)))
    }

    /// Merges what is finished, and tells whether there was something. After the end that is all which
    /// nobody is known to have open.
    fn round(&mut self, gather: &mut dyn Gather, ended: bool) -> Result<bool> {
        let listed = self.note_peak();
        let found = listed.into_iter().filter(|(path, size)| *size > 0 && !self.left.contains(path));
        let found: Vec<PathBuf> = found.map(|(path, _)| path).collect();
        let ready: Vec<PathBuf> = found.into_iter().filter_map(|path| self.take(path, ended)).collect();
        for files in ready.chunks(AT_ONCE) {
            let merged = gather.add(files);
            self.left.extend(files.iter().filter(|file| !merged.contains(file)).cloned());
            self.note_peak();
            for file in &merged {
                self.done.files += 1;
                self.done.bytes += files::size(file);
                files::remove_file(file)?;
            }
        }
        Ok(!ready.is_empty())
    }

    /// Gives a finished profile the name under which it is merged.
    fn take(&mut self, path: PathBuf, ended: bool) -> Option<PathBuf> {
        files::let_us_read(&path);
        if !self.is_finished(&path, ended) {
            return None;
        }
        let name = path.file_name()?;
        if name.to_string_lossy().starts_with(TAKEN) {
            return Some(path);
        }
        self.taken += 1;
        let mut taken = OsStr::new(TAKEN).to_owned();
        taken.push(format!("{}-", self.taken));
        taken.push(name);
        let taken = self.raw.join(taken);
        fs::rename(&path, &taken).ok()?;
        // Somebody may have opened it just before.
        self.is_finished(&taken, ended).then_some(taken)
    }

    fn is_finished(&self, path: &Path, ended: bool) -> bool {
        match in_use(path) {
            _ if self.blind => ended,
            Use::Free => true,
            Use::Open => false,
            Use::Unknown => ended,
        }
    }

    /// What is there, with its size, and whether that is more than ever before.
    fn note_peak(&mut self) -> Vec<(PathBuf, u64)> {
        let entries = fs::read_dir(&self.raw).into_iter().flatten().flatten();
        let listed: Vec<(PathBuf, u64)> = entries
            .filter_map(|entry| {
                Some((entry.path(), entry.metadata().ok().filter(fs::Metadata::is_file)?.len()))
            })
            .collect();
        self.done.peak = self.done.peak.max(listed.iter().map(|(_, size)| size).sum());
        listed
    }
}

#[cfg(test)]
mod tests;
