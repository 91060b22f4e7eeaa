//! The order of runs: randomised quads ABBA or BAAB.
//!
//! A pair is one run of each arm, back to back; a quad is two pairs in mirrored order, so that
//! a linear drift cancels within the quad, and which arm opens it is drawn at random, so that no
//! periodic disturbance can stay in step with one arm. Randomised blocks: R. A. Fisher, *The
//! Design of Experiments* (1935), §§ 20–26; mirrored order against drift: D. R. Cox, *Planning of
//! Experiments* (1958), § 14.2.

use serde::{Deserialize, Serialize};

/// One of the two programs compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Arm {
    /// What is compared against; A in ABBA.
    Baseline,
    /// What is judged; B in ABBA.
    Optimized,
}

impl Arm {
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

/// The order of two pairs; A is the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Quad {
    /// Baseline first, then the mirror image.
    Abba,
    /// Optimized first, then the mirror image.
    Baab,
}

impl Quad {
    /// The arm that opens the quad, and closes it.
    #[must_use]
    pub fn outer(self) -> Arm {
        match self {
            Self::Abba => Arm::Baseline,
            Self::Baab => Arm::Optimized,
        }
    }

    /// The four runs in order.
    #[must_use]
    pub fn arms(self) -> [Arm; 4] {
        let outer = self.outer();
        [outer, outer.other(), outer.other(), outer]
    }
}

/// One run to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Index of its pair, from 0.
    pub pair: u32,
    /// Which program to run.
    pub arm: Arm,
}

/// The order of all runs of an experiment.
///
/// Deterministic in the seed, and a longer schedule starts with every shorter one of that seed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    seed: u64,
    quads: Vec<Quad>,
}

/// A number of pairs that does not make whole quads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pairs} pairs do not make whole quads of two pairs each; use {} or {}",
    pairs - pairs % 2, pairs.saturating_add(1))]
pub struct OddPairs {
    /// What was asked for.
    pub pairs: u32,
}

impl Schedule {
    /// Draws the order of `pairs` pairs.
    ///
    /// # Errors
    /// [`OddPairs`] if `pairs` is odd: order effects cancel in whole quads only.
    pub fn new(pairs: u32, seed: u64) -> Result<Self, OddPairs> {
        if !pairs.is_multiple_of(2) {
            return Err(OddPairs { pairs });
        }
        let mut rng = fastrand::Rng::with_seed(seed);
        let quads = (0..pairs / 2).map(|_| if rng.bool() { Quad::Abba } else { Quad::Baab }).collect();
        Ok(Self { seed, quads })
    }

    /// The seed it was drawn from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The quads in order.
    #[must_use]
    pub fn quads(&self) -> &[Quad] {
        &self.quads
    }

    /// The runs in order, two for each pair, four for each quad.
    pub fn runs(&self) -> impl Iterator<Item = Run> + '_ {
        self.quads
            .iter()
            .flat_map(|quad| quad.arms())
            .zip(0u32..)
            .map(|(arm, index)| Run { pair: index / 2, arm })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quads_mirror_and_pairs_hold_both_arms() {
        let schedule = Schedule::new(60, 7).unwrap();
        let runs: Vec<Run> = schedule.runs().collect();
        assert_eq!(runs.len(), 120);
        for (quad, runs) in runs.chunks(4).enumerate() {
            let arms: Vec<Arm> = runs.iter().map(|run| run.arm).collect();
            assert_eq!(arms[0], arms[3]);
            assert_eq!(arms[1], arms[2]);
            assert_eq!(arms[0], arms[1].other());
            let pairs: Vec<u32> = runs.iter().map(|run| run.pair).collect();
            let first = 2 * quad as u32;
            assert_eq!(pairs, [first, first, first + 1, first + 1]);
        }
    }

    #[test]
    fn a_seed_fixes_the_order_and_prefixes_agree() {
        let long = Schedule::new(120, 42).unwrap();
        let short = Schedule::new(12, 42).unwrap();
        assert_eq!(short.quads(), &long.quads()[..6]);
        assert_ne!(long.quads(), Schedule::new(120, 43).unwrap().quads());
        // Stored seeds must keep their meaning: this notices a change of fastrand's stream.
        let letters: String =
            short.quads().iter().map(|quad| if quad.outer() == Arm::Baseline { 'A' } else { 'B' }).collect();
        assert_eq!(letters, "BABABB");
    }

    #[test]
    fn both_orders_are_about_equally_frequent() {
        let opened_by_baseline: usize = (0..1000)
            .flat_map(|seed| Schedule::new(20, seed).unwrap().quads().to_vec())
            .filter(|quad| *quad == Quad::Abba)
            .count();
        // 10,000 fair draws: standard deviation 50.
        assert!(opened_by_baseline.abs_diff(5000) < 200, "{opened_by_baseline}");
    }

    #[test]
    fn an_odd_number_of_pairs_is_refused() {
        let error = Schedule::new(7, 0).unwrap_err();
        assert_eq!(error.to_string(), "7 pairs do not make whole quads of two pairs each; use 6 or 8");
    }
}
