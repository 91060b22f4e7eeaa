//! Intervals on a common scale, and ratios over time, in characters.

use std::io::{self, Write};

use honing_core::{
    outcome::{Measured, Ratio},
    units,
};

/// Columns of a strip.
const WIDTH: usize = 48;
/// Heights of a sparkline.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Writes a strip for each metric that has an interval, one below the other, all on one scale of
/// changes with "no change" marked.
///
/// # Errors
/// Where `out` does not take it.
pub(crate) fn strips(metrics: &[(String, Ratio)], out: &mut dyn Write) -> io::Result<()> {
    let Some(scale) = Scale::over(metrics.iter().map(|(_, ratio)| ratio)) else { return Ok(()) };
    let label = metrics.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, ratio) in metrics {
        writeln!(out, "  {name:<label$}  {}", scale.strip(ratio))?;
    }
    writeln!(out, "  {:label$}  {}", "", scale.axis())
}

/// From the ratio at the left end to the one at the right, even in logarithms.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// A scale that holds all intervals and "no change"; `None` without intervals.
    fn over<'a>(ratios: impl Iterator<Item = &'a Ratio>) -> Option<Self> {
        let ends: Vec<(f64, f64)> = ratios
            .map(|ratio| (ratio.low.ln(), ratio.high.ln()))
            .filter(|(low, high)| (high - low).is_finite())
            .collect();
        let low = ends.iter().map(|(low, _)| *low).reduce(f64::min)?.min(-0.01);
        let high = ends.iter().map(|(_, high)| *high).reduce(f64::max)?.max(0.01);
        Some(Self { low, high })
    }

    fn column(&self, ratio: f64) -> usize {
        let share = (ratio.ln() - self.low) / (self.high - self.low);
        (share.clamp(0.0, 1.0) * (WIDTH - 1) as f64).round() as usize
    }

    fn strip(&self, ratio: &Ratio) -> String {
        let mut cells = ['·'; WIDTH];
        let (low, high) = (self.column(ratio.low), self.column(ratio.high));
        cells[low..=high].fill('─');
        cells[low] = '├';
        cells[high] = '┤';
        cells[self.column(1.0)] = '┼';
        cells[self.column(ratio.point)] = '●';
        cells.into_iter().collect()
    }

    /// The ends of the scale, and where "no change" is.
    fn axis(&self) -> String {
        let (left, right) = (units::change(self.low.exp()), units::change(self.high.exp()));
        let zero = self.column(1.0);
        let mut text = left;
        let pad = |text: &mut String, to: usize| {
            while text.chars().count() < to {
                text.push(' ');
            }
        };
        if zero > text.chars().count() && zero + 1 + right.chars().count() < WIDTH {
            pad(&mut text, zero);
            text.push('0');
        }
        pad(&mut text, WIDTH.saturating_sub(right.chars().count()));
        text.push_str(&right);
        text
    }
}

/// Ratios in the order in which they were measured, from their smallest to their largest.
pub(crate) fn sparkline(ratios: &[f64]) -> String {
    let low = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let high = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bar = |ratio: &f64| {
        let share = if high > low { (ratio - low) / (high - low) } else { 0.5 };
        BARS[((share * 8.0) as usize).min(7)]
    };
    ratios.iter().map(bar).collect()
}

/// A sparkline with its ends, or nothing without ratios.
pub(crate) fn over_time(measured: &Measured) -> Option<String> {
    let low = measured.ratios.iter().copied().reduce(f64::min)?;
    let high = measured.ratios.iter().copied().reduce(f64::max)?;
    Some(format!("{} {} to {}", sparkline(&measured.ratios), units::change(low), units::change(high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_share_a_scale() {
        let ratio = |low: f64, high: f64| Ratio { point: (low * high).sqrt(), low, high, confidence: 0.99 };
        let metrics =
            [("eval (cpu)".to_owned(), ratio(0.9, 0.95)), ("eval (wall)".to_owned(), ratio(0.97, 1.05))];
        let mut out = Vec::new();
        strips(&metrics, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
        eval (cpu)   ├───────●───────┤···············┼···············
        eval (wall)  ·······················├────────┼──●───────────┤
                     -10.0 %                         0         +5.0 %
        ");
        let mut out = Vec::new();
        strips(&[], &mut out).unwrap();
        assert!(out.is_empty());
    }

    #[test]
    fn sparklines_go_from_the_smallest_to_the_largest() {
        assert_eq!(sparkline(&[0.9, 1.0, 0.96]), "▁█▅");
        assert_eq!(sparkline(&[1.0, 1.0]), "▅▅");
        assert_eq!(sparkline(&[]), "");
    }
}
