//! Deltas: the verdict and the sizes, then a line for each metric of each eval workload, its
//! interval as a bar on a common scale around no change. What decides comes first: the rest
//! may need scrolling.

use honing_core::{
    Stage,
    bars::Scale,
    config::Direction,
    event::Summary,
    outcome::{Measured, Verdict, beyond_reach, notes},
    units,
};
use ratatui::prelude::{Line, Span, Style};

use crate::{
    screen,
    state::State,
    text::{cut, left, right, width as columns, wrap},
};

/// The narrowest bar that says something.
const NARROWEST: usize = 11;

/// Columns of a line.
struct Columns {
    name: usize,
    change: usize,
    bar: usize,
    pairs: usize,
    verdict: usize,
}

pub(super) fn lines(state: &State, width: usize) -> Vec<Line<'static>> {
    let Some(program) = state.program() else { return Vec::new() };
    if program.measured.is_empty() && program.summary.is_none() {
        return vec![Line::styled(cut("Nothing was measured yet.", width), screen::dim())];
    }
    let layout = layout(&program.measured, width);
    // What informs may go beyond it, where something decides.
    let decides = program.measured.iter().any(|one| one.gated && one.ratio.is_some());
    let on_it = program.measured.iter().filter(|one| one.gated || !decides);
    let scale = Scale::holding(on_it.filter_map(|one| one.ratio));
    let lacking = if state.works() { "not yet" } else { "none, the run ended before it" };
    let mut lines = result(program.summary.as_ref(), lacking, width);
    let next = program.summary.as_ref().filter(|_| !state.works()).map_or(&[][..], |summary| &summary.next);
    for (at, what) in next.iter().enumerate() {
        let name = if at == 0 { "next     " } else { "         " };
        lines.push(Line::raw(cut(&format!("{name}{what}"), width)));
    }
    if layout.bar > 0 && !program.measured.is_empty() {
        let before = " ".repeat(layout.name + layout.change + 2);
        let words = "  optimized/baseline; in brackets the interval";
        let axis = format!("{before}{}{words}", scale.axis(layout.bar));
        lines.push(Line::styled(cut(&axis, width), screen::dim()));
    }
    let of = |gated: bool| program.measured.iter().filter(move |one| one.gated == gated);
    let line = |measured| line(measured, program.measures(measured), scale, &layout);
    lines.extend(of(true).map(line));
    lines.extend(notes(&program.measured).map(|note| Line::raw(cut(&note, width))));
    lines.extend(of(false).map(line));
    let trust = program.summary.as_ref().map_or(&[][..], |summary| &summary.trust);
    lines.extend(beyond_reach(trust, &program.measured).iter().map(|text| Line::raw(cut(text, width))));
    let cost = program.summary.as_ref().map(cost).unwrap_or_default();
    if !cost.is_empty() {
        lines.push(Line::raw(cut(&format!("compile  {}", cost.join(", ")), width)));
    }
    lines
}

fn layout(measured: &[Measured], width: usize) -> Columns {
    let longest = measured.iter().map(|one| columns(&name(one))).max().unwrap_or(0);
    let (pairs, verdict) = (6, if width < 90 { 12 } else { 24 });
    let name = longest.min(width / 3).max(8);
    let whole = measured.iter().map(|one| columns(&change(one))).max().unwrap_or(0).max(1);
    // The interval as text, else as a bar alone, else neither.
    for change in [whole, 8] {
        let bar = width.saturating_sub(name + change + pairs + verdict + 4);
        if bar >= NARROWEST {
            // Odd, so that no change is in the middle.
            let bar = bar.min(61);
            return Columns { name, change, bar: bar - (bar + 1) % 2, pairs, verdict };
        }
    }
    Columns { name: width.saturating_sub(8 + 12 + 2).min(longest), change: 8, bar: 0, pairs: 0, verdict: 12 }
}

fn name(measured: &Measured) -> String {
    let better = if measured.better == Direction::Higher { ", more is better" } else { "" };
    format!("{} {}{better}", measured.place(), measured.metric)
}

fn change(measured: &Measured) -> String {
    measured.ratio.map_or_else(|| "-".into(), |ratio| ratio.as_change())
}

/// A metric; while its workload is measured there is no verdict.
fn line(measured: &Measured, is_open: bool, scale: Scale, layout: &Columns) -> Line<'static> {
    let change = match measured.ratio {
        Some(ratio) if layout.change <= 8 => units::change(ratio.point),
        _ => change(measured),
    };
    let bar = measured.ratio.map_or_else(String::new, |ratio| scale.bar(&ratio, layout.bar));
    let style = match measured.gated {
        true if is_open => Style::new(),
        true => style(measured.verdict),
        false => screen::dim(),
    };
    let mut spans = vec![
        Span::raw(left(&name(measured), layout.name) + " "),
        Span::raw(left(&change, layout.change) + " "),
    ];
    if layout.bar > 0 {
        spans.push(Span::styled(left(&bar, layout.bar), style));
    }
    if layout.pairs > 0 {
        spans.push(Span::raw(right(&measured.pairs.to_string(), layout.pairs) + "  "));
    }
    let in_sample = if measured.in_sample { ", in-sample" } else { "" };
    let informs = if measured.gated { "" } else { " (not gated)" };
    let word = if is_open { "so far" } else { measured.verdict.word() };
    let verdict = format!("{word}{in_sample}{informs}");
    spans.push(Span::styled(cut(&verdict, layout.verdict), style));
    Line::from(spans)
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Improved => screen::good(),
        Verdict::NoChange => Style::new(),
        Verdict::Regressed => screen::bad(),
        Verdict::Inconclusive => screen::warn(),
    }
}

/// The verdict of all of them, and the sizes. They have their lines before they are known, so
/// that nothing jumps when they are.
fn result(summary: Option<&Summary>, lacking: &str, width: usize) -> Vec<Line<'static>> {
    let verdict = summary.and_then(|summary| summary.wording.as_deref()).unwrap_or(lacking);
    let binary = summary.and_then(|summary| {
        let (baseline, optimized) = (summary.baseline.as_ref()?, summary.optimized.as_ref()?);
        let change = optimized.change_from(baseline);
        Some(format!("{} → {} ({change})", units::bytes(baseline.bytes), units::bytes(optimized.bytes)))
    });
    let binary = binary.unwrap_or_else(|| lacking.into());
    let mut lines = Vec::new();
    for (at, part) in wrap(verdict, width.saturating_sub(9)).into_iter().enumerate() {
        let name = if at == 0 { "verdict  " } else { "         " };
        lines.push(Line::from(vec![Span::raw(name), Span::styled(part, screen::strong())]));
    }
    lines.push(Line::raw(cut(&format!("binary   {binary}"), width)));
    lines
}

/// What the builds cost.
fn cost(summary: &Summary) -> Vec<String> {
    let builds = [Stage::Baseline, Stage::Instrument, Stage::Optimize];
    let costs = summary.costs.iter().filter(|cost| builds.contains(&cost.stage.stage));
    costs
        .map(|cost| {
            format!("{} {} ({} CPU)", cost.stage, units::millis(cost.elapsed_ms), units::millis(cost.cpu_ms))
        })
        .collect()
}
