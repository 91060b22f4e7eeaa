//! How little room the disk had while a workload ran: what it could not write is lost, and may leave no trace.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use crate::{
    children::Cancel,
    io::disk,
    workloads::beside::{Over, Running},
};

/// Between two looks: a process that finds no room takes about as long.
const PAUSE: Duration = Duration::from_millis(2);

/// Looks at a disk, on a thread of its own.
pub(super) struct Watch {
    running: Running,
    least: Arc<AtomicU64>,
}

impl Watch {
    /// Begins with the disk of `path`.
    pub(super) fn begin(path: PathBuf, cancel: &Cancel) -> Self {
        let least = Arc::new(AtomicU64::new(u64::MAX));
        let its = Arc::clone(&least);
        let work = move |over: &Over| {
            while !over.is() {
                its.fetch_min(disk::free(&path).unwrap_or(u64::MAX), Ordering::Relaxed);
                std::thread::park_timeout(PAUSE);
            }
            Ok(())
        };
        Self { running: Running::start(Some(Box::new(work)), cancel), least }
    }

    /// The least that was left of it, in bytes; `None` where that is unknown.
    pub(super) fn end(self) -> Option<u64> {
        // It does not fail.
        let _ = self.running.end();
        Some(self.least.load(Ordering::Relaxed)).filter(|least| *least < u64::MAX)
    }
}
