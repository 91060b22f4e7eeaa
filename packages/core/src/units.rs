//! Quantities for people: durations, bytes, percentages.

use std::{borrow::Cow, time::Duration};

pub use honing_paired::change;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A length of time in pgo.toml, written as in `"30s"`, `"500ms"` or `"2m 30s"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

impl Span {
    /// A span of whole seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

/// Longer than anybody waits, and short enough to be added to any time of a clock.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match humantime::parse_duration(text) {
            Ok(duration) if duration.is_zero() => Err("a duration must be longer than zero".into()),
            Ok(duration) if duration > LONGEST => {
                Err(format!("`{text}` is too long for a duration: it may be 36500 days, which are 100 years"))
            }
            Ok(duration) => Ok(Self(duration)),
            Err(error) => {
                Err(format!("`{text}` is not a duration ({error}); write it as \"30s\" or \"500ms\""))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A duration such as \"30s\", \"500ms\" or \"2m 30s\".",
            "pattern": r"^\s*(\d+\s*[a-zA-Z]+\s*)+$",
        })
    }
}

/// Letters of a child's line that a person is shown.
const SHOWN: usize = 4_000;

/// The beginning of a line that is too long for a terminal; its log has it whole.
pub fn shown(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(SHOWN) {
        None => line.into(),
        Some((end, _)) => format!("{} … ({} more)", &line[..end], bytes((line.len() - end) as u64)).into(),
    }
}

/// [`elapsed`] of milliseconds.
pub fn millis(ms: u64) -> String {
    elapsed(Duration::from_millis(ms))
}

/// `1.3s`, `45s`, `2m05s`: short and always the same for the same input.
pub fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 9.95 {
        format!("{seconds:.1}s")
    } else if seconds < 59.5 {
        format!("{seconds:.0}s")
    } else {
        let whole = seconds.round() as u64;
        if whole < 3600 {
            format!("{}m{:02}s", whole / 60, whole % 60)
        } else {
            format!("{}h{:02}m", whole / 3600, whole % 3600 / 60)
        }
    }
}

/// `812 B`, `1.4 MiB`: binary units, one decimal.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A share from 0 to 1 as a percentage: `99.8 %`. Rounded down, so that only all of it
/// is `100.0 %`.
pub fn share(share: f64) -> String {
    // A hair above the tenth, so that 0.998 is not 99.7 for being a binary fraction.
    format!("{:.1} %", (share * 1000.0 + 1e-9).floor() / 10.0)
}

/// Whole days and hours: `12 days`, `5 hours`, `3 minutes`.
pub fn age(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    self::count(count, unit)
}

/// `1 commit`, `2 commits`.
pub fn count(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_for_people() {
        for (millis, text) in
            [(40, "0.0s"), (1_340, "1.3s"), (9_960, "10s"), (59_700, "1m00s"), (3_725_000, "1h02m")]
        {
            assert_eq!(elapsed(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn spans_are_longer_than_zero_and_at_most_a_century() {
        for (text, said) in [
            ("30s", None),
            ("36500days", None),
            ("0s", Some("longer than zero")),
            ("36501days", Some("may be 36500 days")),
            ("584542046090years", Some("may be 36500 days")),
            ("99999999999999999999999y", Some("is not a duration")),
            ("soon", Some("write it as \"30s\"")),
        ] {
            let parsed = text.parse::<Span>();
            match (parsed, said) {
                (Ok(_), None) => {}
                (Err(error), Some(said)) => assert!(error.contains(said), "{text}: {error}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn lines_for_people() {
        for line in ["", "short", &"ä".repeat(SHOWN)] {
            assert_eq!(shown(line), line);
        }
        assert_eq!(shown(&"ä".repeat(SHOWN + 2)), format!("{} … (4 B more)", "ä".repeat(SHOWN)));
    }

    #[test]
    fn bytes_for_people() {
        for (count, text) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB")] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn shares_and_ages_for_people() {
        for (value, text) in [(1.0, "100.0 %"), (0.998, "99.8 %"), (0.999_99, "99.9 %"), (0.0, "0.0 %")] {
            assert_eq!(share(value), text);
        }
        for (seconds, text) in [(59, "0 minutes"), (3600, "1 hour"), (172_800, "2 days")] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }
}
