//! What was found for one program: plots, with their tables beside them.

use honing_core::{
    applied::Applied,
    outcome::{Measured, notes},
    units,
};
use maud::{Markup, html};

use crate::{
    document::{Document, Program},
    escape::clean,
    plot::{self, Words},
    table::Table,
    tables,
};

pub(super) fn section(document: &Document, program: &Program, at: usize) -> Markup {
    let id = |name: &str| format!("p{at}-{name}");
    let several = document.programs.len() > 1;
    html! {
        section aria-labelledby=(id("title")) {
            h2 id=(id("title")) {
                (clean(&program.program))
                @if let (true, Some(wording)) = (several, &program.wording) { ": " (clean(wording)) }
            }
            @if let Some(target) = &program.target { p.quiet { (clean(target)) } }
            (facts(program))
            @if !program.next.is_empty() {
                p { "What to do next:" }
                ul { @for line in &program.next { li { (clean(line)) } } }
            }
            (measured(program, &id("ratios")))
            (latency(program, &id("latency")))
            (machine(program))
            (matched(program, &id("match")))
            (cost(document, program, &id("stages")))
            (kept(program))
            (history(document, program, &id("history")))
        }
    }
}

/// What everybody wants to see first.
fn facts(program: &Program) -> Markup {
    let mut facts: Vec<(String, String)> = program
        .measured
        .iter()
        .filter(|metric| metric.gated)
        .filter_map(|metric| Some((format!("{}, change", metric.name()), units::change(metric.ratio?.point))))
        .collect();
    if let Some(share) = program.applied.as_ref().and_then(Applied::share) {
        facts.push(("match, by weight".into(), units::share(share)));
    }
    if let (Some(before), Some(after)) = (&program.baseline, &program.optimized) {
        facts.push(("size".into(), after.change_from(before)));
    }
    if let Some(refresh) = &program.refresh {
        facts.push(("cost of a refresh".into(), format!("{:.2} plain builds", refresh.builds)));
    }
    html! {
        @if !facts.is_empty() {
            dl { @for (name, value) in &facts { div { dt { (clean(name)) } dd { (clean(value)) } } } }
        }
    }
}

/// A plot beside its tables; the tables alone where there is no plot.
fn pair(figures: Vec<(Option<Markup>, String)>, grids: &[Table]) -> Markup {
    let figures: Vec<(Markup, String)> =
        figures.into_iter().filter_map(|(figure, caption)| Some((figure?, caption))).collect();
    let class = if figures.is_empty() { "pair" } else { "pair plotted" };
    html! {
        div class=(class) {
            @if !figures.is_empty() {
                div {
                    @for (figure, caption) in &figures {
                        figure { (figure) figcaption { (clean(caption)) } }
                    }
                }
            }
            div { @for grid in grids.iter().filter(|grid| !grid.is_empty()) { (grid.html()) } }
        }
    }
}

fn measured(program: &Program, id: &str) -> Markup {
    if program.measured.is_empty() {
        return html! {};
    }
    let (gated, informing): (Vec<&Measured>, Vec<&Measured>) =
        program.measured.iter().partition(|metric| metric.gated);
    let informing = informing.into_iter().filter(|metric| !tables::is_percentile(metric));
    let shown: Vec<&Measured> = gated.iter().copied().chain(informing).collect();
    let said: Vec<String> = shown
        .iter()
        .filter_map(|metric| Some(format!("{} {}", metric.name(), metric.ratio?.as_change())))
        .collect();
    let words = Words {
        id: id.to_owned(),
        title: "Change of each metric, with its interval",
        description: said.join("; "),
    };
    let margin = gated.iter().find_map(|metric| metric.margin);
    let band = margin.map(|margin| format!("; the band is the margin of {:.1} %", margin * 100.0));
    let caption = format!(
        "Optimized over baseline: {}. Filled: decides; hollow: informs. An arrow: the interval goes on{}.",
        plot::better(&shown),
        band.unwrap_or_default()
    );
    let legend = tables::legend(&program.measured).into_iter().map(str::to_owned);
    let notes: Vec<String> = notes(&program.measured).chain(legend).collect();
    html! {
        h3 { "Change" }
        (pair(
            vec![(plot::forest(&words, &shown), caption)],
            &[tables::measured(program, true), tables::measured(program, false)],
        ))
        @if !notes.is_empty() { ul { @for note in &notes { li { (clean(note)) } } } }
    }
}

fn latency(program: &Program, id: &str) -> Markup {
    let all = tables::percentiles(&program.measured);
    if all.is_empty() {
        return html! {};
    }
    let mut workloads: Vec<String> = all.iter().map(|metric| metric.place()).collect();
    workloads.dedup();
    let figure = |(at, workload): (usize, &String)| {
        let own: Vec<&Measured> = all.iter().copied().filter(|metric| metric.place() == *workload).collect();
        let said: Vec<String> = own
            .iter()
            .map(|metric| {
                format!("{} {} to {} {}", metric.metric, metric.baseline, metric.optimized, metric.unit)
            })
            .collect();
        let words = Words {
            id: format!("{id}-{at}"),
            title: "Latency, baseline and optimized",
            description: format!("{workload}: {}", said.join("; ")),
        };
        (plot::latency(&words, &own), format!("{workload}: ring, baseline; dot, optimized."))
    };
    let figures = workloads.iter().enumerate().map(figure).collect();
    html! {
        h3 { "Latency" }
        (pair(figures, &[tables::latency(&all)]))
    }
}

fn machine(program: &Program) -> Markup {
    let grid = tables::trust(program);
    html! {
        @if !grid.is_empty() {
            h3 { "The machine" }
            div.breaking { (grid.html()) }
        }
    }
}

fn matched(program: &Program, id: &str) -> Markup {
    let Some(applied) = &program.applied else { return html! {} };
    let words = Words { id: id.to_owned(), title: "Match by origin", description: applied.words() };
    let figure = applied.measured().and_then(|found| plot::matching(&words, found));
    let caption = "Share of the profile's weight; red: what the build did not apply.".to_owned();
    let (lost, hot) = (tables::lost(program), tables::hot(program));
    html! {
        h3 { "Match" }
        p { (clean(&applied.words())) }
        (pair(vec![(figure, caption)], &[tables::origins(program)]))
        @if !lost.is_empty() { div.breaking { (lost.html()) } }
        @if !hot.is_empty() {
            details { summary { "Hottest functions" } div.breaking { (hot.html()) } }
        }
    }
}

fn cost(document: &Document, program: &Program, id: &str) -> Markup {
    if program.timeline.is_empty() && program.refresh.is_none() {
        return html! {};
    }
    let said: Vec<String> = program
        .timeline
        .iter()
        .map(|span| {
            let (from, to) = (units::millis(span.start_ms), units::millis(span.end_ms));
            format!("{} {} from {from} to {to}", span.stage, tables::state(span))
        })
        .collect();
    let words =
        Words { id: id.to_owned(), title: "Stages in the course of the run", description: said.join("; ") };
    let figure = plot::timeline(&words, &program.timeline, document.elapsed_ms);
    let caption = "Time since the run began.".to_owned();
    let mut grids = vec![tables::timeline(program)];
    grids.extend(program.refresh.as_ref().map(tables::refresh));
    html! {
        h3 { "Stages and their cost" }
        (pair(vec![(figure, caption)], &grids))
        @if let Some(refresh) = &program.refresh { p.quiet { (tables::refresh_source(refresh)) } }
    }
}

fn kept(program: &Program) -> Markup {
    let (profile, sizes) = (tables::profile(program), tables::sizes(program));
    html! {
        @if !profile.is_empty() || !sizes.is_empty() {
            h3 { "Profile and binaries" }
            div.breaking {
                @for grid in [&profile, &sizes] { @if !grid.is_empty() { (grid.html()) } }
            }
        }
    }
}

fn history(document: &Document, program: &Program, id: &str) -> Markup {
    let runs = document.runs(program);
    if runs.is_empty() {
        return html! {};
    }
    let mut names: Vec<(&str, &str)> = Vec::new();
    for change in runs.iter().flat_map(|past| &past.changes) {
        let name = (change.workload.as_str(), change.metric.as_str());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut figures: Vec<(Option<Markup>, String)> = names
        .iter()
        .enumerate()
        .map(|(at, (workload, metric))| {
            let name = format!("{workload} ({metric})");
            let words = Words {
                id: format!("{id}-{at}"),
                title: "Change from run to run",
                description: format!("{name}, the oldest run first; the table has the numbers"),
            };
            (plot::changes(&words, &runs, (workload, metric)), format!("{name}: change, with its interval."))
        })
        .collect();
    let words = Words {
        id: format!("{id}-match"),
        title: "Match from run to run",
        description: "the oldest run first; the table has the numbers".into(),
    };
    figures.push((plot::applied(&words, &runs), "Share of the profile's weight that was applied.".into()));
    html! {
        h3 { "Runs" }
        (pair(figures, &[tables::history(&runs)]))
    }
}
