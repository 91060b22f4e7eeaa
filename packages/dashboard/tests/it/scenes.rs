//! Runs to be drawn, made by hand so that they hold still: what a run tells up to some
//! moment, and how it looks on a terminal of some size.

use honing_core::{
    ExitCode, Planned, PlannedState, Stage, Step,
    account::Account,
    applied::{Applied, HotFunction, LostWhy, Match, MatchedBy, Origin, OriginMatch},
    config::Direction,
    event::{Artifact, Event, Record, StageCost, StageState, Summary},
    outcome::{Measured, Open, Outcome, Ratio, Verdict},
    recorded::{self, HotEntry, Manifest, MatchEntry, Profile, Source, VerdictEntry},
    status::{LastMatch, Since, Status},
};
use honing_dashboard::{Effect, Key, Mode, Msg, Past, Setup, State, view};
use ratatui::{Terminal, backend::TestBackend};

/// A terminal of each kind of layout.
pub(crate) const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 10)];

/// Makes a scene.
pub(crate) type Make = fn() -> State;

/// Every scene, by its name.
pub(crate) const SCENES: [(&str, Make); 7] = [
    ("opened", opened),
    ("looked", looked),
    ("building", building),
    ("measuring", measuring),
    ("finished", finished),
    ("failed", failed),
    ("cancelled", cancelled),
];

pub(crate) fn state(mode: Mode) -> State {
    State::new(Setup { mode, ..Setup::default() })
}

/// The drawing on a terminal, as text.
pub(crate) fn drawn(state: &mut State, (columns, lines): (u16, u16)) -> String {
    state.update(Msg::Resize(columns, lines));
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).unwrap();
    terminal.draw(|frame| view(state, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let rows = buffer.content.chunks(usize::from(columns).max(1));
    let text = |row: &[ratatui::buffer::Cell]| {
        let mut row = row.iter();
        let mut text = String::new();
        // A wide character leaves its second cell blank.
        while let Some(cell) = row.next() {
            text.push_str(cell.symbol());
            if unicode_width::UnicodeWidthStr::width(cell.symbol()) > 1 {
                row.next();
            }
        }
        text.trim_end().to_owned()
    };
    rows.map(text).collect::<Vec<_>>().join("\n")
}

pub(crate) fn press(state: &mut State, keys: &str) {
    for key in keys.split(' ') {
        state.update(Msg::Key(key.parse::<Key>().unwrap()));
    }
}

pub(crate) fn tell(state: &mut State, at_ms: u64, event: Event) -> Option<Effect> {
    state.update(Msg::Event(Box::new(Record { at_ms, event })))
}

const PROGRAM: &str = "tracker";

fn started(state: &mut State, at_ms: u64, stage: Stage, reasons: &[&str]) {
    let reasons = reasons.iter().map(|reason| (*reason).to_owned()).collect();
    tell(
        state,
        at_ms,
        Event::StageStarted { program: PROGRAM.into(), stage: stage.into(), reasons, last_ms: None },
    );
}

fn ended(state: &mut State, at_ms: u64, stage: Stage, how: (StageState, &str), elapsed_ms: u64) {
    let (program, (how, detail), cpu_ms) = (PROGRAM.into(), how, elapsed_ms * 3 / 2);
    let event = Event::StageFinished {
        program,
        stage: stage.into(),
        state: how,
        detail: detail.into(),
        elapsed_ms,
        cpu_ms,
    };
    tell(state, at_ms, event);
}

fn progress(
    state: &mut State,
    at_ms: u64,
    stage: Stage,
    (done, total): (u64, Option<u64>),
    what: (&str, &str),
) {
    let (program, unit, at) = (PROGRAM.into(), what.0.into(), what.1.into());
    tell(
        state,
        at_ms,
        Event::Progress { program, stage: stage.into(), done, total, unit, at, left_ms: None },
    );
}

fn output(state: &mut State, at_ms: u64, stage: Stage, line: &str) {
    tell(state, at_ms, Event::Output { program: PROGRAM.into(), stage: stage.into(), line: line.into() });
}

fn command(state: &mut State, at_ms: u64, stage: Stage, line: &str) {
    let log = format!("/src/target/honing/runs/20261125T120000Z-7/{PROGRAM}.{stage}.log");
    tell(
        state,
        at_ms,
        Event::Command { program: PROGRAM.into(), stage: stage.into(), line: line.into(), log },
    );
}

/// Nothing has been said yet.
fn opened() -> State {
    state(Mode::Run)
}

/// Opened without starting anything: the stored profile, the plan, and past runs.
fn looked() -> State {
    let mut state = state(Mode::Look);
    state.update(Msg::Past(past()));
    state.update(Msg::Status(vec![status()]));
    let planned = Stage::ALL.map(|stage| Planned {
        program: PROGRAM.into(),
        stage: stage.into(),
        state: if stage == Stage::Preflight { PlannedState::UpToDate } else { PlannedState::Run },
        reasons: match stage {
            Stage::Preflight => Vec::new(),
            Stage::Baseline => vec!["Cargo.lock changed".into(), "src/lib.rs changed".into()],
            _ => vec!["depends on what baseline makes".into()],
        },
        commands: vec![format!("cargo build --profile release --package {PROGRAM}")],
    });
    state.update(Msg::Planned(planned.to_vec()));
    state
}

fn begun() -> State {
    let mut state = state(Mode::Run);
    state.update(Msg::Past(past()));
    let (version, run) = ("0.1.0".into(), "20261125T120000Z-7".into());
    let (programs, stages) = (vec![PROGRAM.to_owned()], Stage::ALL.map(Step::from).to_vec());
    tell(
        &mut state,
        90,
        Event::RunStarted {
            schema: 1,
            version,
            run,
            command: "run".into(),
            programs,
            stages,
            steps: Default::default(),
        },
    );
    tell(&mut state, 95, Event::Stored { status: Box::new(status()) });
    ended(
        &mut state,
        100,
        Stage::Preflight,
        (StageState::UpToDate, "merges with honing-profdata 0.1.0"),
        600,
    );
    state
}

/// In the middle of the instrumented build.
fn building() -> State {
    let mut state = begun();
    started(&mut state, 110, Stage::Baseline, &["Cargo.lock changed", "src/lib.rs changed"]);
    command(&mut state, 120, Stage::Baseline, "cargo build --package tracker --profile release");
    output(&mut state, 900, Stage::Baseline, "   Compiling tracker v0.1.0 (/src/größe/日本語)");
    ended(&mut state, 48_000, Stage::Baseline, (StageState::Done, "2.2 MiB"), 47_800);
    started(&mut state, 48_010, Stage::Instrument, &["first run"]);
    command(
        &mut state,
        48_020,
        Stage::Instrument,
        "RUSTFLAGS='-Cprofile-generate' cargo build --package tracker",
    );
    for (at, name) in ["libc", "serde", "tokio"].into_iter().enumerate() {
        let at = at as u64;
        output(&mut state, 50_000 + at, Stage::Instrument, &format!("   Compiling {name} v1.{at}.0"));
        progress(&mut state, 50_000 + at, Stage::Instrument, (at + 11, Some(107)), ("crates", name));
    }
    let text = "something that a person should look at".into();
    tell(&mut state, 51_000, Event::Warning { text });
    state.update(Msg::Tick(63_400));
    state
}

fn built() -> State {
    let mut state = building();
    ended(
        &mut state,
        89_000,
        Stage::Instrument,
        (StageState::Done, "9.7 MiB, without LTO and debug info"),
        41_000,
    );
    started(&mut state, 89_010, Stage::Train, &["first run"]);
    progress(&mut state, 89_020, Stage::Train, (1, Some(2)), ("workloads", "train-http"));
    ended(&mut state, 119_000, Stage::Train, (StageState::Done, "2 raw profiles, 1.7 MiB"), 30_000);
    started(&mut state, 119_010, Stage::Merge, &["first run"]);
    ended(&mut state, 119_100, Stage::Merge, (StageState::Done, "1.3 MiB"), 90);
    started(&mut state, 119_110, Stage::Optimize, &["first run"]);
    ended(&mut state, 170_000, Stage::Optimize, (StageState::Done, "2.1 MiB"), 51_000);
    tell(&mut state, 170_010, Event::Matched { program: PROGRAM.into(), applied: applied() });
    tell(&mut state, 170_020, Event::Hot { program: PROGRAM.into(), functions: hot() });
    state
}

/// Pairs come in.
fn measuring() -> State {
    let mut state = built();
    started(&mut state, 170_100, Stage::Bench, &["optimized program changed"]);
    progress(&mut state, 190_000, Stage::Bench, (8, Some(40)), ("pairs", "eval-mixed"));
    let measured = measured("eval-mixed", "cpu", (0.90, 0.94, 1.03), 8, Verdict::Inconclusive);
    tell(&mut state, 190_001, Event::Measured { program: PROGRAM.into(), interim: true, measured });
    state
}

fn finished() -> State {
    let mut state = measuring();
    ended(&mut state, 230_000, Stage::Bench, (StageState::Done, "40 pairs"), 60_000);
    started(&mut state, 230_010, Stage::Record, &["first run"]);
    let folder = "pgo/profiles/tracker/x86_64-unknown-linux-gnu";
    ended(&mut state, 230_100, Stage::Record, (StageState::Done, folder), 90);
    tell(&mut state, 230_120, Event::ProgramFinished { summary: Box::new(summary()) });
    run_finished(&mut state, 230_130, (ExitCode::Success, None, None));
    state
}

fn failed() -> State {
    let mut state = building();
    output(&mut state, 70_000, Stage::Instrument, "error: linking with `cc` failed: exit status: 1");
    ended(&mut state, 70_100, Stage::Instrument, (StageState::Failed, ERROR), 22_100);
    run_finished(
        &mut state,
        70_110,
        (ExitCode::Build, Some(ERROR), Some("mend what it printed, or run it by hand:\ncargo build")),
    );
    state
}

const ERROR: &str =
    "instrument: cargo build failed (exit code 101): linking with `cc` failed: exit status: 1";

fn cancelled() -> State {
    let mut state = building();
    press(&mut state, "x y");
    ended(&mut state, 64_000, Stage::Instrument, (StageState::Cancelled, "interrupted"), 16_000);
    let hint = "what was finished stays: the same command goes on from there";
    run_finished(&mut state, 64_010, (ExitCode::Interrupted, Some("interrupted"), Some(hint)));
    state
}

pub(crate) fn run_finished(
    state: &mut State,
    at_ms: u64,
    (exit, error, hint): (ExitCode, Option<&str>, Option<&str>),
) -> Option<Effect> {
    let text = |text: Option<&str>| text.map(str::to_owned);
    let (error, hint, code) = (text(error), text(hint), exit.code());
    tell(state, at_ms, Event::RunFinished { exit, code, error, hint, builder_ms: 0, optimized: Vec::new() })
}

pub(crate) fn measured(
    workload: &str,
    metric: &str,
    (low, point, high): (f64, f64, f64),
    pairs: u32,
    verdict: Verdict,
) -> Measured {
    Measured {
        workload: workload.into(),
        candidate: None,
        metric: metric.into(),
        unit: "µs/op".into(),
        better: if metric == "throughput" { Direction::Higher } else { Direction::Lower },
        gated: metric == "cpu",
        in_sample: false,
        weight: 1,
        pairs,
        baseline: 7.26,
        optimized: 7.26 * point,
        ratio: Some(Ratio { point, low, high, confidence: 0.99 }),
        margin: Some(0.01),
        verdict,
        reason: (verdict == Verdict::Inconclusive).then_some(Open::TooWide),
        ratios: Vec::new(),
        note: (verdict == Verdict::Inconclusive && metric == "cpu")
            .then(|| "the interval is too wide; --pairs 134 would probably tell".into()),
    }
}

fn all_measured() -> Vec<Measured> {
    vec![
        measured("eval-mixed", "cpu", (0.90, 0.919, 0.94), 40, Verdict::Improved),
        measured("eval-mixed", "peak memory", (0.98, 0.999, 1.02), 40, Verdict::NoChange),
        measured("eval-mixed", "throughput", (0.9, 1.08, 1.3), 40, Verdict::Inconclusive),
        measured("eval-rate", "cpu", (0.95, 0.98, 1.01), 40, Verdict::Inconclusive),
    ]
}

fn artifact(bytes: u64) -> Option<Artifact> {
    Some(Artifact { path: "/src/target/honing/tracker".into(), bytes, digest: String::new() })
}

fn summary() -> Summary {
    let cost = |stage: Stage, elapsed_ms| StageCost {
        stage: stage.into(),
        state: StageState::Done,
        elapsed_ms,
        cpu_ms: elapsed_ms * 3 / 2,
        full: Some(true),
    };
    Summary {
        program: PROGRAM.into(),
        target: "x86_64-unknown-linux-gnu".into(),
        measured: all_measured(),
        trust: Vec::new(),
        outcome: Some(Outcome::Improved),
        wording: Some("PGO pays: 5.0 % less CPU time in the weighted mean".into()),
        costs: vec![
            cost(Stage::Baseline, 47_800),
            cost(Stage::Instrument, 41_000),
            cost(Stage::Optimize, 51_000),
        ],
        baseline: artifact(2_306_867),
        optimized: artifact(2_202_009),
        ships: None,
        applied: Some(applied()),
        recorded: Some("pgo/profiles/tracker/x86_64-unknown-linux-gnu".into()),
        next: vec![
            "commit pgo/profiles/tracker/x86_64-unknown-linux-gnu".into(),
            "build what ships: honing build --program tracker".into(),
        ],
    }
}

fn applied() -> Applied {
    let origin =
        |origin, share, functions| OriginMatch { origin, weight: 0.3, share, functions, matched: functions };
    Applied::Measured(Match {
        share: 0.981,
        kin: 1.0,
        carried: None,
        functions: 890,
        matched: 888,
        origins: vec![
            origin(Origin::Workspace, 0.97, 57),
            origin(Origin::Dependencies, 1.0, 462),
            origin(Origin::Std, 1.0, 371),
        ],
        lost: Vec::new(),
        by: MatchedBy::Trace,
    })
}

fn hot() -> Vec<HotFunction> {
    let names = [
        "tracker::swarm::Swarm::announce",
        "hashbrown::raw::RawTable<T>::find",
        "tracker::größe::日本語",
        "memchr::memchr",
    ];
    let of = |(at, name): (usize, &&str)| HotFunction {
        function: (*name).to_owned(),
        weight: 0.31 / (at + 1) as f64,
        applied: (at != 3).then_some(at != 2),
        why: (at == 2).then_some(LostWhy::ControlFlow),
    };
    names.iter().enumerate().map(of).collect()
}

pub(crate) fn status() -> Status {
    Status {
        program: PROGRAM.into(),
        target: "x86_64-unknown-linux-gnu".into(),
        folder: "pgo/profiles/tracker/x86_64-unknown-linux-gnu".into(),
        manifest: Some(manifest()),
        age_s: Some(12 * 86_400 + 5),
        since: Some(Since { commits: 34, lines: 512 }),
        git: None,
        differences: vec!["Cargo.lock changed".into()],
        forecast: None,
        last_match: Some(LastMatch {
            words: "98.1 % of the profile's weight (888 of 890 functions)".into(),
            when: "2026-11-20T08:00:00Z".into(),
            staleness: Some(1.9),
        }),
        stale: vec!["it is 12 days old, more than policy.max_age = 10 days".into()],
        error: None,
        hint: None,
        exit: None,
    }
}

fn manifest() -> Manifest {
    let digest = || honing_core::Digest::of(b"");
    Manifest {
        schema: recorded::SCHEMA,
        program: PROGRAM.into(),
        target: "x86_64-unknown-linux-gnu".into(),
        recorded: "2026-11-13T12:00:00Z".into(),
        trained: "2026-11-13T12:00:00Z".into(),
        commit: "0123456789abcdef".into(),
        dirty: false,
        source: Source::Trained,
        carried: None,
        account: Account {
            toolchain: [("rustc", "1.95.0 (59807616e 2026-04-14)"), ("LLVM", "22.1.2")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..Account::default()
        },
        profile: Profile {
            file: "profile.honing".into(),
            bytes: 61_234,
            digest: digest(),
            indexed_bytes: 1_312_000,
            indexed_digest: digest(),
            weight: "123456789".into(),
            functions: 5_120,
            functions_run: 890,
        },
        matched: MatchEntry { percent: Some(100.0), words: "100.0 %".into() },
        verdict: VerdictEntry {
            outcome: "improved".into(),
            wording: "PGO pays: 5.0 % less CPU time in the weighted mean".into(),
        },
        size: None,
        part: Vec::new(),
        measured: Vec::new(),
        workload: Vec::new(),
        eval: Vec::new(),
        cost: Vec::new(),
        hot: vec![HotEntry { percent: 31.0, function: "tracker::swarm::Swarm::announce".into() }],
    }
}

fn past() -> Vec<Past> {
    let run = |day: u32, gain: f64, finished: bool| Past {
        exit: Some(if finished { ExitCode::Success } else { ExitCode::Build }),
        run: format!("202611{day:02}T081500Z-9"),
        command: if day == 20 { "bench" } else { "run" }.into(),
        error: (!finished).then(|| "tracker: baseline failed".into()),
        program: PROGRAM.into(),
        stages: if finished {
            Stage::ALL
                .map(|stage| (stage.into(), StageState::Done, 1000 * (u64::from(day) + stage as u64)))
                .to_vec()
        } else {
            vec![
                (Stage::Preflight.into(), StageState::Done, 200),
                (Stage::Baseline.into(), StageState::Failed, 300),
            ]
        },
        applied: finished.then(applied),
        hot: if finished { hot() } else { Vec::new() },
        measured: if finished {
            vec![measured("eval-mixed", "cpu", (gain - 0.02, gain, gain + 0.02), 20, Verdict::Improved)]
        } else {
            Vec::new()
        },
        summary: finished.then(|| Summary { measured: Vec::new(), ..summary() }),
    };
    vec![run(24, 0.92, true), run(23, 0.9, false), run(20, 0.95, true), run(11, 0.97, true)]
}
