//! Whatever a build is said to be made of, it was compiled from: sources that are replaced by older
//! ones, checkouts that share a target directory, incremental builds, shared build folders, files that
//! the build itself writes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use crate::support::{Fixture, TRIPLE, commit, finish, git};

/// Replaces a file by one that is older than every build, as `cp -p`, a cache or a layer of an image
/// does.
fn replace_by_older(fixture: &Fixture, file: &str, text: &str) {
    let new = fixture.path("new");
    fs::write(&new, text).unwrap();
    let past = SystemTime::now() - Duration::from_secs(100_000_000);
    fs::File::options().write(true).open(&new).unwrap().set_modified(past).unwrap();
    fs::rename(&new, fixture.path(file)).unwrap();
}

fn binary(fixture: &Fixture, stage: &str) -> PathBuf {
    fixture.path(&format!("target/honing/tool/{stage}/tool"))
}

/// What the stage's binary prints.
fn says(binary: &Path) -> String {
    finish(Command::new(binary).arg("10").output().unwrap()).stdout
}

/// A program with a library, a path dependency outside of the workspace, a file that it includes, and
/// a build script that reads two: one that it names, and one that is left to cargo.
fn workspace() -> Fixture {
    let fixture = Fixture::empty("w");
    let manifest = |name: &str, more: &str| {
        format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
    };
    fixture.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"tool\", \"dep\"]\nexclude = [\"out\"]\n",
    );
    let dependencies = "\n[dependencies]\ndep = { path = \"../dep\" }\nouter = { path = \"../out/outer\" }\n";
    fixture.write("tool/Cargo.toml", &manifest("tool", dependencies));
    fixture.write(
        "tool/src/main.rs",
        "fn main() {\n    let to: u64 = std::env::args().nth(1).and_then(|to| to.parse().ok()).unwrap_or(10);\n    \
         println!(\"main 1 {} {} {} {} {} {}\", dep::dep(), outer::outer(), include_str!(\"text\"), env!(\"NAMED\"), dep::LEFT, (0..to).sum::<u64>() % 2);\n}\n",
    );
    fixture.write("tool/src/text", "text 1");
    fixture.write(
        "tool/build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=named\");\n    \
         println!(\"cargo::rustc-env=NAMED={}\", std::fs::read_to_string(\"named\").unwrap());\n}\n",
    );
    fixture.write("tool/named", "named 1");
    fixture.write("dep/Cargo.toml", &manifest("dep", ""));
    fixture.write(
        "dep/src/lib.rs",
        "pub const LEFT: &str = env!(\"LEFT\");\npub fn dep() -> &'static str {\n    \"dep 1\"\n}\n",
    );
    fixture.write("dep/left", "left 1");
    fixture.write(
        "dep/build.rs",
        "fn main() {\n    println!(\"cargo::rustc-env=LEFT={}\", std::fs::read_to_string(\"left\").unwrap());\n}\n",
    );
    fixture.write("out/outer/Cargo.toml", &manifest("outer", ""));
    fixture.write("out/outer/src/lib.rs", "pub fn outer() -> &'static str {\n    \"outer 1\"\n}\n");
    fixture.write(
        "pgo/pgo.toml",
        "[program.tool.cargo]\npackage = \"tool\"\n\n[program.tool.workload.learn]\nrole = \"train\"\ncommand = [\"{program}\", \"10\"]\n",
    );
    fixture
}

#[test]
fn a_source_that_is_replaced_by_an_older_one_is_compiled() {
    let fixture = workspace();
    fixture.succeeds(&["baseline"]);
    let first = says(&binary(&fixture, "baseline"));
    assert_eq!(first, "main 1 dep 1 outer 1 text 1 named 1 left 1 1\n");
    let mut expected = first;
    for (file, what) in [
        ("tool/src/main.rs", "main"),
        ("dep/src/lib.rs", "dep"),
        ("out/outer/src/lib.rs", "outer"),
        ("tool/src/text", "text"),
        ("tool/named", "named"),
        ("dep/left", "left"),
    ] {
        let (old, new) = (format!("{what} 1"), format!("{what} 2"));
        replace_by_older(&fixture, file, &fixture.read(file).replace(&old, &new));
        expected = expected.replace(&old, &new);
        // Another crate that cargo compiles hides nothing.
        fixture.write("dep/src/lib.rs", &format!("{}// newer\n", fixture.read("dep/src/lib.rs")));
        fixture.succeeds(&["baseline"]);
        assert_eq!(says(&binary(&fixture, "baseline")), expected, "{file}");
    }
    // Nothing has changed: nothing is compiled. A comment changes a digest, and compiles nothing.
    let stages = fixture.stages(&["baseline"]);
    assert!(stages.len() == 2 && stages.iter().all(|(_, state)| state == "up_to_date"), "{stages:?}");
    fixture.write("Cargo.toml", &format!("{}# a comment\n", fixture.read("Cargo.toml")));
    fixture.succeeds(&["baseline"]);
    assert_eq!(says(&binary(&fixture, "baseline")), expected);
    // The other flavours, through one that is up to date.
    fixture.succeeds(&["--to", "optimize"]);
    replace_by_older(&fixture, "dep/src/lib.rs", &fixture.read("dep/src/lib.rs").replace("dep 2", "dep 3"));
    fixture.succeeds(&["--to", "optimize"]);
    for stage in ["baseline", "instrument", "optimize"] {
        assert_eq!(says(&binary(&fixture, stage)), expected.replace("dep 2", "dep 3"), "{stage}");
    }
    // Through `exec`, cargo builds itself.
    let exec = ["exec", "--flavour", "baseline", "--", "cargo", "run", "--quiet", "--", "10"];
    fixture.succeeds(&exec);
    replace_by_older(&fixture, "tool/src/text", "text 3");
    assert!(fixture.succeeds(&exec).stdout.contains("text 3"));
}

#[test]
fn what_is_left_by_whoever_was_there_before_is_looked_at() {
    let fixture = workspace();
    let build = |at: &Fixture, says_that: &str| {
        at.succeeds(&["baseline"]);
        let said = says(&binary(at, "baseline"));
        assert!(said.contains(says_that), "{said}");
    };
    build(&fixture, "main 1");
    // A copy with its target directory, beside the original: its own files count.
    let copy = Fixture::empty("copy");
    let from = fixture.path(".");
    let copied = Command::new("cp").arg("-a").arg(from).arg(&copy.root).output().unwrap();
    assert_eq!(finish(copied).code, 0);
    replace_by_older(&copy, "tool/src/main.rs", &copy.read("tool/src/main.rs").replace("main 1", "main 2"));
    build(&copy, "main 2");
    build(&fixture, "main 1");
    // A file that joins those of a package, whose script lists them and leaves it to cargo what is watched.
    fixture.replace(
        "dep/build.rs",
        "fn main() {",
        "fn main() {\n    let _ = std::fs::read_dir(\"src\").unwrap().count();",
    );
    fixture.replace(
        "dep/build.rs",
        "{}\", std::fs",
        "{} {}\", std::fs::read_dir(\"src\").unwrap().count(), std::fs",
    );
    build(&fixture, "1 left 1");
    replace_by_older(&fixture, "dep/src/joined.rs", "");
    build(&fixture, "2 left 1");
    // A build that fails after a script has run, which is not run again.
    fixture.write("tool/named", "named 2");
    fixture.replace("tool/src/main.rs", "fn main() {", "fn main() { broken");
    assert_eq!(fixture.run(&["baseline"]).code, 10);
    replace_by_older(&fixture, "tool/named", "named 3");
    fixture.replace("tool/src/main.rs", " broken", "");
    build(&fixture, "named 3");
    // The times of what cargo left are those of a copy, or of a change of rights.
    let touched =
        Command::new("chmod").args(["-R", "u+w", "target"]).current_dir(&fixture.root).output().unwrap();
    assert_eq!(finish(touched).code, 0);
    build(&fixture, "main 1");
    replace_by_older(
        &fixture,
        "tool/src/main.rs",
        &fixture.read("tool/src/main.rs").replace("main 1", "main 4"),
    );
    build(&fixture, "main 4");
}

#[test]
fn worktrees_that_share_a_target_directory_build_their_own() {
    // A package in the root: for cargo, that of another root is the same.
    let first = Fixture::tiny_in("first");
    first.write(".gitignore", "target\n");
    git(&first, &["init", "--quiet"]);
    commit(&first, "one");
    let second = first.clone_in("second");
    second.replace("src/main.rs", "longest\\\"", "longer\\\"");
    commit(&second, "two");
    let target = first.path("target");
    for (at, says_that) in
        [(&first, "longest"), (&second, "longer"), (&first, "longest"), (&second, "longer")]
    {
        let out = at.path("target/out/tiny");
        let mut build = at.honing(&["build", "--no-pgo", "-o", &out.to_string_lossy()]);
        let ran = finish(build.env("CARGO_TARGET_DIR", &target).output().unwrap());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(says(&out).contains(says_that), "{}", ran.stdout);
        let provenance = at.read("target/out/tiny.provenance.json");
        let head = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(&at.root).output().unwrap();
        assert!(provenance.contains(finish(head).stdout.trim()), "{provenance}");
    }
}

#[test]
fn another_profile_is_applied_also_incrementally() {
    let fixture = Fixture::tiny();
    let manifest = fixture.read("Cargo.toml");
    fixture.write("Cargo.toml", &format!("{manifest}\n[profile.release]\nincremental = true\n"));
    fixture.write(
        "src/main.rs",
        "#[inline(never)]\nfn even(n: u64) -> u64 {\n    (0..n).fold(n, |sum, at| sum.rotate_left(3) ^ at)\n}\n\
         #[inline(never)]\nfn odd(n: u64) -> u64 {\n    (0..n).fold(n, |sum, at| sum.wrapping_mul(31) ^ at)\n}\n\
         fn main() {\n    let to: u64 = std::env::args().nth(1).and_then(|to| to.parse().ok()).unwrap_or(1);\n    \
         let sum: u64 = (0..to).map(|n| if to % 2 == 0 { even(n) } else { odd(n) }).fold(0, u64::wrapping_add);\n    println!(\"{sum}\");\n}\n",
    );
    fixture.succeeds(&["--to", "optimize"]);
    let optimized = |fixture: &Fixture| fs::read(fixture.path("target/honing/tiny/optimize/tiny")).unwrap();
    let first = optimized(&fixture);
    fixture.replace("pgo/pgo.toml", "\"2000\"", "\"2001\"");
    fixture.succeeds(&["--to", "optimize"]);
    let second = optimized(&fixture);
    assert!(first != second, "the other half of the program is hot now");
    // From nothing, the same profile gives the same.
    let profile = fixture.path("target/honing/tiny/merge/tiny.profdata");
    assert!(profile.is_file());
    let anew = Fixture::tiny();
    for file in ["Cargo.toml", "src/main.rs"] {
        anew.write(file, &fixture.read(file));
    }
    anew.succeeds(&["--only", "optimize", "--profile", &profile.to_string_lossy()]);
    assert!(optimized(&anew) == second);
}

#[test]
fn a_build_folder_of_cargos_configuration_is_not_shared() {
    let fixture = Fixture::tiny();
    fixture.write(".cargo/config.toml", "[build]\nbuild-dir = \"between\"\n");
    let cargo = || {
        let mut build = Command::new("cargo");
        build.args(["build", "--release", "--target", TRIPLE]).current_dir(&fixture.root);
        let built = finish(build.env_remove("CARGO_TARGET_DIR").output().unwrap());
        assert_eq!(built.code, 0, "{}", built.stderr);
        fs::read(fixture.path(&format!("target/{TRIPLE}/release/tiny"))).unwrap()
    };
    let is_pinned = |binary: &[u8]| {
        // The crate's own hash stands before it, where legacy mangling has `_ZN`.
        let text = String::from_utf8_lossy(binary);
        text.contains("_4tiny4main")
    };
    let plain = cargo();
    assert!(!is_pinned(&plain));
    fixture.succeeds(&["baseline"]);
    assert!(is_pinned(&fs::read(fixture.path("target/honing/tiny/baseline/tiny")).unwrap()));
    assert!(cargo() == plain);
    let refused = fixture.run(&["baseline", "--", "--config", "build.build-dir='between'"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
}

#[test]
fn what_a_build_writes_itself_is_no_change() {
    let fixture = Fixture::tiny();
    fixture.write(
        "build.rs",
        "fn main() {\n    println!(\"cargo::rerun-if-changed=build.rs\");\n    \
         let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();\n    \
         std::fs::write(\"src/generated.rs\", format!(\"pub const STAMP: u128 = {now};\\n\")).unwrap();\n}\n",
    );
    fixture.replace(
        "src/main.rs",
        "fn main() {",
        "mod generated;\nfn main() {\n    assert!(generated::STAMP > 0);",
    );
    for _ in 0..2 {
        let ran = fixture.run(&["--to", "bench"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
    let plan = fixture.succeeds(&["plan"]).stdout;
    assert!(!plan.contains("generated.rs"), "{plan}");
    // What the person changes is one, in it and beside it.
    let generated = fixture.read("src/generated.rs");
    fixture.write("src/generated.rs", "pub const STAMP: u128 = 7;\n");
    let plan = fixture.succeeds(&["plan", "--explain"]).stdout;
    assert!(plan.contains("src/generated.rs"), "{plan}");
    fixture.write("src/generated.rs", &generated);
    fixture.replace("src/main.rs", "steps += 1", "steps += 2 - 1");
    fixture.succeeds(&["optimize"]);
    let bench = fixture.run(&["bench"]);
    assert!(bench.code == 2 && bench.stderr.contains("src/main.rs changed"), "{}", bench.stderr);
}
