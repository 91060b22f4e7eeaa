//! Hot functions: the heaviest of the profile, and whether the build applied them.

use ratatui::prelude::{Line, Span, Style};

use crate::{
    screen,
    state::State,
    text::{cut, cut_inside, left, right, width as columns},
};

/// Columns of a reason that say something.
const SAYS: usize = 12;

pub(super) fn lines(state: &State, width: usize) -> Vec<Line<'static>> {
    let Some(program) = state.program() else { return Vec::new() };
    if program.hot.is_empty() {
        return of_manifest(state, width);
    }
    let searched = state.hot_search.to_lowercase();
    let found = program.hot.iter().filter(|hot| hot.function.to_lowercase().contains(&searched));
    let mut lines: Vec<Line<'static>> = found
        .map(|hot| {
            let (word, style) = match hot.applied {
                Some(true) => ("matched", screen::good()),
                Some(false) => ("lost", screen::warn()),
                None => ("unknown", screen::dim()),
            };
            let why = hot.why.map(|why| format!(" ({})", why.words())).unwrap_or_default();
            line(hot.weight * 100.0, (word, style), (&hot.function, &why), width)
        })
        .collect();
    if lines.is_empty() {
        lines.push(nothing(&format!("No function has `{}` in its name.", state.hot_search), width));
    }
    lines
}

/// Before anything was built: what the stored profile's manifest names.
fn of_manifest(state: &State, width: usize) -> Vec<Line<'static>> {
    let status = state.program().and_then(|program| program.status.as_ref());
    let hot = status.and_then(|status| status.manifest.as_ref()).map(|manifest| manifest.hot.as_slice());
    let searched = state.hot_search.to_lowercase();
    let shown = hot.unwrap_or_default().iter().filter(|hot| hot.function.to_lowercase().contains(&searched));
    let lines: Vec<_> =
        shown.map(|hot| line(hot.percent, ("stored", Style::new()), (&hot.function, ""), width)).collect();
    if lines.is_empty() {
        return vec![nothing("Known once there is a profile.", width)];
    }
    lines
}

/// A function; why it was lost where there is room beside its name.
fn line(
    percent: f64,
    (word, style): (&'static str, Style),
    (name, why): (&str, &str),
    width: usize,
) -> Line<'static> {
    let room = width.saturating_sub(19);
    let name = cut_inside(name, room);
    let left_over = room - columns(&name);
    let why = if left_over < SAYS { String::new() } else { cut(why, left_over) };
    Line::from(vec![
        Span::raw(right(&format!("{percent:.2} %"), 8)),
        Span::raw("  "),
        Span::styled(left(word, 9), style),
        Span::raw(name + &why),
    ])
}

fn nothing(text: &str, width: usize) -> Line<'static> {
    Line::styled(cut(text, width), screen::dim())
}
