//! The result of a run as JSON. The field names are an interface: `schema` changes when one goes or
//! means something else.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    findings::{self, Findings},
    limits::Plan,
    stats::{KINDS, Kind, Stats, histogram},
};

/// The version of the fields below.
pub const SCHEMA: u32 = 2;

/// A run's result; warm-up is not in it.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name of the mix.
    pub mix: &'static str,
    /// The seed.
    pub seed: u64,
    /// `closed` or `open`.
    pub mode: &'static str,
    /// Requests per second that were aimed at; null in closed mode.
    pub rate: Option<u32>,
    /// Workers.
    pub concurrency: u32,
    /// Over all kinds.
    pub requests: Requests,
    /// Kinds that were sent, by name: `udp_connect`, `udp_announce`, `udp_scrape`,
    /// `http_announce`, `http_scrape`, `malformed`.
    pub by_kind: BTreeMap<Kind, ByKind>,
    /// Seconds from the first request to the last answer.
    pub duration_s: f64,
    /// Completed requests per second.
    pub throughput_per_s: f64,
    /// Over all kinds.
    pub latency_us: Latency,
    /// Remarks count as failures.
    pub strict: bool,
    /// What makes requests fail, by kind ([`findings::Finding`]): `silence`, `refused`,
    /// `unreadable`, `connection`; with `strict` those of `remarks` too.
    pub failures: Findings,
    /// What only strays from the BEPs, by kind; more than one of an answer may be.
    pub remarks: Findings,
    /// The first thing that went wrong, in words; for messages, not in the JSON.
    #[serde(skip)]
    pub first_error: Option<String>,
}

/// Requests in numbers.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Requests {
    /// Sent, malformed ones and renewals of connection ids included.
    pub sent: u64,
    /// Answered so that a client can go on; malformed ones that get silence count as soon as that
    /// is known.
    pub completed: u64,
    /// Not answered after the last retransmission.
    pub timeouts: u64,
    /// Failed in another way.
    pub errors: u64,
    /// Of those sent: wrong on purpose.
    pub malformed: u64,
    /// UDP requests sent again.
    pub retransmits: u64,
    /// HTTP connections opened again after the tracker had closed them.
    pub reconnects: u64,
    /// Datagrams that answer nothing: late ones, mostly.
    pub strays: u64,
}

/// One kind in numbers.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ByKind {
    /// Sent.
    pub sent: u64,
    /// Answered so that a client can go on.
    pub completed: u64,
    /// Not answered.
    pub timeouts: u64,
    /// Failed in another way.
    pub errors: u64,
    /// Of the completed.
    pub latency_us: Latency,
}

/// Latencies in microseconds, three digits of them exact; zeros when there are none.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 90 % are not above.
    pub p90: f64,
    /// 99 % are not above.
    pub p99: f64,
    /// 99.9 % are not above.
    pub p999: f64,
    /// The longest.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let us = |nanos: f64| (nanos / 10.0).round() / 100.0;
        let at = |quantile| us(histogram.value_at_quantile(quantile) as f64);
        Self {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: us(histogram.max() as f64),
            mean: us(histogram.mean()),
        }
    }
}

impl Report {
    /// Puts a run's numbers together.
    pub fn new(plan: &Plan, stats: &Stats, seconds: f64) -> Self {
        let mut all = histogram();
        let mut by_kind = BTreeMap::new();
        for (kind, tally) in KINDS.into_iter().zip(&stats.tallies) {
            if let Some(all) = &mut all {
                // All have the same bounds, so that adding cannot fail.
                let _ = all.add(&tally.latency);
            }
            let entry = ByKind {
                sent: tally.sent,
                completed: tally.completed,
                timeouts: tally.timeouts,
                errors: tally.errors,
                latency_us: Latency::of(&tally.latency),
            };
            if tally.sent > 0 {
                by_kind.insert(kind, entry);
            }
        }
        let all_findings = stats.findings.clone().into_iter();
        let (failures, remarks) = all_findings.partition(|(finding, _)| finding.is_failure() || stats.strict);
        let completed = stats.sum(|tally| tally.completed);
        Self {
            schema: SCHEMA,
            mix: plan.mix.name,
            seed: plan.seed,
            mode: plan.mode.name(),
            rate: match plan.mode {
                crate::limits::Mode::Open { rate } => Some(rate),
                crate::limits::Mode::Closed => None,
            },
            concurrency: plan.concurrency,
            requests: Requests {
                sent: stats.sum(|tally| tally.sent),
                completed,
                timeouts: stats.sum(|tally| tally.timeouts),
                errors: stats.sum(|tally| tally.errors),
                malformed: stats.tallies[Kind::Malformed as usize].sent,
                retransmits: stats.retransmits,
                reconnects: stats.reconnects,
                strays: stats.strays,
            },
            by_kind,
            duration_s: (seconds * 1e6).round() / 1e6,
            throughput_per_s: (completed as f64 / seconds.max(1e-9) * 10.0).round() / 10.0,
            latency_us: all.as_ref().map(Latency::of).unwrap_or_default(),
            strict: stats.strict,
            failures,
            remarks,
            first_error: stats.first_error.clone(),
        }
    }

    /// Failures and remarks in words, a line each.
    pub fn lines(&self) -> Vec<String> {
        let lines = |what: &str, found: &Findings| -> Vec<String> {
            found.iter().map(|(kind, seen)| format!("{what} {}", findings::line(*kind, seen))).collect()
        };
        [lines("failure", &self.failures), lines("remark", &self.remarks)].concat()
    }

    /// Share of requests that failed.
    pub fn failed(&self) -> f64 {
        let failed = self.requests.timeouts + self.requests.errors;
        failed as f64 / self.requests.sent.max(1) as f64
    }
}
