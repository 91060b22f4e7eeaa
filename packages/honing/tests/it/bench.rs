//! What `bench` makes of answers, patterns, gates and machines.

use serde_json::Value;

use crate::support::{Fixture, TINY_CONFIG};

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
fn programs_that_answer_differently_are_not_measured() {
    let fixture = Fixture::tiny();
    // What a run prints depends on where it is, which is another place for each program.
    fixture.replace("src/main.rs", "{longest}}}\");", "{longest}}} {}\", std::env::args().next().unwrap());");
    let refused = fixture.run(&["--to", "bench"]);
    assert_eq!(refused.code, 11, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("the other program printed something else than the baseline"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("compare_output = false"), "{}", refused.stderr);
    fixture.replace(
        "pgo/pgo.toml",
        "[\"{program}\", \"3000\"]",
        "[\"{program}\", \"3000\"]\ncompare_output = false",
    );
    fixture.succeeds(&["--to", "bench"]);
}

#[test]
fn a_machine_is_qualified_with_the_baseline_and_its_copy() {
    let fixture = Fixture::tiny();
    let ran = fixture.run(&["bench", "--aa", "--pairs", "12", "--format", "json"]);
    let told: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|event| event["event"] == "note")
        .collect();
    let told =
        told.iter().map(|note| note["text"].as_str().unwrap()).find(|text| text.contains("40 pairs find"));
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
