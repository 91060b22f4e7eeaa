//! Real profiles with something wrong in them: any bytes give a profile or an error, and what was
//! read can be written and read back. The fuzz targets in `fuzz/` do the same for longer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use honing_match::instrumented;
use honing_profdata::{IndexedVersion, Merger, Policy, read};
use proptest::prelude::*;
use std::sync::OnceLock;

/// One fault.
#[derive(Debug, Clone)]
enum Fault {
    Flip { at: usize, bit: u8 },
    Byte { at: usize, byte: u8 },
    Word { at: usize, word: u64 },
    Cut { at: usize },
    Remove { at: usize, length: usize },
    Repeat { at: usize, length: usize },
    Append { at: usize, length: usize },
}

fn fault() -> impl Strategy<Value = Fault> {
    let at = any::<usize>();
    // The header decides most: half of the faults are in the first 200 bytes.
    let at = prop_oneof![at, 0..200_usize].boxed();
    let word = prop_oneof![
        Just(0),
        Just(u64::MAX),
        Just(u64::MAX - 7),
        Just(1 << 63),
        Just(1 << 32),
        Just(u64::from(u32::MAX)),
        0..10_000_u64,
        any::<u64>(),
    ];
    let length = 1..300_usize;
    prop_oneof![
        (at.clone(), 0..8_u8).prop_map(|(at, bit)| Fault::Flip { at, bit }),
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Fault::Byte { at, byte }),
        (at.clone(), word).prop_map(|(at, word)| Fault::Word { at, word }),
        at.clone().prop_map(|at| Fault::Cut { at }),
        (at.clone(), length.clone()).prop_map(|(at, length)| Fault::Remove { at, length }),
        (at.clone(), length.clone()).prop_map(|(at, length)| Fault::Repeat { at, length }),
        (at, length).prop_map(|(at, length)| Fault::Append { at, length }),
    ]
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
        Fault::Word { at, word } => {
            let at = at % size / 8 * 8;
            let end = (at + 8).min(size);
            bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
        }
        Fault::Cut { at } => bytes.truncate(at % size),
        Fault::Remove { at, length } => drop(bytes.drain(span(at, length))),
        Fault::Repeat { at, length } => {
            let copy = bytes[span(at, length)].to_vec();
            let at = at % size;
            bytes.splice(at..at, copy);
        }
        Fault::Append { at, length } => bytes.extend_from_within(span(at, length)),
    }
}

fn seeds() -> &'static [(String, Vec<u8>)] {
    static SEEDS: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
    SEEDS.get_or_init(|| {
        use common::synth::{Shape, program, raw};
        let mut seeds = common::profiles();
        for version in 8..=11 {
            let order = if version % 2 == 0 {
                honing_profdata::ByteOrder::Little
            } else {
                honing_profdata::ByteOrder::Big
            };
            let shape = Shape {
                version,
                order,
                packed_names: version < 10,
                binary_id: vec![7; 20],
                ..Shape::default()
            };
            seeds.push((format!("raw {version}"), raw(&program(12, version), &shape)));
        }
        seeds
    })
}

/// What the fuzz targets ask of any bytes.
fn check(bytes: &[u8]) {
    let Ok(first) = read(bytes) else { return };
    let text = first.profile.to_text();
    for version in [IndexedVersion::Lowest, IndexedVersion::Exactly(13)] {
        let indexed = first.profile.to_indexed(version).unwrap();
        let again = read(&indexed).unwrap();
        assert_eq!(again.report.losses, []);
        assert!(again.profile.to_text() == text, "not read back the same");
        assert!(again.profile.to_indexed(version).unwrap() == indexed);
    }
    // Twice the file is twice the profile, or as much as fits.
    let mut merger = Merger::new(Policy::KEEP_ALL);
    merger.add(bytes, 1).unwrap();
    merger.add(bytes, 1).unwrap();
    let twice = merger.finish_anyway().unwrap().profile;
    assert!(twice.weight() <= 2 * first.profile.weight());
    assert_eq!(twice.len(), first.profile.len());
}

/// Files with which a fuzz target found a fault once.
#[test]
#[allow(clippy::disallowed_methods, reason = "a test reads files")]
fn found_faults_stay_mended() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/found");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        check(&bytes);
        let _ = instrumented(&bytes);
        files += 1;
    }
    assert!(files > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn faulty_profiles_are_read_or_refused(seed in any::<usize>(), faults in prop::collection::vec(fault(), 1..4)) {
        let (_, bytes) = &seeds()[seed % seeds().len()];
        let mut bytes = bytes.clone();
        faults.iter().for_each(|fault| apply(&mut bytes, fault));
        check(&bytes);
    }

    #[test]
    fn faulty_objects_are_read_or_refused(object in 0..3_usize, faults in prop::collection::vec(fault(), 1..4)) {
        let names = ["plain.c.elf.o", "plain.c.macho.o", "plain.c.coff.o"];
        let mut bytes = common::fixture(names[object]);
        faults.iter().for_each(|fault| apply(&mut bytes, fault));
        let _ = instrumented(&bytes);
    }

    #[test]
    fn text_lines_in_any_order_are_read_or_refused(lines in prop::collection::vec(
        prop::sample::select(vec![":ir", ":csir", "main", "f", "0", "1", "2", "3", "0x7f", "$2", "a:1", "** External Symbol **:3",
            ":entry_first", "18446744073709551615", "# note", "", "64:2", ":temporal_prof_traces", "-1", "+1"]), 0..30)) {
        let text = format!(":ir\n{}", lines.join("\n"));
        if let Ok(read) = read(text.as_bytes()) {
            let again = honing_profdata::read(&read.profile.to_text()).unwrap().profile;
            prop_assert_eq!(again.to_text(), read.profile.to_text());
        }
    }
}
