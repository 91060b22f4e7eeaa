//! Against Go's own tools: the compiler's edges, byte for byte, from real profiles and made-up ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod common;

use common::go::{Real, corpus, go};
use common::proto::Proto;
use common::{ENOUGH, preprofile};
use honing_pprof::{Merger, Policy, Profile, read, read_stored};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::Write as _;

fn load(real: &Real) -> Profile {
    let bytes = std::fs::read(&real.path).unwrap();
    read(&bytes, ENOUGH).unwrap_or_else(|error| panic!("{} {:?}: {error}", real.program, real.path))
}

#[test]
fn real_profiles_have_the_edges_that_preprofile_writes() {
    let Some(go) = go() else { return };
    let profiles = corpus(go);
    let mut lines = 0;
    for real in profiles {
        let ours = preprofile(&load(real).edges().unwrap());
        let theirs = go.preprofile(&real.path).unwrap();
        assert!(ours == theirs, "{} {:?}", real.program, real.path);
        lines += ours.lines().count();
    }
    let programs: BTreeSet<&str> = profiles.iter().map(|real| real.program).collect();
    let producers: BTreeSet<_> = profiles.iter().map(|real| real.producer).collect();
    println!("{} profiles, {} programs, {producers:?}, {lines} lines", profiles.len(), programs.len());
    assert!(profiles.len() >= 20 && programs.len() >= 8 && producers.len() >= 3 && lines > 15_000);
}

#[test]
fn real_profiles_are_stored_and_come_back_as_the_same_edges() {
    let Some(go) = go() else { return };
    for real in corpus(go) {
        let judged = load(real).judge(&Policy::default());
        let judged = judged.unwrap_or_else(|error| panic!("{} {:?}: {error}", real.program, real.path));
        assert_eq!(judged.report.losses, [], "{}", real.program);
        let text = judged.edges.to_stored(&[("program".into(), real.program.into())]).unwrap();
        let stored = read_stored(text.as_bytes(), ENOUGH).unwrap();
        assert_eq!(stored.edges, judged.edges);
        let pprof = stored.edges.to_profile().to_pprof();
        assert!(go.preprofile_of(&pprof) == go.preprofile(&real.path), "{}", real.program);
    }
}

#[test]
fn the_compilers_own_profile_is_small() {
    let Some(go) = go() else { return };
    let file = std::fs::read(go.default_pgo()).unwrap();
    let edges = read(&file, ENOUGH).unwrap().edges().unwrap();
    let text = edges.to_stored(&[]).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(text.as_bytes()).unwrap();
    let (packed, pprof) = (gzip.finish().unwrap().len(), edges.to_profile().to_pprof().len());
    println!(
        "default.pgo has {} bytes, {} edges, {} of them hot; as stored {} bytes, {packed} gzipped; regenerated {pprof}",
        file.len(),
        edges.len(),
        edges.hot().len(),
        text.len()
    );
    assert!(packed <= 50 << 10, "{packed}");
}

#[test]
fn the_hot_calls_end_where_the_compilers_do() {
    let Some(go) = go() else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.go"), "package p\n").unwrap();
    // Just not over 99 %, just over, all in one, and all alike.
    let weights: [&[i64]; 4] = [&[97, 2, 1], &[970, 21, 9], &[1000, 3, 2, 1], &[5; 300]];
    for (weights, hot) in weights.into_iter().zip([3, 2, 1, 298]) {
        let mut proto = Proto::new();
        for (&weight, line) in weights.iter().zip(10..) {
            proto.call("main.main", line, "main.f", weight);
        }
        let edges = read(&proto.bytes, ENOUGH).unwrap().edges().unwrap();
        assert_eq!(edges.hot().len(), hot);
        std::fs::write(folder.path().join("edges"), preprofile(&edges)).unwrap();
        let mut compile = go.command(&["tool", "compile", "-pgoprofile=edges", "-d=pgodebug=1", "p.go"]);
        let said = String::from_utf8(common::go::run(compile.current_dir(folder.path()))).unwrap();
        let percent = edges.hot().last().unwrap().weight as f64 / edges.weight() as f64 * 100.0;
        assert!(said.contains(&format!("hot-callsite-thres-from-CDF={percent}\n")), "{percent}: {said}");
    }
}

#[test]
fn merges_have_the_edges_of_what_gos_tools_merge() {
    let Some(go) = go() else { return };
    let folder = tempfile::tempdir().unwrap();
    let profiles = corpus(go);
    for skip in 0..6 {
        let some: Vec<_> = profiles.iter().skip(skip).step_by(4).map(|real| real.path.as_path()).collect();
        let theirs = folder.path().join("merged");
        go.merge(&some, &theirs);
        let mut merger = Merger::new(Policy::default());
        for path in &some {
            merger.add(&std::fs::read(path).unwrap(), 1).unwrap();
        }
        let merged = merger.finish().unwrap();
        assert!(preprofile(&merged.edges) == go.preprofile(&theirs).unwrap(), "{some:?}");
        let sum: f64 = merged.summary.shares.iter().sum();
        assert!((sum - 1.0).abs() < 1e-9, "{:?}", merged.summary);
    }
}

#[test]
fn written_profiles_are_read_by_gos_tools() {
    let Some(go) = go() else { return };
    let folder = tempfile::tempdir().unwrap();
    for real in corpus(go) {
        let profile = load(real);
        let path = folder.path().join("written.pprof");
        std::fs::write(&path, profile.to_pprof()).unwrap();
        let again = read(&std::fs::read(&path).unwrap(), ENOUGH).unwrap();
        assert!(again.to_proto() == profile.to_proto(), "{}", real.program);
        assert!(go.preprofile(&path) == go.preprofile(&real.path), "{}", real.program);
        // Its own reader checks more than the compiler's does.
        let top = |path| common::go::run(go.command(&["tool", "pprof", "-symbolize=none", "-top"]).arg(path));
        assert!(top(&path) == top(&real.path), "{}", real.program);
    }
}

#[test]
fn go_builds_the_same_program_with_the_made_profile() {
    let Some(go) = go() else { return };
    let folder = tempfile::tempdir().unwrap();
    let real = corpus(go).iter().find(|real| real.program == "recurse").unwrap();
    let made = load(real).edges().unwrap().to_profile().to_pprof();
    let build = |name: &str, profile: &[u8]| {
        // Go writes the profile's name into the program, and with -trimpath not its folder.
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("p.pprof"), profile).unwrap();
        let pgo = format!("-pgo={}", folder.join("p.pprof").display());
        let mut build = go.command(&["build", "-trimpath", &pgo, "-o"]);
        common::go::run(build.arg(folder.join("out")).arg(common::path("programs/recurse.go")));
        std::fs::read(folder.join("out")).unwrap()
    };
    let with_real = build("real", &std::fs::read(&real.path).unwrap());
    assert!(build("made", &made) == with_real);
    assert!(build("none", &[]) != with_real, "the profile does something");
}

/// A profile of few functions, so that frames meet in all ways: recursion, no function, no line, no
/// address, the same location twice, edges twice in a sample.
fn made_up() -> impl Strategy<Value = Vec<u8>> {
    let names = prop::sample::select(vec!["", "main.f", "main.g", "main.f", "a b", "é", "m[go.shape.int]"]);
    let functions = prop::collection::vec((names, prop_oneof![Just(0), Just(7), -3..9_i64]), 1..5);
    let line = (0..6_u64, prop_oneof![0..12_i64, Just(i64::MAX), Just(i64::MIN)]);
    let location = (0..3_u64, prop::collection::vec(line, 0..5));
    let locations = prop::collection::vec(location, 1..6);
    let sample = (prop::collection::vec(any::<prop::sample::Index>(), 0..4), 0..20_i64);
    (functions, locations, prop::collection::vec(sample, 1..9)).prop_map(|(functions, locations, samples)| {
        let mut proto = Proto::new();
        let known: Vec<u64> = functions.iter().map(|&(name, start)| proto.function(name, start)).collect();
        let mut places = Vec::new();
        for (address, lines) in &locations {
            let of = |&(at, line): &(u64, i64)| (known.get(at as usize).copied().unwrap_or(0), line);
            places.push(proto.location(*address, &lines.iter().map(of).collect::<Vec<_>>()));
        }
        for (stack, value) in &samples {
            let stack: Vec<u64> = stack.iter().map(|at| *at.get(&places)).collect();
            proto.sample(&stack, &[*value]);
        }
        proto.bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_up_profiles_have_the_edges_that_preprofile_writes(bytes in made_up()) {
        let Some(go) = go() else { return Ok(()) };
        let edges = read(&bytes, ENOUGH).unwrap().edges();
        match go.preprofile_of(&bytes) {
            Ok(theirs) => {
                let edges = edges.unwrap();
                prop_assert_eq!(preprofile(&edges), theirs.clone());
                let again = edges.to_profile().to_pprof();
                prop_assert_eq!(go.preprofile_of(&again).unwrap(), theirs);
            }
            Err(said) => {
                prop_assert!(said.contains("missing Function.start_line"), "{}", said);
                // Go before 1.27 says so of zeroes, too.
                prop_assert!(!edges.is_ok_and(|edges| !edges.is_empty()));
            }
        }
    }
}
