//! The functions of a build, from the trace and from a binary, and what of a profile they apply.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../../profdata/tests/common/mod.rs"]
mod common;

use common::fixture;
use honing_match::{BuildFunctions, Crates, Origin, TraceReader, Why, instrumented, match_build};
use honing_profdata::{Profile, read};

fn profile(text: &str) -> Profile {
    read(text.as_bytes()).unwrap().profile
}

fn trace(lines: &[&str]) -> (BuildFunctions, Vec<String>) {
    let mut reader = TraceReader::new();
    let left = lines.iter().filter_map(|line| reader.line(line)).map(|left| left.into_owned()).collect();
    (reader.finish(), left)
}

fn rows(build: &BuildFunctions) -> Vec<(String, String, Vec<u64>, bool)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let row = |f: &honing_match::BuildFunction| {
        (text(&f.symbol), f.module.as_deref().map(text).unwrap_or_default(), f.hashes.clone(), f.certain)
    };
    build.functions().iter().map(row).collect()
}

const A: &str = "_ZN4demo1a17h0123456789abcdefE";
const C: &str = "_ZN4demo1c17h0123456789abcdefE";
const B: &str = "_ZN4demo1b17h0123456789abcdefE";

#[test]
fn whole_lines_are_certain_and_other_lines_are_left() {
    let (build, left) = trace(&[
        "   Compiling demo v0.1.0",
        &format!("Funcname={A}, Hash=742261418966908927 in building demo.9bb6beb47f0497f5-cgu.0"),
        "warning: unused variable: `x`, in building trust",
        "Funcname=main, Hash=5 in building demo.9bb6beb47f0497f5-cgu.1",
    ]);
    assert_eq!(left, ["   Compiling demo v0.1.0", "warning: unused variable: `x`, in building trust"]);
    let expected = [
        (A.to_owned(), "demo.9bb6beb47f0497f5-cgu.0".to_owned(), vec![742_261_418_966_908_927], true),
        ("main".to_owned(), "demo.9bb6beb47f0497f5-cgu.1".to_owned(), vec![5], true),
    ];
    assert_eq!(rows(&build), expected);
    assert_eq!(build.uncertain(), 0);
}

#[test]
fn of_mixed_lines_the_candidates_are_kept_and_peoples_text_is_left() {
    let unit = "demo.9bb6beb47f0497f5-cgu";
    let (build, left) = trace(&[
        // As rustc wrote it with 16 units.
        &format!("Funcname={A}, Hash=Funcname={B}, Hash=238984481941143025 in building {unit}.01"),
        &format!("742261418966908927 in building {unit}.14"),
        "error: mismatched types",
        &format!("Funcname=Funcname={A}{B}, Hash=, Hash=12398448194114302512422614189669089"),
        &format!(" in building {unit}.3 in building {unit}.2"),
        "",
        // The compiler's own message in the middle of a line, with a symbol of its own.
        &format!(
            "Funcname={C}, Hash=742261418966908927warning: {unit}.0: no profile data available for {A} Hash = 5"
        ),
        "",
        &format!(" in building {unit}.0"),
        "Funcname=mainwarning: unused",
        &format!(", Hash=5 in building {unit}.1"),
        &format!("Funcname=other, Hash=6 in building {unit}.1"),
    ]);
    let warning = format!("warning: {unit}.0: no profile data available for {A} Hash = 5");
    assert_eq!(left, ["error: mismatched types", &warning, "", "warning: unused"]);
    let rows = rows(&build);
    let of = |symbol: &str, module: &str| {
        rows.iter().find(|row| row.0 == symbol && row.1 == format!("{unit}.{module}")).unwrap().clone()
    };
    for (symbol, module) in [(A, "01"), (A, "14"), (B, "01"), (B, "14")] {
        let (_, _, hashes, certain) = of(symbol, module);
        assert_eq!((hashes, certain), (vec![238_984_481_941_143_025, 742_261_418_966_908_927], false));
    }
    let (_, _, hashes, _) = of(A, "3");
    for hash in [123_984_481_941_143_025, 12_422_614_189_669_089] {
        assert!(hashes.contains(&hash), "{hashes:?}");
    }
    assert!(hashes.len() < 10, "{hashes:?}");
    assert_eq!(of(C, "0"), (C.to_owned(), format!("{unit}.0"), vec![742_261_418_966_908_927], true));
    assert!(of("main", "1").3 && of("other", "1").3, "certain again");
    assert_eq!(build.uncertain(), 2);
}

#[test]
fn the_text_form_gives_the_same_functions() {
    let unit = "demo.9bb6beb47f0497f5-cgu";
    let (traced, _) = trace(&[
        &format!("Funcname={A}, Hash=Funcname={B}, Hash=238984481941143025 in building {unit}.01"),
        &format!("742261418966908927 in building {unit}.14"),
        &format!("Funcname=main, Hash=5 in building {unit}.1"),
    ]);
    let binary = BuildFunctions::from(&instrumented(&fixture("plain.c.elf.o")).unwrap());
    for build in [traced, binary, BuildFunctions::default()] {
        let text = build.to_text();
        let again = BuildFunctions::from_text(&text).unwrap();
        assert_eq!(again, build, "{text}");
        assert_eq!(again.to_text(), text);
    }
    for wrong in ["", "honing-build-functions 2\n", "honing-build-functions 1\nzz - ? - ! main\n"] {
        assert!(BuildFunctions::from_text(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_match_by_origin_and_why_the_rest_is_lost() {
    let unit = "demo.9bb6beb47f0497f5-cgu";
    let vec = "_ZN5alloc3vec16Vec$LT$T$C$A$GT$4push17h0123456789abcdefE";
    let dependency = "_ZN5regex5parse17h0123456789abcdefE";
    let gone = "_ZN4demo4gone17h0123456789abcdefE";
    let (build, _) = trace(&[
        &format!("Funcname={A}, Hash=1 in building {unit}.0"),
        &format!("Funcname={B}, Hash=2 in building {unit}.0"),
        &format!("Funcname={vec}, Hash=3 in building {unit}.0"),
        &format!("Funcname={dependency}, Hash=4 in building regex.9bb6beb47f0497f5-cgu.0"),
    ]);
    let text = format!(
        ":ir\n{unit}.0;{A}\n1\n1\n50\n{B}\n9\n1\n30\n{unit}.1;{vec}\n3\n1\n15\n{dependency}\n4\n1\n4\n{gone}\n1\n1\n1\nzero\n1\n1\n0\n"
    );
    let found = match_build(&profile(&text), &build, &Crates::new(["demo"]));
    let counts = |share: &honing_match::Share| {
        (share.weight, share.weight_matched, share.functions, share.functions_matched)
    };
    // That push is in another unit of its crate now loses nothing.
    assert_eq!(counts(&found.all), (100, 69, 5, 3));
    assert_eq!(counts(found.of(Origin::Workspace)), (81, 50, 3, 1));
    assert_eq!(counts(found.of(Origin::Dependency)), (4, 4, 1, 1));
    assert_eq!(counts(found.of(Origin::Std)), (15, 15, 1, 1));
    assert_eq!(found.all.matched(), 0.69);
    let lost: Vec<_> = found.lost.iter().map(|lost| (lost.name.as_str(), lost.weight, lost.why)).collect();
    let expected = [("demo::b", 30, Why::ControlFlow), ("demo::gone", 1, Why::Gone)];
    assert_eq!(lost, expected);
}

/// A legacy symbol of these path components.
fn legacy(path: &[&str]) -> String {
    let path: String = path.iter().map(|part| format!("{}{part}", part.len())).collect();
    format!("_ZN{path}17h0123456789abcdefE")
}

#[test]
fn origins() {
    let crates = Crates::new(["my-app", "my_lib"]);
    use Origin::{Dependency, Std, Workspace};
    let cases: [(String, Origin); 15] = [
        (legacy(&["my_app", "main"]), Workspace),
        ("main".to_owned(), Workspace),
        ("ZSTD_decompress".to_owned(), Dependency),
        (legacy(&["regex", "parse"]), Dependency),
        (legacy(&["core", "ptr", "drop_in_place$LT$std..io..error..Error$GT$"]), Std),
        (legacy(&["core", "ptr", "drop_in_place$LT$my_lib..Thing$GT$"]), Std),
        (legacy(&["_$LT$alloc..vec..Vec$LT$T$C$A$GT$$u20$as$u20$core..ops..drop..Drop$GT$", "drop"]), Std),
        (legacy(&["_$LT$my_lib..Thing$u20$as$u20$core..fmt..Debug$GT$", "fmt"]), Workspace),
        (legacy(&["_$LT$T$u20$as$u20$my_lib..Extension$GT$", "call"]), Workspace),
        (legacy(&["_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$", "fmt"]), Std),
        (legacy(&["_$LT$regex..Regex$u20$as$u20$my_lib..Search$GT$", "find"]), Workspace),
        (legacy(&["core", "ops", "function", "FnOnce", "call_once$u7b$$u7b$vtable.shim$u7d$$u7d$"]), Std),
        (legacy(&["hashbrown", "raw", "RawTable$LT$T$C$A$GT$", "insert"]), Std),
        ("_RNvCs1234_6my_app4main".to_owned(), Workspace),
        ("_RNvMs_NtCs1234_5regex5regexNtB4_5Regex4find".to_owned(), Dependency),
    ];
    for (name, origin) in cases {
        assert_eq!(crates.origin(name.as_bytes()), origin, "{name}");
    }
}
