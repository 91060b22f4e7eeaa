//! Honing's events (docs/events.md), as far as the table needs them.

use std::{fmt, path::PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `matched` event of the last build of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::bench) struct Applied {
    pub(in crate::bench) share: f64,
    pub(in crate::bench) functions: u64,
    pub(in crate::bench) matched: u64,
}

/// A `measured` event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::bench) struct Measured {
    pub(in crate::bench) workload: String,
    pub(in crate::bench) metric: String,
    pub(in crate::bench) gated: bool,
    pub(in crate::bench) pairs: u64,
    pub(in crate::bench) baseline: Option<f64>,
    pub(in crate::bench) ratio: Option<Ratio>,
    pub(in crate::bench) verdict: String,
}

/// Optimized over baseline.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(in crate::bench) struct Ratio {
    pub(in crate::bench) point: f64,
    pub(in crate::bench) low: f64,
    pub(in crate::bench) high: f64,
    pub(in crate::bench) confidence: f64,
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} [{:.3}, {:.3}]", self.point, self.low, self.high)
    }
}

/// How much of its profile the last build of a run applied.
pub(in crate::bench) fn applied(events: &str) -> Result<Applied> {
    let Some(event) = named(events, "matched")?.pop() else { bail!("no build said what it applied") };
    let applied = event.get("applied").cloned().unwrap_or_default();
    if let Some(why) = applied.get("why").and_then(Value::as_str) {
        bail!("the match is unknown: {why}");
    }
    serde_json::from_value(applied).context("event `matched`")
}

/// What the run measured.
pub(in crate::bench) fn measured(events: &str) -> Result<Vec<Measured>> {
    let events = named(events, "measured")?.into_iter().filter(|event| event["interim"] != true);
    events.map(|event| serde_json::from_value(event).context("event `measured`")).collect()
}

/// The program that the run made.
pub(in crate::bench) fn optimized(events: &str) -> Result<PathBuf> {
    let last = named(events, "run_finished")?.pop();
    let path = last.as_ref().and_then(|event| event["optimized"][0].as_str());
    path.map(PathBuf::from).context("the run made no program")
}

/// Seconds that a stage of the run took: of the clock, and of CPU time.
pub(in crate::bench) fn stage_time(events: &str, stage: &str) -> Result<(f64, f64)> {
    let ended = named(events, "stage_finished")?.into_iter().rfind(|event| event["stage"] == stage);
    let seconds = |event: &Value, key: &str| event[key].as_f64().map(|ms| ms / 1000.0);
    let both = ended.and_then(|event| seconds(&event, "elapsed_ms").zip(seconds(&event, "cpu_ms")));
    both.with_context(|| format!("{stage} did not run"))
}

/// Why the run failed, if it did.
pub(in crate::bench) fn failure(events: &str) -> Result<Option<String>> {
    let last = named(events, "run_finished")?.pop();
    let text = |event: &Value, key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
    Ok(last.and_then(|event| match (text(&event, "error"), text(&event, "hint")) {
        (Some(error), Some(hint)) => Some(format!("{error}\n  {hint}")),
        (error, _) => error,
    }))
}

fn named(events: &str, name: &str) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for line in events.lines() {
        let event: Value = serde_json::from_str(line).with_context(|| format!("not an event: {line}"))?;
        if event.get("event").and_then(Value::as_str) == Some(name) {
            found.push(event);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = r#"{"at_ms":1,"event":"matched","program":"t","applied":{"match":"measured","share":0.1,"functions":9,"matched":1,"lost":[]}}
{"at_ms":2,"event":"matched","program":"t","applied":{"match":"measured","share":0.998,"functions":9,"matched":8,"lost":[]}}
{"at_ms":3,"event":"measured","program":"t","workload":"w","metric":"cpu","unit":"s","gated":true,"pairs":40,"baseline":0.1,"optimized":0.09,"ratio":{"point":0.9,"low":0.89,"high":0.91,"confidence":0.99},"verdict":"improved","note":null}
{"at_ms":4,"event":"run_finished","exit":"stale","code":14,"error":"no profile","hint":"record one"}
"#;

    #[test]
    fn the_last_build_counts() {
        assert_eq!(applied(EVENTS).unwrap(), Applied { share: 0.998, functions: 9, matched: 8 });
        assert!(applied("").is_err());
        let unknown = r#"{"event":"matched","applied":{"match":"unknown","why":"no trace"}}"#;
        assert_eq!(applied(unknown).unwrap_err().to_string(), "the match is unknown: no trace");
    }

    #[test]
    fn the_last_end_of_a_stage_counts() {
        let events = r#"{"event":"stage_finished","stage":"optimize","elapsed_ms":1,"cpu_ms":1}
{"event":"stage_finished","stage":"optimize","elapsed_ms":1000,"cpu_ms":2500}"#;
        assert_eq!(stage_time(events, "optimize").unwrap(), (1.0, 2.5));
        assert!(stage_time(events, "train").is_err());
    }

    #[test]
    fn ratios_and_failures_are_read() {
        let measured = measured(EVENTS).unwrap();
        assert_eq!(measured[0].ratio.unwrap().low, 0.89);
        assert_eq!(failure(EVENTS).unwrap().unwrap(), "no profile\n  record one");
        assert!(failure("garbage").is_err());
    }
}
