//! What is around the panes: header, titles, the line for messages, and the footer.

use honing_core::{ExitCode, units};
use ratatui::prelude::{Line, Span, Style};

use super::{log, stages};
use crate::{
    keys::Action,
    pane::Pane,
    screen,
    state::{Question, Run, State, Tone},
    text::{cut, left, plain, width as columns},
};

/// Columns that the pointer to further messages takes, at most.
const MORE: usize = 20;

pub(super) fn header(state: &State, width: usize) -> Line<'static> {
    let program = state.program();
    let mut words = vec!["Honing".to_owned()];
    words.extend(program.map(|program| program.name.clone()));
    words.extend(program.and_then(stages::now));
    if state.skips_bench {
        words.push("skips bench".into());
    }
    let style = match &state.run {
        Run::Ended { exit: ExitCode::Success, .. } => screen::good(),
        Run::Ended { exit: ExitCode::Interrupted, .. } | Run::Cancelling => screen::warn(),
        Run::Ended { .. } => screen::bad(),
        Run::None | Run::Starting | Run::Running => screen::busy(),
    };
    let time = match state.run {
        Run::None => String::new(),
        _ => format!(" {}", units::millis(state.now_ms)),
    };
    let run = cut(&format!("{}{time}", state.headline()), width / 2);
    let left_part = left(&words.join(" · "), width.saturating_sub(columns(&run) + 1));
    Line::from(vec![Span::styled(left_part, screen::strong()), Span::raw(" "), Span::styled(run, style)])
}

/// `▶ 5 Log ─ follows ──────`: a pane's title where several are seen.
pub(super) fn title(state: &State, pane: Pane, width: usize) -> Line<'static> {
    let more = match pane {
        Pane::Log => log::words(state),
        Pane::Hot if !state.hot_search.is_empty() => format!("with `{}`", state.hot_search),
        Pane::Deltas => state
            .program()
            .filter(|program| !program.measured.is_empty())
            .and_then(|program| program.from_run.clone())
            .map(|run| format!("from {run}"))
            .unwrap_or_default(),
        _ => String::new(),
    };
    let name = match key(state, Action::Show(pane)) {
        Some(key) => format!("{key} {}", pane.title()),
        None => pane.title().to_owned(),
    };
    let text = if more.is_empty() { name } else { format!("{name} ─ {more}") };
    rule(&text, state.is_focused(pane), width)
}

fn key(state: &State, action: Action) -> Option<String> {
    let mut all = state.setup.keymap.all();
    let (_, keys) = all.find(|(binding, _)| binding.action == action)?;
    keys.first().map(ToString::to_string)
}

/// `▶ text ─────`.
pub(super) fn rule(text: &str, focused: bool, width: usize) -> Line<'static> {
    let text = cut(text, width.saturating_sub(4));
    let rest = width.saturating_sub(columns(&text) + 3);
    let (mark, style) = if focused { ("▶ ", screen::strong()) } else { ("─ ", screen::dim()) };
    Line::from(vec![
        Span::styled(mark, style),
        Span::styled(text, style),
        Span::styled(format!(" {}", "─".repeat(rest)), screen::dim()),
    ])
}

/// The titles of all panes where one is seen at a time, and what its title would say.
pub(super) fn tabs(state: &State, width: usize) -> Line<'static> {
    let mut spans = Vec::new();
    let mut taken = 0;
    for pane in Pane::ALL {
        let focused = state.is_focused(pane);
        let title = pane.title().split(' ').next().unwrap_or_default();
        let name = match key(state, Action::Show(pane)).filter(|_| width >= 60) {
            Some(key) => format!("{key} {title}"),
            None => title.to_owned(),
        };
        let mark = if focused { "▶" } else { " " };
        taken += columns(&name) + 1;
        spans.push(Span::raw(mark));
        spans.push(Span::styled(name, if focused { screen::marked() } else { screen::dim() }));
    }
    let more = if state.is_focused(Pane::Log) { log::words(state) } else { String::new() };
    spans.push(Span::styled(cut(&format!("  {more}"), width.saturating_sub(taken)), screen::dim()));
    Line::from(spans)
}

/// The line above the footer: what is asked, what is typed, or what was said last.
pub(super) fn message(state: &State, width: usize) -> Line<'static> {
    if let Some(question) = state.question {
        let text = match question {
            Question::Cancel => "Cancel the run? What was finished stays.",
            Question::Quit => "Work goes on. Cancel it and quit?",
        };
        return Line::styled(cut(text, width), screen::warn());
    }
    if state.proposes() {
        return Line::styled(cut("Change Cargo.toml like this?", width), screen::warn());
    }
    if let Some(typed) = &state.typed {
        let shown = plain(typed);
        return Line::from(vec![
            Span::raw(cut(&format!("/{shown}"), width.saturating_sub(1))),
            Span::styled(" ", screen::marked()),
        ]);
    }
    // What an earlier run said is among the messages, and not about this one.
    let of_this = state.messages.get(state.said_before..).unwrap_or_default();
    let Some(said) = of_this.last() else { return Line::default() };
    let (word, style) = tone(said.tone);
    let text = plain(said.text.lines().next().unwrap_or_default());
    let others = state.messages.len() > 1 && columns(word) + columns(&text) + MORE <= width;
    let more = said.text.lines().count() > 1 || said.hint.is_some() || others;
    let more = key(state, Action::Messages).filter(|_| more).map(|key| format!("; more with `{key}`"));
    let more = more.unwrap_or_default();
    let room = width.saturating_sub(columns(word) + 2 + columns(&more));
    Line::from(vec![
        Span::styled(format!("{word}: "), style),
        Span::raw(cut(&text, room)),
        Span::styled(more, screen::dim()),
    ])
}

/// The word for a message, and its style.
pub(super) fn tone(tone: Tone) -> (&'static str, Style) {
    match tone {
        Tone::Note => ("note", screen::busy()),
        Tone::Warning => ("warning", screen::warn()),
        Tone::Error => ("error", screen::bad()),
    }
}

/// The keys that do something now. Help and quit are always among them.
pub(super) fn footer(state: &State, width: usize) -> Line<'static> {
    if state.typed.is_some() {
        return Line::styled(cut("enter look  esc leave it", width), screen::dim());
    }
    let mut shown: Vec<(String, &'static str, bool)> = Vec::new();
    for (binding, keys) in state.bindings().filter(|(binding, _)| !binding.word.is_empty()) {
        let last = matches!(binding.action, Action::Help | Action::Quit);
        if let Some(key) = keys.first() {
            shown.push((key.to_string(), word(state, binding.action, binding.word), last));
        }
    }
    let long = |(key, word, _): &(String, &str, bool)| columns(key) + columns(word) + 3;
    let mut room = width.saturating_sub(shown.iter().filter(|key| key.2).map(long).sum());
    let mut spans = Vec::new();
    for key in &shown {
        if !key.2 {
            match room.checked_sub(long(key)) {
                Some(left) => room = left,
                None => continue,
            }
        }
        spans.push(Span::styled(key.0.clone(), screen::strong()));
        spans.push(Span::raw(format!(" {}  ", key.1)));
    }
    Line::from(spans)
}

fn word(state: &State, action: Action, word: &'static str) -> &'static str {
    match action {
        Action::Cancel if state.run == Run::Cancelling => "kill",
        Action::SkipBench if state.skips_bench => "with bench",
        Action::Follow if state.log.follows() => "pause",
        Action::Follow => "follow",
        Action::OneStage if state.log.only.is_some() => "all stages",
        Action::Report if !state.has_report() => "summary",
        _ => word,
    }
}
