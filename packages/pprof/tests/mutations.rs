//! Real profiles with something wrong in them: any bytes give a profile or an error, what was read
//! can be written and read back, and what is judged usable can be stored.
//!
//! `HONING_MUTATIONS=1000000` is the long form: so many cases a test, a hundredth of them with Go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod common;

use common::go::go;
use common::proto::{Proto, message, varint};
use common::{fixture, preprofile};
use honing_pprof::{Error, LossKind, Merger, Policy, Profile, read, read_stored};
use proptest::prelude::*;
use std::io::{Read as _, Write as _};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What a file here may unpack to.
const LIMIT: u64 = 1 << 20;

/// One fault.
#[derive(Debug, Clone)]
enum Fault {
    Flip {
        at: usize,
        bit: u8,
    },
    Byte {
        at: usize,
        byte: u8,
    },
    /// Another integer in the place of one.
    Number {
        at: usize,
        number: u64,
    },
    Cut {
        at: usize,
    },
    Remove {
        at: usize,
        length: usize,
    },
    Repeat {
        at: usize,
        length: usize,
    },
    /// A field of the message taken away, repeated, or moved to the end.
    Field {
        at: usize,
        what: u8,
    },
    /// A field with an integer within a field.
    Inside {
        at: usize,
        field: u64,
        number: u64,
    },
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..20_u64,
        0..1000_u64,
        Just(u64::MAX),
        Just(i64::MAX as u64),
        Just(i64::MIN as u64),
        Just(u64::from(u32::MAX)),
        any::<u64>(),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    let at = prop_oneof![any::<usize>(), 0..100_usize].boxed();
    let length = 1..60_usize;
    prop_oneof![
        (at.clone(), 0..8_u8).prop_map(|(at, bit)| Fault::Flip { at, bit }),
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Fault::Byte { at, byte }),
        (at.clone(), number()).prop_map(|(at, number)| Fault::Number { at, number }),
        at.clone().prop_map(|at| Fault::Cut { at }),
        (at.clone(), length.clone()).prop_map(|(at, length)| Fault::Remove { at, length }),
        (at.clone(), length).prop_map(|(at, length)| Fault::Repeat { at, length }),
        (at.clone(), 0..3_u8).prop_map(|(at, what)| Fault::Field { at, what }),
        (at, 1..8_u64, number()).prop_map(|(at, field, number)| Fault::Inside { at, field, number }),
    ]
}

/// Where the fields of a message begin and where they end; as many as can be told apart.
fn fields(bytes: &[u8]) -> Vec<(usize, usize)> {
    let read = |mut at: usize| {
        let (mut value, mut shift) = (0_u64, 0);
        loop {
            let byte = *bytes.get(at)?;
            value |= u64::from(byte & 0x7f).checked_shl(shift)?;
            (at, shift) = (at + 1, shift + 7);
            if byte < 0x80 {
                return Some((value, at));
            }
        }
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some((tag, after)) = read(at) {
        let end = match (tag & 7, read(after)) {
            (0, Some((_, end))) => end,
            (2, Some((length, start))) => start.saturating_add(length as usize),
            _ => break,
        };
        if end > bytes.len() {
            break;
        }
        found.push((at, end));
        at = end;
    }
    found
}

fn apply(bytes: &mut Vec<u8>, fault: &Fault) {
    if bytes.is_empty() {
        return;
    }
    let size = bytes.len();
    let span = |at: usize, length: usize| at % size..(at % size + length).min(size);
    match *fault {
        Fault::Flip { at, bit } => bytes[at % size] ^= 1 << bit,
        Fault::Byte { at, byte } => bytes[at % size] = byte,
        Fault::Number { at, number } => {
            let start = at % size;
            let end =
                bytes[start..].iter().position(|byte| byte & 0x80 == 0).map_or(size, |end| start + end + 1);
            let mut other = Vec::new();
            varint(&mut other, number);
            bytes.splice(start..end, other);
        }
        Fault::Cut { at } => bytes.truncate(at % size),
        Fault::Remove { at, length } => drop(bytes.drain(span(at, length))),
        Fault::Repeat { at, length } => {
            let copy = bytes[span(at, length)].to_vec();
            let at = at % size;
            bytes.splice(at..at, copy);
        }
        Fault::Field { at, what } => {
            let fields = fields(bytes);
            let Some(&(start, end)) = fields.get(at % fields.len().max(1)) else { return };
            let field = bytes[start..end].to_vec();
            if what != 1 {
                bytes.drain(start..end);
            }
            if what != 0 {
                bytes.extend(field);
            }
        }
        Fault::Inside { at, field, number } => {
            let fields = fields(bytes);
            let Some(&(start, end)) = fields.get(at % fields.len().max(1)) else { return };
            // Fields here have fewer than 128 bytes, mostly: the length is the second byte.
            let mut more = Vec::new();
            varint(&mut more, field << 3);
            varint(&mut more, number);
            if end - start > 2 && usize::from(bytes[start + 1]) + 2 + more.len() < 128 {
                bytes[start + 1] += more.len() as u8;
                bytes.splice(end..end, more);
            }
        }
    }
}

fn seeds() -> &'static [Vec<u8>] {
    static SEEDS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        let made = |name: &str| read(&fixture(name), LIMIT).unwrap().edges().unwrap().to_profile().to_proto();
        let unpacked = |name: &str| {
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(fixture(name).as_slice()).read_to_end(&mut bytes).unwrap();
            bytes
        };
        vec![unpacked("recurse.pprof"), unpacked("shapes.pprof"), made("recurse.pprof"), made("shapes.pprof")]
    })
}

fn check(bytes: &[u8]) {
    let start = Instant::now();
    if let Ok(profile) = read(bytes, LIMIT) {
        let again = read(&profile.to_pprof(), 2 * LIMIT).unwrap();
        assert!(again.to_proto() == profile.to_proto(), "not read back the same");
        let edges = profile.edges();
        assert!(again.edges() == edges);
        judge(&profile);
    }
    let mut merger = Merger::new(Policy { max_bytes: LIMIT, ..Policy::KEEP_ALL });
    if let (Ok(one), Ok(_)) = (merger.add(bytes, 1), merger.add(bytes, 2)) {
        let sum = merger.finish_anyway().unwrap().edges;
        assert_eq!((sum.weight(), sum.len() as u64), (3 * one.weight, one.edges));
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

fn judge(profile: &Profile) {
    let Ok(judged) = profile.judge(&Policy::KEEP_ALL) else { return };
    let parts = u128::from(judged.edges.weight()) + judged.report.weight_lost();
    assert!(judged.report.weight == judged.edges.weight() && parts > 0);
    let hot: u64 = judged.edges.hot().iter().map(|edge| edge.weight).sum();
    assert!(hot as f64 >= 0.98 * judged.edges.weight() as f64);
    let text = judged.edges.to_stored(&[]).unwrap();
    let stored = read_stored(text.as_bytes(), LIMIT).unwrap().edges;
    assert_eq!(stored, judged.edges);
    let again = read(&stored.to_profile().to_pprof(), 2 * LIMIT).unwrap();
    assert_eq!(again.edges().unwrap(), judged.edges);
    if judged.report.losses.is_empty() {
        assert_eq!(profile.edges().unwrap(), judged.edges);
    }
}

/// So many cases, or in the long form as many as are asked for over `times`.
fn config(cases: u32, times: u32) -> ProptestConfig {
    let long = std::env::var("HONING_MUTATIONS").ok().map(|cases| cases.parse().expect("a number of cases"));
    let cases = long.map_or(cases, |long: u32| long / times);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A seed with faults in it, told by its faults.
#[derive(Clone)]
struct Faulty {
    faults: (usize, Vec<Fault>),
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.faults.fmt(f)
    }
}

fn faulty() -> impl Strategy<Value = Faulty> {
    (0..4_usize, prop::collection::vec(fault(), 1..4)).prop_map(|faults| {
        let mut bytes = seeds()[faults.0].clone();
        faults.1.iter().for_each(|fault| apply(&mut bytes, fault));
        Faulty { faults, bytes }
    })
}

/// What a fault was found with once: a function without a name, and one with two.
#[test]
fn found_faults_stay_mended() {
    for function in [&[(1, 1), (2, 0)], &[(1, 1), (2, 1), (2, 2)]] as [&[_]; 2] {
        let mut proto = Proto::new();
        proto.field(5, &message(function));
        let location = proto.location(1, &[(1, 1)]);
        proto.sample(&[location, location], &[1]);
        check(&proto.bytes);
    }
}

proptest! {
    #![proptest_config(config(3000, 1))]

    #[test]
    fn faulty_profiles_are_read_or_refused(faulty in faulty()) {
        check(&faulty.bytes);
    }

    #[test]
    fn faulty_gzip_is_read_or_refused(faulty in faulty(), faults in prop::collection::vec(fault(), 0..2)) {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&faulty.bytes).unwrap();
        let mut bytes = gzip.finish().unwrap();
        faults.iter().for_each(|fault| apply(&mut bytes, fault));
        check(&bytes);
    }

    #[test]
    fn stored_lines_in_any_order_are_read_or_refused(lines in prop::collection::vec(prop::sample::select(vec![
        "unit: samples/count", "unit: cpu/nanoseconds", "period: 1", "edges: 1", "weight: 2", "edges: 2", "weight: 3", "a: b",
        "", "func a", "func b", "func ", "1 2 b", "2 1 b", "-1 1 a", "1 2 ", "1 2 c d", "func", "0 0 a", "\r", "é"]), 0..14)) {
        let text = format!("honing go edges 1\n{}\n", lines.join("\n"));
        if let Ok(stored) = read_stored(text.as_bytes(), LIMIT) {
            let again = stored.edges.to_stored(&[]).unwrap();
            prop_assert_eq!(read_stored(again.as_bytes(), LIMIT).unwrap().edges, stored.edges);
        }
        check(text.as_bytes());
    }
}

proptest! {
    // A process each.
    #![proptest_config(config(100, 100))]

    /// What Go's own tool takes we take, with the edges that it finds, and what it refuses we refuse.
    #[test]
    fn faulty_profiles_are_as_go_has_them(faulty in faulty()) {
        let Some(go) = go() else { return Ok(()) };
        let profile = read(&faulty.bytes, LIMIT);
        if profile.as_ref().is_ok_and(is_difference) {
            return Ok(());
        }
        let ours = profile.and_then(|profile| profile.edges());
        match (ours, go.preprofile_of(&faulty.bytes)) {
            (Ok(edges), Ok(theirs)) => prop_assert_eq!(preprofile(&edges), theirs),
            (Err(_), Err(_)) => {}
            // Names that are no text, sums that wrap around, locations that are missing far from the leaf.
            (Err(error), Ok(_)) => {
                let said = error.to_string();
                let known = ["UTF-8", "2^63", "is empty", "no location has number"];
                prop_assert!(known.iter().any(|known| said.contains(known)), "{said}");
            }
            (Ok(edges), Err(said)) => prop_assert!(edges.is_empty(), "{said}"),
        }
    }
}

/// Whether a sample has a negative value.
fn is_difference(profile: &Profile) -> bool {
    match profile.judge(&Policy { max_lost_share: 0.0, ..Policy::default() }) {
        Err(Error::TooMuchLost { losses, .. }) => losses.iter().any(|(kind, _)| *kind == LossKind::Negative),
        _ => false,
    }
}
