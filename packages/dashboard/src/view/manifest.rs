//! The Cargo profiles: the edit that is proposed, and below it every setting as cargo
//! resolves it, what PGO wants, and why.

use honing_cargo::cargo_profile::Row;
use honing_core::Error;
use ratatui::prelude::{Line, Span, Style};

use crate::{
    screen,
    state::{CargoProfiles, Manifest, State},
    text::{cut, left, plain, width as columns, wrap},
};

/// The narrowest column that reasons are readable in, beside the others.
const NARROWEST: usize = 36;

pub(super) fn lines(state: &State, width: usize) -> Vec<Line<'static>> {
    match &state.manifest {
        Manifest::Unread | Manifest::Reading => {
            said("Reading Cargo.toml and cargo's configuration.", screen::dim(), width)
        }
        Manifest::Failed(error) => failed(error, width),
        Manifest::Writing(_) => said("Writing Cargo.toml.", screen::busy(), width),
        Manifest::Written(written) => {
            let mut lines = said("Cargo.toml was changed. The next run builds again.", screen::good(), width);
            written
                .next
                .iter()
                .for_each(|next| lines.extend(said(&format!("Next {next}."), screen::warn(), width)));
            lines.push(Line::default());
            lines.extend(diff(&written.diff, width));
            lines
        }
        Manifest::Read(read) => shown(state, read, width),
    }
}

fn shown(state: &State, read: &CargoProfiles, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if read.diff.is_empty() {
        lines.extend(said("Nothing to change in Cargo.toml.", screen::good(), width));
    } else {
        if state.works() {
            let why = "A run works, and reads Cargo.toml: this can be accepted when it has ended.";
            lines.extend(said(why, screen::warn(), width));
        }
        lines.extend(diff(&read.diff, width));
    }
    for review in &read.reviews {
        lines.push(Line::default());
        lines.extend(said(&review.title(), screen::strong(), width));
        lines.extend(table(&review.rows(), width));
    }
    lines
}

fn failed(error: &Error, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled("error", screen::bad())];
    lines.extend(said(&error.to_string(), Style::new(), width));
    if let Some(hint) = error.hint() {
        lines.push(Line::styled("hint", screen::strong()));
        lines.extend(said(hint, Style::new(), width));
    }
    lines
}

fn said(text: &str, style: Style, width: usize) -> Vec<Line<'static>> {
    wrap(&plain(text), width).into_iter().map(|line| Line::styled(line, style)).collect()
}

/// The first two lines of a diff name the file, and may begin as lines of it do. A line that
/// is too long goes on further in, so that what was added and removed begins with its sign.
fn diff(lines: &[String], width: usize) -> Vec<Line<'static>> {
    let each = lines.iter().enumerate().flat_map(|(at, line)| {
        let style = match line.chars().next() {
            _ if at < 2 => screen::strong(),
            Some('+') => screen::good(),
            Some('-') => screen::removed(),
            Some('@') => screen::busy(),
            _ => Style::new(),
        };
        let wrapped = wrap(&plain(line), width.saturating_sub(4)).into_iter().enumerate();
        wrapped.map(move |(part, text)| {
            Line::styled(if part == 0 { text } else { format!("    {text}") }, style)
        })
    });
    each.collect()
}

fn table(rows: &[Row], width: usize) -> Vec<Line<'static>> {
    let longest = |of: fn(&Row) -> &str, name: &str| {
        rows.iter().map(|row| columns(of(row))).max().unwrap_or(0).max(columns(name))
    };
    let widths = [
        longest(|row| &row.setting, "setting"),
        longest(|row| &row.value, "value"),
        longest(|row| &row.wants, "PGO wants"),
        longest(|row| &row.from, "from"),
    ];
    let before = 2 + widths.iter().map(|width| width + 2).sum::<usize>();
    let beside = width >= before + NARROWEST;
    let cells = |cells: [&str; 4]| -> String {
        cells.iter().zip(widths).map(|(cell, width)| left(&plain(cell), width) + "  ").collect()
    };
    let why = if beside { "why" } else { "" };
    let header = format!("  {}{why}", cells(["setting", "value", "PGO wants", "from"]));
    let mut lines = vec![Line::styled(cut(header.trim_end(), width), screen::dim())];
    for row in rows {
        // Not by colour alone.
        let (mark, style) = if row.differs { ("● ", screen::warn()) } else { ("  ", Style::new()) };
        let first = format!("{mark}{}", cells([&row.setting, &row.value, &row.wants, &row.from]));
        let indent = if beside { before } else { 4 };
        let mut why = wrap(&plain(&row.why), width.saturating_sub(indent)).into_iter();
        if beside {
            let why = why.next().unwrap_or_default();
            lines.push(Line::from(vec![Span::styled(first, style), Span::raw(why)]));
        } else {
            lines.push(Line::styled(cut(first.trim_end(), width), style));
        }
        lines.extend(why.map(|why| Line::raw(format!("{}{why}", " ".repeat(indent)))));
    }
    lines
}
