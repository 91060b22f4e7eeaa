//! Ratios with their intervals, one below the other, beside the line of "no change" and its margin.

use honing_core::{
    config::Direction,
    outcome::{Measured, Ratio, Verdict},
};
use maud::Markup;
use plotters::prelude::*;

use super::{
    canvas::{
        ACCENT, BAD, BAND, Chart, Colour, Drawn, GOOD, INK, MUTED, OPEN, Words, canvas, mark, row_chart,
        row_label, rows_high,
    },
    scale::Scale,
};

/// How far beyond what decides the axis goes for what informs, in logarithms.
const BEYOND: f64 = 2.5;
/// The furthest that it goes at all: twenty times as much.
const FURTHEST: f64 = 3.0;

/// The ratios of `metrics` that have an interval; nothing where none has.
pub(crate) fn forest(words: &Words<'_>, metrics: &[&Measured]) -> Option<Markup> {
    let rows: Vec<(&Measured, Ratio)> =
        metrics.iter().filter_map(|metric| Some((*metric, metric.ratio.filter(is_drawable)?))).collect();
    let scale = scale_over(&rows)?;
    let margin = rows.iter().find_map(|(metric, _)| metric.margin);
    canvas(words, rows_high(rows.len()), |area| {
        let mut chart = row_chart(area, rows.len(), scale.ends, &scale.ticks)?;
        no_change(&mut chart, rows.len(), margin, scale.ends)?;
        for (at, (metric, ratio)) in rows.iter().enumerate() {
            row_label(&chart, scale.ends, at, &metric.name(), &ratio.as_change())?;
            interval(&mut chart, mark(at), ratio, scale.ends, colour(metric), metric.gated)?;
        }
        Ok(())
    })
}

/// Whether it has a place on an axis of logarithms.
fn is_drawable(ratio: &Ratio) -> bool {
    [ratio.low, ratio.point, ratio.high].into_iter().all(|end| !end.is_nan() && end >= 0.0)
        && ratio.point.ln().is_finite()
}

/// Holds all of what decides, and as much of the rest as leaves room for that.
fn scale_over(rows: &[(&Measured, Ratio)]) -> Option<Scale> {
    let hull = |gated: bool| {
        let chosen = || rows.iter().filter(move |(metric, _)| metric.gated || !gated);
        let end = |end: f64| end.ln().clamp(-FURTHEST, FURTHEST);
        let low = chosen().map(|(_, ratio)| end(ratio.low)).reduce(f64::min)?;
        let high = chosen().map(|(_, ratio)| end(ratio.high)).reduce(f64::max)?;
        Some((low, high))
    };
    let all = hull(false)?;
    let (low, high) = match hull(true) {
        None => all,
        Some((low, high)) => {
            let reach = low.abs().max(high.abs()).max(0.03) * BEYOND;
            (all.0.max(-reach).min(low), all.1.min(reach).max(high))
        }
    };
    Some(Scale::changes(low, high))
}

/// The line of "no change", in the band of the margin.
fn no_change(chart: &mut Chart<'_, '_>, rows: usize, margin: Option<f64>, ends: (f64, f64)) -> Drawn {
    let bottom = -(rows as f64);
    if let Some(margin) = margin.filter(|margin| *margin > 0.0) {
        let (left, right) = ((1.0 - margin.min(0.99)).ln().max(ends.0), (1.0 + margin).ln().min(ends.1));
        chart.draw_series([Rectangle::new([(left, 0.0), (right, bottom)], BAND.filled())])?;
    }
    chart.draw_series([PathElement::new([(0.0, bottom), (0.0, 0.0)], INK.stroke(1))])?;
    Ok(())
}

fn colour(metric: &Measured) -> &'static Colour {
    match metric.verdict {
        Verdict::Improved => &GOOD,
        Verdict::Regressed => &BAD,
        Verdict::Inconclusive if metric.gated => &OPEN,
        Verdict::NoChange if metric.gated => &ACCENT,
        Verdict::Inconclusive | Verdict::NoChange => &MUTED,
    }
}

/// A line from end to end, an arrow where it goes on beyond the axis, and the estimate: filled where
/// it decides.
fn interval(
    chart: &mut Chart<'_, '_>,
    y: f64,
    ratio: &Ratio,
    ends: (f64, f64),
    colour: &Colour,
    gated: bool,
) -> Drawn {
    let within = |end: f64| end.ln().clamp(ends.0, ends.1);
    let (low, high) = (within(ratio.low), within(ratio.high));
    chart.draw_series([PathElement::new([(low, y), (high, y)], colour.stroke(2))])?;
    for (end, at, way) in [(ratio.low, low, 1), (ratio.high, high, -1)] {
        let beyond = end.ln() < ends.0 || end.ln() > ends.1;
        let tip = if beyond { vec![(way * 7, -5), (0, 0), (way * 7, 5)] } else { vec![(0, -5), (0, 5)] };
        chart.draw_series([EmptyElement::at((at, y)) + PathElement::new(tip, colour.stroke(2))])?;
    }
    let point = ratio.point.ln();
    if (ends.0..=ends.1).contains(&point) {
        let style = if gated { colour.filled() } else { colour.stroke(2) };
        chart.draw_series([Circle::new((point, y), 5, style)])?;
    }
    Ok(())
}

/// Whether less is better, in words.
pub(crate) fn better(metrics: &[&Measured]) -> &'static str {
    if metrics.iter().all(|metric| metric.better == Direction::Lower) {
        "left of the line is better"
    } else {
        "left of the line is better, but where the table says that higher is"
    }
}
