//! The numbers of a run: what was measured around it, and what it printed.

use honing_core::{
    Error, ExitCode, Result,
    config::{CPU, Metric, PEAK_MEMORY, SYSTEM, USER, WALL, Workload},
};
use regex_lite::Regex;
use serde_json::Value;

use crate::{io::files, measure::MetricKind, workloads::Ran};

/// Characters of an output that an error shows.
const SHOWN_OUTPUT: usize = 300;

/// Reads the numbers of a workload's runs.
pub(crate) struct Readings<'a> {
    name: &'a str,
    workload: &'a Workload,
    /// Metrics that decide, which come first.
    gated: &'a [String],
    patterns: Vec<(&'a str, Regex)>,
}

impl<'a> Readings<'a> {
    /// Readings of a workload.
    ///
    /// # Errors
    /// Usage, where a pattern is none.
    pub(crate) fn new(name: &'a str, workload: &'a Workload, gated: &'a [String]) -> Result<Self> {
        let mut patterns = Vec::new();
        for (metric, Metric { pattern, .. }) in &workload.metric {
            if let Some(pattern) = pattern {
                let regex = Regex::new(pattern).map_err(|error| {
                    Error::usage(format!("workload `{name}`: metric `{metric}`: {error}"))
                })?;
                patterns.push((metric.as_str(), regex));
            }
        }
        Ok(Self { name, workload, gated, patterns })
    }

    /// Every metric of a run with its value.
    ///
    /// # Errors
    /// Workload, where a number is not in the output.
    pub(crate) fn of(&self, ran: &Ran) -> Result<Vec<(MetricKind, f64)>> {
        let metrics = &self.workload.metric;
        let wants_json = self.workload.work.is_some()
            || self.workload.latency.is_some()
            || metrics.values().any(|metric| metric.pointer.is_some());
        let wants_text = !self.patterns.is_empty();
        let output = if wants_json || wants_text { files::read(&ran.stdout)? } else { Vec::new() };
        let json = if wants_json { self.json(&output)? } else { Value::Null };
        let mut readings = self.times(ran, &json)?;
        for (name, metric) in metrics {
            let value = match &metric.pointer {
                Some(pointer) => self.number(&json, pointer)?,
                None => self.matched(name, &output)?,
            };
            let kind = MetricKind { name: name.clone(), unit: metric.unit.clone(), better: metric.better };
            readings.push((kind, value));
        }
        readings.extend(self.percentiles(&json)?);
        // What decides comes first, in the order in which it is named.
        let place = |name: &str| self.gated.iter().position(|gated| gated == name).unwrap_or(usize::MAX);
        readings.sort_by_key(|(kind, _)| place(&kind.name));
        Ok(readings)
    }

    fn times(&self, ran: &Ran, json: &Value) -> Result<Vec<(MetricKind, f64)>> {
        let work = match &self.workload.work {
            Some(pointer) => Some(self.number(json, pointer)?),
            None => None,
        };
        if let (Some(work), Some(pointer)) = (work.filter(|work| *work <= 0.0), &self.workload.work) {
            return Err(self
                .failed(&format!("its output says that no work was done: {work} at {pointer}"))
                .with_hint("point `work` at a number above zero that counts what was done"));
        }
        let cpu = |name: &str, time: std::time::Duration| match work {
            Some(work) => (MetricKind::cost(name, "µs/op"), time.as_secs_f64() * 1e6 / work),
            None => (MetricKind::cost(name, "s"), time.as_secs_f64()),
        };
        let usage = &ran.usage;
        let mut times = vec![cpu(CPU, usage.cpu()), cpu(USER, usage.user), cpu(SYSTEM, usage.system)];
        // A service's wall time is that of its load.
        if self.workload.service.is_none() {
            times.push((MetricKind::cost(WALL, "s"), usage.wall.as_secs_f64()));
        }
        times.push((MetricKind::cost(PEAK_MEMORY, "MiB"), usage.peak_rss as f64 / f64::from(1 << 20)));
        Ok(times)
    }

    /// Every number of the object that `latency` points at, named `latency KEY`.
    fn percentiles(&self, json: &Value) -> Result<Vec<(MetricKind, f64)>> {
        let Some(latency) = &self.workload.latency else { return Ok(Vec::new()) };
        let object = json.pointer(&latency.pointer).and_then(Value::as_object);
        let Some(object) = object else {
            return Err(self.missing(json, &format!("its output has no object at {}", latency.pointer)));
        };
        let numbers = object.iter().filter_map(|(key, value)| Some((key, value.as_f64()?)));
        Ok(numbers
            .map(|(key, value)| (MetricKind::cost(&format!("latency {key}"), &latency.unit), value))
            .collect())
    }

    fn json(&self, output: &[u8]) -> Result<Value> {
        serde_json::from_slice(output).map_err(|error| {
            self.failed(&format!("its output is not JSON ({error}), and `work` or a metric reads it"))
        })
    }

    fn number(&self, output: &Value, pointer: &str) -> Result<f64> {
        let number = output.pointer(pointer).and_then(Value::as_f64);
        number.ok_or_else(|| self.missing(output, &format!("its output has no number at {pointer}")))
    }

    fn missing(&self, output: &Value, what: &str) -> Error {
        let text: String = output.to_string().chars().take(SHOWN_OUTPUT).collect();
        self.failed(what).with_hint(format!("mend the pointer in pgo.toml; the output begins with {text}"))
    }

    fn matched(&self, name: &str, output: &[u8]) -> Result<f64> {
        let text = String::from_utf8_lossy(output);
        let pattern = self.patterns.iter().find(|(metric, _)| *metric == name).map(|(_, regex)| regex);
        let found = pattern.and_then(|regex| regex.captures_iter(&text).last());
        let number = found.as_ref().and_then(|found| found.get(1)?.as_str().parse().ok());
        number.ok_or_else(|| {
            let shown: String = text.chars().take(SHOWN_OUTPUT).collect();
            self.failed(&format!("the pattern of metric `{name}` finds no number in its output"))
                .with_hint(format!("mend the pattern in pgo.toml; the output begins with {shown}"))
        })
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(ExitCode::Workload, format!("bench: workload `{}`: {what}", self.name)).with_hint(
            "its command, or the service's load, has to print one JSON document on standard output",
        )
    }
}
