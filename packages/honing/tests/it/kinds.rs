//! Programs and workloads of every kind: cdylibs, `cargo test` and `cargo bench`, a
//! session by hand, services; prepare, cleanup, retries, exit codes.

use std::{fs, process::Command};

use crate::support::{Fixture, TINY_CONFIG, skip};

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_cdylib_is_driven_by_a_command() {
    if !has("python3") {
        return skip("python3 (Debian package python3)");
    }
    let fixture = Fixture::tiny();
    fixture.replace(
        "Cargo.toml",
        "[features]",
        "[lib]\nname = \"mixer\"\npath = \"src/lib.rs\"\ncrate-type = [\"cdylib\"]\n\n[features]",
    );
    fixture.write(
        "src/lib.rs",
        "#[unsafe(no_mangle)]\npub extern \"C\" fn mix(rounds: u64) -> u64 {\n    (0..rounds).fold(1, |sum, n| if sum % 3 == 0 { sum ^ n } else { sum.wrapping_mul(31) + n })\n}\n",
    );
    let python = "import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).mix(int(sys.argv[2])))";
    fixture.write(
        "pgo/pgo.toml",
        &format!(
            "[bench]\npairs = 6\nmargin = 50.0\n\n[program.mixer.cargo]\npackage = \"tiny\"\ncdylib = true\n\n\
             [program.mixer.workload]\n\
             learn = {{ role = \"train\", command = [\"python3\", \"-c\", {python:?}, \"{{program}}\", \"1000000\"] }}\n\
             judge = {{ role = \"eval\", command = [\"python3\", \"-c\", {python:?}, \"{{program}}\", \"2000000\"] }}\n"
        ),
    );
    let ran = fixture.succeeds(&[]);
    assert!(ran.stdout.contains("/libmixer.so\n  next "), "{}", ran.stdout);
    let shown = fixture.succeeds(&["show", "target/honing/mixer/merge/mixer.profdata"]);
    assert!(shown.stdout.contains("mix"), "{}", shown.stdout);
}

#[test]
fn tests_benches_and_commands_train_together() {
    let fixture = Fixture::tiny();
    fixture.write("src/lib.rs", "pub fn square(n: u64) -> u64 { if n % 2 == 0 { n * n } else { n } }\n");
    fixture.write(
        "tests/squares.rs",
        "#[test]\nfn squares() { assert_eq!((0..1000).map(tiny::square).max(), Some(998 * 998)); }\n",
    );
    fixture.write(
        "benches/squares.rs",
        "fn main() { println!(\"{}\", (0..1000).map(tiny::square).sum::<u64>()); }\n",
    );
    fixture.replace(
        "Cargo.toml",
        "[features]",
        "[[bench]]\nname = \"squares\"\nharness = false\n\n[features]",
    );
    let more = "\n[program.tiny.workload.tests]\nrole = \"train\"\ncargo.test = {}\n\n\
                [program.tiny.workload.benches]\nrole = \"train\"\nweight = 3\ncargo.bench = { args = [\"--bench\", \"squares\"] }\n";
    fixture.write("pgo/pgo.toml", &format!("{TINY_CONFIG}{more}"));
    fixture.succeeds(&["--to", "optimize"]);
    for workload in ["learn", "tests", "benches"] {
        let raw = fixture.path(&format!("target/honing/tiny/train/{workload}/raw"));
        assert!(fs::read_dir(&raw).unwrap().count() > 0, "{workload}");
    }
    let shown = fixture.succeeds(&["show", "target/honing/tiny/merge/tiny.profdata"]);
    assert!(shown.stdout.contains("squares::main"), "{}", shown.stdout);
    // One of them alone, by the filter.
    fixture.succeeds(&["train", "-w", "tests"]);
    assert!(!fixture.path("target/honing/tiny/train/learn").exists());
}

#[test]
fn a_session_by_hand_trains() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&["--to", "instrument"]);
    let ran = fixture.succeeds(&["train", "--manual", "--", "12345"]);
    assert!(ran.stdout.contains("{\"longest\": "), "{}", ran.stdout);
    assert!(ran.stderr.contains("ended: exit status: 0"), "{}", ran.stderr);
    // A second one starts it again, also with the same arguments, and says what it replaces.
    let again = fixture.succeeds(&["train", "--manual", "--", "12345"]);
    assert!(again.stdout.contains("{\"longest\": "), "{}", again.stdout);
    assert!(
        again.stderr.contains("this session replaces the manual session that ended 2"),
        "{}",
        again.stderr
    );
    fixture.succeeds(&["--from", "merge", "--to", "optimize"]);
    let shown = fixture.succeeds(&["show", "target/honing/tiny/merge/tiny.profdata", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert!(shown["weight"].as_str().unwrap().parse::<u64>().unwrap() > 12345, "{shown}");
    fixture.succeeds(&["train"]);
    let third = fixture.succeeds(&["train", "--manual", "--", "12345"]);
    assert!(third.stderr.contains("this session replaces the training of 2"), "{}", third.stderr);
    assert!(third.stderr.contains(" on `learn`"), "{}", third.stderr);
}

#[test]
fn prepare_retries_exit_codes_and_cleanup() {
    let fixture = Fixture::tiny();
    fixture.write("data/corpus", "1200\n");
    fixture.write("pgo/pgo.toml", &format!("{TINY_CONFIG}\n{}", r#"
[program.tiny.workload.fickle]
role = "train"
retries = 2
exit_codes = [0, 3]
inputs = ["data"]
env = { STATE = "{workspace}/state" }
prepare = [["cp", "data/corpus", "{dir}/corpus"]]
cleanup = [["touch", "cleaned"]]
# Fails the first time, ends with 3 the second.
command = ["sh", "-c", "\"$0\" \"$(cat \"$1/corpus\")\" && if [ -e \"$STATE\" ]; then exit 3; else touch \"$STATE\"; exit 4; fi", "{program}", "{dir}"]
"#));
    let ran = fixture.succeeds(&["--to", "train"]);
    assert!(ran.stderr.contains("trying again"), "{}", ran.stderr);
    assert!(fixture.path("cleaned").exists());
    // Its input's contents are part of what training read.
    fixture.write("data/corpus", "1300\n");
    let plan = fixture.succeeds(&["plan", "--explain"]);
    assert!(plan.stdout.contains("workload `fickle` input data changed"), "{}", plan.stdout);
}

#[test]
fn flags_reach_cargo_and_the_environment_can_set_them() {
    let fixture = Fixture::tiny();
    fixture.replace(
        "src/main.rs",
        "fn main() {",
        "fn main() {\n    #[cfg(feature = \"extra\")]\n    println!(\"extra\");",
    );
    fixture.succeeds(&["--to", "baseline", "--features", "extra", "-j", "1", "--offline"]);
    let output = Command::new(fixture.path("target/honing/tiny/baseline/tiny")).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("extra"));
    let shown = fixture.honing(&["show-config"]).env("HONING_PAIRS", "4").output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.lines().any(|line| line.contains("--pairs") && line.contains("HONING_PAIRS")), "{shown}");
    assert!(
        shown.lines().any(|line| line.contains("bench.pairs") && line.contains("pgo/pgo.toml:4")),
        "{shown}"
    );
    assert!(
        shown.lines().any(|line| line.contains("bench.confidence") && line.contains("default")),
        "{shown}"
    );
    let plan = fixture.succeeds(&["plan", "--explain", "--", "--config", "profile.release.opt-level=1"]);
    assert!(plan.stdout.contains("--config 'profile.release.opt-level=1'"), "{}", plan.stdout);
}

#[test]
fn clean_leaves_what_is_recorded() {
    let fixture = Fixture::tiny();
    fixture.succeeds(&[]);
    fixture.succeeds(&["clean"]);
    assert!(!fixture.path("target/honing/tiny").exists());
    let recorded = fs::read_dir(fixture.path("pgo/profiles/tiny")).unwrap().flatten().next().unwrap().path();
    assert!(recorded.join("profile.honing").is_file() && recorded.join("manifest.toml").is_file());
}
