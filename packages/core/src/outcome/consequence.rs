//! What follows from what was measured, under a policy: the table of docs/exit-codes.md, as a function.

use std::collections::BTreeSet;

use honing_paired::{Open, Verdict};
use serde::{Deserialize, Serialize};

use super::measured::Measured;
use crate::{
    config::{CPU, Inconclusive, OutcomeKind, Policy, Program},
    error::ExitCode,
};

/// Everything that an outcome follows from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Evidence<'a> {
    /// Every metric of every eval workload.
    pub measured: &'a [Measured],
    /// Whether both programs are the same, byte by byte: then nothing was measured.
    pub identical: bool,
    /// Size of the optimized binary over the baseline's, where both are known.
    pub growth: Option<f64>,
    /// Whether the run's budget left no time to measure.
    pub out_of_budget: bool,
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
        /// What was wrong with the machine, a sentence each; empty where more pairs would help.
        #[serde(default)]
        environment: Vec<String>,
    },
    /// The optimized binary is the baseline, byte by byte.
    NoEffect,
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
    /// The outcome of the gated metrics.
    pub fn of(evidence: &Evidence<'_>) -> Self {
        let gated = || evidence.measured.iter().filter(|metric| metric.gated);
        let named = |verdict: Verdict| -> Vec<String> {
            gated().filter(|metric| metric.verdict == verdict).map(Measured::name).collect()
        };
        let (regressed, open) = (named(Verdict::Regressed), named(Verdict::Inconclusive));
        if evidence.identical {
            Self::NoEffect
        } else if gated().next().is_none() {
            Self::NotMeasured
        } else if !regressed.is_empty() {
            Self::Regressed { workloads: regressed }
        } else if !open.is_empty() {
            let mut environment: Vec<String> = gated()
                .filter(|metric| metric.reason == Some(Open::Environment))
                .filter_map(|metric| metric.note.clone())
                .collect();
            environment.dedup();
            Self::Inconclusive { workloads: open, environment }
        } else if named(Verdict::Improved).is_empty() {
            Self::NoChange
        } else {
            Self::Improved
        }
    }

    /// What follows from it: the table of docs/exit-codes.md, as a function.
    pub fn consequence(&self, policy: &Policy, program: &Program, evidence: &Evidence<'_>) -> Consequence {
        let verdict = self.by_verdict(policy, program, evidence);
        // Gates of their own end a run that nothing else ends.
        match missed(self, policy, program, evidence) {
            Some(missed) if verdict.exit == ExitCode::Success => {
                Consequence { exit: ExitCode::Regression, wording: missed, ..verdict }
            }
            _ => verdict,
        }
    }

    fn by_verdict(&self, policy: &Policy, program: &Program, evidence: &Evidence<'_>) -> Consequence {
        let open = match policy.inconclusive {
            Inconclusive::Fail => ExitCode::Regression,
            Inconclusive::Warn => ExitCode::Success,
        };
        let consequence = |record, exit, wording: String| Consequence { record, exit, wording };
        match self {
            Self::Improved => {
                let (gain, of) = gain(evidence.measured, None);
                let part = gated_workloads(evidence.measured).map(|of| format!(" of {of}"));
                let part = part.unwrap_or_default();
                let wording = format!("PGO pays: {} {of} in the weighted mean{part}", percent(gain));
                consequence(true, ExitCode::Success, wording)
            }
            Self::NoChange => {
                let part = gated_workloads(evidence.measured).map(|of| format!(", by {of}"));
                let part = part.unwrap_or_default();
                let wording = format!("PGO does not pay here: no change beyond the margin{part}");
                consequence(true, ExitCode::Success, wording)
            }
            Self::Regressed { workloads } => {
                let beyond = beyond(policy, program, evidence.measured);
                if beyond.is_empty() {
                    let wording = format!("PGO makes {} worse, within max_regression", workloads.join(", "));
                    return consequence(true, ExitCode::Success, wording);
                }
                let wording = format!("PGO makes {} worse; the profile is not recorded", beyond.join(", "));
                consequence(false, ExitCode::Regression, wording)
            }
            Self::Inconclusive { workloads, environment } if environment.is_empty() => {
                consequence(true, open, format!("inconclusive for {}", workloads.join(", ")))
            }
            Self::Inconclusive { workloads, environment } => {
                let (workloads, why) = (workloads.join(", "), environment.join("; "));
                consequence(true, open, format!("inconclusive for {workloads}: {why}"))
            }
            Self::NoEffect => {
                let wording = "PGO had no effect on the binary: baseline and optimized are identical";
                consequence(true, open, wording.into())
            }
            Self::NotMeasured => {
                let wording = if evidence.out_of_budget {
                    "not measured (out of budget)"
                } else {
                    "nothing was measured"
                };
                consequence(true, ExitCode::Success, wording.into())
            }
        }
    }

    /// Its name.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Improved => OutcomeKind::Improved,
            Self::NoChange => OutcomeKind::NoChange,
            Self::Regressed { .. } => OutcomeKind::Regressed,
            Self::Inconclusive { .. } => OutcomeKind::Inconclusive,
            Self::NoEffect => OutcomeKind::NoEffect,
            Self::NotMeasured => OutcomeKind::NotMeasured,
        }
    }

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::NoChange => "no change",
            Self::Regressed { .. } => "regressed",
            Self::Inconclusive { environment, .. } if environment.is_empty() => "inconclusive",
            Self::Inconclusive { .. } => "inconclusive: environment",
            Self::NoEffect => "no effect",
            Self::NotMeasured => "not measured",
        }
    }

    /// Whether a gain can be told, so that one can be demanded.
    fn tells_gain(&self) -> bool {
        matches!(self, Self::Improved | Self::NoChange | Self::Regressed { .. } | Self::NoEffect)
    }
}

/// `2 of 4 workloads`, where not every one that was measured decides.
fn gated_workloads(measured: &[Measured]) -> Option<String> {
    let count = |metrics: &mut dyn Iterator<Item = &Measured>| {
        metrics.map(|metric| metric.workload.as_str()).collect::<BTreeSet<_>>().len()
    };
    let all = count(&mut measured.iter());
    let gated = count(&mut measured.iter().filter(|metric| metric.gated));
    (gated < all).then(|| format!("{gated} of {all} workloads"))
}

/// What is worse by more than its limit, with by how much.
fn beyond(policy: &Policy, program: &Program, measured: &[Measured]) -> Vec<String> {
    let worse = |metric: &Measured| Some((metric.cost()? - 1.0) * 100.0);
    let regressed = measured.iter().filter(|metric| metric.gated && metric.verdict == Verdict::Regressed);
    regressed
        .filter(|metric| {
            let allowed = policy.allows(program.workload.get(&metric.workload), &metric.metric);
            worse(metric).is_none_or(|worse| worse > allowed)
        })
        .map(|metric| match worse(metric) {
            Some(worse) => format!("{} {worse:.1} %", metric.name()),
            None => metric.name(),
        })
        .collect()
}

/// The first demand of the policy that is not met.
fn missed(outcome: &Outcome, policy: &Policy, program: &Program, evidence: &Evidence<'_>) -> Option<String> {
    let grown = evidence.growth.map(|growth| (growth - 1.0) * 100.0);
    if let (Some(grown), Some(most)) = (grown, policy.max_growth)
        && grown > most
    {
        return Some(format!("the binary grows by {grown:.1} %, more than max_growth = {most} %"));
    }
    if !outcome.tells_gain() {
        return None;
    }
    let short = |found: Option<f64>, least: f64| {
        let found = if *outcome == Outcome::NoEffect { Some(0.0) } else { found };
        found.is_none_or(|found| found < least).then_some(percent(found))
    };
    if let Some(least) = policy.min_gain
        && let Some(found) = short(gain(evidence.measured, None).0, least)
    {
        return Some(match outcome {
            Outcome::NoChange => format!("PGO does not pay here, and min_gain = {least} % is required"),
            _ => format!("PGO gains {found}, less than min_gain = {least} %"),
        });
    }
    for (name, limit) in &policy.metric {
        if let Some(least) = limit.min_gain
            && let Some(found) = short(gain(evidence.measured, Some(name)).0, least)
        {
            return Some(format!("{name} gains {found}, less than its min_gain = {least} %"));
        }
    }
    let measured = |name: &str| evidence.measured.iter().any(|metric| metric.workload == name);
    for (name, workload) in program.workload.iter().filter(|(name, _)| measured(name)) {
        let own: Vec<Measured> =
            evidence.measured.iter().filter(|metric| metric.workload == *name).cloned().collect();
        if let Some(least) = workload.min_gain
            && let Some(found) = short(gain(&own, None).0, least)
        {
            return Some(format!("{name} gains {found}, less than its min_gain = {least} %"));
        }
    }
    None
}

/// The gain in percent, and of what: one less the weighted geometric mean, over the workloads, of the
/// cost ratios of one metric; without a name, of each workload's leading one.
fn gain(measured: &[Measured], name: Option<&str>) -> (Option<f64>, &'static str) {
    let mut chosen: Vec<&Measured> = Vec::new();
    for metric in measured.iter().filter(|metric| metric.gated) {
        let wanted = match name {
            Some(name) => metric.metric == name,
            None => chosen.iter().all(|leading| leading.workload != metric.workload),
        };
        if wanted {
            chosen.push(metric);
        }
    }
    let of = if chosen.iter().all(|metric| metric.metric == CPU) { "less CPU time" } else { "better" };
    let sum =
        chosen.iter().map(|metric| Some(f64::from(metric.weight) * metric.cost()?.ln())).sum::<Option<f64>>();
    let weights: f64 = chosen.iter().map(|metric| f64::from(metric.weight)).sum();
    (sum.filter(|_| weights > 0.0).map(|sum| (1.0 - (sum / weights).exp()) * 100.0), of)
}

/// The gain in percent, where it is known: one less the weighted geometric mean of the workloads'
/// cost ratios, each by its leading metric.
pub fn gain_percent(measured: &[Measured]) -> Option<f64> {
    gain(measured, None).0
}

fn percent(gain: Option<f64>) -> String {
    gain.map_or_else(|| "an unknown share".into(), |gain| format!("{gain:.1} %"))
}

#[cfg(test)]
pub(super) mod tests;
