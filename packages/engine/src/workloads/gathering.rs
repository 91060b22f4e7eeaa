//! Merges raw profiles while a workload runs: thousands of processes would fill the disk with them.
//!
//! A profile is taken once nobody has it open, under a name that no process writes to, so one that comes
//! later with the same number begins a file of its own. What cannot be told to be finished stays until the
//! workload's end; what is not whole, or not the program's, stays for the merge, which judges it.
//! Where processes write faster than this merges and the disk forgets, they are stopped until it has caught up.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use honing_core::{Error, Result, event::Event, units};
use serde::{Deserialize, Serialize};

use crate::{
    chain::session::Session,
    children::{Cancel, Hold, Suspend},
    io::{
        files,
        lease::{Use, in_use, misses_mappings},
    },
    profiles::{Gather, Sum},
    workloads::beside::{Over, Running},
};

/// Pauses between two looks: the longer the less there is to do.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(20));
/// What may wait to be merged and removed until the workload is stopped, in bytes: little beside any disk. Programs
/// whose profiles are larger may have two of them wait.
const WAITING: u64 = 64 << 20;
/// Files that are read at once.
const AT_ONCE: usize = 16;
/// Between two looks, this part of what is ready is merged. A look costs a little for each file that is there, so all
/// of them together are looked at a number of times that does not grow with them.
const PART: usize = 16;
/// Files that are removed at once.
const REMOVERS: usize = 8;
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
    /// How long the workload was stopped to get on with it.
    #[serde(skip)]
    pub(crate) stopped: Duration,
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
    pub(super) fn start(
        gather: Box<dyn Gather>,
        raw: PathBuf,
        outlasting: bool,
        room: Room,
        cancel: &Cancel,
    ) -> Self {
        let outcome = Arc::new(Mutex::new(None));
        let its = Arc::clone(&outcome);
        let work = move |over: &Over| {
            let blind = outlasting && misses_mappings(&raw);
            let done = Gathered::default();
            let (left, ready) = (BTreeSet::new(), BTreeMap::new());
            let (removed, removers) = (BTreeSet::new(), Vec::new());
            let mut folder = Folder { raw, blind, left, ready, removed, removers, taken: 0, room, done };
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
            if gathered.stopped > Duration::ZERO {
                let time = units::elapsed(gathered.stopped);
                let text = format!(
                    "workload `{workload}` was stopped for {time} in all, until its raw profiles were merged"
                );
                session.sink.emit(Event::Note { text });
            }
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
    /// What is finished and waits to be merged, with its size. It stays so: no process knows its name.
    ready: BTreeMap<PathBuf, u64>,
    /// What is in the sum, and may still be there.
    removed: BTreeSet<PathBuf>,
    removers: Vec<Remover>,
    /// Files that were renamed.
    taken: u64,
    room: Room,
    done: Gathered,
}

/// Stops the workload while too much waits.
pub(super) struct Room {
    /// How much may wait in any case, in bytes.
    waiting: u64,
    /// The largest profile.
    largest: u64,
    suspend: Suspend,
    /// Since when it is stopped, and how long a person had stopped it until then.
    hold: Option<(Hold, Instant, Duration)>,
    /// How long it was stopped before, without what a person added to that.
    stopped: Duration,
}

impl Room {
    /// Room of the size that is common to all.
    pub(super) fn new(suspend: &Suspend) -> Self {
        Self { waiting: WAITING, largest: 0, suspend: suspend.clone(), hold: None, stopped: Duration::ZERO }
    }

    /// So much waits now; what is still open is not in it, since that may stay so as long as the workload stands still.
    fn note(&mut self, waits: u64) {
        let most = self.waiting.max(2 * self.largest);
        if waits > most && self.hold.is_none() {
            self.hold = Some((self.suspend.hold(), Instant::now(), self.suspend.stopped_by_key()));
        } else if waits <= most / 2 {
            self.go_on();
        }
    }

    fn go_on(&mut self) {
        let Some((_hold, since, by_key)) = self.hold.take() else { return };
        let by_key = self.suspend.stopped_by_key().saturating_sub(by_key);
        self.stopped += since.elapsed().saturating_sub(by_key);
    }
}

impl Folder {
    fn gather(&mut self, mut gather: Box<dyn Gather>, over: &Over) -> Result<Option<(Gathered, Sum)>> {
        let (least, most) = PAUSES;
        let mut pause = least;
        while !over.is() && !self.removers.iter().any(Remover::has_failed) {
            let worked = self.round(&mut *gather, false)?;
            pause = if worked || self.room.hold.is_some() { least } else { (pause * 2).min(most) };
            if self.ready.is_empty() {
                std::thread::park_timeout(pause);
            }
        }
        self.room.go_on();
        // What was merged so far is given up with the training.
        over.check()?;
        while self.round(&mut *gather, true)? {}
        // What is in the sum must not be found beside it.
        self.removers.drain(..).try_for_each(Remover::end)?;
        let Some(sum) = gather.finish(&self.raw)? else { return Ok(None) };
        (self.done.sum, self.done.stopped) = (files::size(&sum.path), self.room.stopped);
        self.note_peak();
        Ok(Some((std::mem::take(&mut self.done), sum)))
    }

    /// Merges a part of what is finished, and tells whether there was something. After the end that is all which
    /// nobody is known to have open.
    fn round(&mut self, gather: &mut dyn Gather, ended: bool) -> Result<bool> {
        self.look(ended);
        let most = if ended { usize::MAX } else { AT_ONCE.max(self.ready.len() / PART) };
        let part: Vec<PathBuf> = self.ready.keys().take(most).cloned().collect();
        for files in part.chunks(AT_ONCE) {
            let merged = if ended { gather.add(files) } else { self.merge(gather, files) };
            for file in files {
                self.ready.remove(file);
                if !merged.contains(file) {
                    self.left.insert(file.clone());
                    continue;
                }
                self.done.files += 1;
                self.done.bytes += files::size(file);
                self.remove(file);
            }
        }
        Ok(!part.is_empty())
    }

    /// Finds what is ready, and stops the workload where too much is.
    fn look(&mut self, ended: bool) {
        let listed = self.note_peak();
        let is_known = |path: &PathBuf| {
            self.left.contains(path) || self.removed.contains(path) || self.ready.contains_key(path)
        };
        let found = listed.iter().filter(|(path, size)| *size > 0 && !is_known(path));
        let found: Vec<(PathBuf, u64)> = found.map(|(path, size)| (path.clone(), *size)).collect();
        let going = listed.iter().filter(|(path, _)| self.removed.contains(path));
        let going: u64 = going.map(|(_, size)| size).sum();
        for (path, size) in found {
            let Some(path) = self.take(path, ended) else { continue };
            self.room.largest = self.room.largest.max(size);
            self.ready.insert(path, size);
        }
        if !ended {
            self.room.note(going + self.ready.values().sum::<u64>());
        }
    }

    /// Merges files, and looks on where that takes long: the first ones of a module are compared with the program.
    fn merge(&mut self, gather: &mut dyn Gather, files: &[PathBuf]) -> Vec<PathBuf> {
        let looks = std::thread::current();
        std::thread::scope(|scope| {
            let merging = scope.spawn(|| {
                let merged = gather.add(files);
                looks.unpark();
                merged
            });
            loop {
                std::thread::park_timeout(PAUSES.1);
                if merging.is_finished() {
                    break;
                }
                self.look(false);
            }
            merging.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Has a file removed. The kernel may come back late from that: it waits for the disk where the file was on its
    /// way there, and where freed blocks are told to it. Others come in meanwhile.
    fn remove(&mut self, file: &Path) {
        if self.removers.is_empty() {
            self.removers.extend((0..REMOVERS).map(|_| Remover::start()));
        }
        self.removed.insert(file.to_owned());
        if let Some(remover) = self.removers.iter().min_by_key(|remover| remover.waiting()) {
            remover.take(file.to_owned());
        }
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

/// Removes files, on a thread of its own.
struct Remover {
    files: mpsc::Sender<PathBuf>,
    waiting: Arc<AtomicUsize>,
    thread: JoinHandle<Result<()>>,
}

impl Remover {
    fn start() -> Self {
        let (files, todo) = mpsc::channel::<PathBuf>();
        let waiting = Arc::new(AtomicUsize::new(0));
        let its = Arc::clone(&waiting);
        let thread = std::thread::spawn(move || {
            // One that stays would be counted twice: the first that does fails the training.
            todo.into_iter().try_for_each(|file| {
                let removed = files::remove_file(&file);
                its.fetch_sub(1, Ordering::Relaxed);
                removed
            })
        });
        Self { files, waiting, thread }
    }

    fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// What it has not removed stays.
    fn has_failed(&self) -> bool {
        self.thread.is_finished()
    }

    fn take(&self, file: PathBuf) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        // After a failure nobody takes it; the end tells.
        let _ = self.files.send(file);
    }

    /// Waits until all is removed.
    fn end(self) -> Result<()> {
        drop(self.files);
        self.thread.join().unwrap_or_else(|_| Err(Error::internal("what removed raw profiles panicked")))
    }
}

#[cfg(test)]
mod tests;
