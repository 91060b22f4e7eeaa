//! What a run is asked to do, and the bounds that it has to keep.

use std::{net::SocketAddr, str::FromStr, time::Duration};

use crate::mix::Mix;

/// Most requests of a phase.
pub const MAX_REQUESTS: u64 = 100_000_000;
/// Longest phase.
pub const MAX_DURATION: Duration = Duration::from_secs(3600);
/// Most workers.
pub const MAX_CONCURRENCY: u32 = 1024;
/// Highest rate, in requests per second.
pub const MAX_RATE: u32 = 1_000_000;

/// When a phase ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// After so many requests.
    Requests(u64),
    /// After so much time.
    Elapsed(Duration),
}

impl FromStr for Until {
    type Err = String;

    /// `20000` is a number of requests, `5s` or `300ms` a time.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(requests) = text.parse() {
            return Ok(Self::Requests(requests));
        }
        let time = humantime::parse_duration(text);
        time.map(Self::Elapsed).map_err(|error| format!("not a number or a time as 5s: {error}"))
    }
}

/// Who decides when the next request goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Each worker sends its next request when it has the answer to the last.
    Closed,
    /// The clock: so many requests per second, whatever comes back. Latency counts from the moment
    /// at which a request was due, so that a stall shows in all requests that it delayed.
    Open {
        /// Requests per second.
        rate: u32,
    },
}

impl Mode {
    /// `closed` or `open`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open { .. } => "open",
        }
    }
}

/// A run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// UDP targets: at most one per address family.
    pub udp: Vec<SocketAddr>,
    /// HTTP targets: at most one per address family.
    pub http: Vec<SocketAddr>,
    /// What traffic looks like.
    pub mix: &'static Mix,
    /// Decides all that the mix leaves to chance.
    pub seed: u64,
    /// Who sets the pace.
    pub mode: Mode,
    /// Workers: most requests under way.
    pub concurrency: u32,
    /// Not measured, before.
    pub warmup: Option<Until>,
    /// Measured.
    pub until: Until,
    /// Remarks count as failures.
    pub strict: bool,
}

/// Why a run is not started.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No target.
    #[error("no target: give --udp ADDR, --http ADDR or both")]
    NoTarget,
    /// A target that is not this machine.
    #[error("{0} is not loopback; this load goes to 127.0.0.0/8 and [::1] only")]
    NotLoopback(SocketAddr),
    /// Two targets where one is allowed.
    #[error("{0} is a second target of its protocol and address family; one is allowed")]
    Second(SocketAddr),
    /// A number out of its range.
    #[error("{what} must be from {least} to {most}")]
    Range {
        /// The option.
        what: &'static str,
        /// Least.
        least: String,
        /// Most.
        most: String,
    },
}

impl Plan {
    /// Checks targets and bounds.
    ///
    /// # Errors
    /// [`PlanError`] for the first that does not fit.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.udp.is_empty() && self.http.is_empty() {
            return Err(PlanError::NoTarget);
        }
        for targets in [&self.udp, &self.http] {
            for (at, target) in targets.iter().enumerate() {
                if !target.ip().to_canonical().is_loopback() {
                    return Err(PlanError::NotLoopback(*target));
                }
                if targets[..at].iter().any(|other| other.is_ipv4() == target.is_ipv4()) {
                    return Err(PlanError::Second(*target));
                }
            }
        }
        within("--concurrency", self.concurrency.into(), MAX_CONCURRENCY.into())?;
        if let Mode::Open { rate } = self.mode {
            within("--rate", rate.into(), MAX_RATE.into())?;
        }
        for until in [Some(self.until), self.warmup].into_iter().flatten() {
            match until {
                Until::Requests(requests) => within("requests", requests, MAX_REQUESTS)?,
                Until::Elapsed(time) if time.is_zero() || time > MAX_DURATION => {
                    return Err(PlanError::Range {
                        what: "duration",
                        least: "1ns".into(),
                        most: humantime::format_duration(MAX_DURATION).to_string(),
                    });
                }
                Until::Elapsed(_) => (),
            }
        }
        Ok(())
    }
}

fn within(what: &'static str, value: u64, most: u64) -> Result<(), PlanError> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(PlanError::Range { what, least: "1".into(), most: most.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::MIXES;

    fn plan(udp: &[&str]) -> Plan {
        Plan {
            udp: udp.iter().map(|addr| addr.parse().unwrap()).collect(),
            http: vec![],
            mix: &MIXES[0],
            seed: 1,
            mode: Mode::Closed,
            concurrency: 1,
            warmup: None,
            until: Until::Requests(1),
            strict: false,
        }
    }

    #[test]
    fn only_loopback_and_one_of_each() {
        for (udp, right) in [
            (&["127.0.0.1:1", "[::1]:1"][..], true),
            (&["127.9.9.9:1"], true),
            (&["0.0.0.0:1"], false),
            (&["[::]:1"], false),
            (&["127.0.0.1:1", "127.0.0.1:2"], false),
            (&[], false),
        ] {
            assert_eq!(plan(udp).check().is_ok(), right, "{udp:?}");
        }
        let elsewhere = SocketAddr::from(([128, 0, 0, 1], 1));
        let error = plan(&[&elsewhere.to_string()]).check().unwrap_err();
        assert!(error.to_string().contains("is not loopback"), "{error}");
    }

    #[test]
    fn every_run_is_bounded() {
        for until in [
            Until::Requests(0),
            Until::Requests(MAX_REQUESTS + 1),
            Until::Elapsed(Duration::ZERO),
            Until::Elapsed(MAX_DURATION * 2),
        ] {
            let bad = Plan { until, ..plan(&["127.0.0.1:1"]) };
            assert!(bad.check().is_err(), "{until:?}");
            let bad = Plan { warmup: Some(until), ..plan(&["127.0.0.1:1"]) };
            assert!(bad.check().is_err(), "{until:?}");
        }
        assert!(Plan { concurrency: 0, ..plan(&["127.0.0.1:1"]) }.check().is_err());
        let mode = Mode::Open { rate: 0 };
        assert!(Plan { mode, ..plan(&["127.0.0.1:1"]) }.check().is_err());
    }

    #[test]
    fn ends_are_read() {
        assert_eq!("300".parse(), Ok(Until::Requests(300)));
        assert_eq!("5s".parse(), Ok(Until::Elapsed(Duration::from_secs(5))));
        assert!("soon".parse::<Until>().is_err());
    }
}
