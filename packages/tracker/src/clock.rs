//! Time for expiry, in whole seconds, so that tests can hold it in their hands.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

/// Seconds since the tracker started. A `u32` lasts for 136 years and keeps a peer small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u32);

impl Seconds {
    /// The moment `seconds` later; the end of time if that is past it.
    pub fn after(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The monotonic clock, counted from this moment.
    Monotonic(Instant),
    /// Stands still until a test moves it.
    Manual(Arc<AtomicU32>),
}

impl Clock {
    /// The real clock.
    pub fn monotonic() -> Self {
        Self::Monotonic(Instant::now())
    }

    /// A clock at 0 that only [`Clock::advance`] moves.
    pub fn manual() -> Self {
        Self::Manual(Arc::new(AtomicU32::new(0)))
    }

    /// The present second.
    pub fn now(&self) -> Seconds {
        match self {
            Self::Monotonic(start) => Seconds(u32::try_from(start.elapsed().as_secs()).unwrap_or(u32::MAX)),
            Self::Manual(seconds) => Seconds(seconds.load(Ordering::Relaxed)),
        }
    }

    /// Moves a manual clock (and its clones) on; the real one goes by itself.
    pub fn advance(&self, seconds: u32) {
        if let Self::Manual(now) = self {
            now.fetch_add(seconds, Ordering::Relaxed);
        }
    }
}
