//! The drawing: a function of the state alone. Where things are depends on the terminal's
//! size and on what a person chose, never on the data, so nothing jumps.

mod deltas;
mod frame;
mod history;
mod hot;
mod log;
mod manifest;
mod profile;
mod stages;
mod text;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::Line,
    widgets::{Paragraph, Wrap},
};

use crate::state::{Pane, State};

/// The smallest terminal that is drawn on: columns, lines.
pub const SMALLEST: (u16, u16) = (40, 10);
/// The smallest terminal that shows several panes at once.
const WIDE: (u16, u16) = (100, 30);
/// Lines of the upper panes with their title: the stages of one program, and two more.
const UPPER: u16 = 11;

/// Where things are.
struct Areas {
    header: Rect,
    /// The panes that are seen, with their titles.
    panes: Vec<(Pane, Rect)>,
    message: Rect,
    footer: Rect,
}

/// Whether a terminal of that size is drawn on.
pub(crate) fn is_drawn(size: (u16, u16)) -> bool {
    size.0 >= SMALLEST.0 && size.1 >= SMALLEST.1
}

/// Whether several panes are seen at once.
pub(crate) fn is_wide(size: (u16, u16)) -> bool {
    size.0 >= WIDE.0 && size.1 >= WIDE.1
}

/// Whether a pane is one of those that take turns in the lower part.
pub(crate) fn is_lower(pane: Pane) -> bool {
    matches!(pane, Pane::Hot | Pane::Log | Pane::History)
}

fn areas(state: &State) -> Areas {
    let whole = Rect::new(0, 0, state.size.0, state.size.1);
    let [header, body, message, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(whole);
    let panes = if !is_wide(state.size) || state.zoomed {
        vec![(state.pane(), body)]
    } else {
        let rest = body.height.saturating_sub(UPPER);
        let [upper, deltas, lower] =
            Layout::vertical([Constraint::Length(UPPER), Constraint::Length(rest / 2), Constraint::Min(0)])
                .areas(body);
        let [stages, profile] =
            Layout::horizontal([Constraint::Percentage(56), Constraint::Min(0)]).spacing(2).areas(upper);
        vec![(Pane::Stages, stages), (Pane::Profile, profile), (Pane::Deltas, deltas), (state.lower, lower)]
    };
    Areas { header, panes, message, footer }
}

/// The part of a pane below its title.
fn inside(area: Rect) -> Rect {
    let title = area.height.min(1);
    Rect { y: area.y + title, height: area.height - title, ..area }
}

fn area_of(state: &State, pane: Pane) -> Rect {
    let found = areas(state).panes.into_iter().find(|(seen, _)| *seen == pane);
    found.map(|(_, area)| inside(area)).unwrap_or_default()
}

/// Lines that a pane's contents have room for.
pub(crate) fn height(state: &State, pane: Pane) -> usize {
    area_of(state, pane).height.into()
}

/// Lines that a pane's contents have.
pub(crate) fn lines(state: &State, pane: Pane) -> usize {
    contents(state, pane, area_of(state, pane).width.into()).len()
}

/// Lines that a text which covers the panes has room for.
pub(crate) fn text_height(state: &State) -> usize {
    let areas = areas(state);
    usize::from(areas.message.y.saturating_sub(areas.header.bottom() + 1))
}

/// Lines that it has.
pub(crate) fn text_lines(state: &State) -> usize {
    text::lines(state, state.size.0.into()).len()
}

fn contents(state: &State, pane: Pane, width: usize) -> Vec<Line<'static>> {
    match pane {
        Pane::Stages => stages::lines(state, width),
        Pane::Profile => profile::lines(state, width),
        Pane::Deltas => deltas::lines(state, width),
        Pane::Hot => hot::lines(state, width),
        Pane::History => history::lines(state, width),
        Pane::Log => Vec::new(),
    }
}

/// Draws everything.
pub fn view(state: &State, frame: &mut Frame<'_>) {
    let size = frame.area();
    if !is_drawn((size.width, size.height)) {
        let sentence = format!(
            "The terminal is {}x{}; the dashboard needs {}x{}. {}.",
            size.width,
            size.height,
            SMALLEST.0,
            SMALLEST.1,
            state.headline()
        );
        frame.render_widget(Paragraph::new(sentence).wrap(Wrap { trim: true }), size);
    } else if state.size == (size.width, size.height) {
        panes(state, frame);
    }
    // Else a message with the new size is on its way, and after it another drawing.
    state.setup.screen.fit(frame.buffer_mut());
}

fn panes(state: &State, frame: &mut Frame<'_>) {
    let areas = areas(state);
    frame.render_widget(frame::header(state, areas.header.width.into()), areas.header);
    if let Some((_, offset)) = state.text {
        let body = Rect {
            y: areas.header.bottom(),
            height: areas.message.y.saturating_sub(areas.header.bottom()),
            ..areas.header
        };
        let lines = text::lines(state, body.width.into());
        let (height, all) = (usize::from(inside(body).height), lines.len());
        let offset = offset.min(all.saturating_sub(height));
        let title = match all {
            _ if all <= height => text::title(state).to_owned(),
            _ => format!("{} ─ {} to {} of {all} lines", text::title(state), offset + 1, offset + height),
        };
        frame.render_widget(frame::rule(&title, true, body.width.into()), row(body, 0));
        draw(frame, inside(body), &lines, offset);
    } else {
        for (pane, area) in areas.panes {
            let title = if is_wide(state.size) && !state.zoomed {
                frame::title(state, pane, area.width.into())
            } else {
                frame::tabs(state, area.width.into())
            };
            frame.render_widget(title, row(area, 0));
            self::pane(state, pane, frame, inside(area));
        }
    }
    frame.render_widget(frame::message(state, areas.message.width.into()), areas.message);
    frame.render_widget(frame::footer(state, areas.footer.width.into()), areas.footer);
}

fn pane(state: &State, pane: Pane, frame: &mut Frame<'_>, area: Rect) {
    let (width, height) = (usize::from(area.width), usize::from(area.height));
    if pane == Pane::Log {
        return draw(frame, area, &log::lines(state, width, height), 0);
    }
    let lines = contents(state, pane, width);
    let most = lines.len().saturating_sub(height);
    let offset = match pane {
        Pane::Stages => stages::first_line(state, height),
        pane => state.offsets[pane as usize],
    };
    draw(frame, area, &lines, offset.min(most));
}

fn draw(frame: &mut Frame<'_>, area: Rect, lines: &[Line<'static>], offset: usize) {
    for (at, line) in lines.iter().skip(offset).take(area.height.into()).enumerate() {
        frame.render_widget(line, row(area, u16::try_from(at).unwrap_or(u16::MAX)));
    }
}

fn row(area: Rect, at: u16) -> Rect {
    Rect { y: area.y.saturating_add(at), height: area.height.min(1), ..area }
}
