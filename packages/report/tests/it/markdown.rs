//! `report.md`.

use std::collections::BTreeSet;

use honing_report::{Document, markdown};
use pulldown_cmark::{Event, Options, Parser, Tag};

use crate::made::{HOSTILE, failed, hostile, measured, recorded, run, several, summary};

#[test]
fn the_recorded_run() {
    insta::assert_snapshot!(markdown(&Document::from_events(&recorded(), Vec::new())));
}

#[test]
fn a_failed_run() {
    insta::assert_snapshot!(markdown(&Document::from_events(&failed(), Vec::new())));
}

#[test]
fn several_programs() {
    insta::assert_snapshot!(markdown(&several()));
}

#[test]
fn hostile_names_mean_nothing() {
    let text = markdown(&hostile());
    insta::assert_snapshot!(text);
    let mut html = BTreeSet::new();
    let mut cells: Vec<Vec<usize>> = Vec::new();
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Html(tag) | Event::InlineHtml(tag) => drop(html.insert(tag.trim().to_owned())),
            Event::Start(Tag::Table(_)) => cells.push(Vec::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => cells.last_mut().unwrap().push(0),
            Event::Start(Tag::TableCell) => *cells.last_mut().unwrap().last_mut().unwrap() += 1,
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("a link: {text}"),
            // A mention, a reference to an issue.
            Event::Text(words) => assert!(!words.contains("@octocat") || words.contains('\n'), "{words}"),
            _ => {}
        }
    }
    // The unfolding parts are the only tags.
    let ours =
        |tag: &String| tag == "<!-- -->" || tag == "</details>" || tag.starts_with("<details><summary>");
    assert!(html.iter().all(ours), "{html:#?}");
    // A row has as many cells as its header, and its text is the one that it should be.
    assert!(cells.len() > 5 && cells.iter().flatten().count() > 15, "{cells:?}");
    let pipes = |line: &str| line.replace("\\|", "").matches('|').count();
    for table in text.split("\n\n").filter(|part| part.trim_start().starts_with('|')) {
        let counts: Vec<usize> = table.trim().lines().map(pipes).collect();
        assert!(counts.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
    }
}

#[test]
fn it_fits_into_a_pull_request() {
    let names: Vec<String> = (0..60).map(|at| format!("{HOSTILE}-{at}")).collect();
    let metrics = || (0..20).map(|at| measured(&format!("w{at}"), "cpu", true, (0.9, 0.95, 1.0))).collect();
    let finished = names.iter().map(|name| {
        let outcome = honing_core::outcome::Outcome::Improved;
        let summary = Box::new(summary(name, metrics(), outcome, HOSTILE));
        honing_core::event::Event::ProgramFinished { summary }
    });
    let warning = "w".repeat(100_000);
    let mut events: Vec<_> = finished.collect();
    events.extend((0..50).map(|_| honing_core::event::Event::Warning { text: warning.clone() }));
    let programs: Vec<&str> = names.iter().map(String::as_str).collect();
    let text = markdown(&Document::from_events(&run(&programs, events), Vec::new()));
    assert!(text.len() < 60 * 1024, "{} bytes", text.len());
    assert!(text.contains("report.html"), "it does not say that something is left out");
}
