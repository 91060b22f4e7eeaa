//! The numbers of a document as tables: what Markdown and the page have in common, and what the
//! plots are drawn from.

use honing_core::{
    account,
    applied::{Applied, HotFunction, Lost},
    config::Direction,
    event::StageState,
    outcome::{Measured, Ratio},
    units,
};

use crate::{
    document::{Past, Program, Refresh, Span},
    summary::{quantity, trim},
    table::{Kind, Table},
};

/// How the names of percentiles begin.
pub(crate) const PERCENTILE: &str = "latency ";
/// Functions that are listed.
const LISTED: usize = 20;

/// What decides, or what informs, apart from percentiles.
pub(crate) fn measured(program: &Program, gated: bool) -> Table {
    let chosen = program.measured.iter().filter(|metric| metric.gated == gated && !is_percentile(metric));
    let caption = if gated { "Metrics that decide" } else { "Metrics that inform" };
    metrics(caption, &chosen.collect::<Vec<_>>(), |metric| match metric.better {
        Direction::Lower => "",
        Direction::Higher => ", higher is better",
    })
}

/// What informs about latency has a table of its own.
pub(crate) fn is_percentile(metric: &Measured) -> bool {
    !metric.gated && metric.metric.starts_with(PERCENTILE)
}

/// Metrics with their verdicts, and what `more` says to each of them.
pub(crate) fn metrics(
    caption: &'static str,
    chosen: &[&Measured],
    more: impl Fn(&Measured) -> &'static str,
) -> Table {
    let mut table = Table::new(
        caption,
        &[
            ("workload", Kind::Name),
            ("metric", Kind::Name),
            ("baseline", Kind::Number),
            ("optimized", Kind::Number),
            (&change(chosen.iter().copied()), Kind::Change),
            ("pairs", Kind::Number),
            ("verdict", Kind::Words),
        ],
    );
    for metric in chosen {
        let in_sample = if metric.in_sample { ", in-sample" } else { "" };
        table.row([
            metric.place(),
            metric.metric.clone(),
            value(metric, metric.baseline),
            value(metric, metric.optimized),
            interval(metric.ratio),
            metric.pairs.to_string(),
            format!("{}{in_sample}{}", metric.verdict.word(), more(metric)),
        ]);
    }
    table
}

/// The heading of changes, with the confidence of their intervals.
pub(crate) fn change<'a>(metrics: impl IntoIterator<Item = &'a Measured>) -> String {
    let ratio = metrics.into_iter().find_map(|metric| metric.ratio);
    ratio.map_or_else(
        || "change".to_owned(),
        |ratio| format!("change, {} % interval", trim(ratio.confidence * 100.0)),
    )
}

/// A value with its unit; nothing to show where there are no pairs.
pub(crate) fn value(metric: &Measured, value: f64) -> String {
    if value.is_finite() { quantity(value, &metric.unit) } else { "-".into() }
}

pub(crate) fn interval(ratio: Option<Ratio>) -> String {
    let told = ratio.filter(|ratio| ratio.point.is_finite());
    told.map_or_else(|| "-".into(), |ratio| ratio.as_change())
}

/// What cells without an interval mean, a line each, where there are such.
pub(crate) fn legend(measured: &[Measured]) -> Vec<&'static str> {
    let changes: Vec<String> = measured.iter().map(|metric| interval(metric.ratio)).collect();
    let lines = [
        ("[too few runs]", "[too few runs]: the interval is too wide to say anything; more pairs narrow it"),
        ("-", "a dash (-): there is no ratio: too few pairs, or a value of 0"),
    ];
    let occurs = |(cell, _): &(&str, &str)| {
        changes.iter().any(|change| change == cell || change.ends_with(&format!(" {cell}")))
    };
    lines.into_iter().filter(occurs).map(|(_, line)| line).collect()
}

/// Percentiles.
pub(crate) fn latency(metrics: &[&Measured]) -> Table {
    let mut table = Table::new(
        "Percentiles",
        &[
            ("workload", Kind::Name),
            ("latency", Kind::Words),
            ("baseline", Kind::Number),
            ("optimized", Kind::Number),
            ("change", Kind::Change),
        ],
    );
    for metric in metrics {
        table.row([
            metric.place(),
            metric.metric.trim_start_matches(PERCENTILE).to_owned(),
            value(metric, metric.baseline),
            value(metric, metric.optimized),
            interval(metric.ratio),
        ]);
    }
    table
}

/// Percentiles, the higher the later, and after them what is none (`mean`, `max`), by workload.
pub(crate) fn percentiles(measured: &[Measured]) -> Vec<&Measured> {
    let rank = |metric: &Measured| {
        let name = metric.metric.trim_start_matches(PERCENTILE).to_owned();
        // p50, p99, p999: digits after a point.
        let digits = name.strip_prefix('p').filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()));
        let place = digits.and_then(|digits| format!("0.{digits}").parse::<f64>().ok()).unwrap_or(1.0);
        (metric.place(), (place * 1e9) as u64, std::cmp::Reverse(name))
    };
    let mut found: Vec<&Measured> =
        measured.iter().filter(|metric| metric.metric.starts_with(PERCENTILE)).collect();
    found.sort_by_cached_key(|metric| rank(metric));
    found
}

/// How far the machine can be trusted.
pub(crate) fn trust(program: &Program) -> Table {
    let mut table = Table::new(
        "How far it can be trusted",
        &[
            ("workload", Kind::Name),
            ("A/A control", Kind::Number),
            ("noise per pair", Kind::Number),
            ("detectable effect", Kind::Number),
            ("what overrules a verdict", Kind::Words),
            ("CPU time in own code", Kind::Number),
        ],
    );
    let percent =
        |share: Option<f64>| share.map_or_else(|| "-".into(), |share| format!("{:.1} %", share * 100.0));
    for known in &program.trust {
        let findings = match &known.findings[..] {
            [] => "nothing".to_owned(),
            all => all.join("; "),
        };
        table.row([
            known.workload.clone(),
            interval(known.control),
            percent(known.noise),
            percent(known.finds),
            findings,
            percent(known.spent.map(|spent| spent.own)),
        ]);
    }
    table
}

/// The stages as they went.
pub(crate) fn timeline(program: &Program) -> Table {
    let mut table = Table::new(
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
        table.row([
            span.stage.to_string(),
            state(span).to_owned(),
            units::millis(span.start_ms),
            units::millis(span.end_ms),
            units::millis(span.elapsed_ms),
            units::millis(span.cpu_ms),
            span.detail.clone(),
        ]);
    }
    table
}

/// How a stage ended, in words.
pub(crate) fn state(span: &Span) -> &'static str {
    span.state.map_or("not finished", StageState::words)
}

/// What a refresh costs, in plain builds.
pub(crate) fn refresh(refresh: &Refresh) -> Table {
    let mut table = Table::new(
        "Cost of a refresh, in plain builds",
        &[("builds", Kind::Words), ("CPU", Kind::Number), ("times one plain build", Kind::Number)],
    );
    let both = refresh.instrument_ms + refresh.optimize_ms;
    table.row(["baseline: one plain build".into(), units::millis(refresh.baseline_ms), "1.00".into()]);
    table.row(["instrument and optimize".into(), units::millis(both), format!("{:.2}", refresh.builds)]);
    table.row([
        "with the baseline that measuring needs".into(),
        units::millis(both + refresh.baseline_ms),
        format!("{:.2}", refresh.with_baseline),
    ]);
    table
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
pub(crate) fn sizes(program: &Program) -> Table {
    let mut table = Table::new(
        "Size",
        &[("binary", Kind::Words), ("size", Kind::Number), ("change", Kind::Number), ("BLAKE3", Kind::Name)],
    );
    let none = None;
    for (name, binary, before) in
        [("baseline", &program.baseline, &none), ("optimized", &program.optimized, &program.baseline)]
    {
        let Some(binary) = binary else { continue };
        let change = before.as_ref().map_or_else(|| "-".into(), |before| binary.change_from(before));
        table.row([name.into(), units::bytes(binary.bytes), change, binary.digest.clone()]);
    }
    table
}

/// The match by where functions come from.
pub(crate) fn origins(program: &Program) -> Table {
    let mut table = Table::new(
        "Match by origin",
        &[
            ("functions of", Kind::Words),
            ("share of the weight", Kind::Number),
            ("applied", Kind::Number),
            ("functions", Kind::Number),
        ],
    );
    let Some(Applied::Measured(found)) = &program.applied else { return table };
    for origin in found.origins.iter().filter(|origin| origin.functions > 0) {
        table.row([
            origin.origin.words().into(),
            units::share(origin.weight),
            units::share(origin.share),
            format!("{} of {}", origin.matched, origin.functions),
        ]);
    }
    table
}

/// The heaviest functions that were lost.
pub(crate) fn lost(program: &Program) -> Table {
    let mut table = Table::new(
        "Heaviest functions that were lost",
        &[("function", Kind::Name), ("weight", Kind::Number), ("why", Kind::Words)],
    );
    let Some(Applied::Measured(found)) = &program.applied else { return table };
    for Lost { function, weight, why } in &found.lost {
        table.row([function.clone(), weight_of(*weight), why.words().into()]);
    }
    table
}

/// The heaviest functions of the profile.
pub(crate) fn hot(program: &Program) -> Table {
    let mut table = Table::new(
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
        table.row([function.clone(), weight_of(*weight), applied]);
    }
    table
}

fn weight_of(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// What is known of the stored profile.
pub(crate) fn profile(program: &Program) -> Table {
    let mut table = Table::new("Stored profile", &[("what", Kind::Words), ("value", Kind::Name)]);
    let Some(profile) = &program.profile else { return table };
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
        table.row([name.to_owned(), value]);
    }
    if !profile.stale.is_empty() {
        table.row(["stale".to_owned(), profile.stale.join("; ")]);
    }
    table
}

/// Earlier runs and this one, numbered as the plot has them.
pub(crate) fn history(runs: &[Past]) -> Table {
    let mut table = Table::new(
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
        table.row([
            (at + 1).to_string(),
            past.date.clone().unwrap_or_else(|| past.run.clone()),
            past.outcome.clone(),
            if changes.is_empty() { "-".into() } else { changes.join("; ") },
            past.applied.map_or_else(|| "-".into(), units::share),
            past.refresh.map_or_else(|| "-".into(), |builds| format!("{builds:.2}")),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use honing_core::outcome::Verdict;

    use super::*;

    #[test]
    fn cells_without_an_interval_are_explained_where_they_occur() {
        let metric = |bounds: Option<(f64, f64)>| Measured {
            workload: "w".into(),
            candidate: None,
            metric: "cpu".into(),
            unit: "s".into(),
            better: Direction::Lower,
            gated: true,
            in_sample: false,
            weight: 1,
            pairs: 2,
            baseline: 1.0,
            optimized: 1.0,
            ratio: bounds.map(|(low, high)| Ratio { point: 0.9, low, high, confidence: 0.99 }),
            margin: None,
            verdict: Verdict::Inconclusive,
            reason: None,
            note: None,
            ratios: Vec::new(),
        };
        let begins = |bounds: &[Option<(f64, f64)>]| {
            let all: Vec<Measured> = bounds.iter().map(|bounds| metric(*bounds)).collect();
            legend(&all).iter().filter_map(|line| Some(line.split_once(": ")?.0)).collect::<Vec<_>>()
        };
        let (good, wide) = (Some((0.8, 1.0)), Some((0.002, 529.0)));
        assert_eq!(begins(&[good]), [""; 0]);
        assert_eq!(begins(&[good, wide]), ["[too few runs]"]);
        assert_eq!(begins(&[wide, None]), ["[too few runs]", "a dash (-)"]);
    }
}
