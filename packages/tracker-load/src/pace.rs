//! When the next request is due.

use std::time::{Duration, Instant};

use crate::limits::{Mode, Until};

/// The pace of one phase.
#[derive(Clone, Debug)]
pub struct Pace {
    mode: Mode,
    until: Until,
    start: Instant,
    issued: u64,
}

impl Pace {
    /// A pace that starts now, unless [`Pace::start`] says otherwise.
    pub fn new(mode: Mode, until: Until) -> Self {
        Self { mode, until, start: Instant::now(), issued: 0 }
    }

    /// Sets the moment from which everything counts.
    pub fn start(&mut self, start: Instant) {
        self.start = start;
    }

    /// If a request may go out now: the moment at which it was due.
    pub fn next(&mut self, now: Instant) -> Option<Instant> {
        let due = self.wake(now)?;
        if due > now {
            return None;
        }
        self.issued += 1;
        Some(due)
    }

    /// When the next request is due; `None` when there is none any more.
    pub fn wake(&self, now: Instant) -> Option<Instant> {
        let due = match self.mode {
            Mode::Closed => now,
            Mode::Open { rate } => {
                let nanos = u128::from(self.issued) * 1_000_000_000 / u128::from(rate.max(1));
                self.start + Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
            }
        };
        let more = match self.until {
            Until::Requests(requests) => self.issued < requests,
            Until::Elapsed(time) => due < self.start + time,
        };
        more.then_some(due)
    }

    /// No request is left to send.
    pub fn is_over(&self, now: Instant) -> bool {
        self.wake(now).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn closed_sends_whenever_it_is_asked_until_the_end() {
        let start = Instant::now();
        let mut pace = Pace::new(Mode::Closed, Until::Requests(2));
        pace.start(start);
        assert_eq!(pace.next(start + SECOND), Some(start + SECOND));
        assert_eq!(pace.next(start + SECOND), Some(start + SECOND));
        assert_eq!(pace.next(start + SECOND), None);
        assert!(pace.is_over(start));
        let mut pace = Pace::new(Mode::Closed, Until::Elapsed(SECOND));
        pace.start(start);
        assert!(pace.next(start).is_some());
        assert!(pace.next(start + SECOND).is_none());
    }

    #[test]
    fn open_keeps_to_the_clock_and_catches_up_with_the_moments_it_missed() {
        let start = Instant::now();
        let mut pace = Pace::new(Mode::Open { rate: 4 }, Until::Elapsed(SECOND));
        pace.start(start);
        let quarter = SECOND / 4;
        assert_eq!(pace.next(start), Some(start));
        assert_eq!(pace.next(start), None, "not due yet");
        assert_eq!(pace.wake(start), Some(start + quarter));
        let late = start + 3 * quarter;
        assert_eq!(pace.next(late), Some(start + quarter));
        assert_eq!(pace.next(late), Some(start + 2 * quarter));
        assert_eq!(pace.next(late), Some(late));
        assert_eq!(pace.next(start + 10 * SECOND), None, "past the end");
        assert!(pace.is_over(late));
    }
}
