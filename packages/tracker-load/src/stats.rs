//! Counts and latencies while a run goes on.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::findings::{self, Example, Finding, Findings, Judged};

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
    /// Answered so that a client can go on.
    pub completed: u64,
    /// Not answered after the last retransmission.
    pub timeouts: u64,
    /// Failed in another way.
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
    /// What there was to say against answers.
    pub findings: Findings,
    /// The first thing that went wrong, for the message.
    pub first_error: Option<String>,
    /// Remarks count as failures.
    pub strict: bool,
}

/// Makes an empty histogram; `None` never happens with these constants.
pub fn histogram() -> Option<Histogram<u64>> {
    Histogram::new_with_bounds(1, LONGEST, DIGITS).ok()
}

impl Stats {
    /// All zeros.
    pub fn new(strict: bool) -> Option<Self> {
        let tally = Tally { sent: 0, completed: 0, timeouts: 0, errors: 0, latency: histogram()? };
        Some(Self {
            tallies: vec![tally; KINDS.len()],
            retransmits: 0,
            reconnects: 0,
            strays: 0,
            findings: Findings::new(),
            first_error: None,
            strict,
        })
    }

    /// The numbers of a kind.
    pub fn of(&mut self, kind: Kind) -> &mut Tally {
        &mut self.tallies[kind as usize]
    }

    /// Counts a request as done, with what there is to say about its answer; false if it failed.
    pub fn settle(&mut self, kind: Kind, judged: &Judged, example: impl Fn() -> Example) -> bool {
        let (notes, usable) = match judged {
            Ok(notes) => (notes.as_slice(), true),
            Err(note) => (std::slice::from_ref(note), false),
        };
        for note in notes {
            findings::count(&mut self.findings, note, &example);
        }
        let fault = notes.first().filter(|_| !usable || self.strict);
        let tally = self.of(kind);
        match fault.map(|note| note.finding) {
            None => tally.completed += 1,
            Some(Finding::Silence) => tally.timeouts += 1,
            Some(_) => tally.errors += 1,
        }
        if let Some(note) = fault {
            self.first_error.get_or_insert_with(|| format!("{}: {note}", example().request));
        }
        fault.is_none()
    }

    /// Records how long an answer took.
    pub fn took(&mut self, kind: Kind, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(LONGEST);
        self.of(kind).latency.saturating_record(nanos.clamp(1, LONGEST));
    }

    /// Sum of one number over all kinds.
    pub fn sum(&self, number: impl Fn(&Tally) -> u64) -> u64 {
        self.tallies.iter().map(number).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_a_failure_only_when_strict() {
        let example = || Example { request: "announce".into(), answer: String::new() };
        let remark: Judged = Ok(vec![Finding::MorePeers.came("9"), Finding::NoInterval.came("0")]);
        let failure: Judged = Err(Finding::Silence.came("nothing"));
        for (strict, errors) in [(false, 0), (true, 1)] {
            let mut stats = Stats::new(strict).unwrap();
            assert_eq!(stats.settle(Kind::UdpAnnounce, &remark, example), !strict);
            assert!(!stats.settle(Kind::UdpAnnounce, &failure, example));
            assert!(stats.settle(Kind::UdpAnnounce, &Ok(vec![]), example));
            let tally = stats.of(Kind::UdpAnnounce);
            assert_eq!((tally.completed, tally.errors, tally.timeouts), (2 - errors, errors, 1));
            // Two remarks on one answer are one request that failed.
            assert_eq!(stats.findings.values().map(|seen| seen.count).sum::<u64>(), 3);
        }
    }
}
