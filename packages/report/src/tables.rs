//! The numbers of a document as tables: what Markdown and the page have in common, and what the
//! plots are drawn from.

use honing_core::{
    account,
    applied::{Applied, HotFunction},
    config::Direction,
    event::StageState,
    outcome::{Measured, Ratio, Trust},
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
    let verdict = |metric: &Measured| {
        let in_sample = if metric.in_sample { ", in-sample" } else { "" };
        format!("{}{in_sample}{}", metric.verdict.word(), more(metric))
    };
    Table::of(
        caption,
        chosen,
        &[
            ("workload", Kind::Name, &|metric| metric.place()),
            ("metric", Kind::Name, &|metric| metric.metric.clone()),
            ("baseline", Kind::Number, &|metric| value(metric, metric.baseline)),
            ("optimized", Kind::Number, &|metric| value(metric, metric.optimized)),
            (&change(chosen.iter().copied()), Kind::Change, &|metric| interval(metric.ratio)),
            ("pairs", Kind::Number, &|metric| metric.pairs.to_string()),
            ("verdict", Kind::Words, &|metric| verdict(metric)),
        ],
    )
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
    Table::of(
        "Percentiles",
        metrics,
        &[
            ("workload", Kind::Name, &|metric| metric.place()),
            ("latency", Kind::Words, &|metric| metric.metric.trim_start_matches(PERCENTILE).to_owned()),
            ("baseline", Kind::Number, &|metric| value(metric, metric.baseline)),
            ("optimized", Kind::Number, &|metric| value(metric, metric.optimized)),
            ("change", Kind::Change, &|metric| interval(metric.ratio)),
        ],
    )
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
    let percent =
        |share: Option<f64>| share.map_or_else(|| "-".into(), |share| format!("{:.1} %", share * 100.0));
    let findings = |known: &Trust| match &known.findings[..] {
        [] => "nothing".to_owned(),
        all => all.join("; "),
    };
    Table::of(
        "How far it can be trusted",
        &program.trust,
        &[
            ("workload", Kind::Name, &|known| known.workload.clone()),
            ("A/A control", Kind::Number, &|known| interval(known.control)),
            ("noise per pair", Kind::Number, &|known| percent(known.noise)),
            ("detectable effect", Kind::Number, &|known| percent(known.finds)),
            ("what overrules a verdict", Kind::Words, &|known| findings(known)),
            ("CPU time in own code", Kind::Number, &|known| percent(known.spent.map(|spent| spent.own))),
        ],
    )
}

/// The stages as they went.
pub(crate) fn timeline(program: &Program) -> Table {
    Table::of(
        "In the course of the run",
        &program.timeline,
        &[
            ("stage", Kind::Words, &|span| span.stage.to_string()),
            ("state", Kind::Words, &|span| state(span).to_owned()),
            ("from", Kind::Number, &|span| units::millis(span.start_ms)),
            ("to", Kind::Number, &|span| units::millis(span.end_ms)),
            ("wall", Kind::Number, &|span| units::millis(span.elapsed_ms)),
            ("CPU", Kind::Number, &|span| units::millis(span.cpu_ms)),
            ("result", Kind::Words, &|span| span.detail.clone()),
        ],
    )
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
    let origins = program.applied.iter().filter_map(Applied::measured).flat_map(|found| &found.origins);
    Table::of(
        "Match by origin",
        origins.filter(|origin| origin.functions > 0),
        &[
            ("functions of", Kind::Words, &|origin| origin.origin.words().into()),
            ("share of the weight", Kind::Number, &|origin| units::share(origin.weight)),
            ("applied", Kind::Number, &|origin| units::share(origin.share)),
            ("functions", Kind::Number, &|origin| format!("{} of {}", origin.matched, origin.functions)),
        ],
    )
}

/// The heaviest functions that were lost.
pub(crate) fn lost(program: &Program) -> Table {
    Table::of(
        "Heaviest functions that were lost",
        program.applied.iter().filter_map(Applied::measured).flat_map(|found| &found.lost),
        &[
            ("function", Kind::Name, &|lost| lost.function.clone()),
            ("weight", Kind::Number, &|lost| weight_of(lost.weight)),
            ("why", Kind::Words, &|lost| lost.why.words().into()),
        ],
    )
}

/// The heaviest functions of the profile.
pub(crate) fn hot(program: &Program) -> Table {
    let applied = |hot: &HotFunction| match (hot.applied, hot.why) {
        (Some(true), _) => "yes".to_owned(),
        (Some(false), Some(why)) => format!("no: {}", why.words()),
        (Some(false), None) => "no".to_owned(),
        (None, _) => "not known".to_owned(),
    };
    Table::of(
        "Hottest functions",
        program.hot.iter().take(LISTED),
        &[
            ("function", Kind::Name, &|hot| hot.function.clone()),
            ("weight", Kind::Number, &|hot| weight_of(hot.weight)),
            ("applied", Kind::Words, &|hot| applied(hot)),
        ],
    )
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
    let changes = |past: &Past| {
        let changes = past.changes.iter();
        let words = changes
            .map(|change| format!("{} ({}) {}", change.workload, change.metric, change.ratio.as_change()));
        words.collect::<Vec<_>>().join("; ")
    };
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    Table::of(
        "Earlier runs, and this one",
        (1..).zip(runs),
        &[
            ("#", Kind::Number, &|(number, _)| number.to_string()),
            ("run", Kind::Words, &|(_, past)| past.date.as_ref().unwrap_or(&past.run).clone()),
            ("outcome", Kind::Words, &|(_, past)| past.outcome.clone()),
            ("change", Kind::Words, &|(_, past)| or_dash(Some(changes(past)).filter(|it| !it.is_empty()))),
            ("match", Kind::Number, &|(_, past)| or_dash(past.applied.map(units::share))),
            ("refresh, in plain builds", Kind::Number, &|(_, past)| {
                or_dash(past.refresh.map(|builds| format!("{builds:.2}")))
            }),
        ],
    )
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
