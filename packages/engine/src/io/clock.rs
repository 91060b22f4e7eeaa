//! The clock: when a stage began, and what that is in UTC.

use std::time::{Duration, Instant, SystemTime};

use humantime::{format_rfc3339_micros, format_rfc3339_seconds, parse_rfc3339};

/// Now, in UTC, to the second: `2026-11-21T20:04:05Z`.
pub(crate) fn utc_now() -> String {
    utc(SystemTime::now())
}

/// A time in UTC, to the second.
pub(crate) fn utc(when: SystemTime) -> String {
    format_rfc3339_seconds(when).to_string()
}

/// A name for the run that begins now: names sort as text by when runs began.
pub(crate) fn run_name() -> String {
    name_of_run(SystemTime::now(), std::process::id())
}

/// `20261121T200405.000123Z-12345`: to the microsecond, with as many digits always. Before, names told
/// seconds (`20261121T200405Z-12345`), which sort beside these; only numbers of processes do not sort
/// by time.
fn name_of_run(began: SystemTime, process: u32) -> String {
    format!("{}-{process}", format_rfc3339_micros(began).to_string().replace(['-', ':'], ""))
}

/// How long ago `when` was, which [`utc_now`] wrote; `None` where it is no time.
pub(crate) fn age(when: &str) -> Option<Duration> {
    let then = parse_rfc3339(when).ok()?;
    // A clock that was set back makes nothing younger than new.
    Some(SystemTime::now().duration_since(then).unwrap_or_default())
}

/// Whole microseconds.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Whole milliseconds since `start`.
pub(crate) fn millis_since(start: Instant) -> u64 {
    millis(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(when: &str, process: u32) -> String {
        name_of_run(parse_rfc3339(when).unwrap(), process)
    }

    #[test]
    fn names_of_runs_sort_by_when_they_began() {
        assert_eq!(at("2026-11-21T20:04:05.000123Z", 12345), "20261121T200405.000123Z-12345");
        let in_order = [
            // As names were before.
            "20261121T200404Z-99999".to_owned(),
            at("2026-11-21T20:04:05Z", 99_999),
            // A number of a process is shorter than the one before, and sorts after it as text.
            at("2026-11-21T20:04:05.000001Z", 100_000),
            at("2026-11-21T20:04:05.00001Z", 9),
            at("2026-11-21T20:04:05.1Z", 10),
            at("2026-11-21T20:04:05.999999999Z", 2),
            at("2026-11-21T20:04:06Z", 1),
            "20261121T200407Z-3".to_owned(),
            at("2026-12-01T00:00:00Z", 1),
        ];
        let mut sorted = in_order.clone();
        sorted.sort();
        assert_eq!(sorted, in_order);
    }

    #[test]
    fn runs_that_follow_each_other_have_names_in_that_order() {
        let first = run_name();
        std::thread::sleep(Duration::from_millis(1));
        assert!(first < run_name());
    }
}
