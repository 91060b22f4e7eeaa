//! The order of runs: blocks in which every program runs twice, in mirrored order.
//!
//! The first half of a block is the reference and every candidate, one run each, in an order drawn
//! at random; the second half is its mirror image. With one candidate that is a quad, ABBA or BAAB.
//! A linear drift cancels within the block for every candidate, since all programs run at the same
//! mean time; and since the order is drawn, no periodic disturbance can stay in step with one of
//! them. A candidate's pair is its run and the reference's of the same half: the candidates share
//! the reference's runs, so that n of them cost n + 1 runs a half and not 2n.
//!
//! Randomised blocks: R. A. Fisher, *The Design of Experiments* (1935), §§ 20–26; mirrored order
//! against drift: D. R. Cox, *Planning of Experiments* (1958), § 14.2; several treatments and one
//! control: C. W. Dunnett, "A multiple comparison procedure for comparing several treatments with a
//! control", *JASA* 50 (1955).

/// One of the two programs of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arm {
    /// What is compared against; A in ABBA.
    Baseline,
    /// What is judged; B in ABBA.
    Optimized,
}

impl Arm {
    /// The arm of a turn in its pair.
    #[must_use]
    pub fn of(turn: Turn) -> Self {
        if turn.is_some() { Self::Optimized } else { Self::Baseline }
    }

    /// The arm that this one is paired with.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Baseline => Self::Optimized,
            Self::Optimized => Self::Baseline,
        }
    }
}

impl std::fmt::Display for Arm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Optimized => "optimized",
        })
    }
}

/// Whose turn it is: a candidate's, by its index from 0, or the reference's.
pub type Turn = Option<usize>;

/// The order of all runs of an experiment.
///
/// Deterministic in the seed, and a longer schedule starts with every shorter one of that seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    blocks: Vec<Vec<Turn>>,
}

/// A number of pairs that does not make whole blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pairs} pairs do not make whole blocks of two pairs each; use {} or {}",
    pairs - pairs % 2, pairs.saturating_add(1))]
pub struct OddPairs {
    /// What was asked for.
    pub pairs: u32,
}

impl Schedule {
    /// Draws the order of `pairs` pairs of the reference with each of so many candidates.
    ///
    /// # Errors
    /// [`OddPairs`] if `pairs` is odd: order effects cancel in whole blocks only.
    pub fn new(candidates: usize, pairs: u32, seed: u64) -> Result<Self, OddPairs> {
        if !pairs.is_multiple_of(2) {
            return Err(OddPairs { pairs });
        }
        let mut rng = fastrand::Rng::with_seed(seed);
        Ok(Self { blocks: (0..pairs / 2).map(|_| block(candidates, &mut rng)).collect() })
    }

    /// The blocks in order.
    #[must_use]
    pub fn blocks(&self) -> &[Vec<Turn>] {
        &self.blocks
    }

    /// The runs in order.
    pub fn runs(&self) -> impl Iterator<Item = Turn> + '_ {
        self.blocks.iter().flatten().copied()
    }
}

/// A random order of all programs (Fisher and Yates), and its mirror image.
fn block(candidates: usize, rng: &mut fastrand::Rng) -> Vec<Turn> {
    let mut half: Vec<Turn> = std::iter::once(None).chain((0..candidates).map(Some)).collect();
    for last in (1..half.len()).rev() {
        // A coin for two, as ever: stored seeds keep their meaning.
        let other = if last == 1 { usize::from(rng.bool()) } else { rng.usize(..=last) };
        half.swap(last, other);
    }
    let mirrored: Vec<Turn> = half.iter().rev().copied().collect();
    half.extend(mirrored);
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_mirror_and_halves_hold_every_program() {
        for candidates in 1..=4 {
            let schedule = Schedule::new(candidates, 60, 7).unwrap();
            assert_eq!(schedule.runs().count(), 60 * (candidates + 1));
            for block in schedule.blocks() {
                let mirrored: Vec<Turn> = block.iter().rev().copied().collect();
                assert_eq!(*block, mirrored);
                let mut half = block[..=candidates].to_vec();
                half.sort_unstable();
                assert!(half.iter().copied().eq(std::iter::once(None).chain((0..candidates).map(Some))));
            }
        }
    }

    #[test]
    fn a_seed_fixes_the_order_and_prefixes_agree() {
        for candidates in [1, 3] {
            let long = Schedule::new(candidates, 120, 42).unwrap();
            let short = Schedule::new(candidates, 12, 42).unwrap();
            assert_eq!(short.blocks(), &long.blocks()[..6]);
            assert_ne!(long, Schedule::new(candidates, 120, 43).unwrap());
        }
        // Stored seeds must keep their meaning: this notices a change of fastrand's stream.
        let short = Schedule::new(1, 12, 42).unwrap();
        let letter = |block: &Vec<Turn>| if block[0].is_none() { 'A' } else { 'B' };
        assert_eq!(short.blocks().iter().map(letter).collect::<String>(), "BABABB");
    }

    #[test]
    fn every_order_is_about_equally_frequent() {
        for (candidates, orders) in [(1, 2), (2, 6)] {
            let mut counts = std::collections::BTreeMap::new();
            for seed in 0..1000 {
                for block in Schedule::new(candidates, 24, seed).unwrap().blocks() {
                    *counts.entry(block.clone()).or_insert(0_usize) += 1;
                }
            }
            // 12,000 fair draws: standard deviation at most 55.
            let all = counts.values().all(|count| count.abs_diff(12_000 / orders) < 220);
            assert!(counts.len() == orders && all, "{counts:?}");
        }
    }

    #[test]
    fn an_odd_number_of_pairs_is_refused() {
        let error = Schedule::new(1, 7, 0).unwrap_err();
        assert_eq!(error.to_string(), "7 pairs do not make whole blocks of two pairs each; use 6 or 8");
    }
}
