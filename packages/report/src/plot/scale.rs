//! Scales: where an axis begins and ends, and what is written below it.

use honing_core::units;

/// How near two ticks may be, as a share of the axis.
const NEAREST: f64 = 0.17;
/// Most ticks.
const TICKS: usize = 6;

/// An axis: its ends, and its ticks with their labels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub(super) ends: (f64, f64),
    pub(super) ticks: Vec<(f64, String)>,
}

impl Scale {
    /// Changes from ratio to ratio, even in logarithms, with "no change" on it.
    pub(super) fn changes(low: f64, high: f64) -> Self {
        let (low, high) = (low.min(-0.005), high.max(0.005));
        let pad = (high - low) * 0.04;
        let ends = (low - pad, high + pad);
        let percent = |ln: f64| (ln.exp() - 1.0) * 100.0;
        let (first, last) = (percent(ends.0), percent(ends.1));
        let ticks = if last - first <= 150.0 {
            steps(first, last).into_iter().map(|at| ((1.0 + at / 100.0).ln(), signed(at))).collect()
        } else {
            let wide = [0.0, -50.0, 100.0, -75.0, 300.0, -90.0, 900.0, -25.0, 50.0, 200.0, -95.0, 1900.0];
            let inside = wide.into_iter().filter(|at| (first..=last).contains(at));
            apart(inside.map(|at| ((1.0 + at / 100.0_f64).ln(), signed(at))), ends)
        };
        Self { ends, ticks }
    }

    /// Quantities above zero, even in logarithms; `label` writes them.
    pub(super) fn magnitudes(low: f64, high: f64, label: impl Fn(f64) -> String) -> Self {
        let narrow = high < low * 3.0;
        let (low, high) = (low.log10(), high.log10());
        let pad = ((high - low) * 0.05).max(0.05);
        let ends = (low - pad, high + pad);
        if narrow {
            let round = steps(10_f64.powf(ends.0), 10_f64.powf(ends.1));
            return Self {
                ends,
                ticks: round.into_iter().map(|value| (value.log10(), label(value))).collect(),
            };
        }
        let decades = ends.0.floor() as i32..=ends.1.ceil() as i32;
        // Fewer for each decade where there are many of them.
        let each: &[f64] = match (high - low) as u32 {
            0 => &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
            1 => &[1.0, 2.0, 5.0],
            2 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let all = decades.flat_map(|decade| each.iter().map(move |digit| digit * 10_f64.powi(decade)));
        let inside = all.filter(|value| (ends.0..=ends.1).contains(&value.log10()));
        Self { ends, ticks: apart(inside.map(|value| (value.log10(), label(value))), ends) }
    }

    /// Milliseconds from the beginning of a run.
    pub(super) fn times(end_ms: u64) -> Self {
        const STEPS: [u64; 20] = [
            100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
            900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000,
        ];
        let end = end_ms.max(1);
        let fits = |step: &&u64| end / **step < TICKS as u64;
        let step = STEPS.iter().find(fits).copied().unwrap_or(end);
        let label = |ms: u64| {
            if ms == 0 { "0".to_owned() } else { units::millis(ms) }
        };
        let ticks = (0..=end / step).map(|at| ((at * step) as f64, label(at * step)));
        Self { ends: (0.0, end as f64), ticks: ticks.collect() }
    }

    /// Shares, up to the whole.
    pub(super) fn shares(low: f64) -> Self {
        let low = (low * 100.0).clamp(0.0, 99.0);
        let ticks = steps(low, 100.0).into_iter().map(|at| (at / 100.0, format!("{} %", short(at))));
        Self { ends: (low / 100.0, 1.0), ticks: ticks.collect() }
    }
}

/// Even, round numbers from `low` to `high`, a few of them.
fn steps(low: f64, high: f64) -> Vec<f64> {
    let magnitude = 10_f64.powf((high - low).log10().floor());
    let count = |step: &f64| (high / step).floor() - (low / step).ceil() + 1.0;
    let round = [0.1, 0.2, 0.5, 1.0, 2.0].map(|digit| digit * magnitude);
    let step = round.into_iter().find(|step| count(step) <= TICKS as f64).unwrap_or(magnitude);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last).map(|at| at as f64 * step).collect()
}

/// The ticks whose labels do not touch those before them.
fn apart(ticks: impl Iterator<Item = (f64, String)>, ends: (f64, f64)) -> Vec<(f64, String)> {
    let mut kept: Vec<(f64, String)> = Vec::new();
    for tick in ticks {
        if kept.iter().all(|other| (other.0 - tick.0).abs() >= (ends.1 - ends.0) * NEAREST) {
            kept.push(tick);
        }
    }
    kept.sort_by(|one, other| one.0.total_cmp(&other.0));
    kept
}

fn signed(percent: f64) -> String {
    if percent.abs() < 1e-9 {
        "0".into()
    } else {
        format!("{}{} %", if percent > 0.0 { "+" } else { "" }, short(percent))
    }
}

/// Without a needless decimal.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn changes_have_round_ticks_and_hold_no_change() {
        let changes = |low: f64, high: f64| Scale::changes(low.ln(), high.ln());
        assert_eq!(labels(&changes(0.9, 0.94)), ["-10 %", "-8 %", "-6 %", "-4 %", "-2 %", "0"]);
        assert_eq!(labels(&changes(0.78, 1.29)), ["-20 %", "-10 %", "0", "+10 %", "+20 %", "+30 %"]);
        assert_eq!(labels(&changes(0.998, 1.001)), ["-0.4 %", "-0.2 %", "0", "+0.2 %", "+0.4 %"]);
        assert_eq!(labels(&changes(0.3, 4.5)), ["-50 %", "0", "+100 %", "+300 %"]);
    }

    #[test]
    fn times_shares_and_magnitudes_have_few_ticks() {
        assert_eq!(labels(&Scale::times(177_816)), ["0", "30s", "1m00s", "1m30s", "2m00s", "2m30s"]);
        assert_eq!(labels(&Scale::times(0)).len(), 1);
        assert_eq!(labels(&Scale::shares(0.0)), ["0 %", "20 %", "40 %", "60 %", "80 %", "100 %"]);
        let micros = |low, high| Scale::magnitudes(low, high, |value| value.to_string());
        assert_eq!(labels(&micros(80.0, 3900.0)), ["100", "500", "2000"]);
        assert_eq!(labels(&micros(238.0, 250.0)), ["220", "240", "260", "280"]);
        assert!(labels(&micros(1.0, 1.0)).len() > 1);
    }
}
