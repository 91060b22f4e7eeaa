//! The stored profile through its life: recorded, looked at, built from, stale, mended.

use std::{fs, path::PathBuf, process::Command};

use serde_json::Value;

use crate::support::{Fixture, LOCKFILE, Ran, TINY_CONFIG, TRIPLE, commit, finish, git};

/// A library with a hot function beside the binary, so that there is something to rename.
pub(crate) const LIB: &str = r#"
pub mod walk {
    #[inline(never)]
    pub fn steps(mut n: u64) -> u64 {
        let mut steps = 0;
        while n != 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
            steps += 1;
        }
        steps
    }
    #[inline(never)]
    pub fn digits(mut n: u64) -> u64 {
        let mut sum = 0;
        while n > 0 {
            sum += n % 10;
            n /= 10;
        }
        sum
    }
}
"#;
pub(crate) const MAIN: &str = r#"
fn main() {
    let to: u64 = std::env::args().nth(1).and_then(|to| to.parse().ok()).unwrap_or(1000);
    let steps = (1..to).map(tiny::walk::steps).max().unwrap_or(0);
    let digits = (1..to).map(tiny::walk::digits).max().unwrap_or(0);
    println!("{steps} {digits}");
}
"#;

/// A workspace with a recorded profile and a commit.
pub(crate) fn recorded() -> Fixture {
    let fixture = Fixture::tiny();
    fixture.write("src/lib.rs", LIB);
    fixture.write("src/main.rs", MAIN);
    fixture.write(".gitignore", "/target\n");
    fixture.write("Cargo.lock", LOCKFILE);
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "first");
    fixture.succeeds(&["--to", "optimize"]);
    fixture.succeeds(&["record"]);
    commit(&fixture, "profile");
    fixture
}

pub(crate) fn folder(fixture: &Fixture) -> PathBuf {
    fixture.path("pgo/profiles/tiny").join(TRIPLE)
}

pub(crate) fn manifest(fixture: &Fixture) -> toml::Table {
    fs::read_to_string(folder(fixture).join("manifest.toml")).unwrap().parse().unwrap()
}

fn status(fixture: &Fixture) -> Value {
    let ran = fixture.succeeds(&["status", "--format", "json"]);
    serde_json::from_str::<Value>(&ran.stdout).unwrap()[0].clone()
}

/// The share of the profile that the latest build of a run applied.
fn matched(fixture: &Fixture, args: &[&str]) -> (Ran, f64) {
    let ran = fixture.run(&[args, &["--format", "json"]].concat());
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut matched = events.filter(|event| event["event"] == "matched");
    let applied = matched.next_back().expect(&ran.stderr);
    let share = applied["applied"]["share"].as_f64().expect("a measured match");
    let carried = applied["applied"]["carried"].as_f64().unwrap_or(1.0);
    (ran, share * carried)
}

#[test]
fn a_version_bump_keeps_the_profile_and_status_tells_what_changed() {
    let fixture = recorded();
    let manifest = manifest(&fixture);
    assert_eq!(manifest["match"]["percent"].as_float(), Some(100.0), "{manifest:#?}");
    assert_eq!(manifest["source"].as_str(), Some("trained"));
    assert!(!manifest["dirty"].as_bool().unwrap());
    assert!(manifest["hot"][0]["function"].as_str().unwrap().contains("steps"));

    let fresh = status(&fixture);
    assert_eq!(fresh["since"]["commits"], 0, "the commit of the profile itself is none: {fresh:#}");
    assert_eq!((&fresh["differences"], &fresh["stale"]), (&serde_json::json!([]), &serde_json::json!([])));

    fixture.replace("Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\"");
    fixture.replace("src/lib.rs", "% 10;", "% 10 ;");
    let (ran, share) = matched(&fixture, &["check"]);
    assert_eq!((ran.code, share), (0, 1.0), "{}", ran.stderr);
    let after = status(&fixture);
    assert_eq!(after["since"]["lines"], 4, "two lines of two files: {after:#}");
    assert_eq!(after["differences"][0], "Cargo.lock changed");
    assert_eq!(after["last_match"]["staleness"], 0.0);

    let built = fixture.succeeds(&["build"]);
    assert!(built.stdout.contains("match      100.0 %"), "{}", built.stdout);
    assert!(built.stdout.contains("target/honing/tiny/optimize/tiny"), "{}", built.stdout);
}

#[test]
fn check_names_every_program_that_is_stale() {
    let fixture = Fixture::tiny();
    fixture.write("src/lib.rs", LIB);
    fixture.write("src/main.rs", MAIN);
    let (bench, program) = TINY_CONFIG.split_once("[program").unwrap();
    let twin = format!("[program{program}").replace("program.tiny", "program.twin");
    fixture.write("pgo/pgo.toml", &format!("{bench}[program{program}{twin}"));
    fixture.succeeds(&["--to", "optimize"]);
    fixture.succeeds(&["record"]);
    fixture.replace("src/lib.rs", "steps += 1;", "steps += 1 + u64::from(n == 77 && steps > 9);");
    let ran = fixture.run(&["check"]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    let error = ran.stderr.split_once("\nerror: ").expect(&ran.stderr).1;
    for program in ["tiny", "twin"] {
        assert!(error.contains(&format!("{program}: the stored profile is stale")), "{}", ran.stderr);
        // Its control flow changed: no rebase helps.
        assert!(error.contains(&format!("train anew: `honing --program {program}`")), "{}", ran.stderr);
    }
}

#[test]
fn without_pinning_a_bump_loses_everything_and_a_rebase_brings_it_back() {
    let fixture = Fixture::tiny();
    fixture.write("src/lib.rs", LIB);
    fixture.write("src/main.rs", MAIN);
    fixture.replace("pgo/pgo.toml", "package = \"tiny\"\n", "package = \"tiny\"\npin_symbols = false\n");
    fixture.succeeds(&["--to", "optimize"]);
    fixture.succeeds(&["record"]);
    fixture.replace("Cargo.toml", "version = \"0.1.0\"", "version = \"0.2.0\"");

    let (ran, share) = matched(&fixture, &["check"]);
    assert_eq!((ran.code, share < 0.01), (14, true), "{share} {}", ran.stderr);
    assert!(ran.stderr.contains("honing rebase --program tiny"), "{}", ran.stderr);
    let refused = fixture.run(&["build"]);
    assert_eq!(refused.code, 14, "{}", refused.stderr);
    assert!(refused.stderr.contains("gone or renamed"), "{}", refused.stderr);
    for way in ["honing rebase --program tiny", "build --accept-stale", "build --no-pgo"] {
        assert!(refused.stderr.contains(way), "{way}: {}", refused.stderr);
    }
    let loud = fixture.succeeds(&["build", "--accept-stale", "--ci"]);
    assert!(loud.stderr.contains("warning: tiny: the stored profile is stale"), "{}", loud.stderr);
    assert!(loud.stdout.contains("(--accept-stale)"), "{}", loud.stdout);

    let (ran, share) = matched(&fixture, &["rebase"]);
    assert!(ran.code == 0 && share > 0.99, "{share}: {}", ran.stderr);
    let manifest = manifest(&fixture);
    assert_eq!(manifest["source"].as_str(), Some("rebased"));
    assert!(manifest["carried"].as_float().unwrap() > 99.0);
    let (ran, share) = matched(&fixture, &["check"]);
    assert!(ran.code == 0 && share > 0.99, "{share}: {}", ran.stderr);
    let again = fixture.succeeds(&["rebase"]);
    assert!(again.stdout.contains("nothing to rebase"), "{}", again.stdout);
}

#[test]
fn rebase_auto_mends_a_renamed_module_and_stays_up_to_date() {
    let fixture = recorded();
    fixture.replace("pgo/pgo.toml", "[bench]", "rebase = \"auto\"\n\n[bench]");
    fixture.replace("src/lib.rs", "pub mod walk", "pub mod stroll");
    let main = fixture.read("src/main.rs").replace("walk", "stroll");
    fixture.write("src/main.rs", &main);
    let (ran, share) = matched(&fixture, &["check"]);
    assert!(ran.code == 0 && share >= 0.95, "{share}: {}", ran.stderr);
    // The second time nothing is compiled, and the answer is the same.
    let states = fixture.stages(&["check"]);
    assert_eq!(states.last().unwrap(), &("optimize".to_owned(), "up_to_date".to_owned()), "{states:?}");
}

/// Sixteen modules in a crate of 16 units, each with a function of its own that only its module calls. `more`
/// are functions beside it in each module, which nobody calls but a table.
fn modules(fixture: &Fixture, more: impl Fn(usize) -> usize) {
    let mut main = String::from(
        "fn main() {\n    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();\n    let mut sum = 0;\n",
    );
    for module in 0..16 {
        let extra = |at: usize| {
            format!(
                "pub fn extra{at}(n: u64) -> u64 {{ let mut s = n; for i in 0..n % {} {{ s ^= s.rotate_left({}) + i; if s % 3 == 0 {{ s += n }} }} s }}\n",
                at + 3,
                at + 1
            )
        };
        let extras: String = (0..more(module)).map(extra).collect();
        let table: String = (0..more(module)).map(|at| format!("extra{at}, ")).collect();
        fixture.write(&format!("src/m{module}.rs"), &format!(
            "#[inline(never)]\nfn steps(mut n: u64) -> u64 {{\n    let mut steps = {module};\n    while n > 1 {{ n = if n % 2 == 0 {{ n / 2 }} else {{ 3 * n + 1 }}; steps += 1; }}\n    steps\n}}\n\
             #[inline(never)]\npub fn all(n: u64) -> u64 {{ (1..n).map(steps).sum() }}\n\
             pub static TABLE: &[fn(u64) -> u64] = &[{table}];\n{extras}"
        ));
        main.insert_str(0, &format!("mod m{module};\n"));
        main.push_str(&format!("    sum += m{module}::all(n);\n    for f in m{module}::TABLE {{ if n == 0 {{ sum += f(n); }} }}\n"));
    }
    fixture.write("src/main.rs", &(main + "    println!(\"{sum}\");\n}\n"));
}

/// What grows elsewhere in a crate moves functions to other units; their counters are found there.
#[test]
fn functions_that_move_between_units_keep_their_counters() {
    let fixture = Fixture::tiny();
    modules(&fixture, |_| 1);
    fixture.succeeds(&["--to", "optimize"]);
    fixture.succeeds(&["record"]);
    let units = |fixture: &Fixture| -> Vec<String> {
        let functions = fixture.read("target/honing/tiny/optimize/functions.txt");
        let names: Vec<&str> = functions.lines().filter_map(|line| line.strip_prefix("module ")).collect();
        let of = |line: &&str| line.contains("5steps") || line.contains("steps");
        let row = |line: &str| {
            let fields: Vec<&str> = line.split(' ').collect();
            let module = fields[1].parse::<usize>().map_or("-", |at| names[at]);
            format!("{} {module}", fields.last().unwrap())
        };
        functions.lines().filter(of).map(row).collect()
    };
    let answer = || {
        let ran = Command::new(fixture.path("target/honing/tiny/optimize/tiny")).arg("300").output().unwrap();
        assert!(ran.status.success());
        ran.stdout
    };
    let stored = || fs::read(folder(&fixture).join("profile.honing")).unwrap();
    let (before, answered, kept) = (units(&fixture), answer(), stored());
    // The last modules grow most, so they come first now.
    modules(&fixture, |module| module + 1);
    for command in ["check", "build"] {
        let (ran, share) = matched(&fixture, &[command]);
        assert!(ran.code == 0 && share > 0.9999, "{command}: {share}: {}", ran.stderr);
    }
    let after = units(&fixture);
    let moved = before.iter().filter(|row| !after.contains(row)).count();
    assert!(before.len() >= 16 && 3 * moved >= before.len(), "{moved} of {before:#?}\n{after:#?}");
    assert!(answer() == answered && stored() == kept);
    // The compiler finds each under the name that it has now, with the counters that it had.
    let used = fs::read(fixture.path("target/honing/build/optimize-tiny.profdata")).unwrap();
    let used = honing_profdata::read(&used).unwrap().profile;
    for row in after {
        let (symbol, module) = row.split_once(' ').unwrap();
        let names = [format!("{module};{symbol}"), symbol.to_owned()];
        let found =
            names.iter().any(|name| used.named(name.as_bytes()).any(|function| function.weight() > 0));
        assert!(found, "{names:?}");
    }
}

#[test]
fn an_edited_hot_function_loses_its_own_weight_and_is_named() {
    let fixture = recorded();
    fixture.replace("src/lib.rs", "sum += n % 10;", "if n % 7 == 3 { println!(); } sum += n % 10;");
    let ran = fixture.run(&["check", "--format", "json"]);
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut matched = events.filter(|event| event["event"] == "matched");
    let applied = matched.next_back().unwrap();
    let lost = applied["applied"]["lost"].as_array().unwrap();
    assert_eq!(lost.len(), 1, "{lost:#?}");
    assert_eq!(lost[0]["function"], "tiny::walk::digits");
    assert_eq!(lost[0]["why"], "control_flow");
    // A rebase that brings nothing leaves the stored profile alone.
    fixture.replace("pgo/pgo.toml", "[bench]", "min_match = 99.0\n\n[bench]");
    let before = fs::read(folder(&fixture).join("profile.honing")).unwrap();
    let rebase = fixture.run(&["rebase"]);
    assert_eq!(rebase.code, 14, "{}", rebase.stderr);
    assert!(rebase.stderr.contains("the stored profile stays as it is"), "{}", rebase.stderr);
    assert!(fs::read(folder(&fixture).join("profile.honing")).unwrap() == before);
    let told = fixture.run(&["status", "--ci"]);
    assert!(told.code == 14 && told.stderr.contains("when last measured"), "{}", told.stderr);
    let share = applied["applied"]["share"].as_f64().unwrap();
    assert!((share + lost[0]["weight"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{applied:#}");
}

#[test]
fn what_is_missing_foreign_or_damaged_is_refused_before_compiling() {
    let fixture = recorded();
    let dir = folder(&fixture);
    let (profile, manifest) = (dir.join("profile.honing"), dir.join("manifest.toml"));
    let (bytes, text) = (fs::read(&profile).unwrap(), fs::read_to_string(&manifest).unwrap());
    let refused = |args: &[&str], code: i32, says: &str| {
        let ran = fixture.run(args);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
        assert!(!ran.stderr.contains("Compiling"), "{}", ran.stderr);
    };
    for damaged in [&b""[..], &bytes[..bytes.len() / 2], b"version https://git-lfs.github.com/spec/v1\n"] {
        fs::write(&profile, damaged).unwrap();
        refused(&["build"], 12, "profile.honing: not the profile that the manifest names");
        refused(&["status", "--ci"], 12, "profile.honing: not the profile that the manifest names");
    }
    fs::write(&profile, &bytes).unwrap();
    fs::write(&manifest, text.replace("program = \"tiny\"", "program = \"other\"")).unwrap();
    refused(&["check"], 14, "a profile of `other`");
    fs::write(&manifest, "<<<<<<< HEAD\n").unwrap();
    refused(&["build"], 12, "manifest.toml: line 1: conflict markers of a merge");
    refused(&["record", "--force"], 12, "cannot be compared");
    fs::remove_file(&manifest).unwrap();
    refused(&["build"], 14, "no profile of `tiny` for x86_64-unknown-linux-gnu is stored");
    let told = fixture.run(&["status"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stdout.contains("no profile of `tiny`"), "{}", told.stdout);
    refused(&["status", "--ci"], 14, "no profile of `tiny`");
    assert!(status(&fixture)["error"].as_str().unwrap().contains("no profile of `tiny`"));
    fs::write(&manifest, text).unwrap();
    // What a kill between profile and manifest leaves.
    fs::rename(&manifest, dir.join("manifest.toml.next")).unwrap();
    fixture.succeeds(&["status", "--ci"]);
    assert!(manifest.is_file() && !dir.join("manifest.toml.next").exists());
}

#[test]
fn age_and_toolchain_make_it_stale_where_the_policy_says_so() {
    let fixture = recorded();
    fixture.replace("pgo/pgo.toml", "[bench]", "max_age = \"30days\"\n\n[bench]");
    let path = folder(&fixture).join("manifest.toml");
    let text = fs::read_to_string(&path).unwrap();
    let trained = text.lines().find(|line| line.starts_with("trained")).unwrap().to_owned();
    fs::write(&path, text.replace(&trained, "trained = \"2020-01-01T00:00:00Z\"")).unwrap();
    let ran = fixture.run(&["check"]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(ran.stderr.contains("more than policy.max_age = 30 days"), "{}", ran.stderr);
    fixture.replace("pgo/pgo.toml", "max_age = \"30days\"", "toolchain_change = \"stale\"");
    fixture.succeeds(&["status", "--ci"]);
    let rustc = text.lines().find(|line| line.starts_with("rustc = ")).unwrap();
    fs::write(&path, text.replace(rustc, "rustc = \"1.94.0 (abc)\"")).unwrap();
    let ran = fixture.run(&["status", "--ci"]);
    assert_eq!(ran.code, 14);
    assert!(ran.stderr.contains("the toolchain changed: rustc 1.94.0 (abc) -> "), "{}", ran.stderr);
}

#[test]
fn a_poorer_profile_does_not_replace_a_better_one_unasked() {
    let fixture = recorded();
    let before = fs::read(folder(&fixture).join("profile.honing")).unwrap();
    // A training that ends before the hot loop.
    fixture.replace(
        "pgo/pgo.toml",
        "command = [\"{program}\", \"2000\"]",
        "command = [\"{program}\", \"1\"]",
    );
    fixture.succeeds(&["--to", "optimize"]);
    let ran = fixture.run(&["record"]);
    assert_eq!(ran.code, 14, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("tiny::walk::steps") && ran.stderr.contains("--accept-poorer"),
        "{}",
        ran.stderr
    );
    assert!(fs::read(folder(&fixture).join("profile.honing")).unwrap() == before);
    // The build of the stored profile says nothing about the new one.
    fixture.succeeds(&["build"]);
    let other = fixture.run(&["record", "--accept-poorer"]);
    assert_eq!(other.code, 2, "{}", other.stderr);
    assert!(other.stderr.contains("made with another profile"), "{}", other.stderr);
    fixture.succeeds(&["--only", "optimize"]);
    fixture.succeeds(&["record", "--accept-poorer"]);
    assert!(fs::read(folder(&fixture).join("profile.honing")).unwrap() != before);
}

#[test]
fn a_profile_goes_out_and_comes_back_in() {
    let fixture = recorded();
    fixture.succeeds(&["export", "-o", "out.profdata"]);
    let merged = fs::read(fixture.path("target/honing/tiny/merge/tiny.profdata")).unwrap();
    assert!(fs::read(fixture.path("out.profdata")).unwrap() == merged);
    // A packed one is unpacked for whoever drives cargo.
    let packed = folder(&fixture).join("profile.honing");
    let exec = ["exec", "--profile", packed.to_str().unwrap(), "--", "cargo", "build", "--release"];
    fixture.succeeds(&exec);
    let parsed = |bytes: &[u8]| honing_profdata::read(bytes).unwrap().profile;
    let used = parsed(&fs::read(fixture.path("target/honing/build/exec-tiny.profdata")).unwrap());
    let has = |function: honing_profdata::Function<'_>| {
        used.named(function.name_bytes()).any(|there| there.counts() == function.counts())
    };
    assert!(parsed(&merged).functions().all(has));

    // For a plain build of a user: without our wrapper nothing of ours would apply.
    let said = fixture.succeeds(&["export", "--unpinned", "-o", "plain.profdata"]);
    let mangling = "-Csymbol-mangling-version=v0";
    assert!(said.stdout.contains(mangling), "{}", said.stdout);
    let build = |profile: &str| {
        let flags = format!(
            "-Cprofile-use={} {mangling} -Cllvm-args=-pgo-warn-missing-function",
            fixture.path(profile).display()
        );
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--release", "--target", TRIPLE, "--target-dir", "plain-target"]);
        cargo.current_dir(&fixture.root).env("RUSTFLAGS", flags).env_remove("CARGO_ENCODED_RUSTFLAGS");
        let output = cargo.output().unwrap();
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let missing = |said: &str| {
        said.lines().filter(|line| line.contains("no profile data") && line.contains("walk")).count()
    };
    assert_eq!(missing(&build("out.profdata")), 2);
    assert_eq!(missing(&build("plain.profdata")), 0);

    // The other way round: from names as cargo gives them to pinned ones.
    fs::remove_dir_all(folder(&fixture)).unwrap();
    let (ran, share) = matched(&fixture, &["import", "plain.profdata"]);
    assert!(ran.code == 0 && share > 0.99, "{share}: {}", ran.stderr);
    assert_eq!(manifest(&fixture)["source"].as_str(), Some("imported"));
    assert_eq!(manifest(&fixture)["trained"].as_str(), Some("unknown"));
    let foreign = Fixture::tiny_in("foreign");
    foreign.succeeds(&["--to", "merge"]);
    let path = foreign.path("target/honing/tiny/merge/tiny.profdata");
    fixture.write("src/main.rs", "fn main() { println!(\"{}\", tiny::walk::steps(9)); }\n");
    let ran = fixture.run(&["optimize", "--profile", path.to_str().unwrap()]);
    assert!(ran.stderr.contains("does not fit"), "{}", ran.stderr);
}

#[test]
fn a_profile_of_a_plain_build_comes_in() {
    let fixture = Fixture::tiny();
    fixture.write("src/lib.rs", LIB);
    fixture.write("src/main.rs", MAIN);
    let raw = fixture.path("raw");
    let plain = |args: &[&str], flags: &str| {
        let mut cargo = Command::new("cargo");
        cargo.args(args).args(["--release", "--target", TRIPLE, "--target-dir", "plain-target"]);
        cargo.current_dir(&fixture.root).env_remove("CARGO_ENCODED_RUSTFLAGS").env("RUSTFLAGS", flags);
        finish(cargo.env("LLVM_PROFILE_FILE", raw.join("%p.profraw")).output().unwrap())
    };
    // As cargo-pgo does it: with rustc 1.95 in legacy names.
    let ran = plain(&["run"], "-Cprofile-generate");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    fixture.succeeds(&["merge", "--from", "raw", "-o", "plain.profdata"]);
    let (ran, share) = matched(&fixture, &["import", "plain.profdata"]);
    assert!(ran.code == 0 && share > 0.95, "{share}: {}", ran.stderr);
}

/// An executable script beside the workspace.
fn script(fixture: &Fixture, name: &str, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = fixture.root.parent().unwrap().join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn without_the_compilers_list_the_instrumented_build_tells_or_nobody_does() {
    let fixture = recorded();
    let refuses = "case \"$*\" in *pgo-trace-func-hash*) echo 'error: Unknown argument' >&2; exit 1;; esac";
    let rustc = script(&fixture, "rustc-without", &format!("{refuses}\nexec rustc \"$@\""));
    let check = || {
        let mut command = fixture.honing(&["check", "--format", "json"]);
        crate::support::finish(command.env("RUSTC", &rustc).output().unwrap())
    };
    let applied = |ran: &Ran| -> Value {
        let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut matched = events.filter(|event| event["event"] == "matched");
        matched.next_back().expect(&ran.stderr)["applied"].clone()
    };
    let told = check();
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert_eq!(
        (applied(&told)["by"].as_str(), applied(&told)["share"].as_f64()),
        (Some("instrumented"), Some(1.0))
    );

    fs::remove_dir_all(fixture.path("target/honing/tiny")).unwrap();
    let unknown = check();
    assert_eq!(unknown.code, 14, "{}", unknown.stderr);
    assert_eq!(applied(&unknown)["match"], "unknown");
    assert!(unknown.stderr.contains("how much of the profile applies is unknown"), "{}", unknown.stderr);
    fixture.replace("pgo/pgo.toml", "[bench]", "min_match = 0.0\n\n[bench]");
    assert_eq!(check().code, 0);
}

#[test]
fn a_light_build_that_does_not_fit_is_replaced_by_the_full_one() {
    let fixture = Fixture::tiny();
    // Symbols of light instrumented builds are others, as no real compiler does it.
    let renames = "case \"$*\" in *profile-generate*lto=off*|*lto=off*profile-generate*) exec \"$@\" -Cmetadata=other;; esac";
    let wrapper = script(&fixture, "renames", &format!("{renames}\nexec \"$@\""));
    let run = |args: &[&str]| {
        let output = fixture.honing(args).env("RUSTC_WRAPPER", &wrapper).output().unwrap();
        crate::support::finish(output)
    };
    let ran = run(&["--to", "optimize", "--ci"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("starting over with instrument = \"same\""), "{}", ran.stderr);
    assert!(ran.stdout.contains("match      100.0 %"), "{}", ran.stdout);
    // It is remembered: nothing is tried twice.
    let again = run(&["--to", "optimize", "--ci"]);
    assert!(!again.stderr.contains("starting over"), "{}", again.stderr);
    assert!(again.stderr.contains("Train up to date"), "{}", again.stderr);
}

/// What the training does not read is no change of a workload, to `status` as to the training; a digest
/// that Honing 0.1 wrote of everything stays good.
#[test]
fn a_workload_changes_with_what_its_training_reads() {
    let fixture = recorded();
    let changes = || {
        let status = status(&fixture);
        let differences = status["differences"].as_array().unwrap().iter();
        differences.map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let trained = || {
        fixture.stages(&["--to", "train"]).into_iter().any(|stage| stage == ("train".into(), "done".into()))
    };
    assert_eq!(changes(), Vec::<String>::new());
    let path = folder(&fixture).join("manifest.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    let digest =
        manifest.split("[[workload]]").nth(1).unwrap().split("digest = \"").nth(1).unwrap()[..64].to_owned();
    let with = |digest_then: &str| fs::write(&path, manifest.replace(&digest, digest_then)).unwrap();
    with(OLD_DIGEST);
    assert_eq!(changes(), Vec::<String>::new());
    with(&OLD_DIGEST.replace('a', "b"));
    assert_eq!(changes(), ["workload `learn` changed"]);
    with(&digest);
    for key in
        ["timeout = \"4m\"", "retries = 2", "weight = 7", "compare_output = false", "gate = [\"wall\"]"]
    {
        fixture.replace("pgo/pgo.toml", "seed = 7", &format!("seed = 7\n{key}"));
        assert_eq!(changes(), Vec::<String>::new(), "{key}");
        assert!(!trained(), "{key}");
    }
    fixture.replace("pgo/pgo.toml", "seed = 7", "seed = 8");
    assert_eq!(changes(), ["workload `learn` changed"]);
    assert!(trained());
}

/// Of the workload `learn` of [`TINY_CONFIG`], as Honing 0.1 wrote it: BLAKE3 of
/// `{"workload `learn` command":{"value":"[\"{program}\", \"2000\"]"}, …}` with every key but `weight`,
/// `gate`, `min_gain` and `max_regression`.
const OLD_DIGEST: &str = "05742935d2d55b7c86c9a3091d027fe207f39fa726dffc9081852e50ed1e022b";
