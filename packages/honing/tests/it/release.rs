//! The release build: refused where its profile is below policy, the same bytes in any folder, and
//! with a provenance that says what went in.

use std::fs;

use serde_json::Value;

use crate::support::{Fixture, Ran, TINY_CONFIG, TRIPLE, commit, git};

/// Members that panic and name their files, generated code, generics of std, dependencies in two
/// majors, and debug information: everything that folders get into a binary by. (file, text)
const WORKSPACE: [(&str, &str); 7] = [
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"base\"]\n\n\
         [profile.release]\nopt-level = 2\ndebug = \"full\"\n",
    ),
    (
        "app/Cargo.toml",
        "[package]\nname = \"tiny\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nbase = { path = \"../base\" }\n\
         shlex1 = { package = \"shlex\", version = \"1\" }\nshlex2 = { package = \"shlex\", version = \"2\" }\n",
    ),
    (
        "app/build.rs",
        "fn main() {\n    let out = std::path::PathBuf::from(std::env::var_os(\"OUT_DIR\").unwrap());\n    \
         std::fs::write(out.join(\"made.rs\"), \"pub fn made(at: usize) -> u64 { [1_u64, 2][at] }\").unwrap();\n}\n",
    ),
    (
        "app/src/main.rs",
        "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\n\
         fn main() {\n    let to: u64 = std::env::args().nth(1).and_then(|to| to.parse().ok()).unwrap_or(1000);\n    \
         let words = shlex1::split(\"a b\").unwrap().len() + shlex2::split(\"a 'b c'\").unwrap().len();\n    \
         let longest = (1..to).map(base::steps).max().unwrap_or_else(|| panic!(\"{}\", file!()));\n    \
         println!(\"{longest} {words} {}\", made(words - 3));\n}\n",
    ),
    ("base/Cargo.toml", "[package]\nname = \"base\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
    (
        "base/src/lib.rs",
        "#[inline(never)]\npub fn steps(mut n: u64) -> u64 {\n    assert!(n > 0, \"none in {}\", file!());\n    let mut steps = Vec::new();\n    \
         while n != 1 {\n        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };\n        steps.push(n);\n    }\n    \
         steps.len() as u64\n}\n",
    ),
    (".gitignore", "/target\n/out\n"),
];

/// That workspace with a stored profile, committed.
fn recorded() -> Fixture {
    let fixture = Fixture::empty("first");
    for (file, text) in WORKSPACE {
        fixture.write(file, text);
    }
    fixture.write("pgo/pgo.toml", TINY_CONFIG);
    // The versions that this workspace was built with, so that nothing is looked up.
    fs::copy(repository().join("Cargo.lock"), fixture.path("Cargo.lock")).unwrap();
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "first");
    fixture.succeeds(&["--to", "optimize"]);
    fixture.succeeds(&["record"]);
    commit(&fixture, "profile");
    fixture
}

fn repository() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn the_same_inputs_give_the_same_bytes_in_any_folder() {
    let first = recorded();
    let places = ["x", "a folder with a much longer name than the other has"];
    let clones: Vec<Fixture> = places.iter().map(|name| first.clone_in(name)).collect();
    for flags in [&["build", "--locked", "-o", "out/"][..], &["build", "--no-pgo", "--locked", "-o", "out/"]]
    {
        let mut seen = Vec::new();
        for clone in &clones {
            let ran = clone.succeeds(flags);
            assert!(ran.stdout.contains(&clone.path("out/tiny").display().to_string()), "{}", ran.stdout);
            let binary = fs::read(clone.path("out/tiny")).unwrap();
            for folder in [clone.root.to_string_lossy(), std::env::temp_dir().to_string_lossy()] {
                assert!(!contains(&binary, &folder), "{folder} is in the binary");
            }
            // What a debugger and a panic say all the same.
            assert!(contains(&binary, "base/src/lib.rs") && contains(&binary, "tiny-0.1.0/out/made.rs"));
            assert!(contains(&binary, "shlex-1.") && contains(&binary, ".debug_info"));
            seen.push((binary, clone.read("out/tiny.provenance.json")));
        }
        assert!(seen.windows(2).all(|pair| pair[0].0 == pair[1].0), "{flags:?}: the binaries differ");
        assert!(seen.windows(2).all(|pair| pair[0].1 == pair[1].1), "{} {}", seen[0].1, seen[1].1);
    }
    // LTO puts crates that share a name in the order of their files' names.
    let libraries = |clone: &Fixture| {
        let flavours = fs::read_dir(clone.path("target/honing/build/pinned-2.2")).unwrap();
        let mut names = flavours.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let optimize = names.find(|name| name.starts_with("optimize-tiny")).unwrap();
        let deps = fs::read_dir(
            clone.path(&format!("target/honing/build/pinned-2.2/{optimize}/{TRIPLE}/release/deps")),
        );
        let names = deps.unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".rlib")).collect::<std::collections::BTreeSet<_>>()
    };
    let names = libraries(&clones[0]);
    assert_eq!(names.iter().filter(|name| name.starts_with("libshlex-")).count(), 2, "{names:?}");
    for clone in &clones[1..] {
        assert_eq!(libraries(clone), names);
    }
}

#[test]
fn provenance_says_what_went_in() {
    let fixture = recorded();
    let ran = fixture.succeeds(&["build", "--format", "json", "-o", "out/renamed"]);
    let built = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let built = built.into_iter().find(|event| event["event"] == "built").expect(&ran.stdout);
    assert!(built["profile"]["applied"]["share"].as_f64().unwrap() > 0.9, "{built:#}");
    assert_eq!(built["source"]["dirty"], false);

    let statement: Value = serde_json::from_str(&fixture.read("out/renamed.provenance.json")).unwrap();
    assert_eq!(statement["subject"][0]["name"], "renamed");
    let digest = |file: &str| {
        let sum = std::process::Command::new("sha256sum").arg(fixture.path(file)).output().unwrap();
        String::from_utf8(sum.stdout).unwrap().split(' ').next().unwrap().to_owned()
    };
    assert_eq!(statement["subject"][0]["digest"]["sha256"], digest("out/renamed"));
    let inputs = &statement["predicate"]["buildDefinition"]["resolvedDependencies"];
    let input = |name: &str| {
        let found = inputs.as_array().unwrap().iter().find(|input| input["name"] == name);
        found.unwrap_or_else(|| panic!("{name}: {inputs:#}")).clone()
    };
    for file in ["Cargo.lock", "pgo/pgo.toml", &format!("pgo/profiles/tiny/{TRIPLE}/profile.honing")] {
        assert_eq!(input(file)["digest"]["sha256"], digest(file), "{file}");
    }
    assert_eq!(input("source")["digest"]["gitCommit"], built["source"]["commit"]);
    assert_eq!(input("rustc")["digest"]["gitCommit"], built["compiler"]["commit"]);
    // It is beside the stage's copy, too, under that one's name.
    let beside = fixture.read("target/honing/tiny/optimize/tiny.provenance.json");
    assert!(beside.contains("\"name\": \"tiny\""), "{beside}");

    fixture.replace("base/src/lib.rs", "none in", "nothing in");
    let dirty = fixture.succeeds(&["build", "-o", "out/renamed"]);
    assert!(dirty.stdout.contains(", and changes to it"), "{}", dirty.stdout);
    let dirty: Value = serde_json::from_str(&fixture.read("out/renamed.provenance.json")).unwrap();
    let source = |statement: &Value| {
        let inputs = statement["predicate"]["buildDefinition"]["resolvedDependencies"].as_array().unwrap();
        inputs.iter().find(|input| input["name"] == "source").unwrap()["annotations"]["dirty"].clone()
    };
    assert_eq!((source(&statement), source(&dirty)), (false.into(), true.into()));
}

/// What was measured says what ships, under the policy of the day.
#[test]
fn a_profile_ships_or_not_by_what_was_measured_with_it() {
    let fixture = Fixture::tiny();
    let ran = fixture.succeeds(&["--format", "json"]);
    let summary = |ran: &Ran| -> Value {
        let lines = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.into_iter().find(|event| event["event"] == "program_finished").unwrap()["summary"].clone()
    };
    assert_eq!(summary(&ran)["ships"], true, "{:#}", summary(&ran));
    let built = fixture.succeeds(&["build", "-o", "out/"]);
    assert!(built.stdout.contains("built with the stored profile"), "{}", built.stdout);
    assert!(fixture.read("out/tiny.provenance.json").contains("\"outcome\": \""));

    // Not even a profile that is stale is in the way then.
    fixture.replace("pgo/pgo.toml", "ships = [\"improved\", ", "max_age = \"1s\"\nships = [");
    fixture.replace("pgo/pgo.toml", "\"no_change\", \"inconclusive\", \"regressed\", \"not_measured\"", "");
    let built = fixture.succeeds(&["build", "-o", "out/"]);
    assert!(
        built.stdout.contains("built without PGO: ") && built.stdout.contains("policy.ships"),
        "{}",
        built.stdout
    );
    assert!(fixture.read("out/tiny.provenance.json").contains("policy.ships"));
    let baseline = fs::read(fixture.path("target/honing/tiny/baseline/tiny")).unwrap();
    assert!(fs::read(fixture.path("out/tiny")).unwrap() == baseline);
    let ran = fixture.succeeds(&["--format", "json"]);
    assert_eq!(summary(&ran)["ships"], false);
    let wording = summary(&ran)["wording"].as_str().unwrap().to_owned();
    assert!(wording.ends_with("; the baseline ships"), "{wording}");
    let text = fixture.succeeds(&[]).stdout;
    assert!(text.lines().any(|line| line.ends_with("target/honing/tiny/baseline/tiny")), "{text}");
}

#[test]
fn a_profile_that_is_missing_is_an_error_that_names_both_ways_out() {
    let fixture = Fixture::tiny();
    let refused = fixture.run(&["build"]);
    assert_eq!(refused.code, 14, "{}", refused.stderr);
    for way in ["no profile of `tiny`", "honing --program tiny", "honing build --no-pgo"] {
        assert!(refused.stderr.contains(way), "{way}: {}", refused.stderr);
    }
    assert!(!refused.stderr.contains("Compiling") && !refused.stdout.contains("built"), "{refused:?}");
    // Without PGO it is what the baseline is, and says so everywhere.
    let plain = fixture.succeeds(&["build", "--no-pgo", "-o", "out/"]);
    assert!(plain.stdout.contains("built without PGO: --no-pgo"), "{}", plain.stdout);
    let baseline = fs::read(fixture.path("target/honing/tiny/baseline/tiny")).unwrap();
    assert!(fs::read(fixture.path("out/tiny")).unwrap() == baseline);
    assert!(fixture.read("out/tiny.provenance.json").contains("\"without\": \"--no-pgo\""));
    assert_eq!(std::process::Command::new(fixture.path("out/tiny")).status().unwrap().code(), Some(0));

    let twin = TINY_CONFIG.split_once("[program").unwrap().1.replace("program.tiny", "program.twin");
    fixture.write("pgo/pgo.toml", &format!("{TINY_CONFIG}\n[program{}", twin.replacen(".tiny", ".twin", 1)));
    let one_file = fixture.run(&["build", "--no-pgo", "-o", "out/tiny"]);
    assert!(one_file.code == 2 && one_file.stderr.contains("name a folder"), "{}", one_file.stderr);
}
