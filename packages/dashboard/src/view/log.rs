//! Log: what children print, with what is looked for marked.

use ratatui::prelude::{Line, Span, Style};

use crate::{
    screen,
    state::{self, Kind, State},
    text::{cut, plain, wrap},
};

/// The page of `height` lines. Where lines wrap and more come than fit, those that follow
/// the newest line keep its end.
pub(super) fn lines(state: &State, width: usize, height: usize) -> Vec<Line<'static>> {
    let log = &state.log;
    let page = log.page(height);
    if page.is_empty() {
        return vec![Line::styled(cut("Nothing was printed yet.", width), screen::dim())];
    }
    let shown = |line: &&state::Line| -> Vec<Line<'static>> {
        let text = plain(&line.text);
        let texts = if log.wraps { wrap(&text, width) } else { vec![cut(&text, width)] };
        texts.into_iter().map(|text| marked(&text, style(line.kind), &log.search)).collect()
    };
    let mut lines: Vec<Line<'static>> = page.iter().flat_map(shown).collect();
    if log.follows() {
        lines.drain(..lines.len().saturating_sub(height));
    }
    lines.truncate(height);
    lines
}

fn style(kind: Kind) -> Style {
    match kind {
        Kind::Output => Style::new(),
        Kind::Command => screen::strong(),
        Kind::Note => screen::busy(),
    }
}

fn marked(text: &str, style: Style, search: &str) -> Line<'static> {
    let mut spans = Vec::new();
    let mut rest = text;
    while let Some((before, found, after)) = split(rest, search) {
        spans.push(Span::styled(before.to_owned(), style));
        spans.push(Span::styled(found.to_owned(), screen::marked()));
        rest = after;
    }
    spans.push(Span::styled(rest.to_owned(), style));
    Line::from(spans)
}

/// The first place of `search` in `text`, whatever the case of ASCII letters.
fn split<'a>(text: &'a str, search: &str) -> Option<(&'a str, &'a str, &'a str)> {
    if search.is_empty() {
        return None;
    }
    let at = text.to_ascii_lowercase().find(&search.to_ascii_lowercase())?;
    let (before, rest) = text.split_at(at);
    let (found, after) = rest.split_at(search.len());
    Some((before, found, after))
}

/// What the title says: which lines are seen, and how.
pub(super) fn words(state: &State) -> String {
    let log = &state.log;
    let mut words = Vec::new();
    if let Some((program, stage)) = log.only {
        let name = state.programs.get(program).filter(|_| state.has_several()).map(|program| &program.name);
        words.push(name.map_or_else(|| stage.to_string(), |name| format!("{name} {stage}")));
    }
    words.push(if log.follows() { "follows" } else { "held" }.into());
    if !log.search.is_empty() {
        words.push(format!("/{}", log.search));
    }
    if log.dropped() > 0 {
        words.push(format!("{} older lines are on disk only", log.dropped()));
    }
    words.extend(state.row().and_then(|row| row.log.clone()));
    words.join(", ")
}
