//! What the recorded measurement says under the policy of today, and what all of it cost.

use crate::checklist::{
    facts::{Attempt, Facts},
    item::Finding,
};
use crate::{
    config::{Policy, Program},
    error::ExitCode,
    outcome::{Evidence, Measured, Open, Outcome, Verdict},
    recorded::{CostEntry, MeasuredEntry, workload_changes},
    stage::Stage,
    units,
};

/// Outcome and consequence of what was measured on workloads that the profile was not trained on.
pub(super) fn verdict(facts: &Facts, policy: &Policy, program: &Program) -> Finding {
    let Some(manifest) = facts.manifest() else { return Finding::without_profile() };
    let all = manifest.measured(program);
    let holdout: Vec<Measured> = all.iter().filter(|metric| !metric.in_sample).cloned().collect();
    let identical = manifest.verdict.outcome == Outcome::NoEffect.word();
    let evidence = Evidence { measured: &holdout, identical, growth: None, out_of_budget: false };
    let outcome = Outcome::of(&evidence);
    if outcome == Outcome::NotMeasured {
        let why = if all.iter().any(|metric| metric.gated) {
            "measured on training workloads only".into()
        } else {
            manifest.verdict.wording.clone()
        };
        return Finding::unknown(ExitCode::Regression, why, measure(facts, program));
    }
    let consequence = outcome.consequence(policy, program, &evidence);
    let deciding: Vec<String> =
        manifest.measured.iter().filter(|entry| !entry.informs && !entry.in_sample).map(words).collect();
    let ships = match manifest.choice(policy, program).ships {
        true => "it ships with its profile",
        false => "it ships without PGO, by policy.ships",
    };
    let value = [&[consequence.wording][..], &deciding, &[ships.to_owned()]].concat().join("; ");
    let changes = workload_changes(&manifest.eval, &facts.evals);
    if !changes.is_empty() {
        let value = format!("{value}; since that was measured, {}", changes.join(", "));
        return Finding::unknown(ExitCode::Regression, value, measure(facts, program));
    }
    if consequence.exit == ExitCode::Success {
        return Finding::done(value);
    }
    if matches!(outcome, Outcome::Inconclusive { .. }) {
        let again = facts.run("checklist --fix --force");
        let next = format!("measure again on a quieter machine, or longer with --pairs: {again}");
        return Finding::unknown(consequence.exit, value, next);
    }
    let plain = facts.run("build --no-pgo");
    let next =
        format!("improve the training workloads and refresh, relax the policy, or ship without PGO: {plain}");
    Finding::failed(consequence.exit, value, next)
}

/// No metric is worse than the policy allows; one that only informs is named.
pub(super) fn regressions(facts: &Facts, policy: &Policy, program: &Program) -> Finding {
    let Some(manifest) = facts.manifest() else { return Finding::without_profile() };
    let all = manifest.measured(program);
    let identical = manifest.verdict.outcome == Outcome::NoEffect.word();
    if all.is_empty() && !identical {
        return Finding::unknown(ExitCode::Regression, "nothing was measured", measure(facts, program));
    }
    let worse: Vec<String> = manifest
        .measured
        .iter()
        .filter(|entry| entry.verdict == Verdict::Regressed.word())
        .map(|entry| format!("{}{}", words(entry), if entry.informs { " (not gated)" } else { "" }))
        .collect();
    let evidence = Evidence { measured: &all, identical, growth: None, out_of_budget: false };
    let beyond = match Outcome::of(&evidence) {
        regressed @ Outcome::Regressed { .. } => !regressed.consequence(policy, program, &evidence).record,
        _ => false,
    };
    let value = match worse.as_slice() {
        [] => format!("of {} none is worse", units::count(all.len() as u64, "metric")),
        worse => format!("worse: {}", worse.join("; ")),
    };
    if beyond {
        let plain = facts.run("build --no-pgo");
        let next = format!("find out what training misses and refresh, or ship without PGO: {plain}");
        return Finding::failed(ExitCode::Regression, value, next);
    }
    Finding::done(value)
}

/// What a refresh and a release build cost, in minutes.
pub(super) fn cost(facts: &Facts) -> Finding {
    let Some(manifest) = facts.manifest() else { return Finding::without_profile() };
    let costs = &manifest.cost;
    let of = |stage: Stage| costs.iter().find(|cost| cost.stage == stage.name());
    let Some(optimize) = of(Stage::Optimize) else {
        let next = format!("refresh it: {}", facts.run(""));
        return Finding::unknown(ExitCode::Stale, "the manifest has no costs", next);
    };
    let sum = |each: fn(&CostEntry) -> u64| costs.iter().map(each).sum::<u64>() as f64;
    let stages: Vec<&str> = costs.iter().map(|cost| cost.stage.as_str()).collect();
    let mut value = format!(
        "refresh {} ({})",
        minutes(sum(|cost| cost.wall_s), sum(|cost| cost.cpu_s)),
        stages.join(", ")
    );
    if let (Some(plain), Some(instrument)) = (of(Stage::Baseline), of(Stage::Instrument)) {
        let pgo = (instrument.cpu_s + optimize.cpu_s) as f64 / plain.cpu_s.max(1) as f64;
        value.push_str(&format!(", its two PGO builds {pgo:.1} times the CPU time of a plain one"));
    }
    let release = match &facts.again {
        Attempt::Made(again) => {
            let minutes = minutes(again.elapsed_ms as f64 / 1000.0, again.cpu_ms as f64 / 1000.0);
            format!("release build {minutes}, from nothing, just now")
        }
        _ => {
            let minutes = minutes(optimize.wall_s as f64, optimize.cpu_s as f64);
            format!("release build {minutes}, when recorded")
        }
    };
    Finding::done(format!("{value}; {release}"))
}

fn minutes(wall_s: f64, cpu_s: f64) -> String {
    format!("{:.1} min, {:.1} min CPU", wall_s / 60.0, cpu_s / 60.0)
}

/// `eval (cpu) -8.1 % [-9.0, -7.2], 20 pairs`, and why that says nothing where it does not.
fn words(entry: &MeasuredEntry) -> String {
    let change = if entry.change.is_empty() { &entry.verdict } else { &entry.change };
    // What is wrong with the machine, the verdict has said.
    let note = entry.note.as_ref().filter(|_| entry.reason != Some(Open::Environment));
    let note = note.map(|note| format!(" ({note})")).unwrap_or_default();
    let pairs = units::count(entry.pairs.into(), "pair");
    format!("{} ({}) {change}, {pairs}{note}", entry.workload, entry.metric)
}

/// How to get a measurement.
pub(super) fn measure(facts: &Facts, program: &Program) -> String {
    if program.workload.values().any(|workload| workload.role.evaluates() && !workload.role.trains()) {
        return format!("measure and record: {}", facts.run("checklist --fix"));
    }
    "add a workload with role = \"eval\" to pgo.toml".into()
}
