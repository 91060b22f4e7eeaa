//! What symbols mean: real ones of both manglings, from two builds of one program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use honing_match::{Crates, Meaning, unit_crate};
use proptest::prelude::*;

fn of(name: &str) -> Meaning {
    Meaning::of(name.as_bytes())
}

#[test]
fn the_same_function_of_two_builds_means_the_same() {
    // ripgrep 14.1.1, built with `debug = 0` and `debug = 1`: every crate has other hashes, of other
    // lengths, so back references point elsewhere.
    let pairs = [
        (
            "rg.241a5fcfd180838d-cgu.0;_RNvMNtNtCsa0J2KjpMgWc_13grep_searcher8searcher4coreINtB2_4CoreRRNtNtCsgP8JfdUSJ3W_10grep_regex7matcher12RegexMatcherQINtNtCs4u2z6xnjrKL_12grep_printer4json8JSONSinkBY_NtCs1BEyKdKvSZ8_9termcolor6BufferEE11count_linesCs36aSOYUdr07_2rg",
            "rg.d1978e528c398044-cgu.3;_RNvMNtNtCsk6Xe6yBQqlY_13grep_searcher8searcher4coreINtB2_4CoreRRNtNtCs66GApVu8xQt_10grep_regex7matcher12RegexMatcherQINtNtCs4jWEqx3AB8_12grep_printer4json8JSONSinkBY_NtCsaWGqvbvLv0G_9termcolor6BufferEE11count_linesCshZEvAKjFx0m_2rg",
        ),
        (
            "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc3vec3VecINtNtNtNtCsjIEkaJ0BMOb_14regex_automata4util4pool5inner9CacheLineINtNtNtNtCsjrHSEGnQ3l9_3std4sync6poison5mutex5MutexIBH_INtNtBL_5boxed3BoxNtNtNtB1m_4meta5regex5CacheEEEEEEB1m_",
            "_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc3vec3VecINtNtNtNtCsl3qtnnhkxhC_14regex_automata4util4pool5inner9CacheLineINtNtNtNtCsjrHSEGnQ3l9_3std4sync6poison5mutex5MutexIBH_INtNtBL_5boxed3BoxNtNtNtB1m_4meta5regex5CacheEEEEEEB1m_",
        ),
        (
            "_ZN12aho_corasick3dfa7Builder22finish_build_one_start28_$u7b$$u7b$closure$u7d$$u7d$17h2b35e078539f3618E",
            "aho_corasick.662b3baec9a57ee7-cgu.0;_ZN12aho_corasick3dfa7Builder22finish_build_one_start28_$u7b$$u7b$closure$u7d$$u7d$17h1e40d34af1043e4dE.llvm.1234567890",
        ),
        ("main", "rg.241a5fcfd180838d-cgu.0;main"),
        ("ZSTD_decompress.llvm.42", "ZSTD_decompress"),
    ];
    for (one, other) in pairs {
        assert_eq!(of(one).strict, of(other).strict);
        assert_eq!(of(one).loose, of(other).loose);
    }
}

#[test]
fn other_functions_mean_something_else() {
    let pairs = [
        // Another closure of one function.
        ("_RNCNvCs1a2B_4demo3run0B3_", "_RNCNvCs1a2B_4demo3runs_0B3_"),
        // The type argument.
        ("_RINvCs1a2B_4demo6sortedhEB2_", "_RINvCs1a2B_4demo6sortedmEB2_"),
        // A method of another trait, a shim, another path.
        (
            "_RNvXs8_NtCs1a2B_4demo1aNtB5_1TNtNtCs3c4D_4core3fmt5Debug3fmt",
            "_RNvXs8_NtCs1a2B_4demo1aNtB5_1TNtNtCs3c4D_4core3fmt7Display3fmt",
        ),
        ("_RNSNvYNCNvCs1a2B_4demo3run0uNtB5_1T6vtable", "_RNvYNCNvCs1a2B_4demo3run0uNtB5_1T6vtable"),
        ("_ZN4demo3one17h0123456789abcdefE", "_ZN4demo3two17h0123456789abcdefE"),
        // Not a hash at the end, but a name.
        ("_ZN4demo17h0123456789abcdeg17h0123456789abcdefE", "_ZN4demo17h0123456789abcdefE"),
    ];
    for (one, other) in pairs {
        assert_ne!(of(one).strict, of(other).strict);
        assert_ne!(of(one).loose, of(other).loose);
    }
}

#[test]
fn an_impl_block_that_moved_means_the_same_loosely() {
    // The impl block of `Debug for T` in `demo::a`: number 8, then number 9 and in another module.
    let one = of("_RNvXs8_NtCs1a2B_4demo1aNtB5_1TNtNtCs3c4D_4core3fmt5Debug3fmt");
    let moved = of("_RNvXs9_NtCs1a2B_4demo1bNtNtB7_1a1TNtNtCs3c4D_4core3fmt5Debug3fmt");
    assert_ne!(one.strict, moved.strict);
    assert_eq!(one.loose, moved.loose);
}

#[test]
fn the_crate_that_it_was_generated_for() {
    let cases = [
        ("rg.241a5fcfd180838d-cgu.0;_ZN4core3one17h0123456789abcdefE", Some("rg")),
        ("_ZN4core3one17h0123456789abcdefE", None),
        ("_RINvCs1a2B_4demo6sortedhECs5e6F_5other", Some("other")),
        ("_RINvCs1a2B_4demo6sortedhEB2_", Some("demo")),
        ("_RNvCs1a2B_4demo4main", None),
        ("demo.3098a16716fce3-cgu.12;_RNvCs1a2B_4demo4main", Some("demo")),
        ("source.c;steps", None),
    ];
    for (name, context) in cases {
        assert_eq!(of(name).context.as_deref(), context, "{name}");
    }
    assert_eq!(unit_crate(b"regex_automata.126efd42ba45bc0d-cgu.09"), Some(&b"regex_automata"[..]));
    assert_eq!(unit_crate(b"source.c"), None);
}

#[test]
fn what_is_no_symbol_stays() {
    for name in
        ["_R", "_RNv", "_RNvC", "_RB_", "_RNvB_3foo", "_ZN", "_ZN3foo", "_ZN99fooE", "-[Class method:]", "é"]
    {
        assert_eq!(of(name).strict, name);
    }
    // A symbol that expands without end is given up.
    let deep = format!("_RINvC1a1b{}E", "T".repeat(3000));
    assert_eq!(of(&deep).strict, deep);
    let wide = (0..40).fold("_RIC1aTuuE".to_owned(), |text, _| format!("{text}TB4_B4_E")) + "E";
    assert!(of(&wide).strict.len() <= wide.len().max(1 << 16));
}

proptest! {
    #[test]
    fn any_symbol_has_a_meaning(tail in "[CMXYNIvtBETRQPOFDLGKUps0-9a-f_]{0,60}", head in "(_R|_ZN|)") {
        let name = format!("{head}{tail}");
        let meaning = of(&name);
        prop_assert_eq!(meaning.strict.is_empty(), name.is_empty());
        Crates::new(["demo"]).origin(name.as_bytes());
    }
}
