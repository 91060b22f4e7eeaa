//! The packed format: nothing is lost, nothing damaged is taken, and the bytes stay what they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod common;

use common::synth::{Function, Numbers, Shape, program, raw};
use honing_profdata::{Error, Format, IndexedVersion, Merger, PACKED_VERSION, Policy, Profile, read};
use proptest::prelude::*;

/// Packs, reads back and compares all that a compiler or a person sees.
fn round_trip(profile: &Profile) -> Vec<u8> {
    let packed = profile.to_packed().unwrap();
    let again = read(&packed).unwrap();
    assert_eq!((again.report.format, again.report.version), (Format::Packed, u64::from(PACKED_VERSION)));
    assert_eq!(again.report.losses, []);
    assert_eq!(again.report.functions, profile.len() as u64);
    assert_eq!(again.report.weight, profile.weight());
    assert_eq!(again.report.variant, profile.variant());
    for version in [IndexedVersion::Lowest, IndexedVersion::Exactly(13)] {
        assert!(again.profile.to_indexed(version).unwrap() == profile.to_indexed(version).unwrap());
    }
    assert!(again.profile.to_text() == profile.to_text());
    assert!(again.profile.binary_ids().eq(profile.binary_ids()));
    assert!(again.profile.vtable_names().eq(profile.vtable_names()));
    assert!(again.profile.to_packed().unwrap() == packed, "packed again, other bytes");
    packed
}

#[test]
fn every_fixture_comes_back() {
    for (name, bytes) in common::profiles() {
        let profile = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}")).profile;
        round_trip(&profile);
    }
}

#[test]
fn pseudo_counts_and_strange_names_come_back() {
    let text = b":ir\n:entry_first\nhot\n1\n2\n18446744073709551615\n0\nwarm\n1\n1\n18446744073709551614\n\
        full\n3\n1\n18446744073709551613\n;\n4\n1\n1\na;b;c\n5\n1\n0\n\x01\x02\x03\n6\n1\n7\n";
    let profile = read(text).unwrap().profile;
    assert_eq!(profile.len(), 6);
    round_trip(&profile);
}

#[test]
fn a_packed_profile_merges_as_the_indexed_one_does() {
    let one = read(&raw(&program(40, 0), &Shape::default())).unwrap().profile;
    let two = raw(&program(40, 1), &Shape::default());
    let sum = |stored: &[u8]| {
        let mut merger = Merger::new(Policy::default());
        merger.add(stored, 3).unwrap();
        merger.add(&two, 1).unwrap();
        merger.finish().unwrap().profile.to_indexed(IndexedVersion::Lowest).unwrap()
    };
    let indexed = one.to_indexed(IndexedVersion::Lowest).unwrap();
    assert!(sum(&one.to_packed().unwrap()) == sum(&indexed));
}

/// Two functions of one unit, one elsewhere, a call, a size, a bitmap, an id.
fn small() -> Profile {
    let functions = [
        Function {
            name: "a.1f-cgu.0;_ZN1a3one17h0123456789abcdefE".into(),
            cfg_hash: 0x0123_4567_89ab_cdef,
            counts: vec![1, 0, 300],
            calls: vec![vec![(Some(1), 9), (None, 4)], vec![]],
            sizes: vec![vec![(16, 2), (0, 1)]],
            bitmap: vec![3, 0, 128],
            ..Function::default()
        },
        Function {
            name: "a.1f-cgu.0;_ZN1a3two17hfedcba9876543210E".into(),
            cfg_hash: 8,
            counts: vec![0, 0],
            ..Function::default()
        },
        Function { name: "main".into(), cfg_hash: 8, counts: vec![1 << 40, 2], ..Function::default() },
    ];
    let shape = Shape { version: 9, binary_id: vec![1, 2, 3], ..Shape::default() };
    read(&raw(&functions, &shape)).unwrap().profile
}

/// If deflate's bytes change with a new version of its crate, every stored profile changes with the
/// next refresh: that has to be decided, not to happen.
#[test]
fn the_bytes_of_a_small_profile() {
    let packed = round_trip(&small());
    let hex: Vec<String> =
        packed.chunks(32).map(|line| line.iter().map(|b| format!("{b:02x}")).collect()).collect();
    assert_eq!(hex.join("\n"), GOLDEN.trim());
}

const GOLDEN: &str = "
8f686f6e696e670a01000000ef270294a6c38d1bf9c18115eebba7e809808080
0801030102030400020300110d0f63e04ed4334cd34d4e2fd533b00600070305
63646400002f0315178b8ff2334c34cecf4b65622829cf6762c84dcccc630000
13136360606060636060666264606660027218980010efcdab89674523010800
000000000000100123456789abcdeffedcba987654321001050205030a01ac02
808080808020020703056366680000150274cc2ad75f8b33d500000000000000
00000210000409040201
";

/// The digest of a profile large enough for several chunks and for all that deflate does.
#[test]
fn the_digest_of_a_large_profile() {
    let profile = read(&raw(&program(3000, 0), &Shape::default())).unwrap().profile;
    let packed = round_trip(&profile);
    assert_eq!(format!("{:x}", md5::compute(&packed)), "7ae254f289a6b91a46d988cd6e9fbec5");
}

#[test]
fn a_damaged_file_is_refused() {
    let packed = small().to_packed().unwrap();
    for length in 0..packed.len() {
        assert!(read(&packed[..length]).is_err(), "cut to {length}");
    }
    for bit in 0..8 * packed.len() {
        let mut flipped = packed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err(), "bit {bit}");
    }
    let longer = [packed.as_slice(), &[0]].concat();
    assert!(matches!(read(&longer), Err(Error::Packed(_))));
    let mut newer = packed;
    newer[8] = 2;
    let error = read(&newer).unwrap_err();
    assert_eq!(error, Error::PackedVersion { found: 2 });
    assert!(error.to_string().contains("newer Honing"), "{error}");
}

/// Gives a changed file the checksum that it would have.
fn seal(file: &mut [u8]) {
    if let Some((head, body)) = file.split_at_mut_checked(28) {
        head[12..].copy_from_slice(&md5::compute(body).0);
    }
}

/// A file as somebody else would write it: one function `main` with so many counters, none counted.
fn by_hand(counters: u32) -> Vec<u8> {
    fn number(mut number: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        while number > 127 {
            bytes.push(number as u8 | 128);
            number >>= 7;
        }
        bytes.push(number as u8);
        bytes
    }
    fn sized(bytes: &[u8]) -> Vec<u8> {
        [number(bytes.len() as u32), bytes.to_vec()].concat()
    }
    fn blob(bytes: &[u8]) -> Vec<u8> {
        // A stored block: deflate need not be good at it.
        let length = bytes.len() as u16;
        let block = [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), bytes].concat();
        [number(bytes.len() as u32), sized(&block)].concat()
    }
    let columns = [vec![0, 0, 0], number(counters), vec![0, 0, 0, 0]].concat();
    let sections = [
        [number(1 << 24), vec![0]].concat(), // head
        blob(b""),                           // vtables
        blob(&[0]),                          // prefixes
        blob(&[0]),                          // prefix of
        [vec![1], blob(b"main\0"), blob(&columns)].concat(),
        7_u64.to_le_bytes().to_vec(), // CFG hashes
        vec![],                       // name hashes
        vec![0],                      // live
        vec![],                       // not zero
        vec![],                       // counters
        blob(b""),                    // bitmaps
        vec![],                       // values
        vec![],                       // value counts
    ];
    let body: Vec<u8> = sections.iter().flat_map(|section| sized(section)).collect();
    let mut file = [b"\x8fhoning\n\x01\0\0\0".as_slice(), &[0; 16], &body].concat();
    seal(&mut file);
    file
}

#[test]
fn the_description_suffices_to_write_one() {
    let profile = read(&by_hand(3)).unwrap().profile;
    let text = String::from_utf8(profile.to_text()).unwrap();
    assert_eq!(
        text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>(),
        [":ir", "main", "7", "3", "0", "0", "0", ""]
    );
}

#[test]
fn bombs_are_refused_before_allocating() {
    for counters in [1 << 27, u32::MAX] {
        let error = read(&by_hand(counters)).unwrap_err();
        assert!(matches!(error, Error::Packed(what) if what.contains("more than is allowed")), "{error}");
    }
    let policy = Policy { max_name_bytes: 3, ..Policy::default() };
    assert!(matches!(Merger::new(policy).add(&by_hand(1), 1), Err(Error::Packed(_))));
}

fn bytes_of_a_name() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![";", "17h", "0123456789abcdefE", "_ZN1a", "\u{2}", "x"]),
        1..6,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_up_programs_come_back(functions in 1..400_usize, run in any::<u32>(), version in 8..=11_u64, seed in any::<u32>(),
        names in prop::collection::vec(bytes_of_a_name(), 0..20)) {
        let mut functions = program(functions, u64::from(run));
        let mut numbers = Numbers::new(u64::from(seed));
        for (at, name) in names.into_iter().enumerate() {
            let count = functions.len() as u64;
            functions[numbers.below(count) as usize].name = format!("{name}{at}");
        }
        for function in &mut functions {
            match numbers.below(20) {
                0 => function.bitmap = vec![numbers.below(256) as u8; 1 + numbers.below(5) as usize],
                1 if version >= 10 => function.vtables = vec![vec![(0, 1 + numbers.below(9))], vec![]],
                2 => function.counts = vec![numbers.below(1 << 30) << 20; function.counts.len()],
                _ => {}
            }
        }
        let vtables = if version >= 10 { vec!["_ZTV1A".into(), "_ZTV1B".into()] } else { vec![] };
        let shape = Shape { version, vtables, binary_id: vec![7; numbers.below(30) as usize], ..Shape::default() };
        let profile = read(&raw(&functions, &shape)).unwrap().profile;
        round_trip(&profile);
    }

    /// Behind a right checksum, any bytes give a profile that can be written, or an error.
    #[test]
    fn sealed_damage_does_not_panic(changes in prop::collection::vec((28..10_000_usize, any::<u8>()), 1..6), cut in prop::option::of(28..10_000_usize)) {
        let mut packed = small().to_packed().unwrap();
        let length = packed.len();
        for (at, byte) in changes {
            packed[28 + at % (length - 28)] = byte;
        }
        if let Some(cut) = cut {
            packed.truncate(28 + cut % (length - 28));
        }
        seal(&mut packed);
        if let Ok(read) = read(&packed) {
            round_trip(&read.profile);
        }
    }
}
