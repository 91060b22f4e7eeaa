//! A training that is divided among machines: what each hands over, what is merged, and what is not.

use std::{fs, path::Path, process::Command};

use crate::support::{Fixture, LOCKFILE, TRIPLE, commit, git};

/// Four training workloads of different weights: the first of three shards has two of them.
const CONFIG: &str = r#"[bench]
pairs = 6
warmup = 0
margin = 50.0
[program.tiny.cargo]
package = "tiny"

[program.tiny.workload.small]
role = "train"
command = ["{program}", "100"]

[program.tiny.workload.middle]
role = "train"
weight = 3
command = ["{program}", "700"]

[program.tiny.workload.large]
role = "train"
weight = 20
command = ["{program}", "3000"]

[program.tiny.workload.none]
role = "train"
command = ["{program}", "no number"]

[program.tiny.workload.judge]
role = "eval"
command = ["{program}", "3000"]
"#;

/// One codegen unit: an instrumented program of several may come out in two ways (ADR 8), and the
/// profile has its build id.
fn repository() -> Fixture {
    let fixture = Fixture::tiny_in("upstream");
    fixture.write("pgo/pgo.toml", CONFIG);
    let cargo = fixture.read("Cargo.toml") + "\n[profile.release]\ncodegen-units = 1\n";
    fixture.write("Cargo.toml", &cargo);
    fixture.write("Cargo.lock", LOCKFILE);
    fixture.write(".gitignore", "/target\n/fetched\n");
    git(&fixture, &["init", "--quiet"]);
    commit(&fixture, "first");
    fixture
}

/// Trains a shard in a checkout of its own, and fetches what it hands over.
fn shard(repository: &Fixture, shard: &str, to: &Path) -> String {
    let runner = repository.clone_in(&format!("runner of shard {}", shard.replace('/', " of ")));
    let ran = runner.succeeds(&["train", "--shard", shard, "--ci"]);
    let folder = runner.path("target/honing/tiny/shard");
    assert!(ran.stderr.contains(&format!("hand over {}", folder.display())), "{}", ran.stderr);
    assert!(!runner.path("target/honing/tiny/baseline").exists(), "only what a shard needs");
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(folder).unwrap().flatten() {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    ran.stderr
}

#[test]
fn three_shards_in_three_checkouts_give_the_profile_of_one_training() {
    let repository = repository();
    let merger = repository.clone_in("where it comes together");
    for index in 1..=3 {
        shard(&repository, &format!("{index}/3"), &merger.path(&format!("fetched/{index}")));
    }
    let names = |index: u32| {
        let files = fs::read_dir(merger.path(&format!("fetched/{index}"))).unwrap().flatten();
        let mut names: Vec<String> = files.map(|file| file.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(1), ["none.profdata", "shard.json", "small.profdata"]);
    assert_eq!(names(2), ["middle.profdata", "shard.json"]);

    let one = repository.clone_in("one machine");
    one.succeeds(&["--from", "instrument", "--to", "merge"]);
    let merged = merger.succeeds(&["merge", "--from", "fetched"]);
    assert!(merged.stderr.contains("of shard 1/3, shard 2/3, shard 3/3"), "{}", merged.stderr);
    let profile = |at: &Fixture| fs::read(at.path("target/honing/tiny/merge/tiny.profdata")).unwrap();
    assert!(profile(&merger) == profile(&one), "the profiles differ");
    // Weights count: without them it would be another one.
    merger.succeeds(&["merge", "--from", "fetched", "-o", "fetched-flat.profdata"]);
    assert!(fs::read(merger.path("fetched-flat.profdata")).unwrap() != profile(&one));

    // And on from there, as after a training here.
    merger.succeeds(&["--from", "optimize", "--to", "optimize"]);
    merger.succeeds(&["record"]);
    let folder = format!("pgo/profiles/tiny/{TRIPLE}");
    let manifest: toml::Table = merger.read(&format!("{folder}/manifest.toml")).parse().unwrap();
    assert_eq!(manifest["source"].as_str(), Some("trained"));
    assert_eq!(manifest["workload"].as_array().unwrap().len(), 4, "{manifest:#?}");
    let parts = manifest["part"].as_array().unwrap();
    assert_eq!(parts.len(), 3, "{parts:#?}");
    assert_eq!(parts[0]["from"].as_str(), Some("shard 1/3"));
    assert_eq!(parts[0]["commit"], manifest["commit"]);
    let first = parts.iter().map(|part| part["trained"].as_str().unwrap()).min();
    assert_eq!(manifest["trained"].as_str(), first);
    // What is merged already is not merged again.
    assert!(merger.succeeds(&["merge", "--from", "fetched"]).stderr.contains("Merge up to date"));
}

#[test]
fn what_is_not_one_whole_training_is_refused_by_name() {
    let repository = repository();
    let merger = repository.clone_in("merger");
    for index in [1, 2] {
        shard(&repository, &format!("{index}/2"), &merger.path(&format!("fetched/{index}")));
    }
    let refused = |args: &[&str], code: i32, says: &str| {
        let ran = merger.run(&[&["merge", "--from"], args].concat());
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    };
    refused(&["fetched/1"], 12, "shard 2/2 is missing");
    refused(&["nowhere"], 12, "there is no");
    refused(&["5,fetched"], 2, "has shards, whose weights are in pgo.toml");
    refused(&["0,fetched"], 2, "a weight is 1 to");
    // A folder that is given twice is one.
    merger.succeeds(&["merge", "--from", "fetched/1", "fetched/2", "fetched"]);

    let copy = merger.path("copy");
    fs::create_dir_all(&copy).unwrap();
    for file in ["shard.json", "small.profdata", "large.profdata"] {
        fs::copy(merger.path("fetched/1").join(file), copy.join(file)).unwrap();
    }
    refused(&["fetched", "copy"], 12, "there is more than one shard 1/2");
    fs::copy(copy.join("small.profdata"), merger.path("fetched/1/stray.profdata")).unwrap();
    refused(&["fetched"], 12, "stray.profdata is in no shard");
    fs::remove_file(merger.path("fetched/1/stray.profdata")).unwrap();
    let large = fs::read(copy.join("large.profdata")).unwrap();
    fs::write(merger.path("fetched/1/large.profdata"), &large[..large.len() / 2]).unwrap();
    refused(&["fetched"], 12, "is not the profile that shard.json beside it names");
    fs::write(merger.path("fetched/1/large.profdata"), &large).unwrap();
    merger.replace("fetched/2/shard.json", "\"schema\": 2", "\"schema\": 1");
    refused(&["fetched"], 12, "train --program tiny --shard 2/2");
    merger.replace("fetched/2/shard.json", "\"schema\": 1", "\"schema\": 2");
    merger.replace("pgo/pgo.toml", "\"700\"", "\"701\"");
    refused(&["fetched"], 12, "workload `middle` had another definition or other inputs there");
    merger.replace("pgo/pgo.toml", "\"701\"", "\"700\"");
    merger.replace("pgo/pgo.toml", "package = \"tiny\"", "package = \"tiny\"\npin_symbols = false");
    refused(&["fetched"], 12, "shard 1/2: symbols is pinned (scheme 2) there and cargo's own here");
    merger.replace("pgo/pgo.toml", "\npin_symbols = false", "");

    // A shard without a workload is fine, and says so.
    let said = shard(&repository, "5/5", &merger.path("empty"));
    assert!(said.contains("shard 5/5 of tiny: no workload"), "{said}");
    let wrong = merger.run(&["train", "--shard", "4/3"]);
    assert!(wrong.code == 2 && wrong.stderr.contains("is no shard"), "{}", wrong.stderr);
}

#[test]
fn a_profile_from_production_joins_with_its_weight() {
    let repository = repository();
    let merger = repository.clone_in("merger");
    shard(&repository, "1/1", &merger.path("fetched/all"));
    // A canary: the instrumented program at work, wherever that is.
    let canary = |at: &Fixture, name: &str| {
        at.succeeds(&["instrument"]);
        let raw = merger.path(name).join("%p.profraw");
        let mut program = Command::new(at.path("target/honing/tiny/instrument/tiny"));
        assert!(program.arg("5000").env("LLVM_PROFILE_FILE", raw).output().unwrap().status.success());
    };
    canary(&repository.clone_in("production"), "canary");
    let profile = || fs::read(merger.path("target/honing/tiny/merge/tiny.profdata")).unwrap();
    merger.succeeds(&["merge", "--from", "fetched"]);
    let alone = profile();
    merger.succeeds(&["merge", "--from", "fetched", "3,canary"]);
    let joined = profile();
    assert!(joined != alone);
    merger.succeeds(&["merge", "--from", "fetched", "canary"]);
    assert!(profile() != joined, "the weight counts");
    merger.succeeds(&["--from", "optimize", "--to", "optimize"]);
    merger.succeeds(&["record"]);
    let path = format!("pgo/profiles/tiny/{TRIPLE}/manifest.toml");
    let manifest: toml::Table = merger.read(&path).parse().unwrap();
    let last = manifest["part"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["from"].as_str(), last["weight"].as_integer()), (Some("canary"), Some(1)));
    assert_eq!(manifest["source"].as_str(), Some("trained"));

    // Alone it takes the place of a training, and is told apart from one.
    merger.succeeds(&["merge", "--from", "canary"]);
    merger.succeeds(&["--from", "optimize", "--to", "optimize"]);
    merger.succeeds(&["record", "--accept-poorer"]);
    let manifest: toml::Table = merger.read(&path).parse().unwrap();
    assert_eq!(
        (manifest["source"].as_str(), manifest["trained"].as_str()),
        (Some("imported"), Some("unknown"))
    );

    let other = repository.clone_in("another version");
    other.replace("src/main.rs", "3 * n + 1", "if n > 77 { 3 * n + 1 } else { n * 3 + 1 }");
    other.replace("src/main.rs", "fn steps(", "#[inline(never)]\nfn other_steps(");
    other.replace("src/main.rs", "map(steps)", "map(other_steps)");
    canary(&other, "foreign");
    let ran = merger.run(&["merge", "--from", "fetched", "foreign"]);
    assert_eq!(ran.code, 12, "{}", ran.stderr);
    assert!(ran.stderr.contains("is of another program than"), "{}", ran.stderr);
}
