//! `compare` on programs of loop counts: its document, its refusals, and machines that were made
//! unreliable on purpose.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::support::{Fixture, Ran, finish};

/// Counts; says in a folder, where it gets one, that it runs and whose turn it is.
const COUNTS: &str = r#"
use std::{fs, io::Write};
fn main() {
    let folder = std::env::args().nth(1);
    let say = |text: &str| {
        if let Some(folder) = &folder {
            fs::write(format!("{folder}/turn"), text).unwrap();
        }
    };
    if let Some(folder) = &folder {
        let runs = format!("{folder}/runs");
        let mut file = fs::OpenOptions::new().create(true).append(true).open(runs).unwrap();
        file.write_all(b".").unwrap();
    }
    say(NAME);
    let (mut x, mut sum) = (1_u64, 0_u64);
    for i in 0..ROUNDS {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        sum = sum.wrapping_add(x ^ i);
    }
    std::hint::black_box(sum);
    say("-");
    println!("{ANSWER}");
}
"#;

/// Rounds of about 30 ms.
const ROUNDS: u64 = 20_000_000;

/// One at a time: one test's hogs are another's noise.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Builds the program with its constants as `name/p`.
fn program(fixture: &Fixture, name: &str, rounds: u64, answer: u32) -> PathBuf {
    let constants = format!(
        "const NAME: &str = {name:?};\nconst ROUNDS: u64 = {rounds};\nconst ANSWER: u32 = {answer};\n{COUNTS}"
    );
    let source = format!("{name}/p.rs");
    fixture.write(&source, &constants);
    let out = fixture.path(name).join("p");
    let built =
        Command::new("rustc").args(["-O", "-o"]).arg(&out).arg(fixture.path(&source)).output().unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    out
}

fn compare(fixture: &Fixture, a: &Path, b: &Path, more: &[&str]) -> Ran {
    let mut command = fixture.honing(&["compare", "--a"]);
    finish(command.arg(a).arg("--b").arg(b).args(more).output().unwrap())
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}\n{}", ran.stdout, ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_clear_difference_is_found_outside_of_any_workspace_and_can_be_replayed() {
    let _alone = alone();
    let fixture = Fixture::empty("anywhere");
    let (a, b) = (program(&fixture, "a", ROUNDS, 1), program(&fixture, "b", ROUNDS / 2, 1));
    let ran =
        compare(&fixture, &a, &b, &["--confidence", "0.95", "--format", "json", "--output", "kept.json"]);
    let found = json(&ran);
    let number = |value: &Value| value.as_f64().unwrap();
    let estimate = number(&found["estimate"]);
    assert!((0.3..0.7).contains(&estimate), "{estimate}");
    assert!(number(&found["interval"][0]) <= estimate && estimate <= number(&found["interval"][1]));
    // A machine that others load while this runs may be found out, which overrules what was measured.
    let verdict_is = |found: &Value, measured: &str| {
        let is_fit = found["findings"].as_array().unwrap().is_empty();
        let (verdict, reason) =
            if is_fit { (measured, Value::Null) } else { ("inconclusive", "environment".into()) };
        assert_eq!((&found["verdict"], &found["reason"]), (&verdict.into(), &reason), "{}", found["note"]);
    };
    verdict_is(&found, "improved");
    // At the first look, or soon after it where other tests load the machine.
    let pairs = found["pairs"].as_u64().unwrap();
    assert!([12, 18, 27].contains(&pairs), "{pairs} pairs");
    assert_eq!(found["plan"]["looks"].as_array().unwrap().len(), 7);
    // The pairs, and at least two control blocks of four.
    assert!(found["recording"]["runs"].as_array().unwrap().len() as u64 >= 2 * pairs + 8);
    assert!(found["environment"]["cpus"].as_u64().unwrap() > 0);

    let replayed = fixture.run(&["compare", "--replay", "kept.json", "--format", "json"]);
    assert!(replayed.stdout == ran.stdout, "{}", replayed.stdout);
    // The verdict is computed, not copied.
    let other = fixture.read("kept.json").replacen("\"margin\": 1.0", "\"margin\": 300.0", 1);
    fixture.write("other.json", &other);
    let wide = fixture.run(&["compare", "--replay", "other.json", "--format", "json"]);
    let wide = json(&wide);
    verdict_is(&wide, "no_change");

    let text = fixture.succeeds(&["compare", "--replay", "kept.json", "-v"]);
    assert!(text.stdout.contains("95 % interval") && text.stdout.contains('◆'), "{}", text.stdout);
    assert!(text.stdout.contains("cpu of each pair"), "{}", text.stdout);
    let markdown = fixture.succeeds(&["compare", "--replay", "kept.json", "--markdown"]);
    assert!(markdown.stdout.contains("| cpu |"), "{}", markdown.stdout);
}

#[test]
fn several_programs_share_the_runs_of_the_first() {
    let _alone = alone();
    let fixture = Fixture::empty("anywhere");
    let a = program(&fixture, "a", ROUNDS / 10, 1);
    let (b, c) = (program(&fixture, "b", ROUNDS / 20, 1), program(&fixture, "c", ROUNDS / 5, 1));
    let more = ["--b", c.to_str().unwrap(), "--pairs", "12", "--format", "json", "--output", "kept.json"];
    let found = json(&compare(&fixture, &a, &b, &more));
    let estimate = |found: &Value| found["estimate"].as_f64().unwrap();
    let others = found["others"].as_array().unwrap();
    assert_eq!((others.len(), &others[0]["b"]["path"]), (1, &c.to_str().unwrap().into()));
    assert!(estimate(&found) < 0.8 && estimate(&others[0]) > 1.3, "{found}");
    let runs = found["recording"]["runs"].as_array().unwrap();
    let of = |name: &str| runs.iter().filter(|run| run["program"] == name).count() as u64;
    let pairs = found["pairs"].as_u64().unwrap();
    assert_eq!((of("optimized"), of("optimized 2")), (pairs, pairs));
    assert_eq!(of("baseline"), pairs + of("copy"));
    let text = fixture.succeeds(&["compare", "--replay", "kept.json"]);
    assert!(text.stdout.contains("  B1  ") && text.stdout.contains("\nB2"), "{}", text.stdout);
    let other = program(&fixture, "other", 1000, 2);
    let ran = compare(&fixture, &a, &b, &["--b", other.to_str().unwrap()]);
    assert!(ran.code == 11 && ran.stderr.contains("candidate 2 printed something else"), "{}", ran.stderr);
}

#[test]
fn equal_programs_are_measured_and_named_as_equal() {
    let fixture = Fixture::empty("anywhere");
    let a = program(&fixture, "a", ROUNDS / 10, 1);
    let ran = compare(&fixture, &a, &a, &["--pairs", "6", "--format", "json"]);
    assert_eq!(json(&ran)["identical"], true);
    let mut aa = fixture.honing(&["compare", "--aa", "--pairs", "6", "--a"]);
    let aa = finish(aa.arg(&a).output().unwrap());
    assert_eq!(aa.code, 0, "{}", aa.stderr);
    assert!(aa.stderr.contains("byte by byte"), "{}", aa.stderr);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let fixture = Fixture::empty("anywhere");
    let (a, b) = (program(&fixture, "a", 1000, 1), program(&fixture, "b", 1000, 2));
    let refused = |more: &[&str], code: i32, says: &str| {
        let ran = compare(&fixture, &a, &b, more);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    };
    refused(
        &[],
        11,
        "the other program printed something else than the baseline, which repeats itself: line 1, column 1: `1` and `2`",
    );
    refused(&["--exit-codes", "3"], 11, "ended with exit code 0");
    refused(&["--pairs", "7"], 2, "--pairs 8");
    refused(&["--confidence", "95"], 2, "--confidence: 95");
    assert_eq!(compare(&fixture, &a, &b, &["--ignore-output", "--pairs", "6"]).code, 0);
    let missing = compare(&fixture, &a, Path::new("no/such/program"), &[]);
    assert_eq!(missing.code, 2, "{}", missing.stderr);
    assert_eq!(fixture.run(&["compare", "--b", "x"]).code, 2);
    fixture.write("no.json", "{}");
    let replay = fixture.run(&["compare", "--replay", "no.json"]);
    assert!(replay.code == 2 && replay.stderr.contains("is no comparison"), "{}", replay.stderr);
}

/// Threads that keep every CPU busy, several times over so that also on a loaded machine the
/// measured program has to wait for them.
struct Hogs {
    stop: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Hogs {
    /// Hogs that work whenever `now` says so.
    fn start(now: impl Fn() -> bool + Send + 'static) -> Self {
        let (stop, on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (ended, switch) = (stop.clone(), on.clone());
        let mut threads = vec![thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                switch.store(now(), Ordering::Relaxed);
                thread::sleep(Duration::from_micros(300));
            }
        })];
        let cpus = thread::available_parallelism().map_or(2, usize::from);
        threads.extend((0..4 * cpus).map(|_| {
            let (stop, on) = (stop.clone(), on.clone());
            thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    if on.load(Ordering::Relaxed) {
                        for n in 0..20_000 {
                            std::hint::black_box(n);
                        }
                    } else {
                        thread::sleep(Duration::from_micros(500));
                    }
                }
            })
        }));
        Self { stop, threads }
    }

    fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}

/// Compares while hogs work, and expects the machine to be found out.
fn found_out(hogs: impl Fn(&str) -> Box<dyn Fn() -> bool + Send>, says: &str) {
    let _alone = alone();
    let fixture = Fixture::empty("anywhere");
    let (a, b) = (program(&fixture, "a", ROUNDS, 1), program(&fixture, "b", ROUNDS, 1));
    let folder = fixture.root.to_str().unwrap().to_owned();
    let hogs = Hogs::start(hogs(&folder));
    // So sure that nothing settles before the plan ends: 16 blocks, 66 runs with warm-up.
    let sure = ["--pairs", "24", "--confidence", "0.9999", "--margin", "0", "--format", "json", "--"];
    let ran = compare(&fixture, &a, &b, &[&sure[..], &[&folder]].concat());
    hogs.end();
    let found = json(&ran);
    assert_eq!(
        (found["verdict"].as_str(), found["reason"].as_str()),
        (Some("inconclusive"), Some("environment"))
    );
    let findings = found["findings"].to_string();
    let runs = found["recording"]["runs"].as_array().unwrap();
    let met: Vec<String> =
        runs.iter().map(|run| format!("{} {}", run["program"], run["conditions"])).collect();
    assert!(findings.contains(says), "{findings}\n{}", met.join("\n"));
}

#[test]
fn a_hog_that_starts_halfway_is_found_out() {
    found_out(
        |folder| {
            let runs = PathBuf::from(folder).join("runs");
            Box::new(move || fs::metadata(&runs).is_ok_and(|runs| runs.len() >= 34))
        },
        r#""kind":"step""#,
    );
}

#[test]
fn a_hog_during_one_arms_turns_shows_in_its_run_queue_wait() {
    found_out(
        |folder| {
            let turn = PathBuf::from(folder).join("turn");
            Box::new(move || fs::read_to_string(&turn).is_ok_and(|turn| turn == "b"))
        },
        r#""condition":"wait","kind":"arms""#,
    );
}
