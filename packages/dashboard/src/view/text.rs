//! Texts that cover the panes. They have no borders, so that they can be selected with
//! the mouse and copied.

use honing_core::units;
use ratatui::text::{Line, Span};

use super::{deltas, frame, manifest, stages};
use crate::{
    keys::Where,
    screen,
    state::{Row, State, Text},
    text::{left, wrap},
};

pub(super) fn title(state: &State) -> &'static str {
    match state.text {
        Some((Text::Help, _)) => "Keys",
        Some((Text::Details, _)) => "The stage",
        Some((Text::Command, _)) => "Its commands",
        Some((Text::Messages, _)) => "Messages",
        Some((Text::Summary, _)) => "Summary",
        Some((Text::Manifest, _)) => "Cargo profiles",
        None => "",
    }
}

pub(super) fn lines(state: &State, width: usize) -> Vec<Line<'static>> {
    match state.text {
        Some((Text::Help, _)) => help(state, width),
        Some((Text::Details, _)) => state.row().map(|row| details(state, row, width)).unwrap_or_default(),
        Some((Text::Command, _)) => state.row().map(|row| command(row, width)).unwrap_or_default(),
        Some((Text::Messages, _)) => messages(state, width),
        Some((Text::Summary, _)) => summary(state, width),
        Some((Text::Manifest, _)) => manifest::lines(state, width),
        None => Vec::new(),
    }
}

/// What there is instead of a report.
fn summary(state: &State, width: usize) -> Vec<Line<'static>> {
    let said = "There is no report of this run (report.html in its folder). Its summary:";
    let said = wrap(said, width).into_iter().map(|line| Line::styled(line, screen::warn()));
    said.chain([Line::default()]).chain(deltas::lines(state, width)).collect()
}

fn help(state: &State, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let mut all: Vec<_> = state.setup.keymap.all().collect();
    // What answers a question is seen when it is asked.
    all.sort_by_key(|(binding, _)| matches!(binding.place, Where::Question | Where::Proposal | Where::Text));
    for (binding, keys) in all {
        let place = match binding.place {
            Where::In(pane) => format!("in {}: ", pane.title()),
            Where::Question => "where something is asked: ".into(),
            Where::Text => "in a text: ".into(),
            Where::Proposal => "where an edit of Cargo.toml is proposed: ".into(),
            Where::Anywhere | Where::Always => String::new(),
        };
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let flag =
            if binding.flag.is_empty() { String::new() } else { format!("; as a flag: {}", binding.flag) };
        let text = format!("{place}{}{flag}", binding.help);
        for (at, text) in wrap(&text, width.saturating_sub(16)).into_iter().enumerate() {
            let keys = if at == 0 { keys.join(", ") } else { String::new() };
            lines.push(Line::from(vec![Span::styled(left(&keys, 16), screen::strong()), Span::raw(text)]));
        }
    }
    lines
}

fn details(state: &State, row: &Row, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::from(vec![
        Span::styled(format!("{} ", row.stage), screen::strong()),
        Span::styled(row.standing.word(), stages::style(row.standing)),
    ])];
    let mut add = |name: &str, text: &str| {
        if !text.is_empty() {
            lines.push(Line::default());
            lines.push(Line::styled(name.to_owned(), screen::dim()));
            lines.extend(wrap(text, width).into_iter().map(Line::raw));
        }
    };
    let time = units::millis;
    add("took", &row.elapsed(state.now_ms).map(time).unwrap_or_default());
    add("the last time it took", &row.expected_ms.map(time).unwrap_or_default());
    add("why it runs", &row.reasons.join("\n"));
    add("how far it is", &stages::progress(state.now_ms, row, width));
    add("what it says", &row.detail);
    add("log", row.log.as_deref().unwrap_or_default());
    lines
}

fn command(row: &Row, width: usize) -> Vec<Line<'static>> {
    if row.commands.is_empty() {
        let said = format!(
            "{} has run no command here. `{} plan --explain` prints those that it would run.",
            row.stage,
            honing_core::advised()
        );
        return wrap(&said, width).into_iter().map(Line::raw).collect();
    }
    let each = row.commands.iter().flat_map(|command| [wrap(command, width), vec![String::new()]]);
    each.flatten().map(Line::raw).collect()
}

/// The newest first.
fn messages(state: &State, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for message in state.messages.iter().rev() {
        let (word, style) = frame::tone(message.tone);
        lines.push(Line::styled(word, style));
        lines.extend(wrap(&message.text, width).into_iter().map(Line::raw));
        if let Some(hint) = &message.hint {
            lines.push(Line::styled("hint", screen::strong()));
            lines.extend(wrap(hint, width).into_iter().map(Line::raw));
        }
        lines.push(Line::default());
    }
    lines
}
