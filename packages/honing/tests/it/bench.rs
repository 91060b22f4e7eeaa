//! What `bench` makes of answers, patterns, gates and machines.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::Value;

use crate::support::{Fixture, TINY_CONFIG, finish};

/// The last event of a kind.
fn last(stdout: &str, kind: &str) -> Value {
    let mut events = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.rfind(|event| event["event"] == kind).unwrap_or_default()
}

fn measured(stdout: &str) -> Vec<Value> {
    last(stdout, "program_finished")["summary"]["measured"].as_array().unwrap().clone()
}

#[test]
fn metrics_by_pattern_can_decide_and_the_rest_informs() {
    let fixture = Fixture::tiny();
    let config = TINY_CONFIG.replace(
        "command = [\"{program}\", \"3000\"]",
        "command = [\"{program}\", \"3000\"]\ngate = [\"longest\", \"cpu\"]\n\
         latency = { pointer = \"\", unit = \"ms\" }\n\
         metric.longest = { pattern = 'longest\": ([0-9]+)', unit = \"steps\" }",
    );
    fixture.write("pgo/pgo.toml", &config);
    let ran = fixture.succeeds(&["--format", "json"]);
    let found = measured(&ran.stdout);
    let names: Vec<&str> = found.iter().map(|metric| metric["metric"].as_str().unwrap()).collect();
    assert_eq!(names, ["longest", "cpu", "user", "system", "wall", "peak memory", "latency longest"]);
    let gated: Vec<bool> = found.iter().map(|metric| metric["gated"].as_bool().unwrap()).collect();
    assert_eq!(gated, [true, true, false, false, false, false, false]);
    assert_eq!((found[0]["baseline"].as_f64(), found[0]["optimized"].as_f64()), (Some(216.0), Some(216.0)));
    assert_eq!(found[1]["ratios"].as_array().unwrap().len(), 6);
    // Two metrics share one error rate.
    let confidence = found[1]["ratio"]["confidence"].as_f64().unwrap();
    assert!((confidence - 0.995).abs() < 1e-9, "{confidence}");
    let trust = &last(&ran.stdout, "program_finished")["summary"]["trust"][0];
    assert_eq!(trust["workload"], "judge");
    let plain = fixture.succeeds(&["--verbose"]);
    assert!(plain.stdout.contains("judge (cpu) of each pair"), "{}", plain.stdout);
}

#[test]
fn a_first_run_that_is_slow_does_not_shorten_the_plan() {
    let fixture = Fixture::tiny();
    // As where nothing is in the page cache.
    let slow = r#"["sh", "-c", "test -e first || (touch first; sleep 2); exec $0 3000", "{program}"]"#;
    let config = TINY_CONFIG.replace("pairs = 6", "time = \"20s\"").replace(r#"["{program}", "3000"]"#, slow);
    assert!(config.contains("sleep 2") && config.contains("time ="));
    fixture.write("pgo/pgo.toml", &config);
    fixture.succeeds(&["--to", "optimize"]);
    let ran = fixture.succeeds(&["--only", "bench"]);
    let plan = ran.stderr.lines().find(|line| line.contains("measuring takes")).unwrap_or_default();
    // By the first run alone, a pair takes more than two seconds.
    let pairs = plan.split("up to ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert!(pairs.parse::<u32>().unwrap() >= 18, "{ran:?}");
}

#[test]
fn programs_that_answer_differently_are_not_measured() {
    let fixture = Fixture::tiny();
    // A program that says what it is called says the same in another folder; this one also looks where
    // it is.
    fixture.replace(
        "src/main.rs",
        "println!(\"{{",
        "let own = std::env::args().next().unwrap();\n    \
         println!(\"{own} {} {{",
    );
    fixture.replace(
        "src/main.rs",
        "{longest}}}\");",
        "{longest}}}\", \"a line\\n\".repeat(30) + &own.contains(\"/optimize/\").to_string());",
    );
    let eval = "[\"{program}\", \"3000\"]";
    let refused = |code: i32, says: &[&str]| {
        let ran = fixture.run(&["--to", "bench"]);
        assert_eq!(ran.code, code, "{}", ran.stderr);
        says.iter().for_each(|says| assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr));
    };
    refused(
        11,
        &[
            "bench: workload `judge`: the other program printed something else than the baseline, which repeats itself",
            "line 31, column 1: `false {\"longest\": ",
            "`true {\"longest\": ",
            "compare_output = false",
        ],
    );
    // Each run prints something else, whichever program it is.
    let unsteady = r#"["sh", "-c", "echo same; echo $$; \"$0\" 3000 >/dev/null", "{program}"]"#;
    fixture.replace("pgo/pgo.toml", eval, unsteady);
    refused(
        11,
        &[
            "bench: workload `judge`: one and the same program printed something else when it was run again: line 2, column ",
            "it is the workload, and not PGO",
            "answer = [\"sort\"]",
        ],
    );
    let answer = |before: &str, after: &str| fixture.replace("pgo/pgo.toml", before, after);
    let (fails, missing) =
        ("answer = [\"sh\", \"-c\", \"echo bad pipe >&2; exit 3\"]", "answer = [\"no-such-filter\"]");
    answer(unsteady, &format!("{unsteady}\n{fails}"));
    refused(11, &["bench: workload `judge`: answer: `sh -c", "exit code 3", "bad pipe"]);
    answer(fails, missing);
    refused(15, &["answer: there is no program `no-such-filter`"]);
    answer(missing, "timeout = \"1s\"\nanswer = [\"sleep\", \"94\"]");
    refused(11, &["bench: workload `judge`: answer: `sleep 94", "did not end within 1s"]);
    answer("timeout = \"1s\"\nanswer = [\"sleep\", \"94\"]", "answer = [\"head\", \"-n\", \"1\"]");
    fixture.succeeds(&["--to", "bench"]);
    assert!(!fixture.path("target/honing/tiny/bench/first-answer").exists());
    answer("answer = [\"head\", \"-n\", \"1\"]", "compare_output = false");
    let ran = fixture.stages(&["--to", "bench"]);
    assert!(
        ran.contains(&("bench".into(), "done".into()))
            && ran.contains(&("train".into(), "up_to_date".into())),
        "{ran:?}"
    );
}

#[test]
fn a_machine_is_qualified_with_the_baseline_and_its_copy() {
    let fixture = Fixture::tiny();
    // Without a number of pairs there is room for all.
    fixture.replace("pgo/pgo.toml", "pairs = 6\n", "");
    let ran = fixture.run(&["bench", "--aa", "--format", "json"]);
    assert!(ran.stdout.contains("up to 120 pairs of judge"), "{}", ran.stdout);
    let told: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["event"] == "answer")
        .collect();
    let told =
        told.iter().map(|note| note["text"].as_str().unwrap()).find(|text| text.contains("40 pairs detect"));
    assert!(told.is_some_and(|text| text.starts_with("judge (cpu): on this machine")), "{}", ran.stdout);
    let kept: Value = serde_json::from_str(&fixture.read("target/honing/machine.json")).unwrap();
    let qualified = kept["qualified"].as_array().unwrap();
    // A machine that others use meanwhile may rightly be refused, and then has to say why.
    match ran.code {
        0 => {
            assert_eq!(qualified.len(), 1, "{kept}");
            assert!(qualified[0]["noise"]["per_pair"].as_f64().unwrap() > 0.0, "{kept}");
        }
        15 => {
            assert_eq!(qualified.len(), 0, "{kept}");
            let error = last(&ran.stdout, "run_finished")["error"].as_str().unwrap().to_owned();
            assert!(error.contains("this machine is not fit to measure judge: "), "{error}");
        }
        code => panic!("{code}: {}", ran.stderr),
    }
    assert!(!fixture.path("target/honing/aa").exists(), "copies are removed");
}

#[test]
fn what_nothing_measures_cannot_decide() {
    let fixture = Fixture::tiny();
    fixture.replace("pgo/pgo.toml", "role = \"eval\"", "role = \"eval\"\ngate = [\"cpus\"]");
    let refused = fixture.run(&["plan"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("nothing measures `cpus`"), "{}", refused.stderr);
    assert!(refused.stderr.contains("did you mean `cpu`?"), "{}", refused.stderr);
}

/// Ctrl-C twice while it is measured: nothing of it is lost, and nothing is measured twice.
#[test]
#[cfg(unix)]
fn a_measurement_that_is_ended_goes_on() {
    use nix::{
        sys::signal::{Signal, kill},
        unistd::Pid,
    };
    let fixture = Fixture::tiny();
    fixture.replace("pgo/pgo.toml", "pairs = 6", "pairs = 30\nprecision = 0.0");
    fixture.succeeds(&["--to", "optimize"]);
    let kept = "target/honing/tiny/bench.unfinished.json";
    let runs = |file: &str, at: &str| {
        let kept: Value = serde_json::from_str(&fixture.read(file)).unwrap();
        kept[at]["workloads"][0]["recording"]["runs"].as_array().unwrap().clone()
    };
    let mut before = Vec::new();
    for sitting in 0..2 {
        let mut command = fixture.honing(&["bench", "--format", "json"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut goes_on = false;
        for line in lines.map(Result::unwrap) {
            let event: Value = serde_json::from_str(&line).unwrap();
            goes_on |= event["text"].as_str().is_some_and(|text| text.starts_with("measuring goes on: "));
            let pairs = if event["unit"] == "pairs" { event["done"].as_u64().unwrap() } else { 0 };
            if pairs >= 6 * (sitting + 1) {
                let _ = kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT);
            }
        }
        let ended = finish(child.wait_with_output().unwrap());
        assert_eq!((ended.code, goes_on), (130, sitting == 1), "{}", ended.stderr);
        let now = runs(kept, "measurements");
        assert!(now.len() > before.len() && now.starts_with(&before), "{} after {}", now.len(), before.len());
        before = now;
    }
    let planned = fixture.succeeds(&["plan", "--only", "bench"]).stdout;
    assert!(planned.contains("goes on"), "{planned}");
    let ran = fixture.succeeds(&["bench", "--format", "json"]);
    assert_eq!(measured(&ran.stdout)[0]["pairs"], 30);
    let all = runs("target/honing/tiny/bench/manifest.json", "output");
    // 30 pairs, and a control after every third block.
    assert!(all.starts_with(&before) && all.len() == 60 + 5 * 4, "{}", all.len());
    assert!(!fixture.path(kept).exists());
}

/// Ctrl-C in a later workload, before its first pair: those before it are not measured again.
#[test]
#[cfg(unix)]
fn what_earlier_workloads_measured_stays() {
    let fixture = Fixture::tiny();
    let more = "\n[program.tiny.workload.last]\nrole = \"eval\"\ncommand = [\"{program}\", \"4000\"]\n";
    fixture.write("pgo/pgo.toml", &(fixture.read("pgo/pgo.toml") + more));
    fixture.succeeds(&["--to", "optimize"]);
    let mut command = fixture.honing(&["bench", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap) {
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["unit"] == "pairs" && event["at"] == "last" {
            let id = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
            let _ = nix::sys::signal::kill(id, nix::sys::signal::Signal::SIGINT);
        }
    }
    let ended = finish(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 130, "{}", ended.stderr);
    let planned = fixture.succeeds(&["plan", "--only", "bench"]).stdout;
    assert!(planned.contains("6 of 6 pairs of judge"), "{planned}");
}

#[test]
fn a_mistake_in_an_eval_workload_is_found_before_the_other_builds() {
    let fixture = Fixture::tiny();
    let tries = |fixture: &Fixture, args: &[&str]| {
        let ran = fixture.run(&[&["--format", "json"], args].concat());
        let tried = ran.stdout.contains("trying judge");
        let instruments =
            ran.stdout.contains(r#""event":"stage_finished","program":"tiny","stage":"instrument""#);
        (ran.code, tried, instruments)
    };
    let metric =
        "command = [\"{program}\", \"3000\"]\nmetric.found = { pointer = \"/nothing\", unit = \"\" }";
    for (workload, code) in [("command = [\"{program}\", \"3000\"]\nexit_codes = [3]", 11), (metric, 11)] {
        fixture.write("pgo/pgo.toml", &TINY_CONFIG.replace("command = [\"{program}\", \"3000\"]", workload));
        assert_eq!(tries(&fixture, &[]), (code, true, false), "{workload}");
    }
    // Where nothing is measured it is no mistake yet.
    assert_eq!(tries(&fixture, &["--to", "optimize"]), (0, false, true));
    fixture.write("pgo/pgo.toml", TINY_CONFIG);
    assert_eq!(tries(&fixture, &[]), (0, true, true));
    fixture.replace("pgo/pgo.toml", "seed = 7", "seed = 8");
    assert_eq!(tries(&fixture, &[]), (0, false, true), "what ran well is not tried again");
}
