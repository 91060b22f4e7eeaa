//! Counts and latencies while a run goes on.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// Latencies above this are recorded as this: 60 s, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;
/// Decimal digits of a latency that are kept.
const DIGITS: u8 = 3;

/// What requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Connection ids.
    UdpConnect,
    /// Announces over UDP.
    UdpAnnounce,
    /// Scrapes over UDP.
    UdpScrape,
    /// Announces over HTTP.
    HttpAnnounce,
    /// Scrapes over HTTP.
    HttpScrape,
    /// Wrong on purpose, over either.
    Malformed,
}

/// All kinds, in the order of the report.
pub const KINDS: [Kind; 6] = [
    Kind::UdpConnect,
    Kind::UdpAnnounce,
    Kind::UdpScrape,
    Kind::HttpAnnounce,
    Kind::HttpScrape,
    Kind::Malformed,
];

/// One kind in numbers.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Sent; retransmissions do not count again.
    pub sent: u64,
    /// Answered as expected.
    pub completed: u64,
    /// Not answered after the last retransmission.
    pub timeouts: u64,
    /// Answered wrongly, or not to be sent.
    pub errors: u64,
    /// Nanoseconds from being due (open) or sent (closed) to the answer.
    pub latency: Histogram<u64>,
}

/// All kinds in numbers, and what belongs to none.
#[derive(Clone, Debug)]
pub struct Stats {
    /// In the order of [`KINDS`].
    pub tallies: Vec<Tally>,
    /// UDP requests sent again.
    pub retransmits: u64,
    /// HTTP connections opened again after the tracker had closed them.
    pub reconnects: u64,
    /// Datagrams that answer nothing: late ones, mostly.
    pub strays: u64,
    /// The first thing that went wrong, for the message.
    pub first_error: Option<String>,
}

/// Makes an empty histogram; `None` never happens with these constants.
pub fn histogram() -> Option<Histogram<u64>> {
    Histogram::new_with_bounds(1, LONGEST, DIGITS).ok()
}

impl Stats {
    /// All zeros.
    pub fn new() -> Option<Self> {
        let tally = Tally { sent: 0, completed: 0, timeouts: 0, errors: 0, latency: histogram()? };
        Some(Self {
            tallies: vec![tally; KINDS.len()],
            retransmits: 0,
            reconnects: 0,
            strays: 0,
            first_error: None,
        })
    }

    /// The numbers of a kind.
    pub fn of(&mut self, kind: Kind) -> &mut Tally {
        &mut self.tallies[kind as usize]
    }

    /// Records an answer.
    pub fn completed(&mut self, kind: Kind, latency: Duration) {
        let tally = self.of(kind);
        tally.completed += 1;
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(LONGEST);
        tally.latency.saturating_record(nanos.clamp(1, LONGEST));
    }

    /// Records a failure.
    pub fn failed(&mut self, kind: Kind, error: &dyn std::fmt::Display) {
        self.of(kind).errors += 1;
        self.first_error.get_or_insert_with(|| format!("{kind:?}: {error}"));
    }

    /// Sum of one number over all kinds.
    pub fn sum(&self, number: impl Fn(&Tally) -> u64) -> u64 {
        self.tallies.iter().map(number).sum()
    }
}
