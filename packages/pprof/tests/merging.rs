//! Sums: weights of files, units, shares, and what happens to files that are refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::proto::Proto;
use common::{ENOUGH, fixture, preprofile};
use honing_pprof::{Error, Merger, Policy, Unit, read, read_stored};

/// A call of that weight, in that unit.
fn file(callee: &str, weight: i64, kind: (&str, &str), period: (&str, &str)) -> Vec<u8> {
    let mut proto = Proto::of(&[kind], period);
    proto.call("main.main", 12, callee, weight);
    proto.bytes
}

const COUNT: (&str, &str) = ("samples", "count");
const TIME: (&str, &str) = ("cpu", "nanoseconds");

fn counts(callee: &str, weight: i64) -> Vec<u8> {
    file(callee, weight, COUNT, TIME)
}

fn policy(max_lost_share: f64) -> Policy {
    Policy { max_lost_share, ..Policy::default() }
}

#[test]
fn weights_multiply_and_shares_are_told() {
    let mut merger = Merger::new(Policy::default());
    merger.add(&counts("main.f", 10), 1).unwrap();
    merger.add(&counts("main.f", 10), 6).unwrap();
    let report = merger.add(&counts("main.g", 30), 0).unwrap();
    assert_eq!(report.weight, 30, "as in the file");
    let merged = merger.finish().unwrap();
    assert_eq!(
        preprofile(&merged.edges),
        "GO PREPROFILE V1\nmain.main\nmain.f\n2 70\nmain.main\nmain.g\n2 30\n"
    );
    assert_eq!(merged.summary.shares, [0.1, 0.6, 0.3]);
    assert_eq!(merged.edges.unit(), Unit::Samples { period: 10_000_000 });
}

#[test]
fn counts_and_nanoseconds_are_made_comparable() {
    let mut merger = Merger::new(Policy::default());
    merger.add(&counts("main.f", 3), 2).unwrap();
    merger.add(&file("main.g", 40_000_000, TIME, TIME), 1).unwrap();
    let merged = merger.finish().unwrap();
    assert_eq!(merged.edges.unit(), Unit::Nanoseconds);
    let weights: Vec<u64> = merged.edges.iter().map(|edge| edge.weight).collect();
    assert_eq!((weights, merged.summary.shares), (vec![60_000_000, 40_000_000], vec![0.6, 0.4]));

    let unknown = file("main.h", 5, COUNT, ("", ""));
    let mut alone = Merger::new(Policy::default());
    alone.add(&unknown, 1).unwrap();
    assert_eq!(alone.finish().unwrap().edges.unit(), Unit::Samples { period: 0 });
    let mut mixed = Merger::new(Policy::default());
    mixed.add(&unknown, 1).unwrap();
    mixed.add(&counts("main.f", 3), 1).unwrap();
    assert_eq!(mixed.finish().map(|merged| merged.edges), Err(Error::Units));
}

#[test]
fn refused_files_leave_the_sum_as_it_was_and_count_as_lost() {
    let mut merger = Merger::new(policy(0.2));
    for _ in 0..3 {
        merger.add(&counts("main.f", 10), 1).unwrap();
    }
    merger.add(b"<html>", 1).unwrap_err();
    let summary = merger.finish_anyway().unwrap().summary;
    assert_eq!((summary.files, summary.set_aside, summary.share_lost), (4, 1, 0.25));
    assert_eq!(summary.shares, [1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0, 0.0]);

    let with = |allowed| {
        let mut merger = Merger::new(policy(allowed));
        (0..3).for_each(|_| drop(merger.add(&counts("main.f", 10), 1).unwrap()));
        merger.add(b"<html>", 1).unwrap_err();
        merger.finish().map(|merged| merged.edges.weight())
    };
    assert_eq!(with(0.25), Ok(30));
    let error = with(0.24).unwrap_err();
    assert!(
        error.to_string().starts_with("25.00 % of the weight is unusable, 24.00 % is allowed; see"),
        "{error}"
    );

    let mut none = Merger::new(Policy::KEEP_ALL);
    none.add(&[], 1).unwrap_err();
    assert_eq!(none.finish().map(|merged| merged.edges), Err(Error::Nothing { files: 1 }));
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let half = i64::MAX / 2;
    let mut merger = Merger::new(Policy::KEEP_ALL);
    merger.add(&counts("main.f", half), 3).unwrap_err();
    merger.add(&counts("main.f", half), 2).unwrap();
    assert_eq!(merger.add(&counts("main.g", 5), u64::MAX), Err(Error::TooHeavy));
    assert_eq!(merger.add(&counts("main.g", 2), 1), Err(Error::TooHeavy));
    // Nothing of a file is added where not all can be.
    let mut two = Proto::new();
    two.call("main.main", 12, "main.f", 1);
    two.call("main.main", 12, "main.g", 1);
    assert_eq!(merger.add(&two.bytes, 1), Err(Error::TooHeavy));
    merger.add(&counts("main.g", 1), 1).unwrap();
    merger.add(&file("main.g", 1, TIME, TIME), 1).unwrap();
    // In nanoseconds they do not.
    assert_eq!(merger.finish_anyway().map(|merged| merged.edges), Err(Error::TooHeavy));
}

#[test]
fn a_stored_profile_merges_as_the_one_that_it_was_made_of() {
    let fresh = fixture("shapes.pprof");
    let edges = honing_pprof::read(&fixture("recurse.pprof"), 1 << 20).unwrap().edges().unwrap();
    let stored = edges.to_stored(&[("program".into(), "recurse".into())]).unwrap();
    let sum = |first: &[u8]| {
        let mut merger = Merger::new(Policy::default());
        merger.add(first, 3).unwrap();
        merger.add(&fresh, 1).unwrap();
        merger.finish().unwrap().edges
    };
    let merged = sum(stored.as_bytes());
    assert_eq!(merged, sum(&fixture("recurse.pprof")));
    let text = merged.to_stored(&[]).unwrap();
    assert_eq!(read_stored(text.as_bytes(), 1 << 20).unwrap().edges, merged);
}

#[test]
fn package_main_of_a_test_is_called_as_in_the_program() {
    let mut proto = Proto::new();
    proto.call("x.org/cmd/a.serve", 12, "x.org/cmd/a.parse", 30);
    // The test's own main, which is no function of the program.
    proto.call("main.main", 3, "testing.(*M).Run", 1);
    proto.call("x.org/cmd/a.main", 5, "x.org/cmd/a.serve", 2);
    let mut profile = read(&proto.bytes, ENOUGH).unwrap();
    profile.rename_package("x.org/cmd/a", "main");
    let again = read(&profile.to_pprof(), ENOUGH).unwrap().edges().unwrap();
    let edges: Vec<_> =
        again.by_weight().iter().map(|edge| (edge.caller.to_owned(), edge.callee.to_owned())).collect();
    let named =
        [("main.serve", "main.parse"), ("main.main", "main.serve"), ("main.main", "testing.(*M).Run")];
    assert_eq!(edges, named.map(|(caller, callee)| (caller.to_owned(), callee.to_owned())));
    assert_eq!(profile.edges().unwrap().by_weight().len(), again.len());
}
