//! History: past runs of the program, and how change, match and cost went.

use honing_core::{applied::Applied, bars, units};
use ratatui::text::{Line, Span};

use crate::{
    past::Past,
    screen,
    state::State,
    text::{cut, left, right},
};

pub(super) fn lines(state: &State, width: usize) -> Vec<Line<'static>> {
    let Some(program) = state.program() else { return Vec::new() };
    if program.past.is_empty() {
        return vec![Line::styled(cut("No past runs of this program here.", width), screen::dim())];
    }
    let past = &program.past;
    let mut lines = vec![
        chart("change", past, Past::change, |change| format!("{change:+.1} %")),
        chart("match", past, |past| share(past).map(|share| share * 100.0), |share| format!("{share:.1} %")),
        chart("cost", past, |past| past.cost_ms().map(|ms| ms as f64), |ms| units::millis(ms as u64)),
        Line::styled(
            format!(
                "{}{}{}{}{}outcome",
                left("run, in UTC", 18),
                left("command", 10),
                right("change", 9),
                right("match", 10),
                right("cost  ", 10)
            ),
            screen::strong(),
        ),
    ];
    lines.extend(past.iter().map(|past| line(past, width)));
    lines
}

/// `change  ▁▄█  -8.1 % to -3.4 %, the last -8.1 %`.
fn chart(
    name: &str,
    past: &[Past],
    value: impl Fn(&Past) -> Option<f64>,
    show: impl Fn(f64) -> String,
) -> Line<'static> {
    let oldest_first: Vec<Option<f64>> = past.iter().rev().map(value).collect();
    let known = || oldest_first.iter().flatten().copied().filter(|value| value.is_finite());
    let words = match known().next_back() {
        Some(now) => {
            let (least, most) =
                (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
            format!("  {} to {}, the last {}", show(least), show(most), show(now))
        }
        None => "  not known".into(),
    };
    Line::from(vec![
        Span::styled(left(name, 7), screen::dim()),
        Span::styled(bars::chart(&oldest_first), screen::busy()),
        Span::raw(words),
    ])
}

fn line(past: &Past, width: usize) -> Line<'static> {
    let change = past.change().map_or_else(|| "-".into(), |change| format!("{change:+.1} %"));
    let share = share(past).map_or_else(|| "-".into(), units::share);
    let cost = past.cost_ms().map_or_else(|| "-".into(), units::millis);
    let (when, command) = (left(&past.when(), 18), left(&past.command, 10));
    let columns = [when, command, right(&change, 9), right(&share, 10), right(&cost, 8)];
    Line::raw(cut(&format!("{}  {}", columns.concat(), past.outcome()), width))
}

fn share(past: &Past) -> Option<f64> {
    past.applied.as_ref().and_then(Applied::share)
}
