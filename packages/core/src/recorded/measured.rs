//! What was measured, as a manifest has it.

use serde::{Deserialize, Serialize};

use crate::{
    applied::Applied,
    config::Direction,
    outcome::{Measured, Open, Ratio, Verdict},
};

/// A match, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchEntry {
    /// Percent of the profile's weight; absent where it is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// In words.
    pub words: String,
}

impl MatchEntry {
    /// From what was measured.
    pub fn of(applied: &Applied) -> Self {
        // Down to a thousandth of a percent: never more than there was.
        let percent = applied.share().map(|share| (share * 100_000.0).floor() / 1000.0);
        Self { percent, words: applied.words() }
    }
}

/// A metric, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeasuredEntry {
    /// The workload.
    pub workload: String,
    /// The metric.
    pub metric: String,
    /// The verdict's word.
    pub verdict: String,
    /// The change with its interval; empty where there is none.
    pub change: String,
    /// The estimate of optimized/baseline; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<f64>,
    /// Which way is better; absent where less is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub better: Direction,
    /// Whether it only informed, and did not decide the verdict.
    #[serde(default, skip_serializing_if = "is_default")]
    pub informs: bool,
    /// Whether the profile was trained on the same workload.
    #[serde(default, skip_serializing_if = "is_default")]
    pub in_sample: bool,
    /// Pairs measured.
    pub pairs: u32,
    /// Why it is inconclusive, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Open>,
    /// The same in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What goes without saying is not written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl MeasuredEntry {
    /// From what was measured.
    pub fn of(measured: &Measured) -> Self {
        Self {
            workload: measured.workload.clone(),
            metric: measured.metric.clone(),
            verdict: measured.verdict.word().into(),
            change: measured.ratio.map(|ratio| ratio.as_change()).unwrap_or_default(),
            ratio: measured.ratio.map(|ratio| ratio.point),
            better: measured.better,
            informs: !measured.gated,
            in_sample: measured.in_sample,
            pairs: measured.pairs,
            reason: measured.reason,
            note: measured.note.clone().filter(|_| measured.verdict == Verdict::Inconclusive),
        }
    }

    /// As what was measured, to be judged by the policy of today; `weight` is the workload's. What
    /// is not recorded is not a number.
    pub fn as_measured(&self, weight: u32) -> Measured {
        const UNKNOWN: f64 = f64::NAN;
        let ratio = |point| Ratio { point, low: UNKNOWN, high: UNKNOWN, confidence: UNKNOWN };
        let word = |verdict: &Verdict| verdict.word() == self.verdict;
        Measured {
            workload: self.workload.clone(),
            candidate: None,
            metric: self.metric.clone(),
            unit: String::new(),
            better: self.better,
            gated: !self.informs,
            in_sample: self.in_sample,
            weight,
            pairs: self.pairs,
            baseline: UNKNOWN,
            optimized: UNKNOWN,
            ratio: self.ratio.map(ratio),
            margin: None,
            verdict: Verdict::ALL.into_iter().find(word).unwrap_or(Verdict::Inconclusive),
            reason: self.reason,
            note: self.note.clone(),
            ratios: Vec::new(),
        }
    }
}
