//! The stages on the time of their run.

use honing_core::{event::StageState, units};
use maud::Markup;
use plotters::prelude::*;

use super::{
    canvas::{ACCENT, BAD, Colour, MUTED, OPEN, Words, canvas, mark, row_chart, row_label, rows_high},
    scale::Scale,
};
use crate::{document::Span, tables::state};

/// Half of a bar's height, in rows.
const HALF: f64 = 0.16;
/// The narrowest bar, as a share of the axis.
const NARROWEST: f64 = 0.006;

/// A bar for each stage; nothing where none began.
pub(crate) fn timeline(words: &Words<'_>, spans: &[Span], end_ms: u64) -> Option<Markup> {
    if spans.is_empty() {
        return None;
    }
    let last = spans.iter().map(|span| span.end_ms).max().unwrap_or(0).max(end_ms);
    let scale = Scale::times(last);
    canvas(words, rows_high(spans.len()), |area| {
        let mut chart = row_chart(area, spans.len(), scale.ends, &scale.ticks)?;
        for (at, span) in spans.iter().enumerate() {
            let name = match span.state {
                Some(StageState::Done) => span.stage.to_string(),
                _ => format!("{}, {}", span.stage, state(span)),
            };
            let numbers =
                format!("wall {}, CPU {}", units::millis(span.elapsed_ms), units::millis(span.cpu_ms));
            row_label(&chart, scale.ends, at, &name, &numbers)?;
            let from = span.start_ms as f64;
            let to = (span.end_ms as f64).max(from + scale.ends.1 * NARROWEST);
            let bar = [(from, mark(at) + HALF), (to, mark(at) - HALF)];
            chart.draw_series([Rectangle::new(bar, colour(span).filled())])?;
        }
        Ok(())
    })
}

fn colour(span: &Span) -> &'static Colour {
    match span.state {
        Some(StageState::Done) => &ACCENT,
        Some(StageState::Failed) => &BAD,
        Some(StageState::Cancelled) | None => &OPEN,
        Some(StageState::UpToDate | StageState::Skipped) => &MUTED,
    }
}
