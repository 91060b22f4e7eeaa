//! A document as a page: one file that needs no network and runs no script, readable in light and
//! dark, and on a phone. maud escapes whatever is not markup of ours.

mod program;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{
    document::{Document, End},
    escape::clean,
    plot::COLOURS,
};
use honing_core::{outcome::Outcome, units};

/// What the page may load: nothing, whatever else may have got into it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as a page.
pub fn html(document: &Document) -> String {
    let names: Vec<&str> = document.programs.iter().map(|program| program.program.as_str()).collect();
    let title = clean(&format!("PGO of {}: {}", names.join(", "), document.verdict));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (title) }
                style { (PreEscaped(style())) }
            }
            body {
                (header(document, &names))
                main {
                    @for (at, program) in document.programs.iter().enumerate() {
                        (program::section(document, program, at))
                    }
                }
                (footer(document))
            }
        }
    };
    page.into_string()
}

/// The style sheet; the plots' stand-ins become colours that follow light and dark.
fn style() -> String {
    let mut css = include_str!("style.css").to_owned();
    for colour in COLOURS {
        let (stand_in, name) = (colour.stand_in(), colour.name);
        css.push_str(&format!(
            "svg [fill=\"{stand_in}\"] {{ fill: var(--{name}); }}\nsvg [stroke=\"{stand_in}\"] {{ stroke: var(--{name}); }}\n"
        ));
    }
    css
}

fn header(document: &Document, names: &[&str]) -> Markup {
    html! {
        header {
            p.quiet { "Profile-guided optimization of " (clean(&names.join(", "))) }
            h1 class=(format!("tone {}", tone(document))) { (clean(&document.verdict)) }
            p.quiet {
                @if let Some(date) = &document.date { (clean(date)) ", " }
                "took " (units::millis(document.elapsed_ms))
                @if let Some(end) = &document.end { ", exit code " (end.code) }
            }
            @if let Some(End { error: Some(error), hint, .. }) = &document.end {
                pre { (clean(error)) }
                @if let Some(hint) = hint {
                    p { "What to do next:" }
                    pre { (clean(hint)) }
                }
            }
            @if !document.warnings.is_empty() {
                h2 { "Warnings" }
                ul { @for warning in &document.warnings { li { (clean(warning)) } } }
            }
        }
    }
}

/// How good the news is: the worst of all programs'.
fn tone(document: &Document) -> &'static str {
    let Some(end) = &document.end else { return "open" };
    if end.code != 0 {
        return "bad";
    }
    let outcomes = || document.programs.iter().filter_map(|program| program.outcome.as_ref());
    if outcomes().any(|outcome| matches!(outcome, Outcome::Regressed { .. })) {
        "bad"
    } else if outcomes().any(|outcome| matches!(outcome, Outcome::Inconclusive { .. } | Outcome::NoEffect)) {
        "open"
    } else if outcomes().any(|outcome| *outcome == Outcome::Improved) {
        "good"
    } else {
        "calm"
    }
}

fn footer(document: &Document) -> Markup {
    html! {
        footer.quiet {
            @if let Some(version) = &document.version { "Honing " (clean(version)) }
            @if let Some(run) = &document.run { ", run " (clean(run)) }
            ". The same numbers as JSON: report.json beside this file."
        }
    }
}
