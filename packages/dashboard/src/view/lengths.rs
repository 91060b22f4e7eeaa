//! How many lines there are, and how many there is room for: what scrolling goes by.

use ratatui::layout::Rect;

use super::{
    contents::contents,
    layout::{areas, inside},
    text,
};
use crate::{pane::Pane, state::State};

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
