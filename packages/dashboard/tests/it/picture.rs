//! The picture in the README: the end of a recorded run, drawn.

use std::{fs, path::Path};

use anstyle::{AnsiColor, Style};
use anstyle_svg::{Term, WIN10_CONSOLE};
use honing_dashboard::{Mode, Msg, Screen, Setup, State, view};
use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};

/// Columns and lines.
const PICTURE: (u16, u16) = (120, 40);

/// `HONING_PICTURE=1` writes it.
#[test]
fn the_picture_is_drawn_from_the_recorded_run() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut state = State::new(Setup { mode: Mode::Replay, screen: Screen::default(), ..Setup::default() });
    let events = fs::read_to_string(here.join("tests/fixtures/tracker/events.jsonl")).unwrap();
    for line in events.lines() {
        state.update(Msg::Event(Box::new(serde_json::from_str(line).unwrap())));
    }
    state.update(Msg::Resize(PICTURE.0, PICTURE.1));
    let mut terminal = Terminal::new(TestBackend::new(PICTURE.0, PICTURE.1)).unwrap();
    let drawn = terminal.draw(|frame| view(&state, frame)).unwrap();
    let picture = Term::new().palette(WIN10_CONSOLE).render_svg(&ansi(drawn.buffer));
    let file = here.join("../../docs/dashboard.svg");
    if std::env::var_os("HONING_PICTURE").is_some() {
        fs::write(&file, &picture).unwrap();
    }
    assert!(
        fs::read_to_string(file).unwrap() == picture,
        "docs/dashboard.svg is old; docs/dashboard.md says how it is drawn"
    );
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
