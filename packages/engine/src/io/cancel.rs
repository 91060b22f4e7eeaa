//! Whether the run is to end, and how urgently.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

use honing_core::{Error, Result};

/// Shared by whoever can end the run (signals, a key, a budget) and whoever has to notice.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<State>);

#[derive(Debug, Default)]
struct State {
    level: AtomicU8,
    until: Mutex<Option<Instant>>,
}

impl Cancel {
    /// Asks the run to end: children are asked to stop. Asking again kills them.
    pub fn request(&self) {
        let raise = |level: u8| Some(level.saturating_add(1));
        let _ = self.0.level.fetch_update(Ordering::SeqCst, Ordering::SeqCst, raise);
    }

    /// Takes back what was asked: a person's Ctrl-C meant the program on their terminal.
    pub(crate) fn forgive(&self) {
        self.0.level.store(0, Ordering::SeqCst);
    }

    /// Asks the run to end once it is `until`; `None` takes that back.
    pub(crate) fn limit(&self, until: Option<Instant>) {
        if let Ok(mut limit) = self.0.until.lock() {
            *limit = until;
        }
    }

    /// Lets the time that was set be over now: what happens then can be tried without waiting for it.
    pub fn expire(&self) {
        if let Ok(mut limit) = self.0.until.lock() {
            *limit = limit.map(|_| Instant::now());
        }
    }

    /// Whether the run is to end.
    pub fn requested(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) > 0 || self.is_late()
    }

    /// Whether it is to end because its time is up, and nobody asked for that.
    pub(crate) fn timed_out(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) == 0 && self.is_late()
    }

    fn is_late(&self) -> bool {
        self.0.until.lock().is_ok_and(|until| until.is_some_and(|until| until <= Instant::now()))
    }

    /// Whether it is to end at once.
    pub fn urgent(&self) -> bool {
        self.0.level.load(Ordering::SeqCst) > 1
    }

    /// Ends the caller if the run is to end.
    ///
    /// # Errors
    /// Interrupted.
    pub fn check(&self) -> Result<()> {
        if self.requested() { Err(Error::interrupted()) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_limit_asks_until_it_is_taken_back() {
        let cancel = Cancel::default();
        cancel.limit(Some(Instant::now() + Duration::from_secs(3600)));
        assert!(!cancel.requested() && cancel.check().is_ok());
        cancel.expire();
        assert!(cancel.requested() && cancel.timed_out() && !cancel.urgent());
        // A person's word counts more.
        cancel.request();
        assert!(cancel.requested() && !cancel.timed_out());
        cancel.forgive();
        cancel.limit(None);
        cancel.expire();
        assert!(!cancel.requested());
    }
}
