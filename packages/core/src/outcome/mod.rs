//! What was measured, what it means, and what follows: whether a profile is recorded, and how the
//! process ends.

mod consequence;
mod standing;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{config::Direction, units};

pub use consequence::{Consequence, Evidence, Outcome, gain_percent};
pub use standing::{Asked, Standing};

/// What the pairs of a metric say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better than the baseline by more than the margin.
    Improved,
    /// Within the margin.
    NoChange,
    /// Worse than the baseline by more than the margin.
    Regressed,
    /// The interval does not say.
    Inconclusive,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 4] = [Self::Improved, Self::NoChange, Self::Regressed, Self::Inconclusive];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::NoChange => "no change",
            Self::Regressed => "regressed",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Why a metric is inconclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Open {
    /// Fewer pairs than anything can be said from, or values that have no ratio.
    TooFewPairs,
    /// The interval holds "equal" and reaches beyond the margin.
    TooWide,
    /// Two methods contradict each other.
    CrossCheck,
    /// The machine was not fit to measure on.
    Environment,
}

/// A ratio optimized/baseline with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The estimate.
    pub point: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// The confidence of the interval, as a share.
    pub confidence: f64,
}

impl Ratio {
    /// `-8.1 % [-9.0, -7.2]`.
    pub fn as_change(&self) -> String {
        let bound = |ratio: f64| units::change(ratio).trim_end_matches(" %").to_owned();
        format!("{} [{}, {}]", units::change(self.point), bound(self.low), bound(self.high))
    }
}

/// A metric of an eval workload, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The workload.
    pub workload: String,
    /// The metric.
    pub metric: String,
    /// Its unit.
    pub unit: String,
    /// Which way is better.
    pub better: Direction,
    /// Whether it decides the verdict of the run, or only informs.
    pub gated: bool,
    /// Whether the profile was trained on the same workload.
    pub in_sample: bool,
    /// Weight of the workload.
    pub weight: u32,
    /// Pairs measured.
    pub pairs: u32,
    /// Median of the baseline's values, in `unit`; no number without pairs.
    #[serde(deserialize_with = "or_no_number")]
    pub baseline: f64,
    /// Median of the optimized program's values, in `unit`; no number without pairs.
    #[serde(deserialize_with = "or_no_number")]
    pub optimized: f64,
    /// optimized/baseline; `None` where there are too few pairs for an interval.
    pub ratio: Option<Ratio>,
    /// Equivalence margin, as a share: a change within it is none. `None` where that is not known.
    #[serde(default)]
    pub margin: Option<f64>,
    /// What it says.
    pub verdict: Verdict,
    /// Why it is inconclusive, where it is.
    #[serde(default)]
    pub reason: Option<Open>,
    /// What stands in the way of a clearer verdict, if anything.
    pub note: Option<String>,
    /// optimized/baseline of each pair, in the order in which they were measured.
    #[serde(default)]
    pub ratios: Vec<f64>,
}

/// What is known about the machine that a workload was measured on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trust {
    /// The workload.
    pub workload: String,
    /// What overrules its verdicts, a sentence each; empty where the machine was fit.
    pub findings: Vec<String>,
    /// The baseline's copy over the baseline; `None` where the control has too few pairs.
    pub control: Option<Ratio>,
    /// Noise floor: the standard error of one pair, as a share, from neighbouring runs of one arm.
    pub noise: Option<f64>,
    /// The smallest change, as a share, that so many pairs find in four of five tries at this noise.
    pub finds: Option<f64>,
}

/// Why metrics that decide are open, a line each.
pub fn notes(measured: &[Measured]) -> impl Iterator<Item = String> {
    let gated = measured.iter().filter(|metric| metric.gated);
    gated.filter_map(|metric| Some(format!("{}: {}", metric.name(), metric.note.as_ref()?)))
}

impl Measured {
    /// `workload (metric)`.
    pub fn name(&self) -> String {
        format!("{} ({})", self.workload, self.metric)
    }

    /// How many times as much it costs: below 1 is better, whichever way the metric goes.
    pub(crate) fn cost(&self) -> Option<f64> {
        let ratio = self.ratio?.point;
        Some(if self.better == Direction::Lower { ratio } else { ratio.recip() })
    }
}

/// JSON has `null` for what is no number.
fn or_no_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_pairs_comes_back_as_it_was_written() {
        let text = r#"{"workload":"w","metric":"cpu","unit":"s","better":"lower","gated":true,
            "in_sample":false,"weight":1,"pairs":0,"baseline":null,"optimized":null,"ratio":null,
            "margin":0.01,"verdict":"inconclusive","reason":"too_few_pairs","note":null,"ratios":[]}"#;
        let measured: Measured = serde_json::from_str(text).unwrap();
        assert!(measured.baseline.is_nan() && measured.optimized.is_nan());
        let written: serde_json::Value = serde_json::to_value(&measured).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }

    #[test]
    fn ratios_read_as_changes() {
        let ratio = Ratio { point: 0.919, low: 0.91, high: 0.928, confidence: 0.99 };
        assert_eq!(ratio.as_change(), "-8.1 % [-9.0, -7.2]");
    }
}
