//! The stored form: nothing is lost, and nothing damaged is taken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::proto::Proto;
use common::{ENOUGH, fixture, preprofile};
use honing_pprof::{EdgeMap, Error, Policy, Unit, read, read_stored};

fn edges(of: impl FnOnce(&mut Proto)) -> EdgeMap {
    let mut proto = Proto::new();
    of(&mut proto);
    read(&proto.bytes, ENOUGH).unwrap().edges().unwrap()
}

fn small() -> EdgeMap {
    edges(|proto| {
        proto.call("main.serve", 18, "runtime.mallocgc", 2);
        proto.call("main.main", 22, "main.serve", 30);
        proto.call("main.serve", 13, "main.(*cache[go.shape.struct { X int }]).get", 9);
        proto.call("main.serve", 13, "main.(*cache[go.shape.struct { X int }]).get", 1);
        proto.call("main.walk", 7, "main.walk", 5);
    })
}

const SMALL: &str = "\
honing go edges 1
unit: samples/count
period: 10000000
edges: 4
weight: 47
program: tracker
go: go1.26.8

func main.main
12 30 main.serve
func main.serve
3 10 main.(*cache[go.shape.struct { X int }]).get
8 2 runtime.mallocgc
func main.walk
-3 5 main.walk
";

#[test]
fn a_person_can_read_it() {
    let head = [("program".to_owned(), "tracker".to_owned()), ("go".to_owned(), "go1.26.8".to_owned())];
    assert_eq!(small().to_stored(&head).unwrap(), SMALL);
    let stored = read_stored(SMALL.as_bytes(), ENOUGH).unwrap();
    assert_eq!((stored.edges, stored.head.as_slice()), (small(), head.as_slice()));
    assert!(read_stored(SMALL.replace('\n', "\r\n").as_bytes(), ENOUGH).is_ok(), "git may check out CRLF");
}

#[test]
fn fixtures_come_back_as_the_preprofile_that_go_made_of_them() {
    for name in ["recurse", "shapes"] {
        let golden = String::from_utf8(fixture(&format!("{name}.preprofile"))).unwrap();
        let edges = read(&fixture(&format!("{name}.pprof")), ENOUGH).unwrap().edges().unwrap();
        assert_eq!(preprofile(&edges), golden);
        let stored = read_stored(edges.to_stored(&[]).unwrap().as_bytes(), ENOUGH).unwrap();
        let again = read(&stored.edges.to_profile().to_pprof(), ENOUGH).unwrap();
        assert_eq!(preprofile(&again.edges().unwrap()), golden);
        assert_eq!(again.edges().unwrap(), edges);
    }
}

#[test]
fn what_would_not_be_read_back_is_not_stored() {
    for (name, value) in [
        ("", "x"),
        ("Go", "x"),
        ("a b", "x"),
        ("weight", "1"),
        ("go", ""),
        ("go", " x"),
        ("go", "x\ny"),
        ("go", "x\r"),
    ] {
        let error = small().to_stored(&[(name.into(), value.into())]).unwrap_err();
        assert!(matches!(error, Error::NotStorable(_)), "{name}: {value}");
    }
    let two_lines = edges(|proto| proto.call("a\nb", 12, "c", 1));
    assert_eq!(two_lines.to_stored(&[]), Err(Error::NotStorable("a".into())));
}

#[test]
fn damage_is_told_by_its_line() {
    let cases = [
        ("honing go edges 1", "honing go edges 2", "stored form version 2, but only version 1"),
        ("unit: samples/count\n", "", "line 7 of the stored profile: "),
        ("samples/count", "samples/bytes", "line 2 of the stored profile: a unit is"),
        (
            "period: 10000000\n",
            "",
            "line 7 of the stored profile: the head has unit, edges and weight, and a period for samples; restore",
        ),
        (
            "edges: 4",
            "edges: 5",
            "line 15 of the stored profile: the text ends with other edges than its head counts, \
          found `4 edges of weight 47`",
        ),
        ("12 30", "12 31", "line 15 of the stored profile: the text ends with other edges"),
        (
            "edges: 4",
            "edges: 4\nedges: 4",
            "line 5 of the stored profile: this line of the head was there already",
        ),
        ("edges: 4", "edges: 4x", "line 4 of the stored profile: a number belongs here"),
        (
            "program: ",
            "program:",
            "line 6 of the stored profile: the head has lines `name: value`, found `program:tracker`",
        ),
        ("func main.serve", "<<<<<<< HEAD", "line 11 of the stored profile: `func caller` or"),
        ("func main.main\n", "", "line 9 of the stored profile: `func caller` or"),
        ("3 10", "9 10", "line 13 of the stored profile: each call comes once"),
        ("func main.main", "func main.tail", "line 11 of the stored profile: each caller comes once"),
        ("8 2 ", "8 0 ", "line 13 of the stored profile: `func caller` or"),
        ("8 2 ", "8 -2 ", "line 13 of the stored profile: `func caller` or"),
        ("12 30", "12 9223372036854775807", "the weights add up to more than"),
        ("-3 5 main.walk\n", "-3 5 main.wal", "line 15 of the stored profile: the last line has an end, too"),
    ];
    for (from, to, expected) in cases {
        assert!(SMALL.contains(from), "{from}");
        let error = read_stored(SMALL.replacen(from, to, 1).as_bytes(), ENOUGH).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{from} -> {to}: {error}");
    }
    let error = read_stored(b"honing go edges 1\nunit: \xff", ENOUGH).unwrap_err().to_string();
    assert!(error.starts_with("line 2 of the stored profile: it has to be UTF-8"), "{error}");
    for end in 0..SMALL.len() {
        read_stored(&SMALL.as_bytes()[..end], ENOUGH).unwrap_err();
    }
    assert!(matches!(read_stored(SMALL.as_bytes(), 100), Err(Error::TooLarge { limit: 100, .. })));
}

#[test]
fn recursion_on_the_first_line_and_lines_before_it_come_back() {
    let edges = edges(|proto| {
        proto.call("main.loop", 10, "main.loop", 3);
        proto.call("main.made", 9, "main.loop", 2);
    });
    let again = read(&edges.to_profile().to_pprof(), ENOUGH).unwrap().judge(&Policy::default()).unwrap();
    assert_eq!((again.edges, again.report.losses), (edges, vec![]));
}

#[test]
fn units_come_back() {
    let mut proto = Proto::of(&[("cpu", "nanoseconds")], ("cpu", "nanoseconds"));
    proto.call("main.main", 12, "main.f", 70_000_000);
    let edges = read(&proto.bytes, ENOUGH).unwrap().edges().unwrap();
    assert_eq!(edges.unit(), Unit::Nanoseconds);
    let text = edges.to_stored(&[]).unwrap();
    assert!(text.contains("unit: cpu/nanoseconds\nedges: 1\n"), "{text}");
    let stored = read_stored(text.as_bytes(), ENOUGH).unwrap().edges;
    for edges in [&stored, &small()] {
        let again = read(&edges.to_profile().to_pprof(), ENOUGH).unwrap().edges().unwrap();
        assert_eq!(&again, edges);
    }
}
