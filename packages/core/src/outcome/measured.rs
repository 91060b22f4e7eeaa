//! What was measured of a workload, and what is known about the machine.

use honing_paired::{Open, Ratio, Verdict};
use serde::{Deserialize, Deserializer, Serialize};

use super::spent::Spent;
use crate::config::Direction;

/// A metric of an eval workload, measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The workload.
    pub workload: String,
    /// The program's name, where several were measured against the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
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
    /// Where the time of the baseline's runs went; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
}

impl Trust {
    /// A workload of which nothing is known.
    pub fn of(workload: &str) -> Self {
        let workload = workload.to_owned();
        Self { workload, findings: Vec::new(), control: None, noise: None, finds: None, spent: None }
    }

    /// Of one workload, by the runs of another candidate too.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        let larger = |one: Option<f64>, other: Option<f64>| one.into_iter().chain(other).reduce(f64::max);
        for finding in &other.findings {
            if !self.findings.contains(finding) {
                self.findings.push(finding.clone());
            }
        }
        self.noise = larger(self.noise, other.noise);
        self.finds = larger(self.finds, other.finds);
        self
    }
}

/// Why metrics that decide are open, a line each.
pub fn notes(measured: &[Measured]) -> impl Iterator<Item = String> {
    let gated = measured.iter().filter(|metric| metric.gated);
    gated.filter_map(|metric| Some(format!("{}: {}", metric.name(), metric.note.as_ref()?)))
}

impl Measured {
    /// The workload, and whose it is where several programs were measured.
    pub fn place(&self) -> String {
        match &self.candidate {
            Some(candidate) => format!("{}, {candidate}", self.workload),
            None => self.workload.clone(),
        }
    }

    /// `workload (metric)`, or `workload, candidate (metric)`.
    pub fn name(&self) -> String {
        format!("{} ({})", self.place(), self.metric)
    }

    /// Whether both tell of the same thing, measured at different times.
    pub fn replaces(&self, other: &Self) -> bool {
        (&self.workload, &self.candidate, &self.metric) == (&other.workload, &other.candidate, &other.metric)
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
    use super::{super::consequence, *};

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
    fn several_candidates_are_told_apart() {
        let only = consequence::tests::measured(Verdict::Improved, 0.9);
        let of = |candidate: &str| Measured { candidate: Some(candidate.into()), ..only.clone() };
        assert_eq!((only.name(), of("bolt").name()), ("w (cpu)".into(), "w, bolt (cpu)".into()));
        assert!(of("bolt").replaces(&of("bolt")) && !of("bolt").replaces(&of("optimize")));
        let trust = |finding: &str, noise| Trust { findings: vec![finding.into()], noise, ..Trust::of("w") };
        let both = trust("hog", Some(0.01)).and(&trust("hog", None)).and(&trust("steal", Some(0.02)));
        assert_eq!((both.findings, both.noise), (vec!["hog".into(), "steal".into()], Some(0.02)));
    }
}
