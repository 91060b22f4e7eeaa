//! `report.html`. The pages are left in cargo's target folder, `tmp/report-*.html`, to be looked at.

use std::{collections::BTreeSet, path::Path};

use honing_report::{Document, html};
use roxmltree::{Document as Xml, Node};

use crate::made::{HOSTILE, failed, hostile, recorded, run, several};

/// Every kind of document, by name.
fn documents() -> Vec<(&'static str, Document)> {
    let from = |records: &[_]| Document::from_events(records, Vec::new());
    vec![
        ("recorded", from(&recorded())),
        ("failed", from(&failed())),
        ("nothing", from(&run(&["p"], Vec::new()))),
        ("several", several()),
        ("hostile", hostile()),
    ]
}

/// The page as XML: stricter than HTML, but for `meta`, which has no end.
fn xml(page: &str) -> String {
    let page = page.strip_prefix("<!DOCTYPE html>").unwrap();
    let mut parts = page.split("<meta");
    let mut text = parts.next().unwrap().to_owned();
    for part in parts {
        text.push_str(&format!("<meta{}", part.replacen('>', "/>", 1)));
    }
    text
}

#[test]
fn pages_are_well_formed_and_only_of_our_markup() {
    let ours: BTreeSet<&str> = "html head meta title style body header main section footer h1 h2 h3 p ul li dl \
        div dt dd pre figure figcaption table caption thead tbody tr th td details summary svg desc text line \
        polyline polygon rect circle"
        .split_whitespace()
        .collect();
    for (name, document) in documents() {
        let page = html(&document);
        std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}.html")), &page)
            .unwrap();
        let text = xml(&page);
        let parsed = Xml::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut ids = BTreeSet::new();
        for node in parsed.descendants().filter(Node::is_element) {
            assert!(ours.contains(node.tag_name().name()), "{name}: <{}>", node.tag_name().name());
            for attribute in node.attributes() {
                let asks = ["src", "href", "action", "style", "srcset", "data"].contains(&attribute.name());
                assert!(!asks && !attribute.name().starts_with("on"), "{name}: {attribute:?}");
            }
            let id = node.attribute("id").map(str::to_owned);
            assert!(id.is_none_or(|id| ids.insert(id)), "{name}: an id is there twice");
        }
        for label in parsed.descendants().filter_map(|node| node.attribute("aria-labelledby")) {
            assert!(label.split(' ').all(|id| ids.contains(id)), "{name}: {label}");
        }
        // What a hostile name says is text: no address is asked for, and no style either.
        let style = parsed.descendants().find(|node| node.has_tag_name("style")).and_then(|node| node.text());
        let style = style.unwrap();
        for word in ["http", "@import", "url(", "src=", "</"] {
            assert!(!style.contains(word), "{name}: the style sheet has {word}");
        }
    }
}

#[test]
fn the_recorded_page_refers_to_nothing_outside() {
    let page = html(&Document::from_events(&recorded(), Vec::new()));
    for word in ["http://", "https://", "src=", "href=", "@import", "url(", "<script", "xmlns", "javascript"]
    {
        assert!(!page.contains(word), "it has {word}");
    }
    assert!(page.contains("content=\"default-src 'none'; "), "no policy");
}

#[test]
fn hostile_names_are_text() {
    let page = html(&hostile());
    assert!(!page.contains("<script"), "a name is markup");
    let text = xml(&page);
    let parsed = Xml::parse(&text).unwrap();
    let cells = parsed.descendants().filter(|node| node.has_tag_name("td") || node.has_tag_name("th"));
    let whole = cells.filter_map(|node| node.text()).filter(|text| *text == HOSTILE).count();
    assert!(whole > 2, "{whole} cells have the name as it is");
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
}

/// Numbers beside the rows of a plot, taken apart.
fn numbers_of_plots(parsed: &Xml<'_>) -> Vec<String> {
    let texts = parsed
        .descendants()
        .filter(|node| node.has_tag_name("text") && node.attribute("text-anchor") == Some("end"));
    let mut numbers = Vec::new();
    for text in texts.filter_map(|node| node.text()) {
        let parts = text.trim().split(", CPU ").flat_map(|part| part.split(" of the weight, "));
        let parts = parts.flat_map(|part| part.split(" to "));
        numbers.extend(
            parts.map(|part| part.trim_start_matches("wall ").trim_end_matches(" applied").to_owned()),
        );
    }
    numbers
}

#[test]
fn every_number_of_a_plot_is_in_a_table() {
    let page = html(&Document::from_events(&recorded(), Vec::new()));
    let text = xml(&page);
    let parsed = Xml::parse(&text).unwrap();
    let plots = parsed.descendants().filter(|node| node.has_tag_name("svg")).count();
    assert_eq!(plots, 4, "ratios, latency, match, stages");
    let cells: BTreeSet<&str> =
        parsed.descendants().filter(|node| node.has_tag_name("td")).filter_map(|node| node.text()).collect();
    let numbers = numbers_of_plots(&parsed);
    assert!(numbers.len() > 30, "{numbers:?}");
    let missing: Vec<&String> = numbers.iter().filter(|number| !cells.contains(number.as_str())).collect();
    assert!(missing.is_empty(), "not in a table: {missing:?}");
}

#[test]
fn history_has_plots_where_there_are_runs() {
    let text = xml(&html(&several()));
    let parsed = Xml::parse(&text).unwrap();
    let titles: Vec<&str> = parsed
        .descendants()
        .filter(|node| {
            node.has_tag_name("title") && node.parent().is_some_and(|node| node.has_tag_name("svg"))
        })
        .filter_map(|node| node.text())
        .collect();
    let count = |wanted: &str| titles.iter().filter(|title| **title == wanted).count();
    assert_eq!((count("Change from run to run"), count("Match from run to run")), (1, 1), "{titles:?}");
    let row = "eval (cpu) -8.0 % [-10.0, -6.0]";
    assert!(parsed.descendants().any(|node| node.has_tag_name("td") && node.text() == Some(row)));
}
