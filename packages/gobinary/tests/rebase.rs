//! Profiles of a real program, carried over to edits of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests read files and run `go`")]

mod common;

use common::Go;
use honing_gobinary::{Edge, Match, Part, Program, Rebased, Rule, Unplaced, match_edges, rebase};
use std::path::{Path, PathBuf};

/// The program's files, by path.
type Files = Vec<(String, String)>;

const PATHS: [&str; 4] = ["go.mod", "main.go", "internal/feed/feed.go", "internal/mix/mix.go"];

fn files() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/inn");
    let read = |path: &str| (path.to_owned(), std::fs::read_to_string(root.join(path)).unwrap());
    PATHS.into_iter().map(read).collect()
}

fn built(go: &Go, files: &Files) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path: PathBuf = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    go.build_in(folder.path(), &["-trimpath"], &[]).0
}

/// Replaces texts in all files. Each has to be there.
fn edited(edits: &[(&str, &str)]) -> Files {
    let mut files = files();
    for (from, to) in edits {
        assert!(files.iter().any(|(_, content)| content.contains(from)), "{from}");
        files.iter_mut().for_each(|(_, content)| *content = content.replace(from, to));
    }
    files
}

fn parse(text: &str) -> Vec<Edge<'_>> {
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let edge = |lines: &[&'_ str]| {
        lines[2].split_once(' ').map(|(offset, weight)| (offset.to_owned(), weight.to_owned()))
    };
    lines
        .chunks_exact(3)
        .map(|lines| {
            let (offset, weight) = edge(lines).unwrap();
            Edge {
                caller: lines[0],
                callee: lines[1],
                offset: offset.parse().unwrap(),
                weight: weight.parse().unwrap(),
            }
        })
        .collect()
}

/// A profile of the program as it is in the repository.
fn profile(go: &Go) -> String {
    let file = built(go, &files());
    let text = go.profiled();
    let edges = parse(&text);
    let program = Program::read(&file).unwrap();
    // Fresh, all of it matches, and a rebase changes nothing.
    let fresh = match_edges(&program, edges.iter().copied());
    assert_eq!(own(&fresh), 1.0, "{:?}", fresh.lost);
    assert!(fresh.part(Part::Own).weight as f64 > 0.9 * fresh.all.weight as f64, "{fresh:?}");
    let again = rebase(&program, &edges);
    assert!(again.by(Rule::Exact) as f64 >= 0.99 * again.weight as f64, "{again:#?}");
    text
}

fn own(found: &Match<'_>) -> f64 {
    found.part(Part::Own).ratio().unwrap()
}

/// How much of the profile's own weight arrives in what it became.
fn arrived(before: &Match<'_>, program: &Program<'_>, rebased: &Rebased<'_>) -> f64 {
    let after = match_edges(program, rebased.edges.iter().copied());
    assert!(after.lost.is_empty(), "{:#?}", after.lost);
    let weight = before.part(Part::Own).weight.max(before.all.weight - of_go(before));
    after.part(Part::Own).matched as f64 / weight as f64
}

fn of_go(found: &Match<'_>) -> u64 {
    found.part(Part::Runtime).weight + found.part(Part::Standard).weight
}

/// Match before, weight that arrives, and the report of an edit.
fn after<T>(
    go: &Go,
    text: &str,
    edits: &[(&str, &str)],
    check: impl FnOnce(f64, f64, &Rebased<'_>) -> T,
) -> T {
    let file = built(go, &edited(edits));
    let program = Program::read(&file).unwrap();
    let edges = parse(text);
    let before = match_edges(&program, edges.iter().copied());
    let rebased = rebase(&program, &edges);
    let whole = before.part(Part::Own).weight.max(before.all.weight - of_go(&before));
    let arrives = arrived(&before, &program, &rebased);
    println!(
        "{edits:?}: {:.4} before, {arrives:.4} after\n{:#?}",
        before.part(Part::Own).matched as f64 / whole as f64,
        rebased.renames
    );
    check(before.part(Part::Own).matched as f64 / whole as f64, arrives, &rebased)
}

fn renamed<'r>(rebased: &'r Rebased<'_>) -> Vec<(&'r str, &'r str, Rule)> {
    rebased.renames.iter().map(|one| (one.from.as_str(), one.to.as_str(), one.rule)).collect()
}

#[test]
fn edits_are_followed() {
    let Some(go) = Go::found() else { return };
    let text = profile(&go);
    // A hot leaf has another name.
    after(&go, &text, &[("round(", "stir(")], |before, after, rebased| {
        assert!(before < 0.9 && after >= 0.99, "{before} {after}: {:#?}", rebased.left);
        let mix = ["example.org/inn/internal/mix.round", "example.org/inn/internal/mix.stir"];
        assert_eq!(renamed(rebased), [(mix[0], mix[1], Rule::Renamed)]);
    });
    // A hot function has, and lines stand above hot calls.
    let edits = [
        ("Fold", "Reduce"),
        (
            "\tsum := uint64(len(words))\n",
            "\tif len(words) == 0 {\n\t\treturn 1\n\t}\n\tsum := uint64(len(words))\n",
        ),
        ("\t\twords := from", "\t\tcount(rounds)\n\t\twords := from"),
        (
            "func work",
            "func count(rounds int) {\n\tif rounds == 0 {\n\t\tprintln()\n\t}\n}\n\n//go:noinline\nfunc work",
        ),
    ];
    after(&go, &text, &edits, |before, after, rebased| {
        assert!(before < 0.9 && after >= 0.99, "{before} {after}: {:#?}", rebased.left);
        let shifted = rebased.edges.iter().find(|edge| edge.callee.ends_with("mix.round")).unwrap();
        assert_eq!((shifted.caller.ends_with("mix.Reduce"), shifted.offset), (true, 6));
        let mix = ["example.org/inn/internal/mix.Fold", "example.org/inn/internal/mix.Reduce"];
        assert_eq!(renamed(rebased), [(mix[0], mix[1], Rule::Renamed)]);
    });
    // Two functions that look alike have other names, and the line of an interface call is another one.
    let names = [
        ("Fold", "FromLeft"),
        ("Scatter", "FromRight"),
        ("\tvar total uint64\n", "\tvar total uint64\n\tprintln(rounds)\n"),
    ];
    after(&go, &text, &names, |before, after, rebased| {
        assert!(before < 0.9 && after >= 0.99, "{before} {after}: {:#?}", rebased.left);
        let mix = |name| format!("example.org/inn/internal/mix.{name}");
        let mut found: Vec<_> =
            rebased.renames.iter().map(|one| (one.from.clone(), one.to.clone())).collect();
        found.sort();
        assert_eq!(found, [(mix("Fold"), mix("FromLeft")), (mix("Scatter"), mix("FromRight"))]);
    });
    // The receiver is a value now.
    after(&go, &text, &[("(s *Source)", "(s Source)")], |before, after, rebased| {
        assert!(before < 0.9 && after >= 0.99, "{before} {after}: {:#?}", rebased.left);
        assert!(rebased.renames.iter().all(|one| one.rule == Rule::Receiver), "{:?}", rebased.renames);
    });
    // Another closure comes first.
    let closure = [(
        "\t\teach(words, func",
        "\t\teach(words[:1], func(word uint64) { total += word })\n\t\teach(words, func",
    )];
    after(&go, &text, &closure, |before, after, rebased| {
        assert!(before < 0.95 && after >= 0.99, "{before} {after}: {:#?}", rebased.left);
        assert_eq!(renamed(rebased), [("main.work.func1", "main.work.func2", Rule::Closure)]);
    });
}

#[test]
fn packages_that_moved_are_followed() {
    let Some(go) = Go::found() else { return };
    let text = profile(&go);
    let mut moved = edited(&[
        ("inn/internal/mix", "inn/pkg/blend"),
        ("package mix", "package blend"),
        ("mix.", "blend."),
    ]);
    moved.iter_mut().for_each(|(path, _)| *path = path.replace("internal/mix", "pkg/blend"));
    let file = built(&go, &moved);
    let program = Program::read(&file).unwrap();
    let edges = parse(&text);
    let before = match_edges(&program, edges.iter().copied());
    let rebased = rebase(&program, &edges);
    assert!(own(&before) < 0.5, "{}", own(&before));
    let after = arrived(&before, &program, &rebased);
    assert!(after >= 0.99, "{after}: {:#?}", rebased.left);
    assert_eq!(
        renamed(&rebased),
        [("example.org/inn/internal/mix", "example.org/inn/pkg/blend", Rule::Package)]
    );
    // The module has another major version.
    after_version(&go, &text);
}

fn after_version(go: &Go, text: &str) {
    after(go, text, &[("example.org/inn", "example.org/inn/v2")], |before, after, rebased| {
        assert!(before < 0.5 && after >= 0.99, "{before} {after}: {:#?}", rebased.left);
        let packages = renamed(rebased);
        assert!(
            packages
                .iter()
                .all(|(from, to, rule)| *rule == Rule::Package && *to == from.replace("inn/", "inn/v2/")),
            "{packages:?}"
        );
    });
}

/// Names that were swapped, everywhere: a leaf has nothing by which it could be known, a body has.
#[test]
fn swapped_names_are_not_guessed() {
    let Some(go) = Go::found() else { return };
    let text = profile(&go);
    for (one, other) in [("Fold", "Scatter"), ("round", "spread"), ("Spin", "Scatter")] {
        let swap = |name: &str| name.replace(one, "\u{1}").replace(other, one).replace('\u{1}', other);
        let mut swapped = files();
        swapped.iter_mut().for_each(|(_, content)| *content = swap(content));
        let file = built(&go, &swapped);
        let program = Program::read(&file).unwrap();
        let edges = parse(&text);
        let rebased = rebase(&program, &edges);
        let truth = |edge: &Edge<'_>| (swap(edge.caller), swap(edge.callee), edge.offset, edge.weight);
        let truth: Vec<_> = edges.iter().map(truth).collect();
        for edge in rebased.edges.iter().filter(|edge| edge.callee != "runtime.asyncPreempt") {
            let found = (edge.caller.to_owned(), edge.callee.to_owned(), edge.offset, edge.weight);
            assert!(truth.contains(&found), "{one} {other}: {edge:?}\n{:#?}", rebased.renames);
        }
        assert!(rebased.share() < 0.9, "{one} {other}");
        assert!(rebased.left.iter().any(|left| left.why != Unplaced::Gone), "{:#?}", rebased.left);
    }
}
