//! Small real profiles of several LLVM versions, against what that LLVM's own tool made of them:
//! byte by byte, and without any LLVM at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::fixture;
use honing_match::instrumented;
use honing_profdata::{
    ByteOrder, Format, IndexedVersion, Merger, Policy, Profile, ValueData, ValueKind, Variant, read,
};

fn merged(names: &[&str]) -> Profile {
    let mut merger = Merger::new(Policy::default());
    for name in names {
        merger.add(&fixture(name), 1).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    merger.finish().unwrap().profile
}

#[test]
fn c_profiles_of_four_llvms_merge_as_their_own_tools_do() {
    for (llvm, raw_version, indexed) in [(14, 8, 7), (16, 8, 9), (19, 10, 12), (22, 10, 13)] {
        let (first, second) = (format!("llvm{llvm}.1.profraw"), format!("llvm{llvm}.2.profraw"));
        let report = read(&fixture(&first)).unwrap().report;
        assert_eq!((report.format, report.version), (Format::Raw, raw_version));
        assert_eq!(report.value_data, ValueData::Complete);
        assert_eq!(report.losses, []);
        assert!(report.variant.has(Variant::IR));
        let ours = merged(&[&first, &second]).to_indexed(IndexedVersion::Exactly(indexed)).unwrap();
        assert!(ours == fixture(&format!("llvm{llvm}.profdata")), "LLVM {llvm}: other bytes");
        let text = read(&fixture(&first)).unwrap().profile.to_text();
        let theirs = fixture(&format!("llvm{llvm}.1.proftext"));
        assert_eq!(String::from_utf8(text).unwrap(), String::from_utf8(theirs).unwrap());
    }
}

#[test]
fn rust_profiles_merge_as_llvm_profdata_does() {
    for name in ["rust-units", "rust-lto", "rust-v0"] {
        let raw = [format!("{name}.1.profraw.gz"), format!("{name}.2.profraw.gz")];
        let profile = merged(&[&raw[0], &raw[1]]);
        let ours = profile.to_indexed(IndexedVersion::Exactly(13)).unwrap();
        let theirs = fixture(&format!("{name}.profdata.gz"));
        assert!(ours == theirs, "{name}: other bytes");
        assert_eq!(profile.binary_ids().len(), usize::from(name == "rust-v0"));
    }
}

#[test]
fn every_format_and_version_reads_back_the_same() {
    for (name, bytes) in common::profiles() {
        let profile = read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}")).profile;
        let text = profile.to_text();
        let again = read(&text).unwrap_or_else(|error| panic!("{name}: {error}")).profile;
        assert_eq!(again.to_text(), text, "{name}");
        let vtables = name.starts_with("vtables");
        for version in 5..=13 {
            let indexed = profile.to_indexed(IndexedVersion::Exactly(version));
            assert_eq!(indexed.is_err(), vtables && version < 12, "{name}, version {version}");
            let Ok(indexed) = indexed else { continue };
            let again = read(&indexed).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!((again.report.version, &again.report.losses), (version, &vec![]), "{name}");
            assert!(again.profile.to_text() == text, "{name}, version {version}");
        }
    }
}

#[test]
fn the_lowest_version_that_carries_the_data() {
    let version = |names: &[&str]| {
        let bytes = merged(names).to_indexed(IndexedVersion::Lowest).unwrap();
        read(&bytes).unwrap().report.version
    };
    assert_eq!(version(&["rust-units.1.profraw.gz"]), 5, "counters and values");
    assert_eq!(version(&["rust-v0.1.profraw.gz"]), 9, "a build id");
    assert_eq!(version(&["vtables.1.profraw"]), 12, "vtables");
}

#[test]
fn vtables_are_resolved_to_names() {
    let profile = merged(&["vtables.1.profraw", "vtables.2.profraw"]);
    let run = profile.named(b"_Z3runPP4Basei").next().unwrap();
    let site = run.sites(ValueKind::VtableTarget).next().unwrap();
    let names: Vec<_> = site
        .iter()
        .map(|(hash, count)| (String::from_utf8_lossy(profile.name_of_hash(*hash).unwrap()), *count))
        .collect();
    assert_eq!(names, [("_ZTV5Twice".into(), 26), ("_ZTV4Base".into(), 14)]);
    let ours = profile.to_indexed(IndexedVersion::Exactly(13)).unwrap();
    let theirs = fixture("vtables.profdata");
    // LLVM packs the vtables' names in the order of a hash map; all before them is the same.
    assert_eq!(ours.len(), theirs.len());
    let names_at = theirs.len() - 32;
    assert!(ours[..names_at] == theirs[..names_at]);
    let again = read(&theirs).unwrap().profile;
    assert_eq!(again.to_text(), profile.to_text());
}

#[test]
fn objects_of_three_formats_declare_their_functions() {
    for object in ["plain.c.elf.o", "plain.c.macho.o", "plain.c.coff.o"] {
        let binary = instrumented(&fixture(object)).unwrap_or_else(|error| panic!("{object}: {error}"));
        let names: Vec<_> =
            binary.functions.iter().map(|function| String::from_utf8_lossy(&function.name)).collect();
        assert_eq!(names.len(), 2, "{object}: {names:?}");
        assert!(names[0].ends_with("half") && names[1].ends_with("steps"), "{object}: {names:?}");
        let counters: Vec<u64> = binary.functions.iter().map(|f| f.counters).collect();
        assert_eq!(counters, [2, 3], "{object}");
    }
    assert!(instrumented(b"no object").is_err());
    let own = std::env::current_exe().unwrap();
    #[allow(clippy::disallowed_methods, reason = "a test reads a file")]
    let error = instrumented(&std::fs::read(own).unwrap()).unwrap_err();
    assert!(error.to_string().contains("not instrumented"), "{error}");
}

#[test]
fn versions_and_byte_orders_that_no_tool_here_writes() {
    use common::synth::{Function, Shape, raw};
    let functions = vec![
        Function {
            name: "first".into(),
            cfg_hash: 7,
            counts: vec![1, 2, 300],
            calls: vec![vec![(Some(1), 9), (None, 4)], vec![]],
            sizes: vec![vec![(16, 2), (0, 1)]],
            bitmap: vec![3, 0, 128],
            vtables: vec![vec![(0, 5)]],
        },
        Function { name: "second".into(), cfg_hash: 8, counts: vec![40], ..Function::default() },
    ];
    for version in 8..=11 {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for packed_names in [true, false] {
                let vtables = if version >= 10 { vec!["_ZTV1A".into()] } else { vec![] };
                let binary_id = vec![1, 2, 3];
                let shape = Shape { version, order, packed_names, vtables, binary_id, ..Shape::default() };
                let read = read(&raw(&functions, &shape)).unwrap();
                assert_eq!((read.report.version, read.report.functions), (version, 2));
                assert_eq!((read.report.weight, &read.report.losses), (343, &vec![]), "{shape:?}");
                let first = read.profile.function(0).unwrap();
                assert_eq!(first.counts(), [1, 2, 300]);
                let second = honing_profdata::name_hash(b"second");
                let calls: Vec<_> = first.sites(ValueKind::IndirectCallTarget).collect();
                assert_eq!(calls, [&[(second, 9), (0, 4)][..], &[][..]]);
                let sizes: Vec<_> = first.sites(ValueKind::MemOpSize).collect();
                assert_eq!(sizes, [[(16, 2), (0, 1)]]);
                let bitmap: &[u8] = if version >= 9 { &[3, 0, 128] } else { &[] };
                assert_eq!(first.bitmap(), bitmap);
                let vtables: Vec<_> = first.sites(ValueKind::VtableTarget).collect();
                assert_eq!(vtables.len(), usize::from(version >= 10));
                assert_eq!(read.profile.binary_ids().collect::<Vec<_>>(), [[1, 2, 3]]);
            }
        }
    }
}
