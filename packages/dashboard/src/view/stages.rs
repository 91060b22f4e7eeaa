//! Stages: the chain of each program, a line for each stage.

use honing_core::{bars, because, event::StageState, units};
use ratatui::prelude::{Line, Span, Style};

use crate::{
    screen,
    state::{Program, Row, Run, Standing, State},
    text::{cut, left, right},
};

/// Columns of the bar of a stage's progress.
const BAR: usize = 10;
/// Columns that a line needs besides what it says about its stage.
const FIXED: usize = 42;

pub(super) fn lines(state: &State, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for (at, program) in state.programs.iter().enumerate() {
        if state.has_several() {
            lines.push(Line::styled(cut(&program.name, width), screen::strong()));
        }
        for row in &program.rows {
            let selected = at == state.current && row.stage == state.selected;
            lines.push(line(state, row, selected, width));
        }
    }
    if lines.is_empty() {
        let in_vain = state.exit().is_some() || (state.run == Run::None && state.has_messages());
        let text = if in_vain { "There is no program to show." } else { "Looking at the workspace." };
        lines.push(Line::styled(cut(text, width), screen::dim()));
    }
    lines
}

/// The first of the lines that is shown in `height`: the chosen program's, or a later one
/// where the selected stage would not be seen.
pub(super) fn first_line(state: &State, height: usize) -> usize {
    let heading = usize::from(state.has_several());
    let before = state.programs.iter().take(state.current);
    let program: usize = before.map(|program| program.rows.len() + heading).sum();
    let rows = state.programs.get(state.current).map_or(&[][..], |program| &program.rows);
    let at = rows.iter().position(|row| row.stage == state.selected).unwrap_or(0);
    let selected = program + heading + at;
    program.max((selected + 1).saturating_sub(height))
}

/// How a standing looks, beside its symbol and its word.
pub(super) fn style(standing: Standing) -> Style {
    match standing {
        Standing::Waiting | Standing::Ended(StageState::Skipped) => screen::dim(),
        Standing::Running => screen::busy(),
        Standing::Ended(StageState::Done | StageState::UpToDate) => screen::good(),
        Standing::Ended(StageState::Failed) => screen::bad(),
        Standing::Ended(StageState::Cancelled) => screen::warn(),
    }
}

fn line(state: &State, row: &Row, selected: bool, width: usize) -> Line<'static> {
    let standing = row.standing;
    let time = |ms: Option<u64>| ms.map_or_else(String::new, units::millis);
    let elapsed = time(row.elapsed(state.now_ms));
    // What it took the last time says something while it has not ended.
    let last = time(row.expected_ms);
    let expected = match standing {
        Standing::Waiting if !last.is_empty() => format!("~{last}"),
        Standing::Running if !last.is_empty() => format!("of {last}"),
        _ => String::new(),
    };
    let name = Span::styled(
        left(&row.stage.to_string(), 11),
        if selected { screen::marked() } else { Style::new() },
    );
    let said = said(state.now_ms, row, width.saturating_sub(FIXED));
    Line::from(vec![
        Span::raw(if selected { "▶" } else { " " }),
        Span::styled(format!("{} ", standing.symbol()), style(standing)),
        name,
        Span::styled(left(standing.word(), 10), style(standing)),
        Span::raw(right(&elapsed, 7)),
        Span::styled(format!(" {} ", left(&expected, 9)), screen::dim()),
        Span::raw(said),
    ])
}

/// What there is to say about a stage in `width` columns.
fn said(now_ms: u64, row: &Row, width: usize) -> String {
    let why = |before: &str| match because(&row.reasons, 1) {
        reasons if reasons.is_empty() => reasons,
        reasons => format!("{before}{reasons}"),
    };
    // That it was the first run, or was asked for, is over then.
    let changed = row.reasons.first().is_some_and(|first| first != "first run" && !first.starts_with("--"));
    let parts = match (&row.progress, row.standing) {
        (Some(_), Standing::Running) => [progress(now_ms, row, width), why("")],
        (_, Standing::Waiting) => [why("would run: "), String::new()],
        (_, Standing::Running) => [why(""), String::new()],
        _ => [
            row.detail.lines().next().unwrap_or_default().to_owned(),
            if changed { why("ran because ") } else { String::new() },
        ],
    };
    let said: Vec<&str> = parts.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    cut(&said.join(" · "), width)
}

/// How far the running stage is: only what was counted.
pub(super) fn progress(now_ms: u64, row: &Row, width: usize) -> String {
    let Some(progress) = &row.progress else { return String::new() };
    let here = units::millis(now_ms.saturating_sub(progress.since_ms));
    let at = match progress.unit.as_str() {
        // A workload's load takes its time.
        "workloads" => format!("{} for {here}", progress.at),
        _ => progress.at.clone(),
    };
    let left = progress.left_ms.map(|left| format!(", {} at most", units::millis(left))).unwrap_or_default();
    match progress.total {
        Some(total) => {
            let bar =
                if width > 3 * BAR { bars::progress(progress.done, total, BAR) + " " } else { String::new() };
            format!("{bar}{}/{total} {}, {at}{left}", progress.done, progress.unit)
        }
        None => format!("{} {}, {at}", progress.done, progress.unit),
    }
}

/// What goes on in a program, for the header: `optimize 12/58 crates`.
pub(super) fn now(program: &Program) -> Option<String> {
    let row = program.rows.iter().find(|row| row.standing == Standing::Running)?;
    let counted = row.progress.as_ref().map(|progress| {
        let total = progress.total.map(|total| format!("/{total}")).unwrap_or_default();
        format!(" {}{total} {}", progress.done, progress.unit)
    });
    Some(format!("{}{}", row.stage, counted.unwrap_or_default()))
}
