//! The drawing as a picture: for the README, and for bug reports.

use anstyle::{AnsiColor, Style};
use anstyle_svg::{Term, WIN10_CONSOLE};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};

use crate::{state::State, update::Msg, view};

/// The dashboard on a terminal of `columns` and `lines`, as an SVG document.
pub fn svg(state: &mut State, columns: u16, lines: u16) -> String {
    state.update(Msg::Resize(columns, lines));
    let Ok(mut terminal) = Terminal::new(TestBackend::new(columns, lines));
    let Ok(drawn) = terminal.draw(|frame| view::view(state, frame));
    Term::new().palette(WIN10_CONSOLE).render_svg(&ansi(drawn.buffer))
}

/// The buffer as a terminal would be told to draw it.
fn ansi(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in buffer.content.chunks(buffer.area.width.max(1).into()) {
        let mut line = String::new();
        for run in row.chunk_by(|one, other| style(one) == style(other)) {
            let style = run.first().map(style).unwrap_or_default();
            let symbols: String = run.iter().map(Cell::symbol).collect();
            line.push_str(&format!("{style}{symbols}{style:#}"));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn style(cell: &Cell) -> Style {
    let mut style = Style::new();
    if let Some(colour) = colour(cell.fg) {
        style = style.fg_color(Some(colour.into()));
    }
    let has = |modifier| cell.modifier.contains(modifier);
    if has(Modifier::BOLD) {
        style = style.bold();
    }
    if has(Modifier::DIM) {
        style = style.dimmed();
    }
    if has(Modifier::REVERSED) {
        style = style.invert();
    }
    style
}

/// The colours that the dashboard uses.
fn colour(colour: Color) -> Option<AnsiColor> {
    match colour {
        Color::Green => Some(AnsiColor::Green),
        Color::Red => Some(AnsiColor::Red),
        Color::Yellow => Some(AnsiColor::Yellow),
        Color::Cyan => Some(AnsiColor::Cyan),
        _ => None,
    }
}
