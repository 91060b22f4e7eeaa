//! `merge --from`, `show`, `diff` and `overlap`, on a profile that a run made.

use std::fs;

use crate::support::Fixture;

fn json(fixture: &Fixture, args: &[&str]) -> serde_json::Value {
    let mut all = args.to_vec();
    all.extend(["--format", "json"]);
    serde_json::from_str(&fixture.succeeds(&all).stdout).unwrap()
}

#[test]
fn any_folder_of_profiles_is_merged_shown_and_compared() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&["--to", "merge"]);
    let merged = "target/honing/tiny/merge/tiny.profdata";
    fixture.succeeds(&["merge", "--from", "target/honing/tiny/train", "-o", "mine.profdata"]);
    assert!(fs::read(fixture.path("mine.profdata")).unwrap() == fs::read(fixture.path(merged)).unwrap());

    // Twice the same, merged: the same shares, twice the weight.
    fixture.succeeds(&["merge", "--from", "mine.profdata", merged, "-o", "twice.profdata"]);
    let weight =
        |file: &str| -> u64 { json(&fixture, &["show", file])["weight"].as_str().unwrap().parse().unwrap() };
    assert_eq!(weight("twice.profdata"), 2 * weight(merged));
    let overlap = json(&fixture, &["overlap", merged, "twice.profdata"])["overlap"].as_f64().unwrap();
    assert!((overlap - 1.0).abs() < 1e-9, "{overlap}");
    let diff = json(&fixture, &["diff", merged, "twice.profdata"]);
    let functions = diff["functions"].as_array().unwrap();
    assert!(!functions.is_empty() && functions.iter().all(|function| function["presence"] == "both"));

    let shown = fixture.succeeds(&["show", merged, "--top", "1"]);
    assert!(shown.stdout.contains("tiny::main") || shown.stdout.contains("tiny::steps"), "{}", shown.stdout);
    let nothing = fixture.run(&["merge", "--from", "src", "-o", "none.profdata"]);
    assert_eq!(nothing.code, 12);
    assert!(nothing.stderr.contains("no .profraw or .profdata in src"), "{}", nothing.stderr);
}
