//! Ratios, bars and the page.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use honing_paired::Ratio;

use super::{Pair, Refresh};
use crate::bench::durability::{machine, toolchain};

/// Between these lines of the page stands what is written here.
const BEGIN: &str = "<!-- written by cargo xtask bench cost -->";
const END: &str = "<!-- until here -->";
/// The word for a bar that all of the interval is above.
const MISSED: &str = "**missed**";
/// Confidence of each interval.
const CONFIDENCE: f64 = 0.95;

/// A cost as a multiple of the plain build's.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: &'static str,
    /// The bar: at most this.
    most: f64,
    ratios: Vec<f64>,
}

/// What is compared, and its bar.
pub(super) fn rows(pairs: &[Pair]) -> Vec<Row> {
    let row = |what, most, cost: fn(&Pair) -> Option<f64>| {
        let ratios = pairs.iter().filter_map(|pair| Some(cost(pair)? / pair.plain)).collect();
        Row { what, most, ratios }
    };
    vec![
        row("release build from the stored profile", 1.05, |pair| Some(pair.stored)),
        row("refresh: instrument and optimize", 1.9, |pair| pair.refresh.as_ref().map(Refresh::builds)),
        row("refresh with the baseline that measuring needs", 2.9, |pair| {
            pair.refresh.as_ref().map(|refresh| refresh.baseline + refresh.builds())
        }),
    ]
}

impl Refresh {
    fn builds(&self) -> f64 {
        self.instrument + self.optimize
    }
}

impl Row {
    /// Trimmed mean with its interval; none of few pairs.
    fn interval(&self) -> Option<Ratio> {
        let logs: Vec<f64> = self.ratios.iter().map(|ratio| ratio.ln()).collect();
        honing_paired::estimate(&logs, 1.0 - CONFIDENCE)
    }

    fn point(&self) -> f64 {
        self.interval().map_or_else(|| median(self.ratios.iter().copied()), |ratio| ratio.point)
    }

    /// What the interval says of the bar; without one nothing is said.
    fn word(&self) -> &'static str {
        match self.interval() {
            Some(ratio) if ratio.high <= self.most => "reached",
            Some(ratio) if ratio.low > self.most => MISSED,
            _ => "inconclusive",
        }
    }

    pub(super) fn missed(&self) -> bool {
        self.word() == MISSED
    }
}

/// The rows as a table.
pub(super) fn table(rows: &[Row]) -> String {
    let mut table =
        String::from("| cost | times the plain build, 95 % interval | bar | |\n|---|---|---|---|\n");
    for row in rows {
        let interval = row
            .interval()
            .map_or_else(|| "no interval".into(), |ratio| format!("[{:.3}, {:.3}]", ratio.low, ratio.high));
        table += &format!(
            "| {} | {:.3} {interval} | at most {} | {} |\n",
            row.what,
            row.point(),
            row.most,
            row.word()
        );
    }
    table
}

/// Replaces what the page says of the last run.
pub(super) fn write_page(path: &Path, pairs: &[Pair], rows: &[Row]) -> Result<()> {
    let page = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let between = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = between.with_context(|| format!("{} has no place for results", path.display()))?;
    let rustc = toolchain::version(Path::new("rustc"))?;
    let refreshes: Vec<&Refresh> = pairs.iter().filter_map(|pair| pair.refresh.as_ref()).collect();
    let mut text = format!(
        "Machine: {}; {rustc}; {} pairs, {} of them with a refresh.\n\n{}\n",
        machine(),
        pairs.len(),
        refreshes.len(),
        table(rows)
    );
    text += "| | CPU seconds, median |\n|---|---|\n";
    let mut row = |what: &str, seconds: f64| text += &format!("| {what} | {seconds:.1} |\n");
    row("`cargo build --release`", median(pairs.iter().map(|pair| pair.plain)));
    row("`cargo xtask pgo build`", median(pairs.iter().map(|pair| pair.stored)));
    let mut stage = |what: &str, cost: fn(&Refresh) -> f64| {
        row(what, median(refreshes.iter().map(|refresh| cost(refresh))));
    };
    stage("stage baseline", |refresh| refresh.baseline);
    stage("stage instrument", |refresh| refresh.instrument);
    stage("stage train", |refresh| refresh.train);
    stage("stage optimize", |refresh| refresh.optimize);
    fs::write(path, format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))?;
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get((values.len().max(1) - 1) / 2), values.get(values.len() / 2));
    low.zip(high).map_or(f64::NAN, |(low, high)| (low + high) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(plain: f64, stored: f64) -> Pair {
        let refresh = Refresh { baseline: plain, instrument: 0.8 * plain, train: 9.0, optimize: plain };
        Pair { plain, stored, refresh: Some(refresh) }
    }

    #[test]
    fn a_pair_without_a_refresh_counts_for_the_release_build() {
        let mut pairs = vec![pair(50.0, 51.0); 6];
        let alone = Pair { refresh: None, ..pair(50.0, 51.0) };
        let line = serde_json::to_string(&alone).unwrap();
        assert_eq!(line, r#"{"plain":50.0,"stored":51.0}"#);
        assert_eq!(serde_json::from_str::<Pair>(&line).unwrap(), alone);
        let line = serde_json::to_string(&pairs[0]).unwrap();
        assert_eq!(serde_json::from_str::<Pair>(&line).unwrap(), pairs[0]);
        pairs.push(alone);
        let counts: Vec<usize> = rows(&pairs).iter().map(|row| row.ratios.len()).collect();
        assert_eq!(counts, [7, 6, 6]);
    }

    #[test]
    fn bars_are_held_against_ratios() {
        let pairs: Vec<Pair> = (0..6).map(|at| pair(50.0 + f64::from(at), 51.0 + f64::from(at))).collect();
        let found = rows(&pairs);
        assert!(found.iter().all(|row| row.word() == "reached"), "{}", table(&found));
        assert!(found[0].interval().is_some() && table(&found).contains("| 1.8"), "{}", table(&found));
        let dear = rows(&pairs.iter().map(|one| pair(one.plain, 1.2 * one.plain)).collect::<Vec<_>>());
        assert!(dear[0].missed() && table(&dear).contains("**missed**"), "{}", table(&dear));
        let noisy: Vec<Pair> = (0..6).map(|at| pair(50.0, 45.0 + 5.0 * f64::from(at % 3))).collect();
        assert_eq!(rows(&noisy)[0].word(), "inconclusive", "{}", table(&rows(&noisy)));
        let single = rows(&[pair(50.0, 60.0)]);
        assert!(
            table(&single).contains("1.200 no interval | at most 1.05 | inconclusive"),
            "{}",
            table(&single)
        );
    }

    #[test]
    fn the_page_is_replaced_between_its_marks() {
        let dir = std::env::temp_dir().join(format!("honing-costs-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let page = dir.join("costs.md");
        fs::write(&page, format!("a\n{BEGIN}\nold\n{END}\nz\n")).unwrap();
        let pairs = vec![pair(50.0, 51.0); 5];
        write_page(&page, &pairs, &rows(&pairs)).unwrap();
        let text = fs::read_to_string(&page).unwrap();
        fs::remove_dir_all(&dir).unwrap();
        assert!(text.starts_with("a\n") && text.ends_with("\nz\n") && !text.contains("old"), "{text}");
        assert!(text.contains("| `cargo xtask pgo build` | 51.0 |"), "{text}");
    }
}
