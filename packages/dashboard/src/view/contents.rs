//! What is in each pane.

use ratatui::text::Line;

use super::{deltas, history, hot, profile, stages};
use crate::{pane::Pane, state::State};

pub(super) fn contents(state: &State, pane: Pane, width: usize) -> Vec<Line<'static>> {
    match pane {
        Pane::Stages => stages::lines(state, width),
        Pane::Profile => profile::lines(state, width),
        Pane::Deltas => deltas::lines(state, width),
        Pane::Hot => hot::lines(state, width),
        Pane::History => history::lines(state, width),
        Pane::Log => Vec::new(),
    }
}
