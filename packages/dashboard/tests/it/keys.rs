//! What keys ask for.

use honing_core::{ExitCode, Stage, Step, event::Event};
use honing_dashboard::{Ask, Effect, Key, Mode, Msg, State};

use crate::scenes::{SCENES, drawn, press, run_finished, state, tell};

fn scene(name: &str) -> State {
    let mut state = SCENES.iter().find(|(scene, _)| *scene == name).unwrap().1();
    drawn(&mut state, (120, 40));
    state
}

fn effect(state: &mut State, key: &str) -> Option<Effect> {
    state.update(Msg::Key(key.parse::<Key>().unwrap()))
}

fn asked(first: Stage, only: bool, force: bool) -> Option<Effect> {
    Some(Effect::Start(Ask { from: Some(first.into()), only, force, ..Ask::default() }))
}

fn ended(state: &mut State, exit: ExitCode) -> Option<Effect> {
    run_finished(state, 99_000, (exit, None, None))
}

#[test]
fn cancelling_asks_only_while_work_runs() {
    let mut state = scene("building");
    assert_eq!(effect(&mut state, "x"), None);
    assert!(drawn(&mut state, (80, 24)).contains("Cancel the run?"));
    assert_eq!(effect(&mut state, "n"), None);
    assert_eq!(effect(&mut state, "x"), None);
    assert_eq!(effect(&mut state, "y"), Some(Effect::Cancel));
    // Once more kills, without asking again.
    assert_eq!(effect(&mut state, "x"), Some(Effect::Cancel));
    assert_eq!(effect(&mut state, "ctrl-c"), Some(Effect::Cancel));

    let mut state = scene("finished");
    assert_eq!(effect(&mut state, "x"), None);
    assert!(!drawn(&mut state, (80, 24)).contains("Cancel the run?"));
    assert_eq!(effect(&mut state, "q"), Some(Effect::Quit));
    assert_eq!(effect(&mut scene("looked"), "ctrl-c"), Some(Effect::Quit));
}

#[test]
fn ctrl_c_is_cancel_then_yes_then_kill() {
    let mut state = scene("building");
    assert_eq!(effect(&mut state, "ctrl-c"), None);
    assert_eq!(effect(&mut state, "ctrl-c"), Some(Effect::Cancel));
    assert_eq!(effect(&mut state, "ctrl-c"), Some(Effect::Cancel));
}

#[test]
fn quitting_waits_for_a_run_that_is_being_cancelled() {
    let mut state = scene("building");
    press(&mut state, "x y");
    assert_eq!(effect(&mut state, "q"), None);
    let text = drawn(&mut state, (80, 24));
    assert!(text.contains("quits when the run has ended") && !text.contains("Cancel it and quit?"), "{text}");
    assert_eq!(ended(&mut state, ExitCode::Interrupted), Some(Effect::Quit));
}

/// The key comes just before the end: it must not be lost with the question.
#[test]
fn a_run_that_ends_while_it_asks_whether_to_quit_answers_that() {
    let mut state = scene("building");
    assert_eq!(effect(&mut state, "q"), None);
    assert_eq!(ended(&mut state, ExitCode::Build), Some(Effect::Quit));
    let mut state = scene("building");
    press(&mut state, "q n");
    assert_ne!(ended(&mut state, ExitCode::Build), Some(Effect::Quit));
    let mut state = scene("building");
    press(&mut state, "x");
    assert_ne!(ended(&mut state, ExitCode::Build), Some(Effect::Quit));
}

#[test]
fn runs_again_from_where_it_failed_or_where_a_person_is() {
    let failed = || scene("failed");
    assert_eq!(effect(&mut failed(), "r"), asked(Stage::Instrument, false, false));
    assert_eq!(effect(&mut failed(), "o"), asked(Stage::Instrument, true, true));
    let mut state = failed();
    press(&mut state, "1 up");
    assert_eq!(effect(&mut state, "a"), asked(Stage::Baseline, false, true));
    assert_eq!(effect(&mut failed(), "s"), Some(Effect::Start(Ask::default())));
    // Where nothing failed there is nothing to rerun; while work runs nothing is started.
    assert_eq!(effect(&mut scene("finished"), "r"), None);
    for key in ["s", "r", "a", "o"] {
        assert_eq!(effect(&mut scene("building"), key), None, "{key}");
    }
}

#[test]
fn bench_can_be_skipped() {
    let mut state = scene("failed");
    press(&mut state, "b");
    let Some(Effect::Start(ask)) = effect(&mut state, "s") else { panic!("no start") };
    assert!(ask.skips());
    let from_bench = Ask { from: Some(Stage::Bench.into()), ..ask };
    assert!(!from_bench.skips());
}

#[test]
fn a_replay_starts_nothing() {
    let mut state = state(Mode::Replay);
    drawn(&mut state, (120, 40));
    for key in ["s", "a", "o", "r", "x"] {
        assert_eq!(effect(&mut state, key), None, "{key}");
    }
    assert_eq!(effect(&mut state, "q"), Some(Effect::Quit));
}

/// What the footer names is what the keys do.
#[test]
fn the_footer_follows_the_state() {
    let footer = |name: &str| drawn(&mut scene(name), (120, 40)).lines().last().unwrap().to_owned();
    let (running, failed, finished) = (footer("building"), footer("failed"), footer("finished"));
    assert!(running.contains("x cancel") && !running.contains("s start"), "{running}");
    assert!(failed.contains("r rerun failed") && failed.contains("s start"), "{failed}");
    assert!(!finished.contains("rerun") && finished.contains("v summary"), "{finished}");
    assert!([running, failed, finished].iter().all(|footer| footer.contains("? help  q quit")));
}

/// The error that ended a run is not above the footer while the next one works.
#[test]
fn a_run_does_not_say_what_the_one_before_did() {
    let mut state = scene("failed");
    let said = |state: &mut State| {
        let text = drawn(state, (120, 40));
        text.lines().rev().nth(1).unwrap_or_default().to_owned()
    };
    assert!(said(&mut state).starts_with("error: "), "{}", said(&mut state));
    press(&mut state, "r");
    assert_eq!(said(&mut state), "");
    tell(&mut state, 1, Event::Note { text: "of this run".into() });
    assert!(said(&mut state).starts_with("note: of this run"), "{}", said(&mut state));
    press(&mut state, "m");
    assert!(drawn(&mut state, (120, 40)).contains("error"));
}

#[test]
fn the_chosen_program_is_seen_whole() {
    let mut state = scene("failed");
    let programs = vec!["tracker".to_owned(), "größe".to_owned()];
    let (version, run) = ("0.1.0".into(), "20261125T130000Z-7".into());
    let (stages, steps) = (Stage::ALL.map(Step::from).to_vec(), Default::default());
    tell(
        &mut state,
        1,
        Event::RunStarted { schema: 1, version, run, command: "run".into(), programs, stages, steps },
    );
    for name in ["größe", "tracker"] {
        press(&mut state, "p");
        let text = drawn(&mut state, (120, 40));
        let pane = text.lines().skip(2).take(10).map(|line| line.chars().take(60).collect::<String>());
        let of_it = pane.skip_while(|line| line.trim() != name).skip(1);
        let rows = of_it.zip(Stage::ALL).filter(|(line, stage)| line.contains(stage.name()));
        assert_eq!(rows.count(), Stage::ALL.len(), "{text}");
    }
}
