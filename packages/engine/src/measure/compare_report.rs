//! What `compare` finds: a document that is judged again from its runs.

use std::path::Path;

use honing_core::{
    Digest, Error, Result,
    config::Bench,
    outcome::{Measured, Open, Trust, Verdict},
};
use honing_paired::{Plan, environment::Finding};
use serde::{Deserialize, Serialize};

use crate::measure::{
    Recording,
    host::Host,
    judge::{Judging, precision},
};

/// Version of the document.
pub(crate) const SCHEMA: u32 = 1;

/// What stands for the workload in what is shared with `bench`.
const WORKLOAD: &str = "compare";

/// One of the programs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// Path, as it was given.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// BLAKE3 of its contents.
    pub digest: Digest,
}

/// What was found of B: ratios are B over A.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What the deciding metric says.
    pub verdict: Verdict,
    /// Why it is inconclusive, where it is.
    pub reason: Option<Open>,
    /// The same for people.
    pub note: Option<String>,
    /// Ratio B/A of the deciding metric; `None` with too few pairs.
    pub estimate: Option<f64>,
    /// Its interval: lower end, upper end.
    pub interval: Option<[f64; 2]>,
    /// What was found about the machine.
    pub findings: Vec<Finding>,
    /// Every metric.
    pub measured: Vec<Measured>,
    /// Control and noise floor.
    pub trust: Trust,
    /// The program compared.
    pub b: Compared,
    /// Whether it is A, byte by byte.
    pub identical: bool,
}

/// A comparison: what was found, and everything that it follows from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompareReport {
    /// Version of the document.
    pub schema: u32,
    /// What was found of the first B, or the only one.
    #[serde(flatten)]
    pub first: Found,
    /// The same of each further one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Found>,
    /// The confidence of the intervals, of all of them together.
    pub confidence: f64,
    /// Pairs measured, of each B with A.
    pub pairs: u32,
    /// The deciding metric.
    pub metric: String,
    /// The program compared against.
    pub a: Compared,
    /// Arguments of all.
    pub args: Vec<String>,
    /// When measuring began, in UTC.
    pub started: String,
    /// The machine.
    pub environment: Host,
    /// Equivalence margin, in percent.
    pub margin: f64,
    /// Seed of the order.
    pub seed: u64,
    /// The looks and their levels.
    pub plan: Plan,
    /// Every run, in order.
    pub recording: Recording,
}

/// Reads a comparison that was kept as JSON, and judges it again from its runs.
///
/// # Errors
/// Usage, where it is none.
pub fn replay(path: &Path) -> Result<CompareReport> {
    let bytes = std::fs::read(path)
        .map_err(|error| Error::usage(format!("cannot read {}: {error}", path.display())))?;
    let report: CompareReport = serde_json::from_slice(&bytes).map_err(|error| {
        Error::usage(format!("{} is no comparison: {error}", path.display()))
            .with_hint("give it what `compare --output FILE` or `--format json` wrote")
    })?;
    if report.schema != SCHEMA {
        return Err(Error::usage(format!(
            "{} has schema {}, and this reads {SCHEMA}",
            path.display(),
            report.schema
        ))
        .with_hint("replay it with the version of Honing that wrote it"));
    }
    Ok(report.judged())
}

impl CompareReport {
    /// What was found of each program that was compared with A.
    pub fn found(&self) -> impl Iterator<Item = &Found> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// Computes everything that follows from the runs.
    fn judged(mut self) -> Self {
        let others: Vec<Compared> = self.found().map(|found| found.b.clone()).collect();
        let (names, gated) = (names(&others), [self.metric.clone()]);
        let judgings = judgings(&names, &gated, &self.plan, self.margin);
        let found = std::iter::once(&mut self.first).chain(&mut self.others);
        for ((judging, other), found) in judgings.iter().zip(&others).zip(found) {
            *found = Found::of(judging, other, &self.a, &self.recording);
        }
        self.pairs = self.recording.pairs();
        self
    }
}

impl Found {
    pub(crate) fn of(judging: &Judging<'_>, b: &Compared, a: &Compared, recording: &Recording) -> Self {
        let (mut measured, trust) = judging.judge(recording);
        measured.sort_by_key(|metric| !metric.gated);
        let deciding = measured.first();
        let ratio = deciding.and_then(|metric| metric.ratio);
        Self {
            verdict: deciding.map_or(Verdict::Inconclusive, |metric| metric.verdict),
            reason: deciding.and_then(|metric| metric.reason),
            note: deciding.and_then(|metric| metric.note.clone()),
            estimate: ratio.map(|ratio| ratio.point),
            interval: ratio.map(|ratio| [ratio.low, ratio.high]),
            findings: judging.findings(recording),
            measured,
            trust,
            identical: a.digest == b.digest,
            b: b.clone(),
        }
    }
}

/// The programs' names, which an only one does not need.
pub(crate) fn names(others: &[Compared]) -> Vec<Option<&str>> {
    others.iter().map(|other| (others.len() > 1).then_some(other.path.as_str())).collect()
}

pub(crate) fn judgings<'a>(
    names: &[Option<&'a str>],
    gated: &'a [String],
    plan: &Plan,
    margin: f64,
) -> Vec<Judging<'a>> {
    let (in_sample, weight, usual) = (false, 1, None);
    let (margin, precision) = (margin / 100.0, precision(Bench::default().precision));
    let of = |candidate| Judging {
        workload: WORKLOAD,
        candidate,
        in_sample,
        weight,
        gated,
        plan: plan.clone(),
        margin,
        precision,
        usual,
    };
    names.iter().copied().enumerate().map(of).collect()
}

#[cfg(test)]
mod tests {
    use honing_paired::environment::Conditions;
    use serde_json::Value;

    use super::*;
    use crate::measure::{
        Run, Which,
        experiment::{Design, measure},
    };

    /// The tracker against its baseline, in the order of seed 1: measured and judged when there were
    /// only ever two programs.
    const KEPT: &str = include_str!("../../tests/fixtures/compared.json");

    fn kept() -> CompareReport {
        serde_json::from_str(KEPT).unwrap()
    }

    /// Whether two documents are the same, but for the last digits of what is computed.
    fn same(one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => {
                one.len() == other.len() && one.iter().all(|(key, value)| same(value, &other[key]))
            }
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
            }
            (Value::Number(one), Value::Number(other)) => {
                let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
                (one - other).abs() <= 1e-12 * one.abs()
            }
            (one, other) => one == other,
        }
    }

    #[test]
    fn what_was_kept_is_judged_and_written_as_it_was() {
        let judged = kept().judged();
        assert_eq!(judged.first.verdict, Verdict::Improved);
        let written = serde_json::to_value(&judged).unwrap();
        assert!(same(&written, &serde_json::from_str(KEPT).unwrap()), "{written}");
    }

    #[test]
    fn a_seed_gives_one_candidate_the_order_that_it_gave() {
        let kept = kept();
        let looks: Vec<u32> = kept.plan.looks().iter().map(|look| look.pairs).collect();
        let design = Design { looks, candidates: 1, seed: kept.seed, controls: true };
        let once = |program| Run { program, values: Vec::new(), conditions: Conditions::default() };
        let mut ran = Recording::default();
        measure(&design, &mut ran, &|| 0, &mut |program| Ok(once(program)), &mut |recording, _| {
            Ok(recording.pairs() >= kept.pairs)
        })
        .unwrap();
        let order = |recording: &Recording| recording.runs.iter().map(|run| run.program).collect::<Vec<_>>();
        assert_eq!(order(&ran), order(&kept.recording));
    }

    /// The same twice: once as it was, and once as if its second candidate were a copy of the first
    /// that takes twice as long.
    #[test]
    fn each_candidate_is_judged_against_the_reference_alone() {
        let mut two = kept();
        let slow = |run: &Run| Run {
            program: Which::Candidate(1),
            values: run.values.iter().map(|value| value * 2.0).collect(),
            conditions: run.conditions,
        };
        let mut runs = Vec::new();
        for run in &two.recording.runs {
            runs.push(run.clone());
            runs.extend((run.program == Which::Candidate(0)).then(|| slow(run)));
        }
        two.recording.runs = runs;
        two.others
            .push(Found { b: Compared { path: "slow".into(), ..two.first.b.clone() }, ..two.first.clone() });
        let two = two.judged();
        assert_eq!((two.pairs, two.first.estimate), (kept().pairs, kept().first.estimate));
        assert_eq!(two.others[0].verdict, Verdict::Regressed);
        let (one, other) = (two.first.estimate.unwrap(), two.others[0].estimate.unwrap());
        assert!((other / one - 2.0).abs() < 1e-9, "{one} {other}");
        let named: Vec<Option<&str>> =
            two.found().map(|found| found.measured[0].candidate.as_deref()).collect();
        assert_eq!(named, [Some("optimized"), Some("slow")]);
        let again: CompareReport = serde_json::from_str(&serde_json::to_string(&two).unwrap()).unwrap();
        assert!(again.judged() == two, "read otherwise");
    }
}
