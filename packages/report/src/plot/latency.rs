//! Latency percentiles: the baseline's beside the optimized program's.

use honing_core::outcome::Measured;
use maud::Markup;
use plotters::prelude::*;

use super::{
    canvas::{ACCENT, MUTED, Words, canvas, mark, row_chart, row_label, rows_high},
    scale::Scale,
};
use crate::{summary::quantity, tables::PERCENTILE};

/// The percentiles of one workload, in the order given; nothing where none can be drawn.
pub(crate) fn latency(words: &Words<'_>, metrics: &[&Measured]) -> Option<Markup> {
    let drawable = |value: f64| value.is_finite() && value > 0.0;
    let rows: Vec<&Measured> = metrics
        .iter()
        .copied()
        .filter(|metric| drawable(metric.baseline) && drawable(metric.optimized))
        .collect();
    let values = || rows.iter().flat_map(|metric| [metric.baseline, metric.optimized]);
    let (low, high) = (values().reduce(f64::min)?, values().reduce(f64::max)?);
    let unit = rows.first()?.unit.clone();
    let scale = Scale::magnitudes(low, high, |value| tick(value, &unit));
    canvas(words, rows_high(rows.len()), |area| {
        let mut chart = row_chart(area, rows.len(), scale.ends, &scale.ticks)?;
        for (at, metric) in rows.iter().enumerate() {
            let name = metric.metric.trim_start_matches(PERCENTILE);
            let value = |value: f64| quantity(value, &metric.unit);
            let numbers = format!("{} to {}", value(metric.baseline), value(metric.optimized));
            row_label(&chart, scale.ends, at, name, &numbers)?;
            let (before, after, y) = (metric.baseline.log10(), metric.optimized.log10(), mark(at));
            chart.draw_series([PathElement::new([(before, y), (after, y)], MUTED.stroke(2))])?;
            chart.draw_series([Circle::new((before, y), 6, MUTED.stroke(2))])?;
            chart.draw_series([Circle::new((after, y), 4, ACCENT.filled())])?;
        }
        Ok(())
    })
}

/// Round values need no decimals.
fn tick(value: f64, unit: &str) -> String {
    let text = quantity(value, unit);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            let number = number.trim_end_matches('0').trim_end_matches('.');
            format!("{number} {unit}")
        }
        _ => text,
    }
}
