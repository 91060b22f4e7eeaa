//! Terminals of every size: no panic from nothing up, and a sentence where it is too small
//! to draw.

use honing_dashboard::SMALLEST;

use crate::scenes::{SCENES, drawn, press};

#[test]
fn every_small_size() {
    for (scene, make) in SCENES {
        let mut state = make();
        for keys in ["1", "2", "3", "4", "5 w", "6", "enter", "esc", "?", "esc", "q"] {
            press(&mut state, keys);
            for columns in 0..=60 {
                for lines in 0..=20 {
                    let text = drawn(&mut state, (columns, lines));
                    let small = columns < SMALLEST.0 || lines < SMALLEST.1;
                    assert_eq!(small, !text.contains("Honing"), "{scene} {columns}x{lines}:\n{text}");
                    if small && columns >= 20 && lines >= 6 {
                        assert!(text.contains("The terminal is"), "{columns}x{lines}:\n{text}");
                    }
                }
            }
        }
    }
}

/// A larger one than any screen, and sizes around the change of layout.
#[test]
fn large_sizes() {
    for (_, make) in SCENES {
        let mut state = make();
        for size in [(99, 30), (100, 29), (100, 30), (101, 31), (1000, 3), (300, 120)] {
            drawn(&mut state, size);
        }
    }
}
