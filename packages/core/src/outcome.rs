//! What a finished run means: whether its profile is recorded, and how the process ends.

use serde::{Deserialize, Serialize};

use crate::{
    ExitCode,
    config::{Direction, Inconclusive, Policy},
    units,
};

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
    /// Median of the baseline's values, in `unit`.
    pub baseline: f64,
    /// Median of the optimized program's values, in `unit`.
    pub optimized: f64,
    /// optimized/baseline; `None` where there are too few pairs for an interval.
    pub ratio: Option<Ratio>,
    /// What it says.
    pub verdict: Verdict,
    /// What stands in the way of a clearer verdict, if anything.
    pub note: Option<String>,
}

/// What a run found, over all gated metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// At least one gated metric is better, none worse, none open.
    Improved,
    /// Every gated metric stayed within the margin.
    NoChange,
    /// At least one gated metric is worse.
    Regressed {
        /// Where: `workload (metric)`.
        workloads: Vec<String>,
    },
    /// None is worse, and at least one is open.
    Inconclusive {
        /// Where: `workload (metric)`.
        workloads: Vec<String>,
    },
    /// Nothing was measured.
    NotMeasured,
}

/// What follows from an outcome under a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequence {
    /// Whether the profile is stored.
    pub record: bool,
    /// How the process ends.
    pub exit: ExitCode,
    /// One sentence for the person.
    pub wording: String,
}

impl Outcome {
    /// The outcome of the gated metrics among `measured`.
    pub fn of(measured: &[Measured]) -> Self {
        let gated = || measured.iter().filter(|metric| metric.gated);
        let named = |verdict: Verdict| -> Vec<String> {
            gated()
                .filter(|metric| metric.verdict == verdict)
                .map(|metric| format!("{} ({})", metric.workload, metric.metric))
                .collect()
        };
        let (regressed, open) = (named(Verdict::Regressed), named(Verdict::Inconclusive));
        if gated().next().is_none() {
            Self::NotMeasured
        } else if !regressed.is_empty() {
            Self::Regressed { workloads: regressed }
        } else if !open.is_empty() {
            Self::Inconclusive { workloads: open }
        } else if named(Verdict::Improved).is_empty() {
            Self::NoChange
        } else {
            Self::Improved
        }
    }

    /// What follows from it: the table of docs/exit-codes.md, as a function.
    pub fn consequence(&self, policy: &Policy, measured: &[Measured]) -> Consequence {
        let gain = gain_percent(measured);
        let consequence = |record, exit, wording: String| Consequence { record, exit, wording };
        let short_of = policy.min_gain.filter(|least| gain.is_none_or(|gain| gain < *least));
        match (self, short_of) {
            (Self::Improved, Some(least)) => consequence(
                true,
                ExitCode::Regression,
                format!("PGO gains {}, less than min_gain = {least} %", percent(gain)),
            ),
            (Self::Improved, None) => consequence(
                true,
                ExitCode::Success,
                format!("PGO pays: {} less CPU time in the weighted mean", percent(gain)),
            ),
            (Self::NoChange, Some(least)) => consequence(
                true,
                ExitCode::Regression,
                format!("PGO does not pay here, and min_gain = {least} % is required"),
            ),
            (Self::NoChange, None) => consequence(
                true,
                ExitCode::Success,
                "PGO does not pay here: no change beyond the margin".into(),
            ),
            (Self::Regressed { workloads }, _) => consequence(
                false,
                ExitCode::Regression,
                format!("PGO makes {} slower; the profile is not recorded", workloads.join(", ")),
            ),
            (Self::Inconclusive { workloads }, _) => {
                let fails = policy.inconclusive == Inconclusive::Fail;
                let exit = if fails { ExitCode::Regression } else { ExitCode::Success };
                consequence(true, exit, format!("inconclusive for {}", workloads.join(", ")))
            }
            (Self::NotMeasured, _) => consequence(true, ExitCode::Success, "nothing was measured".into()),
        }
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::NoChange => "no change",
            Self::Regressed { .. } => "regressed",
            Self::Inconclusive { .. } => "inconclusive",
            Self::NotMeasured => "not measured",
        }
    }
}

/// The gain in percent: one less the weighted geometric mean of the gated cost ratios.
fn gain_percent(measured: &[Measured]) -> Option<f64> {
    let mut sum = 0.0;
    let mut weights = 0.0;
    for metric in measured.iter().filter(|metric| metric.gated) {
        let ratio = metric.ratio?.point;
        let cost = if metric.better == Direction::Lower { ratio } else { ratio.recip() };
        sum += f64::from(metric.weight) * cost.ln();
        weights += f64::from(metric.weight);
    }
    (weights > 0.0).then(|| (1.0 - (sum / weights).exp()) * 100.0)
}

fn percent(gain: Option<f64>) -> String {
    gain.map_or_else(|| "an unknown share".into(), |gain| format!("{gain:.1} %"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(verdict: Verdict, point: f64) -> Measured {
        Measured {
            workload: "w".into(),
            metric: "cpu".into(),
            unit: "s".into(),
            better: Direction::Lower,
            gated: true,
            in_sample: false,
            weight: 1,
            pairs: 12,
            baseline: 1.0,
            optimized: point,
            ratio: Some(Ratio { point, low: point - 0.01, high: point + 0.01, confidence: 0.99 }),
            verdict,
            note: None,
        }
    }

    /// The table of docs/exit-codes.md, row by row.
    #[test]
    fn outcome_policy_and_exit_code() {
        use Verdict::{Improved, Inconclusive as Open, NoChange, Regressed};
        let (warn, fail) = (Inconclusive::Warn, Inconclusive::Fail);
        type Row = (&'static [(Verdict, f64)], Option<f64>, Inconclusive, &'static str, bool, u8);
        let rows: [Row; 11] = [
            (&[(Improved, 0.92)], None, warn, "improved", true, 0),
            (&[(Improved, 0.92)], Some(5.0), warn, "improved", true, 0),
            (&[(Improved, 0.92)], Some(10.0), warn, "improved", true, 13),
            (&[(Improved, 0.92), (NoChange, 1.0)], None, warn, "improved", true, 0),
            (&[(NoChange, 1.0)], None, warn, "no change", true, 0),
            (&[(NoChange, 1.0)], Some(1.0), warn, "no change", true, 13),
            (&[(Improved, 0.8), (Regressed, 1.1)], None, warn, "regressed", false, 13),
            (&[(Open, 1.1), (Regressed, 1.1)], None, warn, "regressed", false, 13),
            (&[(Improved, 0.9), (Open, 1.0)], None, warn, "inconclusive", true, 0),
            (&[(Open, 1.0)], None, fail, "inconclusive", true, 13),
            (&[], None, fail, "not measured", true, 0),
        ];
        for (metrics, min_gain, inconclusive, word, record, exit) in rows {
            let metrics: Vec<_> = metrics.iter().map(|(verdict, point)| measured(*verdict, *point)).collect();
            let outcome = Outcome::of(&metrics);
            let consequence =
                outcome.consequence(&Policy { min_gain, inconclusive, ..Policy::default() }, &metrics);
            assert_eq!(
                (outcome.word(), consequence.record, consequence.exit.code()),
                (word, record, exit),
                "{metrics:?} {min_gain:?} {inconclusive:?}"
            );
        }
    }

    #[test]
    fn a_metric_that_only_informs_decides_nothing() {
        let mut informing = measured(Verdict::Regressed, 1.3);
        informing.gated = false;
        assert_eq!(Outcome::of(&[measured(Verdict::Improved, 0.9), informing]), Outcome::Improved);
    }

    #[test]
    fn ratios_read_as_changes() {
        let ratio = Ratio { point: 0.919, low: 0.91, high: 0.928, confidence: 0.99 };
        assert_eq!(ratio.as_change(), "-8.1 % [-9.0, -7.2]");
    }
}
