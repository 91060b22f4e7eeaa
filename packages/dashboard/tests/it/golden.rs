//! Golden drawings: every pane in every scene, on a terminal of each kind of layout.

use honing_core::{Stage, Step, event::Event, recorded::CostEntry};
use honing_dashboard::Mode;

use crate::scenes::{Make, SCENES, SIZES, drawn, press, state, status, tell};

const PANES: [(&str, &str); 6] =
    [("stages", "1"), ("profile", "2"), ("deltas", "3"), ("hot", "4"), ("log", "5"), ("history", "6")];

/// What covers the panes, or is asked.
const OTHERS: [(&str, &str); 6] = [
    ("details", "enter"),
    ("command", "c"),
    ("messages", "m"),
    ("help", "?"),
    ("summary", "v"),
    ("quit", "q"),
];

fn on_all_sizes(make: Make, keys: &str) -> String {
    let each = SIZES.map(|size| {
        let mut state = make();
        drawn(&mut state, size);
        press(&mut state, keys);
        format!("{}x{}\n{}\n", size.0, size.1, drawn(&mut state, size))
    });
    each.join("\n")
}

#[test]
fn every_pane_in_every_scene() {
    for (scene, make) in SCENES {
        for (pane, key) in PANES {
            insta::assert_snapshot!(format!("{scene}-{pane}"), on_all_sizes(make, key));
        }
    }
}

#[test]
fn what_covers_the_panes() {
    for (scene, make) in [SCENES[2], SCENES[4], SCENES[5]] {
        for (text, key) in OTHERS {
            insta::assert_snapshot!(format!("{scene}-over-{text}"), on_all_sizes(make, key));
        }
    }
}

/// One pane alone on a large terminal, and the search of both panes that have one.
#[test]
fn zoomed_and_searched() {
    let building = SCENES[2].1;
    insta::assert_snapshot!("zoomed-log", on_all_sizes(building, "5 z"));
    insta::assert_snapshot!("searched-log", on_all_sizes(building, "5 / s e r enter"));
    insta::assert_snapshot!("typing", on_all_sizes(building, "5 / s e"));
    insta::assert_snapshot!("searched-hot", on_all_sizes(SCENES[4].1, "4 / r a w enter"));
}

/// In a fresh clone there is no earlier run: the manifest and the events tell what stages take.
#[test]
fn what_a_stage_takes_is_known_without_an_earlier_run() {
    let mut state = state(Mode::Run);
    let (program, steps) = ("tracker".to_owned(), Stage::ALL.map(Step::from).to_vec());
    let event = Event::RunStarted {
        schema: 2,
        version: String::new(),
        run: "r".into(),
        command: "run".into(),
        programs: vec![program.clone()],
        stages: steps.clone(),
        steps: [(program.clone(), steps)].into(),
    };
    tell(&mut state, 1, event);
    let mut stored = status();
    let cost = |stage: &str, wall_s| CostEntry { stage: stage.into(), wall_s, cpu_s: 1 };
    stored.manifest.as_mut().unwrap().cost = vec![cost("baseline", 49), cost("train", u64::MAX)];
    tell(&mut state, 2, Event::Stored { status: Box::new(stored) });
    assert!(drawn(&mut state, (100, 30)).contains("~49s"), "{}", drawn(&mut state, (100, 30)));
    for (stage, last_ms) in [(Stage::Baseline, None), (Stage::Instrument, Some(7000))] {
        let (program, stage) = (program.clone(), stage.into());
        tell(&mut state, 3, Event::StageStarted { program, stage, reasons: Vec::new(), last_ms });
    }
    let drawing = drawn(&mut state, (100, 30));
    assert!(drawing.contains("of 49s") && drawing.contains("of 7.0s"), "{drawing}");
}
