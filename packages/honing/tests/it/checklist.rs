//! The checklist before a release: all of it holds, each item fails alone, and `--fix` mends what
//! stages can mend.

use std::{
    collections::BTreeMap,
    fs::{self, File},
};

use serde_json::Value;

use crate::{
    stored::{LIB, MAIN, folder, manifest},
    support::{Fixture, Ran, TINY_CONFIG, commit, finish, git},
};

/// The tiny program under git.
fn source() -> Fixture {
    let fixture = Fixture::tiny();
    fixture.write("src/lib.rs", LIB);
    fixture.write("src/main.rs", MAIN);
    fixture.write(".gitignore", "/target\n");
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "source");
    fixture
}

/// The same, with a profile that was measured, recorded and committed.
fn ready() -> Fixture {
    let fixture = source();
    fixture.succeeds(&["--plain"]);
    commit(&fixture, "profile");
    git(&fixture, &["tag", "ready"]);
    fixture
}

/// The items that do not hold, and how the process ended.
fn open(fixture: &Fixture, args: &[&str]) -> (Vec<String>, Ran) {
    let ran = fixture.run(&[&["checklist", "--format", "json"], args].concat());
    let list: Value = serde_json::from_str(&ran.stdout).expect(&ran.stderr);
    assert_eq!(list["code"], ran.code, "{list:#}");
    let items = list["programs"][0]["items"].as_array().unwrap();
    assert_eq!(items.len(), 11, "{list:#}");
    let open = items.iter().filter(|item| item["state"] != "done");
    (open.map(|item| item["item"].as_str().unwrap().to_owned()).collect(), ran)
}

/// Changes the manifest of the stored profile.
fn record(fixture: &Fixture, change: impl FnOnce(&mut toml::Table)) {
    let mut table = manifest(fixture);
    change(&mut table);
    fs::write(folder(fixture).join("manifest.toml"), table.to_string()).unwrap();
}

/// Has another verdict recorded of the metric that decides: what a busy machine measures is no table's.
fn judged(fixture: &Fixture, verdict: &str, ratio: f64) {
    record(fixture, |manifest| {
        let metric = manifest["measured"][0].as_table_mut().unwrap();
        metric.insert("verdict".into(), verdict.into());
        metric.insert("ratio".into(), ratio.into());
    });
}

fn policy(fixture: &Fixture, line: &str) {
    fixture.replace("pgo/pgo.toml", "[bench]", &format!("{line}\n\n[bench]"));
}

#[test]
fn all_items_hold_and_the_list_may_be_written_into_the_tree() {
    let fixture = ready();
    let list = fixture.path("check list.md");
    let mut command = fixture.honing(&["checklist"]);
    let ran = finish(command.stdout(File::create(&list).unwrap()).output().unwrap());
    let text = fs::read_to_string(&list).unwrap();
    assert_eq!(ran.code, 0, "{text}\n{}", ran.stderr);
    assert!(text.starts_with("# Checklist before a release\n"), "{text}");
    assert!(text.contains("**ready**, all 11 items hold."), "{text}");
    assert_eq!(text.matches("- [x] ").count(), 11, "{text}");
    assert!(ran.stderr.contains("Optimize up to date"), "the stage's result is used: {}", ran.stderr);
    assert!(ran.stderr.contains("building tiny once more"), "{}", ran.stderr);
    // What another command would say of the same is what the list says.
    fs::remove_file(&list).unwrap();
    let (open, ran) = open(&fixture, &[]);
    assert_eq!((open.len(), ran.code), (0, 0), "{open:?}");
    let digest = fixture.read("target/honing/tiny/optimize/manifest.json");
    let digest = serde_json::from_str::<Value>(&digest).unwrap()["output"]["digest"].clone();
    assert!(ran.stdout.contains(&digest.as_str().unwrap()[..12]), "{}", ran.stdout);
    // The second build is not left behind.
    let runs: Vec<_> = fs::read_dir(fixture.path("target/honing/runs")).unwrap().flatten().collect();
    assert!(!runs.is_empty() && runs.into_iter().all(|run| !run.path().join("second").exists()));
    // What is lost and can be had again.
    fs::remove_dir_all(fixture.path("pgo/profiles")).unwrap();
    let ran = fixture.run(&["check"]);
    assert!(
        ran.code == 14 && ran.stderr.contains("git has one: `git restore -- pgo/profiles/tiny/"),
        "{}",
        ran.stderr
    );
}

#[test]
fn every_program_has_its_items_and_one_can_be_chosen() {
    let fixture = source();
    let (bench, program) = TINY_CONFIG.split_once("[program").unwrap();
    let twin = format!("[program{program}").replace("program.tiny", "program.twin");
    fixture.write("pgo/pgo.toml", &format!("{bench}[program{program}{twin}"));
    fixture.succeeds(&["--plain", "-P", "tiny"]);
    commit(&fixture, "the profile of one");
    let text = fixture.run(&["checklist"]);
    assert_eq!(text.code, 14, "{}", text.stdout);
    assert!(text.stdout.contains("of 22 items do not hold (exit code 14)"), "{}", text.stdout);
    let (_, twin) = text.stdout.split_once("\n## twin 0.1.0 (").expect(&text.stdout);
    assert!(twin.contains("- [ ] **Profile stored and whole**: no profile of `twin`"), "{}", text.stdout);
    fixture.succeeds(&["checklist", "-P", "tiny"]);
}

/// A build script whose output differs with every build.
const TIME: &str = r#"
fn main() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    println!("cargo::rustc-env=BUILT={}", now.as_nanos());
}
"#;

type Row = (&'static str, fn(&Fixture), bool, &'static [&'static str], i32);

/// What is different, whether that is committed, which items do not hold, exit code.
const ROWS: &[Row] = &[
    (
        "toolchain",
        |fixture| {
            policy(fixture, "toolchain_change = \"stale\"");
            record(fixture, |manifest| {
                manifest["account"]["toolchain"]["rustc"] = "1.94.0 (abc)".into();
            });
        },
        true,
        &["toolchain"],
        14,
    ),
    (
        "age",
        |fixture| {
            policy(fixture, "max_age = \"90days\"");
            record(fixture, |manifest| {
                manifest["trained"] = "2020-01-01T00:00:00Z".into();
            });
        },
        true,
        &["age"],
        14,
    ),
    (
        "an eval workload that changed",
        |fixture| fixture.replace("pgo/pgo.toml", "3000", "3001"),
        true,
        &["verdict"],
        13,
    ),
    (
        "match",
        |fixture| {
            policy(fixture, "min_match = 99.0");
            fixture.replace("src/lib.rs", "sum += n % 10;", "if n % 7 == 3 { println!(); } sum += n % 10;");
        },
        true,
        // What is not to be released is not built twice.
        &["match", "reproducible"],
        14,
    ),
    (
        "build",
        |fixture| fixture.replace("src/lib.rs", "steps += 1;", "steps += ;"),
        true,
        &["match", "reproducible"],
        10,
    ),
    (
        "gain",
        |fixture| {
            policy(fixture, "min_gain = 2.0");
            judged(fixture, "no change", 1.0);
        },
        true,
        &["verdict"],
        13,
    ),
    (
        "regression",
        |fixture| {
            judged(fixture, "regressed", 1.2);
        },
        true,
        &["verdict", "regressions"],
        13,
    ),
    (
        "committed",
        |fixture| record(fixture, |manifest| drop(manifest.insert("carried".into(), 100.0.into()))),
        false,
        &["committed"],
        14,
    ),
    ("clean", |fixture| fixture.write("notes.txt", "later\n"), false, &["clean"], 14),
    (
        "reproducible",
        |fixture| {
            fixture.write("build.rs", TIME);
            fixture.replace("src/main.rs", "println!(", "eprintln!(env!(\"BUILT\")); println!(");
        },
        true,
        &["reproducible"],
        14,
    ),
    (
        "sizes",
        |fixture| {
            policy(fixture, "max_growth = 20.0");
            record(fixture, |manifest| {
                manifest["size"]["baseline"] = 1000.into();
            });
        },
        true,
        &["sizes"],
        13,
    ),
    (
        "cost",
        |fixture| {
            record(fixture, |manifest| {
                manifest.remove("cost");
            });
        },
        true,
        &["cost"],
        14,
    ),
    (
        "damaged",
        |fixture| fs::write(folder(fixture).join("profile.honing"), "half").unwrap(),
        true,
        &[
            "profile",
            "toolchain",
            "age",
            "match",
            "verdict",
            "regressions",
            "committed",
            "reproducible",
            "sizes",
            "cost",
        ],
        12,
    ),
];

#[test]
fn each_item_fails_alone() {
    let fixture = ready();
    let mut seen = BTreeMap::new();
    for (what, change, committed, expected, code) in ROWS {
        change(&fixture);
        if *committed {
            commit(&fixture, what);
        }
        let (open, ran) = open(&fixture, &[]);
        assert_eq!(open, *expected, "{what}: {}\n{}", ran.stdout, ran.stderr);
        assert_eq!(ran.code, *code, "{what}");
        if *what == "reproducible" {
            let (_, path) = ran.stdout.split_once("another target directory, ").unwrap();
            assert!(fs::exists(path.split_once(' ').unwrap().0).unwrap(), "to be compared: {path}");
        }
        // What cannot pass is not waited for.
        let built = ["Optimize", "Baseline"].iter().any(|stage| ran.stderr.contains(stage));
        assert_eq!(built, *what != "damaged", "{what}: {}", ran.stderr);
        seen.extend(open.into_iter().map(|item| (item, *what)));
        git(&fixture, &["reset", "--quiet", "--hard", "ready"]);
        git(&fixture, &["clean", "--quiet", "--force"]);
    }
    assert_eq!(seen.len(), 11, "an item that no row fails: {seen:?}");
}

#[test]
fn fix_makes_a_profile_and_leaves_the_commit_to_a_person() {
    let fixture = source();
    let (_, nothing) = open(&fixture, &[]);
    assert_eq!(nothing.code, 14);
    assert!(
        nothing
            .stderr
            .starts_with("error: checklist: 10 of 11 items do not hold: Profile stored and whole ("),
        "nothing is built for it: {}",
        nothing.stderr
    );
    let (left, ran) = open(&fixture, &["--fix"]);
    assert!(ran.stderr.contains("fix: refresh the profile"), "{}", ran.stderr);
    // The first build wrote Cargo.lock, too.
    assert_eq!((left, ran.code), (vec!["committed".to_owned(), "clean".to_owned()], 14), "{}", ran.stdout);
    assert!(ran.stdout.contains("git add pgo/profiles &&"), "{}", ran.stdout);
    commit(&fixture, "profile");
    let (left, ran) = open(&fixture, &["--fix"]);
    assert_eq!((left.len(), ran.code), (0, 0), "{}", ran.stdout);
    assert!(!ran.stderr.contains("fix:"), "nothing is left to mend: {}", ran.stderr);
}

#[test]
fn fix_measures_what_was_only_recorded_and_it_stays_what_it_is() {
    let fixture = source();
    fixture.succeeds(&["--to", "optimize"]);
    fixture.succeeds(&["record"]);
    commit(&fixture, "profile");
    let before = manifest(&fixture);
    // Another machine: nothing was trained here.
    fs::remove_dir_all(fixture.path("target")).unwrap();
    let (left, _) = open(&fixture, &[]);
    assert_eq!(left, ["verdict", "regressions"]);
    let (left, ran) = open(&fixture, &["--fix"]);
    assert_eq!(left, ["committed"], "{}", ran.stdout);
    assert!(ran.stderr.contains("fix: measure the stored profile"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("Train"), "{}", ran.stderr);
    let after = manifest(&fixture);
    for key in ["trained", "source", "workload", "profile", "match"] {
        assert_eq!(after.get(key), before.get(key), "{key}");
    }
    assert_ne!(after["verdict"], before["verdict"]);
    let stages = |manifest: &toml::Table| -> Vec<String> {
        let costs = manifest["cost"].as_array().unwrap();
        costs.iter().map(|cost| cost["stage"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stages(&after), ["baseline", "instrument", "train", "optimize", "bench"]);
}

#[test]
fn fix_rebases_what_was_renamed_and_trains_where_that_does_not_suffice() {
    let fixture = ready();
    fixture.replace("src/lib.rs", "pub mod walk", "pub mod stroll");
    let main = fixture.read("src/main.rs").replace("walk", "stroll");
    fixture.write("src/main.rs", &main);
    commit(&fixture, "renamed");
    let (left, ran) = open(&fixture, &["--fix"]);
    assert_eq!(left, ["committed"], "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("fix: rebase the profile"), "{}", ran.stderr);
    assert!(ran.stderr.contains("fix: measure the stored profile"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("Train"), "{}", ran.stderr);
    assert_eq!(manifest(&fixture)["source"].as_str(), Some("rebased"));
    commit(&fixture, "rebased");

    policy(&fixture, "min_match = 99.0");
    fixture.replace("src/lib.rs", "sum += n % 10;", "if n % 7 == 3 { println!(); } sum += n % 10;");
    commit(&fixture, "another program");
    let (left, ran) = open(&fixture, &["--fix"]);
    assert_eq!(left, ["committed"], "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("warning: fix: rebase the profile: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("fix: refresh the profile"), "{}", ran.stderr);
    assert_eq!(manifest(&fixture)["source"].as_str(), Some("trained"));
}
