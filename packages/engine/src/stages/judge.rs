//! From measured pairs to verdicts. Pure: configuration and numbers in, verdicts out.

use honing_core::{
    Error, Result,
    config::{Bench, Direction, Program},
    outcome::{Measured, Ratio, Verdict},
};
use honing_paired as paired;

use super::Measurements;

/// Judges every series under the settings of `bench`.
pub(crate) fn judge(program: &Program, bench: &Bench, measurements: &Measurements) -> Result<Vec<Measured>> {
    measurements.series.iter().map(|series| one(program, bench, series)).collect()
}

fn one(program: &Program, bench: &Bench, series: &super::Series) -> Result<Measured> {
    let workload = program.workload.get(&series.workload);
    let pairs = u32::try_from(series.pairs.len()).unwrap_or(u32::MAX);
    let plan = paired::Plan::fixed(pairs.max(2), 1.0 - bench.confidence)
        .map_err(|error| Error::internal(format!("bench: {error}")))?;
    let better = match series.better {
        Direction::Lower => paired::Better::Lower,
        Direction::Higher => paired::Better::Higher,
    };
    let rules = paired::Rules { better, margin: bench.margin / 100.0 };
    let mut measured = Measured {
        workload: series.workload.clone(),
        metric: series.metric.clone(),
        unit: series.unit.clone(),
        better: series.better,
        gated: series.gated,
        in_sample: workload.is_some_and(|workload| workload.role.trains()),
        weight: workload.map_or(1, |workload| workload.weight),
        pairs,
        baseline: median(series.pairs.iter().map(|pair| pair.baseline)),
        optimized: median(series.pairs.iter().map(|pair| pair.optimized)),
        ratio: None,
        verdict: Verdict::Inconclusive,
        note: None,
    };
    match paired::compare(&series.pairs, &plan, rules) {
        Ok(comparison) => {
            measured.ratio = comparison.estimate.map(|ratio| Ratio {
                point: ratio.point,
                low: ratio.low,
                high: ratio.high,
                confidence: ratio.confidence,
            });
            (measured.verdict, measured.note) = words(&comparison);
        }
        Err(bad) => measured.note = Some(bad.to_string()),
    }
    Ok(measured)
}

fn words(comparison: &paired::Comparison) -> (Verdict, Option<String>) {
    match &comparison.verdict {
        paired::Verdict::Improved => (Verdict::Improved, None),
        paired::Verdict::NoChange => (Verdict::NoChange, None),
        paired::Verdict::Regressed => (Verdict::Regressed, None),
        paired::Verdict::Inconclusive { reason } => {
            let more = comparison.further_pairs.map(|further| {
                match (comparison.pairs + further).next_multiple_of(2) {
                    pairs @ ..=1000 => format!("; --pairs {pairs} would probably tell"),
                    _ => "; not even 1000 pairs would probably tell".to_owned(),
                }
            });
            (Verdict::Inconclusive, Some(format!("{reason}{}", more.unwrap_or_default())))
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}
