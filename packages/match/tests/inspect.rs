//! What is read out of profiles: totals, hottest functions, coverage, differences, matches.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../../profdata/tests/common/mod.rs"]
mod common;

use common::fixture;
use honing_match::{
    BuildFunctions, Crates, Presence, coverage, demangle, diff, hottest, instrumented, match_build, overlap,
    split_name,
};
use honing_profdata::{Profile, read};

fn profile(text: &str) -> Profile {
    read(text.as_bytes()).unwrap().profile
}

/// Three functions: 60, 30 and 10 % of the weight, and one that did not run.
const BASE: &str = ":ir
_RNvCs1_4demo3hot
10
2
500
100
_RNvCs1_4demo4warm
20
3
0
300
0
demo.0;_ZN4demo4cold17h0123456789abcdefE
30
1
100
never
40
2
0
0
";

/// The hot function on other edges, the warm one with another CFG hash, the cold one gone.
const TEST: &str = ":ir
_RNvCs1_4demo3hot
10
2
100
500
_RNvCs1_4demo4warm
21
3
0
300
0
fresh
50
1
100
never
40
2
0
0
";

#[test]
fn totals_and_the_hottest_functions() {
    let base = profile(BASE);
    assert_eq!((base.len(), base.weight()), (4, 1000));
    let hot = hottest(&base, 2);
    let rows: Vec<_> = hot
        .iter()
        .map(|hot| (demangle(hot.function.name_bytes()), hot.weight, hot.share, hot.cumulative))
        .collect();
    assert_eq!(rows, [("demo::hot".to_owned(), 600, 0.6, 0.6), ("demo::warm".to_owned(), 300, 0.3, 0.9)]);
    let all = hottest(&base, usize::MAX);
    assert_eq!(all.len(), 3, "a function that did not run is not hot");
    assert_eq!(demangle(all[2].function.name_bytes()), "demo::cold");
    assert_eq!(split_name(all[2].function.name_bytes()).0, Some(&b"demo.0"[..]));
    let summary = base.summary(false);
    assert_eq!((summary.functions, summary.blocks, summary.total), (4, 8, 1000));
    assert_eq!((summary.max_function_count, summary.max_internal_count), (500, 300));
    let half = summary.entries.iter().find(|entry| entry.cutoff == 500_000).unwrap();
    assert_eq!((half.min_count, half.blocks), (500, 1));
}

#[test]
fn coverage_counts_functions_and_blocks_that_ran() {
    let coverage = coverage(&profile(BASE));
    assert_eq!((coverage.functions, coverage.functions_run), (4, 3));
    assert_eq!((coverage.blocks, coverage.blocks_run), (8, 4));
    assert_eq!((coverage.function_share(), coverage.block_share()), (0.75, 0.5));
}

#[test]
fn overlap_of_two_profiles() {
    let (base, test) = (profile(BASE), profile(TEST));
    let itself = overlap(&base, &base, false);
    assert!((itself.overlap.edges - 1.0).abs() < 1e-9);
    let both = overlap(&base, &test, false);
    // Of the hot function's edges 10 % each are common; warm mismatches; fresh is unique.
    assert!((both.overlap.edges - 0.2).abs() < 1e-9, "{both:?}");
    assert!((both.mismatch.edges - 0.3).abs() < 1e-9);
    assert!((both.unique.edges - 0.1).abs() < 1e-9);
    let functions = (both.overlap.functions, both.mismatch.functions, both.unique.functions);
    assert_eq!(functions, (2, 1, 1), "a function that never ran counts as common");
    assert_eq!(overlap(&base, &profile(":ir\nf\n1\n1\n0\n"), false).overlap.edges, 0.0);
}

#[test]
fn difference_by_function() {
    let (base, test) = (profile(BASE), profile(TEST));
    let diff = diff(&base, &test);
    let rows: Vec<_> =
        diff.functions.iter().map(|diff| (demangle(diff.function.name_bytes()), diff.presence)).collect();
    use Presence::{Added, Both, NewCfg, OldCfg, Removed};
    let expected = [
        ("demo::warm", NewCfg),
        ("demo::warm", OldCfg),
        ("demo::cold", Removed),
        ("fresh", Added),
        ("demo::hot", Both),
        ("never", Both),
    ];
    let expected = expected.map(|(name, presence)| (name.to_owned(), presence));
    let sorted = |rows: &[(String, Presence)]| {
        let mut rows = rows.to_vec();
        rows.sort();
        rows
    };
    assert_eq!(sorted(&rows), sorted(&expected));
    assert!(diff.functions.windows(2).all(|pair| pair[0].change() >= pair[1].change()));
    let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
    assert!(close(diff.base_matched, 0.6) && close(diff.base_named, 0.9), "{diff:?}");
    assert!(close(diff.test_matched, 0.6) && close(diff.test_named, 0.9), "{diff:?}");
    let hot = diff.functions.iter().find(|diff| diff.presence == Both).unwrap();
    assert!(close(hot.overlap, 2.0 / 6.0) && close(hot.change(), 0.0), "{hot:?}");
}

#[test]
fn what_a_binary_could_apply_of_a_profile() {
    let binary = instrumented(&fixture("plain.c.elf.o")).unwrap();
    let [half, steps] = binary.functions.as_slice() else { panic!("two functions") };
    let text = format!(
        ":ir\nhalf\n{}\n2\n30\n30\nsteps\n{}\n3\n10\n10\n10\nother\n1\n1\n10\n",
        half.cfg_hash,
        steps.cfg_hash + 1
    );
    let matched = match_build(&profile(&text), &BuildFunctions::from(&binary), &Crates::default());
    assert_eq!(matched.all.matched(), 0.6);
    assert_eq!((matched.all.functions_matched, matched.all.functions), (1, 3));
}

#[test]
fn a_real_profile_reads_like_the_program() {
    let units = read(&fixture("rust-units.1.profraw.gz")).unwrap().profile;
    let names: Vec<String> =
        hottest(&units, 20).iter().map(|hot| demangle(hot.function.name_bytes())).collect();
    assert!(names.iter().any(|name| name == "mixed::copies"), "{names:?}");
    assert!(names.iter().any(|name| name == "mixed::collatz"), "{names:?}");
    let coverage = coverage(&units);
    assert!(coverage.functions_run < coverage.functions && coverage.functions_run > 20);
}
