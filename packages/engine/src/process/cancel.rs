//! Whether the run is to end, and how urgently.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use honing_core::{Error, Result};

/// Shared by whoever can end the run (signals, a key) and whoever has to notice.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicU8>);

impl Cancel {
    /// Asks the run to end: children are asked to stop. Asking again kills them.
    pub fn request(&self) {
        let _ =
            self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |level| Some(level.saturating_add(1)));
    }

    /// Takes back what was asked: a person's Ctrl-C meant the program on their terminal.
    pub(crate) fn forgive(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// Whether the run is to end.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    /// Whether it is to end at once.
    pub fn urgent(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 1
    }

    /// Ends the caller if the run is to end.
    ///
    /// # Errors
    /// Interrupted.
    pub fn check(&self) -> Result<()> {
        if self.requested() { Err(Error::interrupted()) } else { Ok(()) }
    }
}
