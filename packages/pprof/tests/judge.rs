//! What is refused, what is left out, and what is said about it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod common;

use common::ENOUGH;
use common::go::{go, run};
use common::proto::Proto;
use honing_pprof::{Error, Judged, LossKind, Policy, read};
use std::process::Command;

fn judge(bytes: &[u8], policy: Policy) -> Result<Judged, Error> {
    read(bytes, policy.max_bytes)?.judge(&policy)
}

/// A profile of which 1 part in 50 is as `spoil` makes it.
fn spoiled(spoil: impl FnOnce(&mut Proto)) -> Vec<u8> {
    let mut proto = Proto::new();
    proto.call("main.main", 12, "main.serve", 49);
    spoil(&mut proto);
    proto.bytes
}

fn refused(bytes: &[u8]) -> String {
    judge(bytes, Policy::default()).map(|judged| judged.report).unwrap_err().to_string()
}

#[test]
fn unusable_parts_are_left_out_with_their_share_or_refused() {
    let unnamed = spoiled(|proto| proto.call("main.main", 13, "", 1));
    let long = "x".repeat(65_536);
    let cases = [
        (LossKind::Unnamed, unnamed),
        (LossKind::LongName, spoiled(|proto| proto.call("main.main", 13, &long, 1))),
        (LossKind::BrokenName, spoiled(|proto| proto.call("main.main", 13, "a\nb", 1))),
        (LossKind::BrokenName, spoiled(|proto| proto.call("a\r", 13, "main.f", 1))),
        (LossKind::ElidedGenerics, spoiled(|proto| proto.call("main.main", 13, "slices.Sort[...]", 1))),
        (LossKind::NoLine, spoiled(|proto| proto.call("main.main", 0, "main.f", 1))),
        (
            LossKind::NoStartLine,
            spoiled(|proto| {
                let (caller, callee) = (proto.function("main.f", 0), proto.function("main.g", 10));
                let leaf = proto.location(77, &[(callee, 11)]);
                let call = proto.location(78, &[(caller, 12)]);
                proto.sample(&[leaf, call], &[1]);
            }),
        ),
        (LossKind::Negative, spoiled(|proto| proto.call("main.main", 13, "main.f", -1))),
    ];
    for (kind, bytes) in cases {
        let expected = Error::TooMuchLost { share: 0.02, allowed: 0.01, losses: vec![(kind, 0.02)] };
        let error = judge(&bytes, Policy::default()).map(|judged| judged.report).unwrap_err();
        assert_eq!(error, expected);
        let text = error.to_string();
        assert!(text.contains(&format!("2.00 % {kind}. {}", kind.advice())), "{text}");
        let Judged { edges, report } =
            judge(&bytes, Policy { max_lost_share: 0.02, ..Policy::default() }).unwrap();
        assert_eq!((report.losses.len(), report.losses[0].kind, report.losses[0].weight), (1, kind, 1));
        assert_eq!((report.weight, edges.weight(), edges.len()), (49, 49, 1));
        assert!((report.share_lost() - 0.02).abs() < 1e-9 && report.share_of(&report.losses[0]) > 0.019);
    }
}

#[test]
fn preemption_is_told_and_counts_where_it_dominates() {
    let little = spoiled(|proto| proto.call("main.main", 13, "runtime.asyncPreempt", 49));
    let report = judge(&little, Policy::default()).unwrap().report;
    assert_eq!((report.async_preempt, report.weight, report.losses.len()), (49, 98, 0));
    let much = spoiled(|proto| proto.call("main.main", 13, "runtime.asyncPreempt", 51));
    assert!(
        refused(&much)
            .starts_with("51.00 % of the weight is unusable, 1.00 % is allowed: 51.00 % preemption")
    );
    let kept = judge(&much, Policy::KEEP_ALL).unwrap();
    assert_eq!((kept.edges.weight(), kept.report.losses[0].kind), (49, LossKind::AsyncPreempt));
}

#[test]
fn a_profile_that_is_wholly_unusable_is_refused_by_any_policy() {
    let mut elided = Proto::new();
    elided.call("a[...]", 12, "b[...]", 5);
    let error = judge(&elided.bytes, Policy::KEEP_ALL).map(|judged| judged.report).unwrap_err();
    assert!(matches!(error, Error::TooMuchLost { share: 1.0, .. }), "{error}");

    let mut idle = Proto::new();
    assert_eq!(judge(&idle.bytes, Policy::KEEP_ALL).unwrap_err(), Error::NoSamples);
    idle.call("main.main", 12, "main.f", 0);
    assert_eq!(judge(&idle.bytes, Policy::KEEP_ALL).unwrap_err(), Error::NoWeight { samples: 1 });

    let mut no_starts = Proto::new();
    let function = no_starts.function("main.f", 0);
    let [leaf, call] = [1, 2].map(|address| no_starts.location(address, &[(function, 5)]));
    no_starts.sample(&[leaf, call], &[7]);
    assert_eq!(judge(&no_starts.bytes, Policy::KEEP_ALL).unwrap_err(), Error::NoStartLine);
}

#[test]
fn only_cpu_time_counts() {
    type Case = (&'static [(&'static str, &'static str)], &'static str, Option<&'static str>);
    let cases: [Case; 7] = [
        (&[("samples", "count"), ("cpu", "nanoseconds")], "cpu", None),
        (&[("cpu", "nanoseconds")], "cpu", None),
        (&[("alloc_space", "bytes"), ("cpu", "nanoseconds")], "cpu", None),
        (&[("cpu", "nanoseconds"), ("wall", "nanoseconds")], "cpu", None),
        (
            &[("contentions", "count"), ("delay", "nanoseconds")],
            "contentions",
            Some("not a CPU profile: it has contentions/count, delay/nanoseconds,"),
        ),
        (&[("cpu", "microseconds")], "cpu", Some("not a CPU profile: it has cpu/microseconds,")),
        (
            &[("samples", "count"), ("time", "nanoseconds")],
            "",
            Some("a profile of time/nanoseconds, not of CPU time"),
        ),
    ];
    for (types, period, expected) in cases {
        let mut proto = Proto::of(types, (period, "nanoseconds"));
        let (caller, callee) = (proto.function("main.main", 10), proto.function("main.f", 10));
        let stack = [proto.location(1, &[(callee, 11)]), proto.location(2, &[(caller, 12)])];
        proto.sample(&stack, &vec![3; types.len()]);
        proto.sample(&stack, &[vec![3], vec![0; types.len() - 1]].concat());
        match (judge(&proto.bytes, Policy::default()), expected) {
            (Ok(judged), None) => assert_eq!(judged.report.other_samples, u64::from(types[0].1 == "bytes")),
            (Err(error), Some(expected)) => assert!(error.to_string().starts_with(expected), "{error}"),
            (judged, _) => panic!("{types:?}: {judged:?}"),
        }
    }
}

#[test]
fn files_in_a_profiles_place_are_called_what_they_are() {
    let lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    let cases: [(&[u8], &str); 8] = [
        (b"", "the profile is empty: "),
        (lfs, "a Git LFS pointer, not a profile: run `git lfs pull`"),
        (b"GO PREPROFILE V1\na\nb\n1 2\n", "the text that `go tool preprofile` writes"),
        (b"honing go edges 1\n", "Honing's stored form, not a pprof profile"),
        (b"404 page not found\n", "text, not a profile; it begins with `404 page not found`: "),
        (
            b"goroutine profile: total 5\n1 @ 0x43",
            "text, not a profile; it begins with `goroutine profile: total 5`: ",
        ),
        (b"\x1f\x8b\x08\x00\x00", "the profile cannot be unpacked: "),
        (b"\x7fELF\x02\x01\x01\x00", "not a pprof profile, or a damaged one: "),
    ];
    for (bytes, expected) in cases {
        let error = read(bytes, ENOUGH).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let whole = common::fixture("recurse.pprof");
    let cut = read(&whole[..whole.len() / 2], ENOUGH).map(|_| ()).unwrap_err().to_string();
    assert!(cut.starts_with("the profile cannot be unpacked: "), "{cut}");
}

#[test]
fn broken_references_are_found() {
    let broken = |breaks: fn(&mut Proto)| {
        let mut proto = Proto::new();
        proto.call("main.main", 12, "main.f", 1);
        breaks(&mut proto);
        read(&proto.bytes, ENOUGH).map(|_| ()).unwrap_err().to_string()
    };
    type Case = (fn(&mut Proto), &'static str);
    let cases: [Case; 8] = [
        (|proto| proto.sample(&[99], &[1]), "no location has number 99,"),
        (|proto| _ = proto.location(1, &[(99, 1)]), "no function has number 99,"),
        (|proto| proto.field(5, &common::proto::message(&[(1, 1), (2, 0)])), "two functions have number 1,"),
        (|proto| proto.field(4, &common::proto::message(&[(1, 1)])), "two locations have number 1,"),
        (|proto| proto.field(5, &common::proto::message(&[(1, 0)])), "number 0, at byte"),
        (|proto| proto.field(5, &common::proto::message(&[(1, 9), (2, 999)])), "no string has number 999,"),
        (|proto| proto.sample(&[1], &[1, 2]), "a sample has more or fewer values than there are types,"),
        (|proto| proto.field(2, &[0x0e]), "a field has an unknown wire type,"),
    ];
    for (breaks, expected) in cases {
        let error = broken(breaks);
        assert!(error.contains(expected) && error.contains(", at byte "), "{error}");
    }
}

/// What Go accepts in silence or refuses, by the tool that the go command runs.
#[test]
fn what_go_accepts_in_silence_is_refused() {
    let Some(go) = go() else { return };
    let folder = tempfile::tempdir().unwrap();
    run(Command::new(go.build("others", folder.path())).arg(folder.path()));
    for name in ["heap", "allocs", "goroutine", "mutex", "block"] {
        let bytes = std::fs::read(folder.path().join(name)).unwrap();
        assert!(matches!(judge(&bytes, Policy::KEEP_ALL), Err(Error::SampleTypes { .. })), "{name}");
        assert!(go.preprofile_of(&bytes).unwrap_err().contains("does not contain a sample index"), "{name}");
    }
    let unnamed = |proto: &mut Proto| {
        let leaf = proto.location(9, &[]);
        let call = proto.location(10, &[]);
        proto.sample(&[leaf, call], &[1000]);
    };
    let silent = [Vec::new(), Proto::of(&[("contentions", "count")], ("", "")).bytes, spoiled(unnamed)];
    for bytes in silent {
        go.preprofile_of(&bytes).unwrap();
        judge(&bytes, Policy::default()).unwrap_err();
    }
}

/// The lengths of names that the compiler takes, asked of the compiler.
#[test]
fn the_compiler_fails_on_the_names_that_are_left_out() {
    let Some(go) = go() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.go"), "package p\n").unwrap();
    for (name, good) in [("x".repeat(65_535), true), ("x".repeat(65_536), false), ("a\nb".into(), false)] {
        let bytes = spoiled(|proto| proto.call("main.main", 13, &name, 1));
        std::fs::write(folder.path().join("edges"), go.preprofile_of(&bytes).unwrap()).unwrap();
        let mut compile = go.command(&["tool", "compile", "-pgoprofile=edges", "p.go"]);
        assert_eq!(compile.current_dir(folder.path()).output().unwrap().status.success(), good);
        assert_eq!(judge(&bytes, Policy::default()).is_ok(), good);
    }
}
