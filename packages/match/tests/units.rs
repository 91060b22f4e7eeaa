//! A build's profile, with local functions in every unit: nothing in it is made up, whatever is in the profile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use honing_match::{BuildFunction, BuildFunctions, Crates, Linkage, in_every_unit, match_build, split_name};
use honing_profdata::{Function, IndexedVersion, Profile, ValueKind, read};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// A function of a made-up profile: name, control flow, counters, and sizes of a memory operation.
type Row = (String, u64, Vec<u64>, Vec<u64>);

fn profile(rows: &[Row]) -> Profile {
    let mut text = ":ir\n".to_owned();
    let mut seen = BTreeSet::new();
    for (name, hash, counts, sizes) in rows {
        if !seen.insert((name, hash)) {
            continue;
        }
        let _ = write!(text, "{name}\n{hash}\n{}\n", counts.len());
        counts.iter().for_each(|count| writeln!(text, "{count}").unwrap());
        if !sizes.is_empty() {
            let _ = write!(text, "1\n1\n1\n{}\n", sizes.len());
            sizes.iter().zip(1..).for_each(|(count, size)| writeln!(text, "{size}:{count}").unwrap());
        }
        text.push('\n');
    }
    read(text.as_bytes()).unwrap().profile
}

/// Few symbols, crates and hashes, so that names meet: with a unit of one digit, two, three, or none; with
/// another crate of one name, and with what only looks like a unit.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let unit = prop_oneof![
        (0_u32..10).prop_map(|number| format!("-cgu.{number};")),
        (0_u32..20).prop_map(|number| format!("-cgu.{number:02};")),
        Just("-cgu.123;".to_owned()),
        Just("-cgu.;".to_owned()),
        Just("-cgu.x;".to_owned()),
    ];
    let place = prop_oneof![
        1 => Just(String::new()),
        1 => Just("b.c;".to_owned()),
        4 => ("a[.]f0|a[.]f1|b[.]f0", unit).prop_map(|(of, unit)| of + &unit),
    ];
    let name = (place, "_RNvCs1_1[a-c]").prop_map(|(place, symbol)| place + &symbol);
    // The hash decides how many counters there are, as with LLVM.
    let counts = prop::collection::vec(prop_oneof![Just(0), 1_u64..1000, Just(u64::MAX / 64)], 3);
    let row = (name, 1_u64..4, counts, prop::collection::vec(1_u64..9, 0..3))
        .prop_map(|(name, hash, counts, sizes)| (name, hash, counts[..hash as usize].to_vec(), sizes));
    // Something that ran: nothing at all is no profile.
    prop::collection::vec(row, 0..24).prop_map(|mut rows| {
        rows.push(("main".to_owned(), 1, vec![1], Vec::new()));
        rows
    })
}

/// Control flow, counters, and values of every site.
type Told = (u64, Vec<u64>, Vec<Vec<(u64, u64)>>);

/// All that a compiler reads of a function beside its name.
fn told(function: &Function<'_>) -> Told {
    let sites = ValueKind::ALL.into_iter().flat_map(|kind| function.sites(kind).map(<[_]>::to_vec));
    (function.cfg_hash(), function.counts().to_vec(), sites.collect())
}

/// The crate with its hash, and the number, of a name with a unit.
fn place(name: &[u8]) -> Option<(String, String)> {
    let unit = String::from_utf8(split_name(name).0?.to_vec()).unwrap();
    let (of, number) = unit.rsplit_once("-cgu.")?;
    number.parse::<u32>().is_ok().then(|| (of.to_owned(), number.to_owned()))
}

/// Magic, version, unused, hash type, an offset at least; then the summary: 8 words, and 16 times 3.
fn summary(profile: &[u8], words_before: usize) -> &[u8] {
    &profile[words_before * 8..(words_before + 8 + 16 * 3) * 8]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn nothing_is_made_up(rows in rows()) {
        let own = profile(&rows);
        let spread = in_every_unit(&own);
        for function in own.functions() {
            let there: Vec<_> = spread.profile().named(function.name_bytes()).map(|it| told(&it)).collect();
            prop_assert!(there.contains(&told(&function)), "{} changed", function.name());
        }
        let mut names = BTreeSet::new();
        for function in spread.profile().functions() {
            let name = function.name_bytes();
            prop_assert!(names.insert((name, function.cfg_hash())), "twice: {}", function.name());
            let is_own = own.named(name).any(|it| told(&it) == told(&function));
            let is_copy = own.functions().any(|it| {
                let (from, to) = (place(it.name_bytes()), place(name));
                let same_place = from.is_some() && (split_name(name).0.is_none() || from.map(|it| it.0) == to.map(|it| it.0));
                same_place && split_name(it.name_bytes()).1 == split_name(name).1 && told(&it) == told(&function)
            });
            prop_assert!(is_own || is_copy, "invented: {}", function.name());
        }
        let bytes = spread.to_indexed(IndexedVersion::Lowest).unwrap();
        let before = own.to_indexed(IndexedVersion::Lowest).unwrap();
        prop_assert_eq!(summary(&bytes, 5), summary(&before, 5));
        prop_assert_eq!(read(&bytes).unwrap().profile.len(), spread.profile().len());
    }

    /// What the match calls applied is in the file under the name that the build asks for, with the control
    /// flow that it has; where that is another, nothing is applied.
    #[test]
    fn what_matches_is_there_for_the_build_to_find(rows in rows(), asked in rows()) {
        let own = profile(&rows);
        let spread = in_every_unit(&own);
        let build = BuildFunctions::new(asked.iter().map(|(name, hash, ..)| {
            let (unit, symbol) = split_name(name.as_bytes());
            BuildFunction {
                symbol: symbol.to_vec(),
                module: unit.map(std::sync::Arc::from),
                linkage: if unit.is_some() { Linkage::Local } else { Linkage::External },
                hashes: vec![*hash],
                counters: None,
                certain: true,
            }
        }));
        let found = match_build(&own, &build, &Crates::default());
        let lost: BTreeSet<_> = found.lost.iter().map(|lost| (lost.profile_name.as_slice(), lost.cfg_hash)).collect();
        for function in own.functions().filter(|it| it.weight() > 0) {
            if lost.contains(&(function.name_bytes(), function.cfg_hash())) {
                continue;
            }
            let symbol = split_name(function.name_bytes()).1;
            let applied = build.with_symbol(symbol).iter().any(|there| {
                let name = match &there.module {
                    Some(module) => [module, b";".as_slice(), symbol].concat(),
                    None => symbol.to_vec(),
                };
                there.may_have(function.cfg_hash())
                    && spread.profile().named(&name).any(|it| it.cfg_hash() == function.cfg_hash())
            });
            prop_assert!(applied, "{} is in no place that the build asks for", function.name());
        }
    }
}

/// Thousands of local functions that all ran: the worst case, for every one would have 25 copies.
#[test]
fn the_file_grows_threefold_at_most_and_the_heaviest_are_copied() {
    let row = |at: u64| {
        let counts = vec![at * 1000, 7, at];
        (format!("demo.0123456789abcdef-cgu.{:02};_RNvCs1_4demo{at:06}", at % 16), 1, counts, vec![at; 2])
    };
    let rows: Vec<Row> = (1..6000).map(row).collect();
    let own = profile(&rows);
    let spread = in_every_unit(&own);
    let size = |bytes: Vec<u8>| bytes.len() as f64;
    let before = size(own.to_indexed(IndexedVersion::Lowest).unwrap());
    let after = size(spread.to_indexed(IndexedVersion::Lowest).unwrap());
    assert!((2.5..=3.0).contains(&(after / before)), "{before} to {after}");
    let copied = |at: u64| {
        let name = format!("demo.0123456789abcdef-cgu.{:02};_RNvCs1_4demo{at:06}", (at + 1) % 16);
        spread.profile().named(name.as_bytes()).count() == 1
    };
    assert!(copied(5999) && copied(5900) && !copied(1) && !copied(2000));
    // Nor does the match find what is not there.
    let moved = |at: u64| BuildFunction {
        symbol: format!("_RNvCs1_4demo{at:06}").into_bytes(),
        module: Some(format!("demo.0123456789abcdef-cgu.{:02}", (at + 1) % 16).into_bytes().into()),
        linkage: Linkage::Unknown,
        hashes: vec![1],
        counters: None,
        certain: true,
    };
    let found = match_build(&own, &BuildFunctions::new([moved(1), moved(5999)]), &Crates::default());
    assert_eq!((found.all.functions, found.all.functions_matched), (5999, 1));
}
