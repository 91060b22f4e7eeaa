//! Whether the tracker's verdict repeats: several full benches of the same two binaries.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::{
    bench::{
        durability::{
            events::{self, Measured},
            honing::{Honing, Place},
        },
        measurement::part::Outcome,
    },
    ci::say,
};

/// Full benches.
pub(super) const BENCHES: usize = 3;
/// Half the width that an interval may have, as a share.
const WIDEST: f64 = 0.03;

/// The gated metrics of one more bench; the binaries are made by the first.
pub(super) fn bench(workspace: &Path, target_dir: &Path, honing: &Honing) -> Result<Vec<Measured>> {
    let (root, config) = (workspace.to_owned(), workspace.join("pgo/pgo.toml"));
    let place = Place { root, config, target_dir: target_dir.to_owned(), rustc: None };
    honing.run(&place, &["--program", "tracker", "--to", "optimize"])?;
    say("tracker: a bench");
    let events = honing.run(&place, &["bench", "--program", "tracker", "--force"])?;
    Ok(events::measured(&events)?.into_iter().filter(|measured| measured.gated).collect())
}

/// One line for each gated metric: its intervals.
pub(super) fn outcomes(benches: &[Vec<Measured>]) -> Result<Vec<(String, Outcome)>> {
    let Some(first) = benches.first() else { return Ok(Vec::new()) };
    let outcomes = first.iter().map(|metric| {
        let same = |one: &&Measured| (&one.workload, &one.metric) == (&metric.workload, &metric.metric);
        let all: Vec<&Measured> = benches.iter().filter_map(|bench| bench.iter().find(same)).collect();
        ensure!(all.len() == benches.len(), "a bench lacks {} ({})", metric.workload, metric.metric);
        let ratios = all.iter().filter_map(|one| one.ratio);
        let (lowest, highest) = ratios
            .clone()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), ratio| (low.min(ratio.high), high.max(ratio.low)));
        let wide = ratios.clone().map(|ratio| (ratio.high / ratio.low).ln() / 2.0).fold(0.0, f64::max);
        let shown = all.iter().map(|one| match one.ratio {
            Some(ratio) => format!("{ratio} after {} pairs, {}", one.pairs, one.verdict.replace('_', " ")),
            None => "no interval".into(),
        });
        let name = format!("tracker, {} ({})", metric.workload, metric.metric);
        let outcome = Outcome {
            found: shown.collect::<Vec<_>>().join("; "),
            bar: "intervals overlap, each within ±3 %".into(),
            reached: ratios.count() == BENCHES && highest <= lowest && wide <= WIDEST,
        };
        Ok((name, outcome))
    });
    outcomes.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::durability::events::Ratio;

    #[test]
    fn intervals_have_to_overlap_and_be_narrow() {
        let bench = |low, high| {
            vec![Measured {
                workload: "w".into(),
                metric: "cpu".into(),
                gated: true,
                pairs: 60,
                baseline: Some(1.0),
                ratio: Some(Ratio { point: 0.95, low, high, confidence: 0.99 }),
                verdict: "no_change".into(),
            }]
        };
        let reached = |benches: &[Vec<Measured>]| outcomes(benches).unwrap()[0].1.reached;
        assert!(reached(&[bench(0.93, 0.96), bench(0.94, 0.97), bench(0.95, 0.98)]));
        assert!(!reached(&[bench(0.93, 0.94), bench(0.94, 0.97), bench(0.95, 0.98)]));
        assert!(!reached(&[bench(0.90, 0.98), bench(0.94, 0.97), bench(0.95, 0.98)]));
        assert!(!reached(&[bench(0.93, 0.96), bench(0.94, 0.97)]));
        assert!(outcomes(&[bench(0.9, 1.0), Vec::new()]).is_err());
    }
}
