//! The drawing: a function of the state alone.

mod contents;
mod deltas;
mod frame;
mod history;
mod hot;
mod layout;
mod lengths;
mod log;
mod manifest;
mod profile;
mod stages;
mod text;

use ratatui::{
    prelude::{Frame, Line, Rect},
    widgets::{Paragraph, Wrap},
};

pub(crate) use lengths::{height, lines, text_height, text_lines};

use crate::{
    pane::Pane,
    screen::{SMALLEST, is_drawn, is_wide},
    state::State,
};
use contents::contents;
use layout::{areas, inside};

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
            let title = if (is_wide(state.size) && !state.zoomed) || !state.is_focused(pane) {
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
