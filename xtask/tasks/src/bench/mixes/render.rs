//! The tables of docs/load.md.

use std::path::Path;

use anyhow::Result;
use honing_match::overlap;

use super::{Found, TRAININGS};
use crate::bench::{
    durability::{events::Measured, toolchain},
    results::{machine, write_part},
};

/// How alike each two profiles are, and what each gains; in the order of [`TRAININGS`].
pub(super) fn tables(found: &[Found]) -> String {
    let titles: Vec<&str> = TRAININGS.iter().map(|training| training.title).collect();
    let mut text = format!("| weight in common, % | {} |\n", titles.join(" | "));
    text += &format!("|---|{}\n", "---|".repeat(found.len()));
    for (title, base) in titles.iter().zip(found) {
        let alike = |test: &Found| overlap(&base.profile, &test.profile, false).overlap.edges;
        let row: Vec<_> = found.iter().map(|test| format!("{:.1}", alike(test) * 100.0)).collect();
        text += &format!("| {title} | {} |\n", row.join(" | "));
    }
    if found.iter().any(|one| !one.gain.is_empty()) {
        text += "\n| trained with | measured on | optimized over baseline | pairs | verdict |\n";
        text += "|---|---|---|---|---|\n";
        for (title, one) in titles.iter().zip(found) {
            for measured in &one.gain {
                text += &gain(title, measured);
            }
        }
    } else {
        text += "\nThe gain was not measured on these sources yet: `--gain` does.\n";
    }
    text
}

fn gain(title: &str, measured: &Measured) -> String {
    let ratio = measured.ratio.map_or_else(|| "no interval".into(), |ratio| ratio.to_string());
    let Measured { workload, metric, pairs, verdict, .. } = measured;
    format!("| {title} | {workload} ({metric}) | {ratio} | {pairs} | {} |\n", verdict.replace('_', " "))
}

/// Replaces what the page says of the last run.
pub(super) fn write_page(path: &Path, text: &str) -> Result<()> {
    let rustc = toolchain::version(Path::new("rustc"))?;
    write_part(path, "mixes", &format!("Machine: {}; {rustc}.\n\n{text}", machine()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::durability::events::Ratio;

    fn found(counts: [u64; 2], gain: Vec<Measured>) -> Found {
        let text = format!(":ir\na\n1\n1\n{}\n\nb\n2\n1\n{}\n", counts[0], counts[1]);
        Found { profile: honing_profdata::read(text.as_bytes()).unwrap().profile, gain }
    }

    #[test]
    fn a_profile_is_like_itself_and_gains_are_beside_their_training() {
        let two = [found([1, 3], vec![]), found([3, 1], vec![])];
        let text = tables(&two);
        assert!(text.contains("| `train` | 100.0 | 50.0 |"), "{text}");
        assert!(text.contains("not measured"), "{text}");
        let ratio = Ratio { point: 0.95, low: 0.93, high: 0.97, confidence: 0.99 };
        let measured = Measured {
            workload: "eval-mixed".into(),
            metric: "cpu".into(),
            gated: true,
            pairs: 28,
            baseline: Some(1.0),
            ratio: Some(ratio),
            verdict: "no_change".into(),
        };
        let text = tables(&[found([1, 3], vec![measured])]);
        let row = "| `train` | eval-mixed (cpu) | 0.950 [0.930, 0.970] | 28 | no change |";
        assert!(text.contains(row), "{text}");
    }
}
