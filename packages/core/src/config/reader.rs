//! Who reads which keys of a workload: one answer for fingerprints, stored manifests and `status`, so
//! that they cannot differ about what a change touches.

/// Something that reads a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The training: what it reads decides the profile.
    Training,
    /// The measurement: what it reads decides the numbers. How they are judged is no part of it.
    Measurement,
    /// Everybody who is not a judge. Manifests that were written before [`Reader::Training`] was asked
    /// have digests of this.
    Anyone,
}

/// Keys that only judge what was measured.
const JUDGING: [&str; 3] = ["gate", "min_gain", "max_regression"];
/// Keys that only read what a measured workload printed.
const READING: [&str; 5] = ["work", "metric", "latency", "compare_output", "answer"];
/// Keys that change nothing about a run that comes to its end: how long it may take, how often it is
/// tried, what it is for.
const BOUNDING: [&str; 3] = ["role", "timeout", "retries"];
/// How much a workload counts: the merge and the verdict read it.
const WEIGHT: &str = "weight";

impl Reader {
    /// Whether it reads `key` of a workload's table.
    pub fn reads(self, key: &str) -> bool {
        match self {
            _ if JUDGING.contains(&key) || key == WEIGHT => false,
            Self::Training => !READING.contains(&key) && !BOUNDING.contains(&key),
            Self::Measurement => !BOUNDING.contains(&key),
            Self::Anyone => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::workload::Workload;

    /// Each key of the schema, with whether the training and the measurement read it: a new one has to
    /// be put here.
    const KEYS: [(&str, bool, bool); 20] = [
        ("answer", false, true),
        ("cleanup", true, true),
        ("command", true, true),
        ("compare_output", false, true),
        ("env", true, true),
        ("exit_codes", true, true),
        ("gate", false, false),
        ("inputs", true, true),
        ("latency", false, true),
        ("max_regression", false, false),
        ("metric", false, true),
        ("min_gain", false, false),
        ("prepare", true, true),
        ("retries", false, false),
        ("role", false, false),
        ("seed", true, true),
        ("service", true, true),
        ("timeout", false, false),
        ("weight", false, false),
        ("work", false, true),
    ];

    #[test]
    fn every_key_has_its_readers() {
        let schema = serde_json::to_value(schemars::schema_for!(Workload)).unwrap();
        let mut keys: Vec<&str> =
            schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        let listed: Vec<&str> = KEYS.iter().map(|(key, ..)| *key).collect();
        assert_eq!(keys, listed);
        for (key, training, measurement) in KEYS {
            assert_eq!(Reader::Training.reads(key), training, "{key}");
            assert_eq!(Reader::Measurement.reads(key), measurement, "{key}");
        }
    }
}
