//! The clock: when a stage began, and what that is in UTC.

use std::time::{Duration, Instant};

/// Now, in UTC, to the second: `2026-11-21T20:04:05Z`.
pub(crate) fn utc_now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).map_or_else(|_| String::new(), |now| now.to_string())
}

/// A name for a run that sorts by time: `20261121T200405Z-12345`.
pub(crate) fn run_name() -> String {
    let plain: String = utc_now().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    format!("{plain}-{}", std::process::id())
}

/// How long ago `when` was, which [`utc_now`] wrote; `None` where it is no time.
pub(crate) fn age(when: &str) -> Option<Duration> {
    let then: jiff::Timestamp = when.parse().ok()?;
    Some(Duration::try_from(jiff::Timestamp::now().duration_since(then)).unwrap_or_default())
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Whole milliseconds since `start`.
pub(crate) fn millis_since(start: Instant) -> u64 {
    millis(start.elapsed())
}
