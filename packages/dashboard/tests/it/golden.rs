//! Golden drawings: every pane in every scene, on a terminal of each kind of layout.

use crate::scenes::{Make, SCENES, SIZES, drawn, press};

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
