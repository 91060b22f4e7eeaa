//! Runs to report on: one that was recorded, and small ones that are made up.

use std::path::Path;

use honing_core::{
    ExitCode, Stage,
    applied::{Applied, HotFunction, Lost, LostWhy, Match, MatchedBy, Origin, OriginMatch},
    config::Direction,
    event::{Artifact, Event, Record, SCHEMA, StageCost, StageState, Summary},
    outcome::{Measured, Outcome, Ratio, Verdict},
};
use honing_report::{
    Document,
    document::{Change, Past},
};

/// What nobody calls a program, and everybody has to survive.
pub(crate) const HOSTILE: &str = "a|b`<script>alert(1)</script>\"'&]](x)@octocat";

/// The tracker's run that the dashboard's picture is drawn from.
pub(crate) fn recorded() -> Vec<Record> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboard/tests/fixtures/tracker/events.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Events, a second apart.
pub(crate) fn run(programs: &[&str], events: Vec<Event>) -> Vec<Record> {
    let started = Event::RunStarted {
        schema: SCHEMA,
        command: "run".into(),
        version: "0.1.0".into(),
        run: "20261125T161704Z-42".into(),
        programs: programs.iter().map(|name| (*name).to_owned()).collect(),
        stages: Stage::ALL.map(Into::into).to_vec(),
        steps: Default::default(),
    };
    let all = std::iter::once(started).chain(events);
    (0..).step_by(1000).zip(all).map(|(at_ms, event)| Record { at_ms, event }).collect()
}

pub(crate) fn started(program: &str, stage: Stage) -> Event {
    Event::StageStarted {
        program: program.into(),
        stage: stage.into(),
        reasons: vec!["first run".into()],
        last_ms: None,
    }
}

pub(crate) fn finished(program: &str, stage: Stage, state: StageState, detail: &str) -> Event {
    let (program, detail) = (program.into(), detail.into());
    Event::StageFinished { program, stage: stage.into(), state, detail, elapsed_ms: 1000, cpu_ms: 900 }
}

pub(crate) fn ended(exit: ExitCode, error: Option<&str>, hint: Option<&str>) -> Event {
    Event::RunFinished {
        exit,
        code: exit.code(),
        error: error.map(str::to_owned),
        hint: hint.map(str::to_owned),
        builder_ms: 2000,
        optimized: Vec::new(),
    }
}

/// A run whose training failed.
pub(crate) fn failed() -> Vec<Record> {
    let error = "train: the workload `learn` failed (exit code 3)\nlast line: no such file";
    let events = vec![
        started("tiny", Stage::Instrument),
        finished("tiny", Stage::Instrument, StageState::Done, "1.2 MiB"),
        started("tiny", Stage::Train),
        finished("tiny", Stage::Train, StageState::Failed, error),
        ended(ExitCode::Workload, Some(error), Some("run it by hand:\ntiny 2000 | head")),
    ];
    run(&["tiny"], events)
}

pub(crate) fn measured(workload: &str, metric: &str, gated: bool, ends: (f64, f64, f64)) -> Measured {
    let (low, point, high) = ends;
    Measured {
        workload: workload.into(),
        candidate: None,
        metric: metric.into(),
        unit: "s".into(),
        better: Direction::Lower,
        gated,
        in_sample: false,
        weight: 1,
        pairs: 40,
        baseline: 0.25,
        optimized: 0.25 * point,
        ratio: Some(Ratio { point, low, high, confidence: 0.99 }),
        margin: Some(0.01),
        verdict: if high < 0.99 { Verdict::Improved } else { Verdict::NoChange },
        reason: None,
        note: None,
        ratios: vec![point, low, high],
    }
}

/// A program that came to its end, called `name`, with `found` measured.
pub(crate) fn summary(name: &str, found: Vec<Measured>, outcome: Outcome, wording: &str) -> Summary {
    let cost = |stage: Stage, state, cpu_ms| StageCost {
        stage: stage.into(),
        state,
        elapsed_ms: 500,
        cpu_ms,
        full: Some(true),
    };
    let binary = |bytes| Artifact { path: format!("/src/{name}"), bytes, digest: "70691e20".into() };
    Summary {
        program: name.into(),
        target: "x86_64-unknown-linux-gnu".into(),
        measured: found,
        trust: Vec::new(),
        outcome: Some(outcome),
        wording: Some(wording.into()),
        costs: vec![
            cost(Stage::Baseline, StageState::UpToDate, 1000),
            cost(Stage::Instrument, StageState::UpToDate, 800),
            cost(Stage::Optimize, StageState::UpToDate, 950),
        ],
        baseline: Some(binary(1_000_000)),
        optimized: Some(binary(970_000)),
        ships: None,
        applied: Some(applied(name)),
        recorded: None,
        next: vec!["commit pgo/profiles/<p>".into(), "build what ships: honing build".into()],
    }
}

fn applied(name: &str) -> Applied {
    let origin = |origin, weight, share| OriginMatch { origin, weight, share, functions: 10, matched: 9 };
    Applied::Measured(Match {
        share: 0.96,
        kin: 1.0,
        carried: None,
        functions: 30,
        matched: 27,
        origins: vec![
            origin(Origin::Workspace, 0.5, 0.98),
            origin(Origin::Dependencies, 0.3, 0.9),
            origin(Origin::Std, 0.2, 1.0),
        ],
        lost: vec![Lost { function: format!("{name}::f"), weight: 0.03, why: LostWhy::Gone }],
        by: MatchedBy::Trace,
    })
}

/// A run of two programs; one gains and has a history, the other one does not.
pub(crate) fn several() -> Document {
    let gained = vec![
        measured("eval", "cpu", true, (0.90, 0.92, 0.94)),
        measured("eval", "latency p50", false, (0.9, 0.95, 1.0)),
        measured("eval", "latency p99", false, (0.8, 0.97, 1.2)),
        measured("eval", "wall", false, (0.3, 0.9, 2.5)),
    ];
    let same = vec![measured("eval", "cpu", true, (0.995, 1.0, 1.004))];
    let wording = "PGO pays: 8.0 % less CPU time in the weighted mean";
    let one = summary("one", gained, Outcome::Improved, wording);
    let other =
        summary("other", same, Outcome::NoChange, "PGO does not pay here: no change beyond the margin");
    let records = run(
        &["one", "other"],
        vec![
            Event::ProgramFinished { summary: Box::new(one) },
            Event::ProgramFinished { summary: Box::new(other) },
            ended(ExitCode::Success, None, None),
        ],
    );
    Document::from_events(&records, vec![past("20261101T000000Z-1", 0.95), past("20261110T000000Z-2", 0.93)])
}

pub(crate) fn past(run: &str, point: f64) -> Past {
    let ratio = Ratio { point, low: point - 0.02, high: point + 0.02, confidence: 0.99 };
    Past {
        run: run.into(),
        program: "one".into(),
        date: None,
        outcome: "improved".into(),
        changes: vec![Change { workload: "eval".into(), metric: "cpu".into(), ratio }],
        applied: Some(point),
        refresh: Some(1.8),
    }
}

/// Names, errors and details that mean something to Markdown and HTML.
pub(crate) fn hostile() -> Document {
    let metrics = vec![
        measured(HOSTILE, HOSTILE, true, (0.9, 0.95, 1.0)),
        measured(HOSTILE, &format!("latency {HOSTILE}"), false, (0.9, 0.95, 1.0)),
        measured(HOSTILE, "wall", false, (0.0, f64::MIN_POSITIVE, f64::INFINITY)),
        measured(HOSTILE, "user", false, (f64::NAN, f64::NAN, f64::NAN)),
    ];
    let summary = summary(HOSTILE, metrics, Outcome::Improved, HOSTILE);
    let hot = HotFunction { function: HOSTILE.into(), weight: 0.5, applied: Some(false), why: None };
    let records = run(
        &[HOSTILE],
        vec![
            Event::Warning { text: format!("{HOSTILE}\n{HOSTILE}\u{1b}[31m\u{202e}") },
            Event::Hot { program: HOSTILE.into(), functions: vec![hot] },
            started(HOSTILE, Stage::Bench),
            finished(HOSTILE, Stage::Bench, StageState::Failed, HOSTILE),
            Event::ProgramFinished { summary: Box::new(summary) },
            ended(ExitCode::Internal, Some(&format!("{HOSTILE}\n```\n# x")), Some(HOSTILE)),
        ],
    );
    Document::from_events(&records, Vec::new())
}
