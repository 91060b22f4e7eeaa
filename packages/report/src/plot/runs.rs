//! Ratio and match over the runs, the oldest at the left.

use honing_core::outcome::Ratio;
use maud::Markup;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::{
    canvas::{ACCENT, Area, Chart, Drawn, INK, LINE, MUTED, NUMBERS, Words, canvas},
    scale::Scale,
};
use crate::document::Past;

/// Height of the plot.
const HEIGHT: u32 = 190;
/// Room for the labels of the upright axis.
const LABELS: i32 = 50;

/// How one gated metric changed from run to run; nothing with fewer than two of them.
pub(crate) fn changes(words: &Words<'_>, runs: &[Past], name: (&str, &str)) -> Option<Markup> {
    let ratio = |past: &Past| {
        let found =
            past.changes.iter().find(|change| (change.workload.as_str(), change.metric.as_str()) == name)?;
        let ends = [found.ratio.low, found.ratio.point, found.ratio.high];
        ends.iter().all(|end| end.ln().is_finite()).then_some(found.ratio)
    };
    let points = numbered(runs, ratio)?;
    let low = points.iter().map(|(_, ratio)| ratio.low.ln()).reduce(f64::min)?;
    let high = points.iter().map(|(_, ratio)| ratio.high.ln()).reduce(f64::max)?;
    let scale = Scale::changes(low, high);
    canvas(words, HEIGHT, |area| {
        let mut chart = chart(area, runs.len(), &scale)?;
        let last = runs.len() as f64;
        chart.draw_series([PathElement::new([(0.5, 0.0), (last + 0.5, 0.0)], INK.stroke(1))])?;
        line(&mut chart, points.iter().map(|(x, ratio)| (*x, ratio.point.ln())).collect())?;
        for (x, Ratio { low, high, .. }) in &points {
            let ends = [(*x, low.ln()), (*x, high.ln())];
            chart.draw_series([PathElement::new(ends, ACCENT.stroke(1))])?;
        }
        Ok(())
    })
}

/// The match from run to run; nothing with fewer than two of them.
pub(crate) fn applied(words: &Words<'_>, runs: &[Past]) -> Option<Markup> {
    let points = numbered(runs, |past| past.applied)?;
    let low = points.iter().map(|(_, share)| *share).reduce(f64::min)?;
    // Room below the lowest, and enough of a scale that a hair does not look like a fall.
    let scale = Scale::shares((low - (1.0 - low) * 0.1).min(0.95));
    canvas(words, HEIGHT, |area| {
        let mut chart = chart(area, runs.len(), &scale)?;
        line(&mut chart, points)
    })
}

/// What there is, by the run's number; nothing where that is no history.
fn numbered<T>(runs: &[Past], of: impl Fn(&Past) -> Option<T>) -> Option<Vec<(f64, T)>> {
    let found: Vec<(f64, T)> =
        runs.iter().enumerate().filter_map(|(at, past)| Some(((at + 1) as f64, of(past)?))).collect();
    (found.len() > 1).then_some(found)
}

fn chart<'a, 'b>(
    area: &'b Area<'a>,
    runs: usize,
    scale: &Scale,
) -> Result<Chart<'a, 'b>, Box<dyn std::error::Error>>
where
    'a: 'b,
{
    let right = runs as f64 + 0.5;
    let mut chart = ChartBuilder::on(area)
        .margin_left(LABELS)
        .margin_right(8)
        .margin_top(8)
        .margin_bottom(24)
        .build_cartesian_2d(0.5..right, scale.ends.0..scale.ends.1)?;
    for (at, label) in &scale.ticks {
        chart.draw_series([PathElement::new([(0.5, *at), (right, *at)], LINE.stroke(1))])?;
        let beside = EmptyElement::at((0.5, *at))
            + Text::new(label.clone(), (-6, 0), MUTED.text(NUMBERS, HPos::Right, VPos::Center));
        chart.plotting_area().draw(&beside)?;
    }
    // At most every so many that the numbers do not touch.
    let every = runs.div_ceil(10).max(1);
    for run in (1..=runs).filter(|run| run % every == 0 || runs <= 10) {
        let below = EmptyElement::at((run as f64, scale.ends.0))
            + Text::new(format!("#{run}"), (0, 7), MUTED.text(NUMBERS, HPos::Center, VPos::Top));
        chart.plotting_area().draw(&below)?;
    }
    Ok(chart)
}

fn line(chart: &mut Chart<'_, '_>, points: Vec<(f64, f64)>) -> Drawn {
    chart.draw_series([PathElement::new(points.clone(), ACCENT.stroke(2))])?;
    chart.draw_series(points.into_iter().map(|at| Circle::new(at, 4, ACCENT.filled())))?;
    Ok(())
}
