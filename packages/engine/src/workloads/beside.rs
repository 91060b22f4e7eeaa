//! What a kind of profile does beside a load: such as to ask the service for its profile.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use honing_core::{Error, Result};

use crate::children::Cancel;

/// Whether the load that something runs beside is over.
#[derive(Debug, Clone)]
pub struct Over {
    load: Arc<AtomicBool>,
    cancel: Cancel,
}

impl Over {
    /// Whether the run was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.check().is_err()
    }

    /// Whether the load has ended, or the run was cancelled.
    pub fn is(&self) -> bool {
        self.load.load(Ordering::Relaxed) || self.cancel.check().is_err()
    }
}

/// Work beside a load. It has to end soon after that is over; one that is parked is woken then.
pub type Beside = Box<dyn FnOnce(&Over) -> Result<()> + Send>;

/// Work that was begun; dropping it waits for its end.
pub(super) struct Running {
    over: Over,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Running {
    /// Begins, on a thread of its own.
    pub(super) fn start(work: Option<Beside>, cancel: &Cancel) -> Self {
        let over = Over { load: Arc::default(), cancel: cancel.clone() };
        let its = over.clone();
        let thread = work.map(|work| std::thread::spawn(move || work(&its)));
        Self { over, thread }
    }

    /// The load is over: waits for the end.
    pub(super) fn end(mut self) -> Result<()> {
        self.join()
    }

    fn join(&mut self) -> Result<()> {
        self.over.load.store(true, Ordering::Relaxed);
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.thread().unpark();
        thread.join().unwrap_or_else(|_| Err(Error::internal("what ran beside a load panicked")))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Its error comes second to what ended the load.
        let _ = self.join();
    }
}
