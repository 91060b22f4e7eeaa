//! The Cargo profiles, and the edit of Cargo.toml: what is shown, and what keys do to it.

use honing_cargo::cargo_profile::{Layer, Review, resolve};
use honing_core::{Error, ExitCode};
use honing_dashboard::{CargoProfiles, Effect, Key, Mode, Msg, SMALLEST, Screen, Setup, State};
use ratatui::{
    Terminal,
    backend::TestBackend,
    style::{Color, Style},
};

use crate::scenes::{Make, SCENES, SIZES, drawn, press, run_finished, state};

const MANIFEST: &str = "[profile.release]\nlto = false # for now\npanic = \"abort\"\n[profile.release.package.serde]\nopt-level = 2\n[profile.dist]\ninherits = \"release\"\n";

const DIFF: &str = "--- Cargo.toml
+++ Cargo.toml
@@ -12,5 +12,6 @@
 
 # as shipped: \u{1b}[31mgröße\u{1b}[0m 日本語, and a comment that is longer than a line of a small terminal
 [profile.release]
-lto = false # for now
+lto = \"fat\" # for now
+codegen-units = 1
 panic = \"abort\"";

/// Two profiles, one of them with something that the environment sets.
pub(crate) fn profiles() -> CargoProfiles {
    let layers = [Layer::manifest("Cargo.toml", MANIFEST)];
    let variable = |name: &str| (name == "CARGO_PROFILE_DIST_INCREMENTAL").then(|| "true".to_owned());
    let review = |name: &str, programs: &[&str]| {
        let programs = programs.iter().map(|name| (*name).to_owned()).collect();
        Review::new(programs, &resolve(name, &layers, &variable), &Default::default(), true)
    };
    CargoProfiles {
        reviews: vec![review("release", &["tracker"]), review("dist", &["größe", "日本語"])],
        diff: DIFF.lines().map(str::to_owned).collect(),
        next: vec!["train again: pgo/profiles/tracker has the profile of another build".into()],
    }
}

fn nothing_to_change() -> CargoProfiles {
    CargoProfiles { diff: Vec::new(), next: Vec::new(), ..profiles() }
}

pub(crate) fn changed_meanwhile() -> Error {
    Error::preflight("/src/größe/Cargo.toml has changed since it was read")
        .with_hint("nothing was written; look at it again to see what it is about now")
}

fn opened(mut state: State) -> State {
    drawn(&mut state, (120, 40));
    press(&mut state, "e");
    state
}

fn reading() -> State {
    opened(state(Mode::Look))
}

fn read(profiles: CargoProfiles) -> State {
    let mut state = reading();
    state.update(Msg::ManifestRead(Ok(profiles)));
    state
}

fn proposed() -> State {
    read(profiles())
}

/// A run works meanwhile.
fn busy() -> State {
    let mut state = opened(SCENES[2].1());
    state.update(Msg::ManifestRead(Ok(profiles())));
    state
}

fn written() -> State {
    let mut state = proposed();
    press(&mut state, "y");
    state.update(Msg::ManifestWritten(Ok(())));
    state
}

fn failed() -> State {
    let mut state = proposed();
    press(&mut state, "y");
    state.update(Msg::ManifestWritten(Err(changed_meanwhile())));
    state
}

fn plain() -> State {
    let screen = Screen { colour: false, unicode: false };
    let mut state = State::new(Setup { mode: Mode::Look, screen, ..Setup::default() });
    drawn(&mut state, (120, 40));
    press(&mut state, "e");
    state.update(Msg::ManifestRead(Ok(profiles())));
    state
}

const MANIFESTS: [(&str, Make); 7] = [
    ("reading", reading),
    ("proposed", proposed),
    ("proposed-in-ascii", plain),
    ("nothing", || read(nothing_to_change())),
    ("busy", busy),
    ("written", written),
    ("failed", failed),
];

#[test]
fn every_state_of_it() {
    for (name, make) in MANIFESTS {
        let each = SIZES.map(|size| format!("{}x{}\n{}\n", size.0, size.1, drawn(&mut make(), size)));
        insta::assert_snapshot!(format!("manifest-{name}"), each.join("\n"));
    }
}

#[test]
fn every_small_size_wherever_it_is_scrolled_to() {
    for (name, make) in MANIFESTS {
        for keys in ["home", "pagedown", "end"] {
            let mut state = make();
            press(&mut state, keys);
            for columns in 0..=60 {
                for lines in 0..=20 {
                    let text = drawn(&mut state, (columns, lines));
                    let small = columns < SMALLEST.0 || lines < SMALLEST.1;
                    assert_eq!(small, !text.contains("Cargo profiles"), "{name} {columns}x{lines}:\n{text}");
                }
            }
        }
    }
}

fn effect(state: &mut State, key: &str) -> Option<Effect> {
    state.update(Msg::Key(key.parse::<Key>().unwrap()))
}

fn is_open(state: &mut State) -> bool {
    drawn(state, (80, 24)).contains("▶ Cargo profiles")
}

#[test]
fn only_yes_writes_and_only_once() {
    let mut state = proposed();
    for key in ["enter", "e", "s", "r", "down", "pagedown", "home", "?", "space"] {
        assert_eq!(effect(&mut state, key), None, "{key}");
        assert!(is_open(&mut state), "{key}");
    }
    assert!(drawn(&mut state, (80, 24)).contains("Change Cargo.toml like this?"));
    assert_eq!(effect(&mut state, "y"), Some(Effect::WriteManifest));
    assert_eq!(effect(&mut state, "y"), None);
    assert!(drawn(&mut state, (80, 24)).contains("Writing"));
    state.update(Msg::ManifestWritten(Ok(())));
    assert_eq!(effect(&mut state, "y"), None);
    let text = drawn(&mut state, (80, 24));
    assert!(text.contains("The next run builds again") && !text.contains("like this?"), "{text}");
}

#[test]
fn refusing_does_nothing_and_says_so() {
    for key in ["n", "esc", "q"] {
        let mut state = proposed();
        assert_eq!(effect(&mut state, key), None, "{key}");
        assert!(!is_open(&mut state), "{key}");
        assert!(drawn(&mut state, (80, 24)).contains("note: Cargo.toml was left as it is"), "{key}");
        // It is read again, and not shown from memory.
        assert_eq!(effect(&mut state, "e"), Some(Effect::ReadManifest), "{key}");
        assert!(drawn(&mut state, (80, 24)).contains("Reading Cargo.toml"), "{key}");
    }
}

#[test]
fn what_can_be_accepted_is_what_is_shown() {
    // Closed and opened again before an answer: one answer, and no second question.
    let mut state = reading();
    press(&mut state, "esc");
    assert_eq!(effect(&mut state, "e"), None);
    state.update(Msg::ManifestRead(Ok(nothing_to_change())));
    state.update(Msg::ManifestRead(Ok(profiles())));
    assert_eq!(effect(&mut state, "y"), None);
    let text = drawn(&mut state, (80, 24));
    assert!(text.contains("Nothing to change in Cargo.toml"), "{text}");
}

#[test]
fn not_while_a_run_reads_it() {
    let mut state = busy();
    assert_eq!(effect(&mut state, "y"), None);
    let text = drawn(&mut state, (80, 24));
    assert!(text.contains("A run works, and reads Cargo.toml") && !text.contains("like this?"), "{text}");
    run_finished(&mut state, 99_000, (ExitCode::Success, None, None));
    let text = drawn(&mut state, (80, 24));
    assert!(!text.contains("A run works") && text.contains("like this?"), "{text}");
    assert_eq!(effect(&mut state, "y"), Some(Effect::WriteManifest));
}

#[test]
fn not_where_the_terminal_is_too_small_to_show_it() {
    let mut state = proposed();
    assert!(drawn(&mut state, (39, 10)).contains("The terminal is 39x10"));
    assert_eq!(effect(&mut state, "y"), None);
    assert!(drawn(&mut state, (40, 10)).contains("Change Cargo.toml like this?"));
    assert_eq!(effect(&mut state, "y"), Some(Effect::WriteManifest));
}

#[test]
fn not_where_there_is_none() {
    let mut state = State::new(Setup { mode: Mode::Look, no_manifest: true, ..Setup::default() });
    assert!(!drawn(&mut state, (120, 40)).contains("manifest"));
    assert!(effect(&mut state, "e").is_none() && !is_open(&mut state));
}

#[test]
fn not_in_a_replay() {
    let mut state = state(Mode::Replay);
    drawn(&mut state, (120, 40));
    assert_eq!(effect(&mut state, "e"), None);
    assert!(!is_open(&mut state));
}

#[test]
fn a_write_that_failed_behind_a_closed_pane_is_told() {
    let mut state = proposed();
    press(&mut state, "y esc");
    state.update(Msg::ManifestWritten(Err(changed_meanwhile())));
    let text = drawn(&mut state, (120, 40));
    assert!(text.contains("warning: /src/größe/Cargo.toml has changed"), "{text}");
}

/// Colours, and the same without them: signs at the beginning of lines.
#[test]
fn the_diff_is_coloured() {
    let mut state = proposed();
    state.update(Msg::Resize(120, 40));
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    terminal.draw(|frame| honing_dashboard::view(&state, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let style_of = |text: &str| -> Style {
        let rows = buffer.content.chunks(120);
        let mut rows = rows.filter(|row| {
            let line: String = row.iter().map(|cell| cell.symbol()).collect();
            line.starts_with(text)
        });
        rows.next().unwrap()[0].style()
    };
    let colours = ["-lto", "+codegen-units", "@@", " [profile"].map(|text| style_of(text).fg);
    let none = Some(Color::Reset);
    assert_eq!(colours, [Some(Color::Red), Some(Color::Green), Some(Color::Cyan), none]);
}
