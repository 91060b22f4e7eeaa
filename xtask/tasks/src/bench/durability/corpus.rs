//! Texts to search in: made up, bounded, and the same every time.

use std::{fs, path::Path};

use anyhow::{Context, Result};

const FILES: u64 = 48;
const BYTES: usize = 256 * 1024;
const WORDS: &str = "the and of a honing hone steel edge blade grain water stone angle burr strop leather grinding folding \
    handle tang sharpened tempered polished Knife Whetstone Carbon thin keen dull worn even cutting";

/// Writes the texts below `dir`, where they are not there yet.
pub(in crate::bench) fn write(dir: &Path) -> Result<()> {
    fs::create_dir_all(dir)?;
    for number in 0..FILES {
        let path = dir.join(format!("{number:02}.txt"));
        if !path.exists() {
            fs::write(&path, text(number)).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// Lines of words and numbers.
fn text(seed: u64) -> String {
    let words: Vec<&str> = WORDS.split(' ').collect();
    let mut state = seed;
    let mut text = String::with_capacity(BYTES + 128);
    while text.len() < BYTES {
        for at in 0..4 + next(&mut state) % 9 {
            if at > 0 {
                text.push(' ');
            }
            let draw = next(&mut state);
            match words.get((draw % 37) as usize) {
                Some(word) => text.push_str(word),
                None => text.push_str(&(draw >> 32).to_string()),
            }
        }
        text.push('\n');
    }
    text
}

/// SplitMix64: a crate's generator may give other numbers in another version.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::{BYTES, text};

    #[test]
    fn a_seed_gives_one_text() {
        assert_eq!(text(3), text(3));
        assert_ne!(text(3), text(4));
        assert!(text(0).len() < BYTES + 256);
        assert!(text(0).starts_with("keen steel grinding 456755562"), "{:.60}", text(0));
    }
}
