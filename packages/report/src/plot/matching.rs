//! The match by where functions come from: of each origin's share of the weight, what was applied.

use honing_core::{applied::Match, units};
use maud::Markup;
use plotters::prelude::*;

use super::{
    canvas::{ACCENT, BAD, Words, canvas, mark, row_chart, row_label, rows_high},
    scale::Scale,
};

/// Half of a bar's height, in rows.
const HALF: f64 = 0.16;

/// A bar for each origin that has functions; nothing where none has.
pub(crate) fn matching(words: &Words<'_>, found: &Match) -> Option<Markup> {
    let rows: Vec<_> = found.origins.iter().filter(|origin| origin.functions > 0).collect();
    if rows.is_empty() {
        return None;
    }
    let scale = Scale::shares(0.0);
    canvas(words, rows_high(rows.len()), |area| {
        let mut chart = row_chart(area, rows.len(), scale.ends, &scale.ticks)?;
        for (at, origin) in rows.iter().enumerate() {
            let numbers = format!(
                "{} of the weight, {} applied",
                units::share(origin.weight),
                units::share(origin.share)
            );
            row_label(&chart, scale.ends, at, origin.origin.words(), &numbers)?;
            let bar = |from: f64, to: f64| [(from, mark(at) + HALF), (to, mark(at) - HALF)];
            let weight = origin.weight.clamp(0.0, 1.0);
            let applied = weight * origin.share.clamp(0.0, 1.0);
            chart.draw_series([Rectangle::new(bar(0.0, applied), ACCENT.filled())])?;
            if applied < weight {
                chart.draw_series([Rectangle::new(bar(applied, weight), BAD.filled())])?;
            }
        }
        Ok(())
    })
}
