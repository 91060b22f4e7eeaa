//! Drawings of one line of text: progress, small charts, and intervals on a common scale.

use crate::outcome::Ratio;

/// Changes in percent that a scale may reach to.
const SCALES: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0];

/// `███░░░░░░░`: how much of `total` is done.
pub fn progress(done: u64, total: u64, columns: usize) -> String {
    let share = done.min(total) as f64 / total.max(1) as f64;
    // Down: only all of it fills the bar.
    let full = ((share * columns as f64) as usize).min(columns);
    "█".repeat(full) + &"░".repeat(columns - full)
}

/// `▁▄█`: the values from least to most, in their order; a blank where there is none.
pub fn chart(values: &[Option<f64>]) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let (least, most) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let level = |value: f64| {
        let share = if most > least { (value - least) / (most - least) } else { 0.5 };
        LEVELS[((share * 7.0).round() as usize).min(7)]
    };
    values.iter().map(|value| value.filter(|value| value.is_finite()).map_or(' ', level)).collect()
}

/// A scale of ratios around 1, which is "no change", even in logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The logarithm of the ratio at its right end.
    reach: f64,
}

impl Scale {
    /// The smallest round one that holds the intervals of `ratios`.
    pub fn holding(ratios: impl IntoIterator<Item = Ratio>) -> Self {
        let reach = |ratio: f64| if ratio > 0.0 { ratio.ln().abs() } else { f64::INFINITY };
        let ends = ratios.into_iter().flat_map(|ratio| [reach(ratio.low), reach(ratio.high)]);
        let farthest = ends.fold(0.0, f64::max);
        let scales = SCALES.map(|percent| (1.0 + percent / 100.0).ln());
        let fits = scales.into_iter().find(|reach| farthest <= *reach);
        Self { reach: fits.unwrap_or(scales[SCALES.len() - 1]) }
    }

    /// `  ├───◆──┤ │     `: a ratio with its interval, in `columns`, around "no change" in the middle.
    /// What is beyond the scale ends in an arrow.
    pub fn bar(self, ratio: &Ratio, columns: usize) -> String {
        let Some(last) = columns.checked_sub(1) else { return String::new() };
        let share = |ratio: f64| (ratio.max(f64::MIN_POSITIVE).ln() / self.reach + 1.0) / 2.0;
        let place = |ratio: f64| (share(ratio).clamp(0.0, 1.0) * last as f64).round() as usize;
        let (low, point, high) = (place(ratio.low), place(ratio.point), place(ratio.high));
        let outside = |ratio: f64| !(0.0..=1.0).contains(&share(ratio));
        let middle = last / 2;
        let character = |at: usize| match at {
            _ if at == point && !outside(ratio.point) => '◆',
            _ if at == low && outside(ratio.low) => '◀',
            _ if at == high && outside(ratio.high) => '▶',
            _ if at == low => '├',
            _ if at == high => '┤',
            _ if at == middle && (low..=high).contains(&at) => '┼',
            _ if at == middle => '│',
            _ if (low..=high).contains(&at) => '─',
            _ => ' ',
        };
        (0..columns).map(character).collect()
    }

    /// The scale's ends and its middle, under the bars.
    pub fn axis(self, columns: usize) -> String {
        let [left, right] = [-self.reach, self.reach].map(|end| format!("{:+.0} %", end.exp_m1() * 100.0));
        let Some(room) = columns.checked_sub(left.len() + right.len() + 1) else { return String::new() };
        let before = (columns / 2).saturating_sub(left.len()).min(room);
        format!("{left}{}0{}{right}", " ".repeat(before), " ".repeat(room - before))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(low: f64, point: f64, high: f64) -> Ratio {
        Ratio { point, low, high, confidence: 0.99 }
    }

    #[test]
    fn intervals_are_drawn_around_no_change() {
        let scale = Scale::holding([ratio(0.92, 0.95, 0.98), ratio(0.91, 0.97, 1.05)]);
        assert_eq!(scale.bar(&ratio(0.92, 0.95, 0.98), 21), " ├───◆──┤ │          ");
        assert_eq!(scale.bar(&ratio(0.95, 0.97, 1.05), 21), "     ├─◆──┼────┤     ");
        assert_eq!(scale.bar(&ratio(0.5, 1.0, 3.0), 21), "◀─────────◆─────────▶");
        assert_eq!(scale.bar(&ratio(0.5, 0.6, 0.7), 21), "◀         │          ");
        assert_eq!(scale.axis(21), "-9 %      0     +10 %");
        assert_eq!(Scale::holding([ratio(0.0, 1.0, 1.0)]).axis(21), "-67 %     0    +200 %");
    }

    #[test]
    fn progress_is_full_only_at_the_end() {
        assert_eq!(progress(0, 7, 4), "░░░░");
        assert_eq!(progress(999, 1000, 4), "███░");
        assert_eq!(progress(9, 7, 4), "████");
        assert_eq!(progress(0, 0, 4), "░░░░");
        assert_eq!(chart(&[Some(1.0), None, Some(2.0), Some(f64::NAN)]), "▁ █ ");
        assert_eq!(chart(&[Some(1.0), Some(1.0)]), "▅▅");
    }

    proptest! {
        #[test]
        fn any_interval_fills_its_columns(
            low in any::<f64>(), point in any::<f64>(), high in any::<f64>(), columns in 0_usize..60,
        ) {
            let drawn = Scale { reach: 0.1 }.bar(&ratio(low, point, high), columns);
            prop_assert_eq!(drawn.chars().count(), columns);
        }
    }
}
