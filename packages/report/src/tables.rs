//! The numbers of a document as tables: what Markdown and the page have in common, and what the
//! plots are drawn from.

use std::time::Duration;

use honing_core::{
    account,
    applied::{Applied, HotFunction, Lost},
    event::StageState,
    outcome::{Measured, Ratio},
    units,
};

use crate::{
    document::{Past, Program, Refresh, Span},
    grid::{Grid, Kind},
    summary::{quantity, trim},
};

/// How the names of percentiles begin.
pub(crate) const PERCENTILE: &str = "latency ";
/// Functions that are listed.
const LISTED: usize = 20;

/// What decides, and what informs, apart from percentiles.
pub(crate) fn measured(program: &Program, gated: bool) -> Grid {
    let chosen: Vec<&Measured> = program
        .measured
        .iter()
        .filter(|metric| metric.gated == gated && (gated || !metric.metric.starts_with(PERCENTILE)))
        .collect();
    let confidence = chosen.iter().find_map(|metric| metric.ratio).map(|ratio| ratio.confidence);
    let change = match confidence {
        Some(confidence) => format!("change, {} % interval", trim(confidence * 100.0)),
        None => "change".to_owned(),
    };
    let caption = if gated { "Metrics that decide" } else { "Metrics that inform" };
    let mut grid = Grid::new(
        caption,
        &[
            ("workload", Kind::Name),
            ("metric", Kind::Name),
            ("baseline", Kind::Number),
            ("optimized", Kind::Number),
            (&change, Kind::Number),
            ("pairs", Kind::Number),
            ("verdict", Kind::Words),
        ],
    );
    for metric in chosen {
        let in_sample = if metric.in_sample { ", in-sample" } else { "" };
        let higher = match metric.better {
            honing_core::config::Direction::Lower => "",
            honing_core::config::Direction::Higher => ", higher is better",
        };
        grid.row([
            metric.workload.clone(),
            metric.metric.clone(),
            value(metric, metric.baseline),
            value(metric, metric.optimized),
            interval(metric.ratio),
            metric.pairs.to_string(),
            format!("{}{in_sample}{higher}", metric.verdict.word()),
        ]);
    }
    grid
}

/// A value with its unit; nothing to show where there are no pairs.
fn value(metric: &Measured, value: f64) -> String {
    if value.is_finite() { quantity(value, &metric.unit) } else { "-".into() }
}

fn interval(ratio: Option<Ratio>) -> String {
    let told = ratio.filter(|ratio| ratio.point.is_finite());
    told.map_or_else(|| "-".into(), |ratio| ratio.as_change())
}

/// The percentiles that were measured.
pub(crate) fn latency(program: &Program) -> Grid {
    let mut grid = Grid::new(
        "Percentiles",
        &[
            ("workload", Kind::Name),
            ("latency", Kind::Words),
            ("baseline", Kind::Number),
            ("optimized", Kind::Number),
            ("change", Kind::Number),
        ],
    );
    for metric in percentiles(program) {
        grid.row([
            metric.workload.clone(),
            metric.metric.trim_start_matches(PERCENTILE).to_owned(),
            value(metric, metric.baseline),
            value(metric, metric.optimized),
            interval(metric.ratio),
        ]);
    }
    grid
}

/// Percentiles, the higher the later, and after them what is none (`mean`, `max`), by workload.
pub(crate) fn percentiles(program: &Program) -> Vec<&Measured> {
    let rank = |metric: &Measured| {
        let name = metric.metric.trim_start_matches(PERCENTILE).to_owned();
        // p50, p99, p999: digits after a point.
        let digits = name.strip_prefix('p').filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()));
        let place = digits.and_then(|digits| format!("0.{digits}").parse::<f64>().ok()).unwrap_or(1.0);
        (metric.workload.clone(), (place * 1e9) as u64, std::cmp::Reverse(name))
    };
    let mut found: Vec<&Measured> =
        program.measured.iter().filter(|metric| metric.metric.starts_with(PERCENTILE)).collect();
    found.sort_by_cached_key(|metric| rank(metric));
    found
}

/// How far the machine can be trusted.
pub(crate) fn trust(program: &Program) -> Grid {
    let mut grid = Grid::new(
        "How far it can be trusted",
        &[
            ("workload", Kind::Name),
            ("baseline against its own copy", Kind::Number),
            ("equal pairs differ by", Kind::Number),
            ("so many pairs find", Kind::Number),
            ("what overrules a verdict", Kind::Words),
        ],
    );
    let percent =
        |share: Option<f64>| share.map_or_else(|| "-".into(), |share| format!("{:.1} %", share * 100.0));
    for known in &program.trust {
        let findings = match &known.findings[..] {
            [] => "nothing".to_owned(),
            all => all.join("; "),
        };
        grid.row([
            known.workload.clone(),
            interval(known.control),
            percent(known.noise),
            percent(known.finds),
            findings,
        ]);
    }
    grid
}

/// The stages as they went.
pub(crate) fn timeline(program: &Program) -> Grid {
    let mut grid = Grid::new(
        "In the course of the run",
        &[
            ("stage", Kind::Words),
            ("state", Kind::Words),
            ("from", Kind::Number),
            ("to", Kind::Number),
            ("wall", Kind::Number),
            ("CPU", Kind::Number),
            ("result", Kind::Words),
        ],
    );
    for span in &program.timeline {
        grid.row([
            span.stage.to_string(),
            state(span).to_owned(),
            time(span.start_ms),
            time(span.end_ms),
            time(span.elapsed_ms),
            time(span.cpu_ms),
            span.detail.clone(),
        ]);
    }
    grid
}

/// How a stage ended, in words.
pub(crate) fn state(span: &Span) -> &'static str {
    span.state.map_or("not finished", StageState::words)
}

/// `1.3s`, `2m05s`.
pub(crate) fn time(ms: u64) -> String {
    units::elapsed(Duration::from_millis(ms))
}

/// What a refresh costs, in plain builds.
pub(crate) fn refresh(refresh: &Refresh) -> Grid {
    let mut grid = Grid::new(
        "Cost of a refresh, in plain builds",
        &[("builds", Kind::Words), ("CPU", Kind::Number), ("times one plain build", Kind::Number)],
    );
    let both = refresh.instrument_ms + refresh.optimize_ms;
    grid.row(["baseline: one plain build".into(), time(refresh.baseline_ms), "1.00".into()]);
    grid.row(["instrument and optimize".into(), time(both), format!("{:.2}", refresh.builds)]);
    grid.row([
        "with the baseline that measuring needs".into(),
        time(both + refresh.baseline_ms),
        format!("{:.2}", refresh.with_baseline),
    ]);
    grid
}

/// Where the costs of a refresh are from.
pub(crate) fn refresh_source(refresh: &Refresh) -> &'static str {
    match (refresh.this_run, refresh.full) {
        (true, Some(true)) => "All three builds ran in this run, each from nothing.",
        (true, Some(false)) => {
            "All three builds ran in this run, but parts were there already: a build from nothing costs more."
        }
        (true, None) => "All three builds ran in this run; whether parts were there already is not known.",
        (false, _) => {
            "Some were up to date: what counts is what they cost when they were built from nothing."
        }
    }
}

/// Sizes of both binaries.
pub(crate) fn sizes(program: &Program) -> Grid {
    let mut grid = Grid::new(
        "Size",
        &[("binary", Kind::Words), ("size", Kind::Number), ("change", Kind::Number), ("BLAKE3", Kind::Name)],
    );
    let before = program.baseline.as_ref().map(|binary| binary.bytes);
    for (name, binary) in [("baseline", &program.baseline), ("optimized", &program.optimized)] {
        let Some(binary) = binary else { continue };
        let change = before
            .filter(|_| name == "optimized")
            .map_or_else(|| "-".into(), |before| units::change(binary.bytes as f64 / before.max(1) as f64));
        grid.row([name.into(), units::bytes(binary.bytes), change, binary.digest.clone()]);
    }
    grid
}

/// The match by where functions come from.
pub(crate) fn origins(program: &Program) -> Grid {
    let mut grid = Grid::new(
        "Match by crate",
        &[
            ("functions of", Kind::Words),
            ("share of the weight", Kind::Number),
            ("applied", Kind::Number),
            ("functions", Kind::Number),
        ],
    );
    let Some(Applied::Measured(found)) = &program.applied else { return grid };
    for origin in found.origins.iter().filter(|origin| origin.functions > 0) {
        grid.row([
            origin.origin.words().into(),
            units::share(origin.weight),
            units::share(origin.share),
            format!("{} of {}", origin.matched, origin.functions),
        ]);
    }
    grid
}

/// The heaviest functions that were lost.
pub(crate) fn lost(program: &Program) -> Grid {
    let mut grid = Grid::new(
        "Heaviest functions that were lost",
        &[("function", Kind::Name), ("weight", Kind::Number), ("why", Kind::Words)],
    );
    let Some(Applied::Measured(found)) = &program.applied else { return grid };
    for Lost { function, weight, why } in &found.lost {
        grid.row([function.clone(), weight_of(*weight), why.words().into()]);
    }
    grid
}

/// The heaviest functions of the profile.
pub(crate) fn hot(program: &Program) -> Grid {
    let mut grid = Grid::new(
        "Hottest functions",
        &[("function", Kind::Name), ("weight", Kind::Number), ("applied", Kind::Words)],
    );
    for HotFunction { function, weight, applied, why } in program.hot.iter().take(LISTED) {
        let applied = match (applied, why) {
            (Some(true), _) => "yes".to_owned(),
            (Some(false), Some(why)) => format!("no: {}", why.words()),
            (Some(false), None) => "no".to_owned(),
            (None, _) => "not known".to_owned(),
        };
        grid.row([function.clone(), weight_of(*weight), applied]);
    }
    grid
}

fn weight_of(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// What is known of the stored profile.
pub(crate) fn profile(program: &Program) -> Grid {
    let mut grid = Grid::new("Stored profile", &[("what", Kind::Words), ("value", Kind::Name)]);
    let Some(profile) = &program.profile else { return grid };
    let dirty = if profile.dirty { ", with changes on top" } else { "" };
    let size = units::bytes(profile.bytes);
    for (name, value) in [
        ("folder", profile.folder.clone()),
        ("digest (BLAKE3)", profile.digest.clone()),
        ("digest, as the compiler reads it", profile.indexed_digest.clone()),
        ("size", size),
        ("trained", profile.trained.clone()),
        ("recorded", profile.recorded.clone()),
        ("at commit", format!("{}{dirty}", profile.commit)),
        ("toolchain", account::words(&profile.toolchain)),
        ("recorded by this run", if program.recorded.is_some() { "yes".into() } else { "no".into() }),
    ] {
        grid.row([name.to_owned(), value]);
    }
    if !profile.stale.is_empty() {
        grid.row(["stale".to_owned(), profile.stale.join("; ")]);
    }
    grid
}

/// Earlier runs and this one, numbered as the plot has them.
pub(crate) fn history(runs: &[Past]) -> Grid {
    let mut grid = Grid::new(
        "Earlier runs, and this one",
        &[
            ("#", Kind::Number),
            ("run", Kind::Words),
            ("outcome", Kind::Words),
            ("change", Kind::Words),
            ("match", Kind::Number),
            ("refresh, in plain builds", Kind::Number),
        ],
    );
    for (at, past) in runs.iter().enumerate() {
        let changes: Vec<String> = past
            .changes
            .iter()
            .map(|change| format!("{} ({}) {}", change.workload, change.metric, change.ratio.as_change()))
            .collect();
        grid.row([
            (at + 1).to_string(),
            past.date.clone().unwrap_or_else(|| past.run.clone()),
            past.outcome.clone(),
            if changes.is_empty() { "-".into() } else { changes.join("; ") },
            past.applied.map_or_else(|| "-".into(), units::share),
            past.refresh.map_or_else(|| "-".into(), |builds| format!("{builds:.2}")),
        ]);
    }
    grid
}
