//! Intervals on a common scale, and ratios over time, in characters.

use std::io::{self, Write};

use honing_core::{
    bars::{Scale, chart},
    outcome::{Measured, Ratio},
    units,
};

/// Columns of a strip; odd, so that "no change" is in the middle.
const WIDTH: usize = 49;

/// Writes a strip for each metric that has an interval, one below the other, all on one scale of
/// changes with "no change" in its middle.
///
/// # Errors
/// Where `out` does not take it.
pub(crate) fn strips(metrics: &[(String, Ratio)], out: &mut dyn Write) -> io::Result<()> {
    if metrics.is_empty() {
        return Ok(());
    }
    let scale = Scale::holding(metrics.iter().map(|(_, ratio)| *ratio));
    let label = metrics.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, ratio) in metrics {
        writeln!(out, "{}", format!("  {name:<label$}  {}", scale.bar(ratio, WIDTH)).trim_end())?;
    }
    writeln!(out, "  {:label$}  {}", "", scale.axis(WIDTH))
}

/// A small chart of the ratios of each pair with its ends, or nothing without ratios.
pub(crate) fn over_time(measured: &Measured) -> Option<String> {
    let low = measured.ratios.iter().copied().reduce(f64::min)?;
    let high = measured.ratios.iter().copied().reduce(f64::max)?;
    let ratios: Vec<Option<f64>> = measured.ratios.iter().copied().map(Some).collect();
    Some(format!("{} {} to {}", chart(&ratios), units::change(low), units::change(high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_share_a_scale() {
        let ratio = |low: f64, high: f64| Ratio { point: (low * high).sqrt(), low, high, confidence: 0.99 };
        let metrics =
            [("eval (cpu)".to_owned(), ratio(0.92, 0.95)), ("eval (wall)".to_owned(), ratio(0.97, 1.05))];
        let mut out = Vec::new();
        strips(&metrics, &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap(), @"
        eval (cpu)      ├───◆───┤            │
        eval (wall)                  ├───────┼─◆─────────┤
                     -9 %                    0                   +10 %
        ");
        let mut out = Vec::new();
        strips(&[], &mut out).unwrap();
        assert!(out.is_empty());
    }
}
