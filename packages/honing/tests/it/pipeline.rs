//! A pipeline of components in small, for real: a C library that clang builds, which is trained by running a Rust
//! program, and that program; commands build all of it, in one tree that is kept.
//!
//! `HONING_KILLS=60 cargo test -p honing --test it pipeline::killed -- --nocapture` is the long form. Every second run
//! that is killed goes on in another folder, with the profiles alone.

use std::{fs, time::Duration};

use crate::{
    kill::{Moments, gone_within},
    support::{Fixture, skip},
};

const KILLS_IN_CI: u64 = 10;

const WORK: &str = "\
static __attribute__((noinline)) unsigned mix(unsigned h, unsigned c) { return (h ^ c) * 16777619u; }
static __attribute__((noinline)) unsigned odd(unsigned h) { return h & 1 ? h * 3 + 1 : h / 2; }
unsigned work(unsigned rounds) {
    unsigned h = 2166136261u;
    for (unsigned i = 0; i < rounds; i++) h = i % 7 ? mix(h, i) : odd(h);
    return h;
}
";

const MAIN: &str = r#"unsafe extern "C" {
    fn work(rounds: u32) -> u32;
}

#[inline(never)]
fn steps(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

fn main() {
    let rounds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    let longest = (1..u64::from(rounds) / 100 + 2).map(steps).max();
    println!("{} {longest:?}", unsafe { work(rounds) });
}
"#;

/// The program is linked by clang where the library is instrumented, for its runtime.
const CONFIG: &str = r#"[policy]
min_match = 0.0 # without an instrumented build nobody lists what rustc builds
ships = ["improved", "no_change", "inconclusive", "regressed", "not_measured"]
[bench]
pairs = 2
warmup = 0
margin = 50.0

[program.lib.command]
dir = "lib"
keep = "main"
build = ["sh", "-c", "{cc} -O2 {cflags} -c {dir}/work.c -o work.o && ar rcsD libwork.a work.o"]
output = "libwork.a"
[program.lib.workload.learn]
role = "train"
command = ["{program:trainer}", "300000"]

[program.trainer]
pgo = false
[program.trainer.command]
dir = "app"
keep = "main"
build = ["rustc", "-O", "{dir}/main.rs", "-Clinker={cc}", "-Clink-arg={program:lib:instrument}", "-Clink-arg=-fprofile-generate", "-Cdefault-linker-libraries=yes", "-o", "trainer"]
output = "trainer"

[program.app.command]
dir = "app"
keep = "main"
output = "app"
build = ["rustc", "-O", "-Ccodegen-units=1", "{dir}/main.rs", "--remap-path-prefix={dir}=.", "-Clink-arg={program:lib}", "-o", "app"]
instrument.build = ["rustc", "-O", "-Ccodegen-units=1", "{dir}/main.rs", "--remap-path-prefix={dir}=.", "-Clink-arg={program:lib}", "-Cprofile-generate", "-o", "app"]
[program.app.command.optimize]
build = ["rustc", "-O", "-Ccodegen-units=1", "{dir}/main.rs", "--remap-path-prefix={dir}=.", "-Clink-arg={program:lib}", "-Cprofile-use={profile}", "{args}", "-o", "app"]
check = ["rustc", "--version", "{args}"]
[program.app.workload.learn]
role = "train"
command = ["{program}", "200000"]
[program.app.workload.judge]
role = "eval"
command = ["{program}", "40000"]
"#;

/// What is done, in the order in which it is.
const STEPS: [&str; 15] = [
    "lib.baseline",
    "lib.instrument",
    "trainer.baseline",
    "lib.train",
    "lib.merge",
    "lib.optimize",
    "lib.bench",
    "lib.record",
    "app.baseline",
    "app.instrument",
    "app.train",
    "app.merge",
    "app.optimize",
    "app.bench",
    "app.record",
];

/// The workspace in a folder called `name`; `None` where there is no clang, which is said.
fn pipeline(name: &str) -> Option<Fixture> {
    if !crate::commands::has_clang() {
        skip("clang with its profile runtime (Debian: clang-22 libclang-rt-22-dev)");
        return None;
    }
    let fixture = Fixture::empty(name);
    fixture.write("lib/work.c", WORK);
    fixture.write("app/main.rs", MAIN);
    fixture.write("pgo/pgo.toml", CONFIG);
    Some(fixture)
}

/// What ships in the end.
fn shipped(fixture: &Fixture) -> [Vec<u8>; 2] {
    ["lib/optimize/libwork.a", "app/optimize/app"]
        .map(|file| fs::read(fixture.path(&format!("target/honing/{file}"))).unwrap())
}

/// How the steps of a run ended, `program.stage` and state.
fn ended(fixture: &Fixture, args: &[&str]) -> Vec<(String, String)> {
    let ran = fixture.succeeds(&[&["--format", "json"], args].concat());
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    events
        .filter(|event| event["event"] == "stage_finished" && event["stage"] != "preflight")
        .map(|event| {
            (format!("{}.{}", text(&event["program"]), text(&event["stage"])), text(&event["state"]))
        })
        .collect()
}

#[test]
fn each_step_can_be_started_alone_and_elsewhere() {
    let Some(whole) = pipeline("whole") else { return };
    let steps = ended(&whole, &["--ci"]);
    let names: Vec<&str> = steps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, STEPS);
    whole.is_up_to_date(&["--ci"]);
    let expected = shipped(&whole);

    let alone = pipeline("alone").unwrap();
    for step in STEPS {
        alone.succeeds(&["--ci", "--only", step]);
    }
    assert!(shipped(&alone) == expected, "step by step, something else comes out");

    // On a machine that has nothing but the profiles, in another folder.
    whole.succeeds(&["export", "--all", "handed-over"]);
    let elsewhere = pipeline("a-folder-of-another-name").unwrap();
    let profiles = whole.path("handed-over");
    let steps = ended(&elsewhere, &["--ci", "--profiles", profiles.to_str().unwrap()]);
    assert!(
        steps.iter().all(|(name, _)| !name.ends_with(".train") && !name.ends_with(".instrument")),
        "{steps:?}"
    );
    assert!(shipped(&elsewhere) == expected, "from the profiles alone, something else comes out");

    // A change of one component repeats what depends on it, and nothing else.
    whole.replace("app/main.rs", "/ 100 + 2", "/ 100 + 3");
    let again = ended(&whole, &["--ci"]);
    let done: Vec<&str> =
        again.iter().filter(|(_, state)| state == "done").map(|(name, _)| name.as_str()).collect();
    assert!(done.contains(&"app.optimize") && done.contains(&"trainer.baseline"), "{again:?}");
    assert!(!done.contains(&"lib.baseline") && !done.contains(&"lib.instrument"), "{again:?}");
}

/// One template names `{program:lib}`: the verdict is about all of it, and each one's share can be asked for.
#[test]
fn the_last_verdict_is_that_of_all_and_shares_are_told() {
    let Some(fixture) = pipeline("shares") else { return };
    let unknown = fixture.run(&["--ci", "bench", "--shares", "-P", "lib"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(unknown.stderr.contains("no program is built with what others ship"), "{unknown:?}");
    let whole = fixture.succeeds(&["--format", "json"]);
    // Three programs of one compiler need one probe: with counters, and with a profile.
    assert_eq!(whole.stdout.matches(" probe.c -o ").count(), 2, "{whole:?}");
    let plan = fixture.succeeds(&["plan", "--explain", "-P", "app"]).stdout;
    let links: Vec<&str> = plan
        .lines()
        .filter_map(|line| line.split("-Clink-arg=").nth(1)?.split("/lib/").nth(1)?.split('/').next())
        .collect();
    assert_eq!(links, ["baseline", "optimize", "optimize"], "{plan}");

    let recorded = |file: &str| fs::read(fixture.path(&format!("target/honing/app/{file}"))).unwrap();
    let before = ["bench/manifest.json", "baseline/app", "optimize/app"].map(recorded);
    let ran = fixture.succeeds(&["--format", "json", "bench", "--shares", "-P", "app"]);
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let told: std::collections::BTreeSet<String> = events
        .filter(|event| event["event"] == "measured" && event["interim"] == false)
        .map(|event| event["candidate"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert!(told.iter().eq(["all", "app alone", "lib alone"]), "{told:?}");
    // Each is a program of its own, and the runs of the others go on from what they had.
    let kept =
        |folder: &str| fs::read(fixture.path(&format!("target/honing/build/command/app/{folder}/app")));
    let built = ["baseline", "baseline-lib", "optimize-app", "optimize"].map(|folder| kept(folder).unwrap());
    let apart: std::collections::BTreeSet<&Vec<u8>> = built.iter().collect();
    assert_eq!(apart.len(), built.len());
    assert!(["bench/manifest.json", "baseline/app", "optimize/app"].map(recorded) == before);
    fixture.is_up_to_date(&["--ci"]);

    // A second build from nothing begins with what it is built with.
    let list = fixture.run(&["checklist", "-P", "app"]).stdout;
    let item = list.lines().find(|line| line.contains("Build reproducible")).unwrap_or_default();
    assert!(item.contains("[x]"), "{list}");

    // A build of it alone takes what is there of the others, and says where that is old.
    fixture.write("lib/work.c", &format!("{WORK}/* changed */\n"));
    let alone = fixture.run(&["build", "-P", "app"]);
    let warning =
        "app: optimize: it uses optimize of program `lib`, which is out of date: input work.c changed";
    assert!(alone.stderr.contains(warning), "{alone:?}");
}

/// A library that the loader looks for is beside each of the programs that are measured.
#[test]
fn shares_of_a_shared_library() {
    let Some(fixture) = pipeline("shared") else { return };
    let comes_along = |library: &str, program: &str| {
        let prepare = format!("prepare = [\"cp\", \"{{program:{library}}}\", \"libwork.so\"]");
        format!("output = \"{program}\"\nlibraries = [\"libwork.so\"]\n{prepare}")
    };
    let linked = "{cc} -shared -Wl,-soname,libwork.so {ldflags} work.o -o libwork.so";
    let config = CONFIG
        .replace("ar rcsD libwork.a work.o", linked)
        .replace("-O2 {cflags}", "-O2 -fPIC {cflags}")
        .replace("output = \"libwork.a\"", "output = \"libwork.so\"")
        .replace("output = \"trainer\"", &comes_along("lib:instrument", "trainer"))
        .replace("output = \"app\"", &comes_along("lib", "app"))
        .replace("-Clink-arg={program:lib:instrument}", "-Clink-arg=libwork.so")
        .replace("\"-Clink-arg=-fprofile-generate\", \"-Cdefault-linker-libraries=yes\", ", "")
        .replace("-Clink-arg={program:lib}", "-Clink-arg=libwork.so");
    fixture.write("pgo/pgo.toml", &config);
    fixture.succeeds(&["--ci"]);
    let ran = fixture.succeeds(&["--ci", "bench", "--shares", "-P", "app"]);
    assert!(ran.stdout.contains("lib alone") && ran.stdout.contains("app alone"), "{ran:?}");
}

#[test]
fn a_wrong_argument_of_the_last_build_is_found_before_the_first() {
    let Some(fixture) = pipeline("arguments") else { return };
    let refused = fixture.run(&["--ci", "--", "--no-such-flag"]);
    assert_eq!(refused.code, 15, "{refused:?}");
    assert!(refused.stderr.contains("--no-such-flag"), "{refused:?}");
    assert!(!fixture.path("target/honing/lib/baseline").exists());
    fixture.succeeds(&["--ci"]);
    // One more argument is one more last build.
    let again = ended(&fixture, &["--ci", "--", "-Cllvm-args=-pgo-warn-missing-function=false"]);
    let done: Vec<&str> =
        again.iter().filter(|(_, state)| state == "done").map(|(name, _)| name.as_str()).collect();
    assert_eq!(done.first(), Some(&"app.optimize"), "{again:?}");
}

/// A run that is ended when the first training is finished, and not merged, has something to hand over: elsewhere only
/// the others are trained.
#[test]
fn what_is_handed_over_in_the_middle_is_not_trained_again() {
    let Some(whole) = pipeline("middle") else { return };
    for step in STEPS.into_iter().take_while(|step| *step != "lib.merge") {
        whole.succeeds(&["--ci", "--only", step]);
    }
    let (steps, last) = elsewhere(&whole);
    let trained: Vec<&str> =
        steps.iter().map(|(name, _)| name.as_str()).filter(|name| name.ends_with(".train")).collect();
    assert_eq!(trained, ["app.train"]);
    whole.succeeds(&["--ci"]);
    assert!(last == shipped(&whole), "something else comes out");
}

#[test]
fn killed_at_random_moments_it_goes_on() {
    let Some(whole) = pipeline("killed") else { return };
    let start = std::time::Instant::now();
    whole.succeeds(&["--ci"]);
    let (took, expected) = (start.elapsed(), shipped(&whole));
    let kills =
        std::env::var("HONING_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS_IN_CI);
    let mut moments = Moments(0x91be);
    let mut ended_with = std::collections::BTreeMap::new();
    for kill in 0..kills {
        let _ = fs::remove_dir_all(whole.path("target"));
        let _ = fs::remove_dir_all(whole.path("pgo/profiles"));
        let after = took.mul_f64(moments.next());
        let mut run = whole.honing(&["--ci"]).spawn().unwrap();
        std::thread::sleep(after);
        run.kill().unwrap();
        run.wait().unwrap();
        let gone = gone_within(&whole, Duration::from_secs(5));
        assert!(gone.is_empty(), "kill {kill} after {after:?} left {gone:#?}");
        // Whether its training was finished; raw files may be merged and gone.
        let trained =
            |program: &str| whole.path(&format!("target/honing/{program}/train/manifest.json")).exists();
        let finished: Vec<String> =
            ["lib", "app"].iter().filter(|one| trained(one)).map(|one| format!("{one}.train")).collect();
        let (next, last) = match kill % 2 {
            0 => (ended(&whole, &["--ci"]), shipped(&whole)),
            _ => elsewhere(&whole),
        };
        let repeated = |step: &&String| next.iter().any(|(name, state)| name == *step && state == "done");
        assert_eq!(finished.iter().find(repeated), None, "kill {kill} after {after:?}: {next:?}");
        assert!(last == expected, "kill {kill} after {after:?}: something else comes out");
        *ended_with.entry(finished.len()).or_insert(0) += 1;
    }
    eprintln!("{kills} kills of a run of {took:.1?}; finished trainings, and how often: {ended_with:?}");
}

/// Goes on in another folder with nothing but what the first one hands over: how the steps ended, and what ships.
fn elsewhere(first: &Fixture) -> (Vec<(String, String)>, [Vec<u8>; 2]) {
    let there = pipeline("another-folder").unwrap();
    let folder = there.path("handed-over");
    let folder = folder.to_str().unwrap();
    let handed = first.run(&["export", "--all", folder]);
    // What is not handed over is not to be seen.
    let hidden = first.root.with_extension("hidden");
    fs::rename(&first.root, &hidden).unwrap();
    let steps = match handed.code {
        0 => ended(&there, &["--ci", "--profiles", folder]),
        // Nothing was trained.
        14 => ended(&there, &["--ci"]),
        _ => unreachable!("{handed:?}"),
    };
    fs::rename(&hidden, &first.root).unwrap();
    (steps, shipped(&there))
}
