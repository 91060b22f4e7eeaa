use honing_core::{
    Stage,
    event::{Artifact, StageState},
    outcome::Outcome,
};

use super::*;

fn record(at_ms: u64, event: Event) -> Record {
    Record { at_ms, event }
}

fn started(stage: Stage) -> Event {
    Event::StageStarted {
        program: "tiny".into(),
        stage: stage.into(),
        reasons: vec!["first run".into()],
        last_ms: None,
    }
}

fn finished(stage: Stage, state: StageState) -> Event {
    Event::StageFinished {
        program: "tiny".into(),
        stage: stage.into(),
        state,
        detail: String::new(),
        elapsed_ms: 900,
        cpu_ms: 10,
    }
}

fn output(line: &str) -> Event {
    Event::Output { program: "tiny".into(), stage: Stage::Optimize.into(), line: line.into() }
}

fn summary(program: &str) -> Summary {
    Summary {
        program: program.into(),
        target: "x86_64-unknown-linux-gnu".into(),
        measured: Vec::new(),
        trust: Vec::new(),
        outcome: Some(Outcome::Improved),
        wording: Some("PGO pays: 8.0 % less CPU time in the weighted mean".into()),
        costs: Vec::new(),
        baseline: None,
        optimized: Some(Artifact { path: "/w/tiny".into(), bytes: 1, digest: "d".into() }),
        ships: None,
        applied: None,
        recorded: None,
        next: Vec::new(),
    }
}

/// A run in which something is warned of, and whose optimize prints commands and fails.
fn told(system: System) -> String {
    let mut log = Log::new(system, Verbosity::Normal, false, 1_700_000_000);
    log.roots = Roots { repository: Some("/b".into()), workspace: Some("/b/sub".into()) };
    let mut out = Vec::new();
    for (at, event) in [
        (10, finished(Stage::Preflight, StageState::UpToDate)),
        (20, started(Stage::Baseline)),
        (900, finished(Stage::Baseline, StageState::Done)),
        (910, Event::Warning { text: "the tree is dirty\n::error::not mine".into() }),
        (1000, started(Stage::Optimize)),
        (1200, output("  ::error::not mine")),
        (1300, output("ok\r##[set-output name=a]b")),
        (1400, output("\u{1b}[0Ksection_end:1:honing_2_tiny__optimize\r\u{1b}[0K")),
        (2000, finished(Stage::Optimize, StageState::Failed)),
    ] {
        log.event(&record(at, event), &mut out).unwrap();
    }
    let error = Error::new(ExitCode::Usage, "pgo/pgo.toml:3:5: no\nsuch, key: 100 %")
        .in_file("pgo/pgo.toml", Some((3, 5)))
        .with_hint("did you mean `that`?");
    log.ended(error.code(), Some(&error), &mut out).unwrap();
    String::from_utf8(out).unwrap().replace('\u{1b}', "\\e").replace('\r', "\\r")
}

#[test]
fn github_gets_groups_and_commands_of_ours_alone() {
    insta::assert_snapshot!(told(System::Github));
}

#[test]
fn gitlab_gets_sections() {
    insta::assert_snapshot!(told(System::Gitlab));
}

#[test]
fn elsewhere_it_is_the_plain_log() {
    insta::assert_snapshot!(told(System::None));
}

#[test]
fn a_group_does_not_stay_open() {
    let mut log = Log::new(System::Github, Verbosity::Quiet, false, 0);
    let mut out = Vec::new();
    log.event(&record(1, started(Stage::Train)), &mut out).unwrap();
    // A signal in a run that knows no further stage.
    let error = Error::interrupted();
    log.ended(error.code(), Some(&error), &mut out).unwrap();
    let told = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[..2], ["::group::tiny: train", "::endgroup::"]);
    assert!(lines.last().unwrap().starts_with("::error title=Honing%3A interrupted (exit code 130)::"));
}

#[test]
fn verdicts_are_notices_and_gates_are_errors() {
    let tell = |exit: ExitCode| {
        let mut log = Log::new(System::Github, Verbosity::Quiet, false, 0);
        let mut out = Vec::new();
        for program in ["tiny", "twin"] {
            let event = Event::ProgramFinished { summary: Box::new(summary(program)) };
            log.event(&record(1, event), &mut out).unwrap();
        }
        log.ended(exit, None, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    insta::assert_snapshot!(tell(ExitCode::Success));
    insta::assert_snapshot!(tell(ExitCode::Regression));
}

#[test]
fn beside_json_there_are_only_annotations() {
    let mut log = Log::new(System::Github, Verbosity::Normal, false, 0);
    let mut out = Vec::new();
    for event in [started(Stage::Train), Event::Warning { text: "look".into() }, output("x")] {
        log.beside_json(&record(1, event), &mut out).unwrap();
    }
    assert_eq!(String::from_utf8(out).unwrap(), "::warning title=Honing::look\n");
}

#[test]
fn colours_stay_where_they_are_wanted() {
    // Behind an escape sequence it is no command.
    for (colour, expected) in [(true, "\u{1b}[1m::error::x\u{1b}[0m"), (false, ": :error::x")] {
        assert_eq!(guarded(System::Github, b"\x1b[1m::error::x\x1b[0m", colour), expected);
    }
}

#[test]
fn the_system_is_that_of_the_environment() {
    for (set, expected) in [
        (&[][..], System::None),
        (&["CI"], System::None),
        (&["CI", "GITHUB_ACTIONS"], System::Github),
        (&["CI", "GITLAB_CI"], System::Gitlab),
    ] {
        let found = System::detect(|name| set.contains(&name).then(|| "true".into()));
        assert_eq!(found, expected, "{set:?}");
    }
    assert_eq!(System::detect(|_| Some("false".into())), System::None);
}

#[test]
fn files_are_named_by_their_path_in_the_repository() {
    let roots = |repository: Option<&str>, workspace: Option<&str>| Roots {
        repository: repository.map(PathBuf::from),
        workspace: workspace.map(PathBuf::from),
    };
    for (roots, file, expected) in [
        (roots(Some("/b"), Some("/b/sub")), "pgo/pgo.toml", "sub/pgo/pgo.toml"),
        (roots(Some("/b"), Some("/b")), "pgo/pgo.toml", "pgo/pgo.toml"),
        (roots(Some("/b"), Some("/c")), "pgo/pgo.toml", "/c/pgo/pgo.toml"),
        (roots(Some("/b"), Some("/b")), "/b/x.toml", "x.toml"),
        (roots(None, Some("/b")), "pgo/pgo.toml", "pgo/pgo.toml"),
        (roots(None, None), "pgo/pgo.toml", "pgo/pgo.toml"),
        (roots(Some("/b"), None), "pgo\\pgo.toml", "pgo/pgo.toml"),
    ] {
        assert_eq!(roots.shown(Path::new(file)), expected);
    }
}

#[test]
fn outputs_cannot_be_ended_by_a_value() {
    let mut evil = summary("twin");
    evil.outcome = None;
    evil.optimized =
        Some(Artifact { path: "/w/ghx\nexit=success\nghx_".into(), bytes: 1, digest: "d".into() });
    let matched = [("tiny".to_owned(), Some(0.998)), ("twin".to_owned(), None)];
    let text = Outputs::of(ExitCode::Regression, &[summary("tiny"), evil], &matched, "/w/ci").render("ghx");
    insta::assert_snapshot!(text);
}

#[test]
fn a_summary_is_cut_at_a_line() {
    let limit = 1024 * 1024;
    let line = "ä".repeat(50) + "\n";
    let text = line.repeat(limit / line.len() + 2);
    assert_eq!(step_summary("short", 10, "report.md"), "short");
    let cut = step_summary(&text, 1000, "target/honing/ci/report.md");
    assert!(cut.len() <= limit - 1000 && cut.len() > limit - 1500, "{}", cut.len());
    assert!(cut.starts_with(&line) && cut.ends_with("The whole: `target/honing/ci/report.md`\n"));
    let kept = cut.split("\n\n**Cut here**").next().unwrap();
    assert!(kept.lines().all(|kept| kept.len() + 1 == line.len()));
    assert_eq!(step_summary(&text, limit, "report.md"), "");
}

#[test]
fn a_run_without_a_report_still_has_a_summary() {
    let error = Error::new(ExitCode::Stale, "tiny: stale: ```\n# x").with_hint("train anew");
    insta::assert_snapshot!(fallback(error.code(), Some(&error), &[]));
    insta::assert_snapshot!(fallback(ExitCode::Success, None, &[summary("tiny")]));
}
