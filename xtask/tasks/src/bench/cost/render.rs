//! Ratios, bars and the page.

use std::path::Path;

use anyhow::Result;
use honing_paired::Ratio;

use super::{Own, Pair, Refresh};
use crate::bench::{
    durability::toolchain,
    results::{machine, write_part},
    time::Time,
};

/// The word for a bar that all of the interval is above.
const MISSED: &str = "**missed**";
/// Confidence of each interval.
const CONFIDENCE: f64 = 0.95;

/// A cost as a multiple of the plain build's.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) what: &'static str,
    /// The bar: at most this much CPU time.
    most: Option<f64>,
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

/// What is compared, and its bar; only what was measured.
pub(super) fn rows(pairs: &[Pair]) -> Vec<Row> {
    let row = |what, most, cost: fn(&Pair) -> Option<Time>| {
        let ratios = |part: fn(Time) -> f64| {
            pairs.iter().filter_map(|pair| Some(part(cost(pair)?) / part(pair.plain))).collect()
        };
        Row { what, most, wall: ratios(|time| time.wall), cpu: ratios(|time| time.cpu) }
    };
    let mut rows = vec![
        row("release build from the stored profile", Some(1.05), |pair| Some(pair.stored)),
        row("the same on a cold runner: Honing's own compile comes first", None, |pair| {
            pair.honing.as_ref().map(|own| own.runner + pair.stored)
        }),
        row("the same in a cold image", None, |pair| pair.honing.as_ref().map(|own| own.image + pair.stored)),
        row("refresh: instrument and optimize", Some(1.9), |pair| pair.refresh.as_ref().map(Refresh::builds)),
        row("refresh with the baseline that measuring needs", Some(2.9), |pair| {
            pair.refresh.as_ref().map(|refresh| refresh.baseline + refresh.builds())
        }),
    ];
    rows.retain(|row| !row.cpu.is_empty());
    rows
}

impl Refresh {
    fn builds(&self) -> Time {
        self.instrument + self.optimize
    }
}

/// Trimmed mean with its interval; none of few pairs.
fn interval(ratios: &[f64]) -> Option<Ratio> {
    let logs: Vec<f64> = ratios.iter().map(|ratio| ratio.ln()).collect();
    honing_paired::estimate(&logs, 1.0 - CONFIDENCE)
}

fn shown(ratios: &[f64]) -> String {
    interval(ratios).map_or_else(
        || format!("{:.2}, no interval", median(ratios.iter().copied())),
        |ratio| format!("{:.2} [{:.2}, {:.2}]", ratio.point, ratio.low, ratio.high),
    )
}

impl Row {
    /// What the interval says of the bar; without one nothing is said.
    fn word(&self) -> &'static str {
        match (self.most, interval(&self.cpu)) {
            (None, _) => "",
            (Some(most), Some(ratio)) if ratio.high <= most => "reached",
            (Some(most), Some(ratio)) if ratio.low > most => MISSED,
            _ => "inconclusive",
        }
    }

    pub(super) fn missed(&self) -> bool {
        self.word() == MISSED
    }
}

/// The rows as a table.
pub(super) fn table(rows: &[Row]) -> String {
    let mut table = String::from(
        "| times the plain build, 95 % interval | wall | CPU | bar for CPU | |\n|---|---|---|---|---|\n",
    );
    for row in rows {
        let bar = row.most.map_or_else(|| "none".to_owned(), |most| format!("at most {most}"));
        table += &format!(
            "| {} | {} | {} | {bar} | {} |\n",
            row.what,
            shown(&row.wall),
            shown(&row.cpu),
            row.word()
        );
    }
    table
}

/// Replaces what the page says of the last run.
pub(super) fn write_page(path: &Path, pairs: &[Pair], rows: &[Row]) -> Result<()> {
    write_part(path, "cost", &page_part(pairs, rows)?)
}

fn page_part(pairs: &[Pair], rows: &[Row]) -> Result<String> {
    let rustc = toolchain::version(Path::new("rustc"))?;
    let refreshes: Vec<&Refresh> = pairs.iter().filter_map(|pair| pair.refresh.as_ref()).collect();
    let own: Vec<&Own> = pairs.iter().filter_map(|pair| pair.honing.as_ref()).collect();
    let mut text = format!(
        "Machine: {}; {rustc}; pairs: {}, with a refresh: {}, with Honing's own compile: {}.\n\n{}\n",
        machine(),
        pairs.len(),
        refreshes.len(),
        own.len(),
        table(rows)
    );
    text += "| seconds, median | wall | CPU |\n|---|---|---|\n";
    let mut row = |what: &str, times: Vec<Time>| {
        if times.is_empty() {
            return;
        }
        let of = |part: fn(&Time) -> f64| median(times.iter().map(part));
        text += &format!("| {what} | {:.1} | {:.1} |\n", of(|time| time.wall), of(|time| time.cpu));
    };
    row("`cargo build --release`", pairs.iter().map(|pair| pair.plain).collect());
    row("`cargo xtask pgo build`", pairs.iter().map(|pair| pair.stored).collect());
    row("Honing's own compile, on a cold runner", own.iter().map(|own| own.runner).collect());
    row("Honing's own compile, in a cold image", own.iter().map(|own| own.image).collect());
    let mut stage = |what: &str, cost: fn(&Refresh) -> Time| {
        row(what, refreshes.iter().map(|refresh| cost(refresh)).collect());
    };
    stage("stage baseline", |refresh| refresh.baseline);
    stage("stage instrument", |refresh| refresh.instrument);
    stage("stage train", |refresh| refresh.train);
    stage("stage optimize", |refresh| refresh.optimize);
    Ok(text)
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

    fn time(cpu: f64) -> Time {
        Time { wall: cpu / 2.0, cpu }
    }

    fn pair(plain: f64, stored: f64) -> Pair {
        let refresh = Refresh {
            baseline: time(plain),
            instrument: time(0.8 * plain),
            train: time(9.0),
            optimize: time(plain),
        };
        let honing = Own { runner: time(3.0 * plain), image: time(2.0 * plain) };
        Pair { plain: time(plain), stored: time(stored), refresh: Some(refresh), honing: Some(honing) }
    }

    #[test]
    fn a_pair_alone_counts_for_the_release_build() {
        let mut pairs = vec![pair(50.0, 51.0); 6];
        let alone = Pair { refresh: None, honing: None, ..pair(50.0, 51.0) };
        let line = serde_json::to_string(&alone).unwrap();
        assert_eq!(line, r#"{"plain":{"wall":25.0,"cpu":50.0},"stored":{"wall":25.5,"cpu":51.0}}"#);
        assert_eq!(serde_json::from_str::<Pair>(&line).unwrap(), alone);
        let line = serde_json::to_string(&pairs[0]).unwrap();
        assert_eq!(serde_json::from_str::<Pair>(&line).unwrap(), pairs[0]);
        pairs.push(alone);
        let counts = |pairs: &[Pair]| rows(pairs).iter().map(|row| row.cpu.len()).collect::<Vec<_>>();
        assert_eq!(counts(&pairs), [7, 6, 6, 6, 6]);
        assert_eq!(counts(&pairs[6..]), [1]);
    }

    #[test]
    fn bars_are_held_against_ratios() {
        let pairs: Vec<Pair> = (0..6).map(|at| pair(50.0 + f64::from(at), 51.0 + f64::from(at))).collect();
        let found = rows(&pairs);
        let words: Vec<&str> = found.iter().map(Row::word).collect();
        assert_eq!(words, ["reached", "", "", "reached", "reached"], "{}", table(&found));
        assert!(table(&found).contains("| 1.80 [1.80, 1.80] | at most 1.9 |"), "{}", table(&found));
        let dear =
            rows(&pairs.iter().map(|one| pair(one.plain.cpu, 1.2 * one.plain.cpu)).collect::<Vec<_>>());
        assert!(dear[0].missed() && table(&dear).contains("**missed**"), "{}", table(&dear));
        let noisy: Vec<Pair> = (0..6).map(|at| pair(50.0, 45.0 + 5.0 * f64::from(at % 3))).collect();
        assert_eq!(rows(&noisy)[0].word(), "inconclusive", "{}", table(&rows(&noisy)));
        let single = table(&rows(&[pair(50.0, 60.0)]));
        assert!(single.contains("| 1.20, no interval | at most 1.05 | inconclusive"), "{single}");
        assert!(single.contains("comes first | 4.20, no interval | 4.20, no interval | none |"), "{single}");
    }

    #[test]
    fn the_page_has_what_each_build_takes() {
        let pairs = vec![pair(50.0, 51.0); 5];
        let text = page_part(&pairs, &rows(&pairs)).unwrap();
        assert!(text.contains("| `cargo xtask pgo build` | 25.5 | 51.0 |"), "{text}");
    }
}
