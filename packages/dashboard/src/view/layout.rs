//! Where things are: space goes to what has something to show. While a run works, only what is measured moves
//! a border, and the log keeps its part.

use ratatui::layout::{Constraint, Layout, Rect};

use super::contents::contents;
use crate::{pane::Pane, screen::is_wide, state::State};

/// Lines of the upper panes with their title: the stages of one program, and two more.
const UPPER: u16 = 11;
/// Lines, with its title, from which on a second pane is worth showing on a smaller terminal.
const SECOND: u16 = 5;
/// Lines of the log that are worth showing when nothing runs.
const LOG_AT_REST: u16 = 4;

/// Where things are.
pub(super) struct Areas {
    pub(super) header: Rect,
    /// The panes that are seen, with their titles.
    pub(super) panes: Vec<(Pane, Rect)>,
    pub(super) message: Rect,
    pub(super) footer: Rect,
}

pub(super) fn areas(state: &State) -> Areas {
    let whole = Rect::new(0, 0, state.size.0, state.size.1);
    let [header, body, message, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
        Constraint::Length(1),
    ])
    .areas(whole);
    let panes =
        if is_wide(state.size) && !state.zoomed { four(state, body) } else { one_or_two(state, body) };
    Areas { header, panes, message, footer }
}

fn four(state: &State, body: Rect) -> Vec<(Pane, Rect)> {
    let columns = |area| {
        Layout::horizontal([Constraint::Percentage(56), Constraint::Min(0)]).spacing(2).areas::<2>(area)
    };
    let [left, right] = columns(body);
    let rest = body.height.saturating_sub(UPPER);
    let lower_wants = wants(state, state.lower, body.width);
    let least = lower_wants.min(rest / 3);
    // In a run the border stays where it is, unless what is measured needs more.
    let half = if state.works() { rest / 2 } else { 0 };
    let deltas = wants(state, Pane::Deltas, body.width).min(rest - least).max(half);
    let spare = rest.saturating_sub(deltas).saturating_sub(lower_wants);
    let upper_wants = wants(state, Pane::Stages, left.width).max(wants(state, Pane::Profile, right.width));
    let upper = UPPER + spare.min(upper_wants.saturating_sub(UPPER));
    let [upper, deltas, lower] =
        Layout::vertical([Constraint::Length(upper), Constraint::Length(deltas), Constraint::Min(0)])
            .areas(body);
    let [stages, profile] = columns(upper);
    vec![(Pane::Stages, stages), (Pane::Profile, profile), (Pane::Deltas, deltas), (state.lower, lower)]
}

/// The pane that keys go to; below it, where it leaves lines, what else there is to see.
fn one_or_two(state: &State, body: Rect) -> Vec<(Pane, Rect)> {
    let pane = state.pane;
    let taken = wants(state, pane, body.width).min(body.height);
    if state.zoomed || body.height - taken < SECOND {
        return vec![(pane, body)];
    }
    let second = match pane {
        Pane::Deltas => Pane::Stages,
        _ if state.works() => Pane::Log,
        _ => Pane::Deltas,
    };
    let [first, below] = Layout::vertical([Constraint::Length(taken), Constraint::Min(0)]).areas(body);
    vec![(pane, first), (second, below)]
}

/// The part of a pane below its title.
pub(super) fn inside(area: Rect) -> Rect {
    let title = area.height.min(1);
    Rect { y: area.y + title, height: area.height - title, ..area }
}

/// Lines that a pane has something to show in, with its title.
fn wants(state: &State, pane: Pane, width: u16) -> u16 {
    let lines = match pane {
        // It is read by who asked for it, and in a run.
        Pane::Log if state.works() || state.is_focused(pane) => return u16::MAX,
        Pane::Log => usize::from(LOG_AT_REST).min(state.log.len()),
        pane => contents(state, pane, width.into()).len(),
    };
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(1)
}
