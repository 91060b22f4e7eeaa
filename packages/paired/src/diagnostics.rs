//! What the pairs tell about the measurement itself.
//!
//! These inform a rule about the environment; none of them is a verdict. Two groups of pairs are
//! compared by Yuen's two-sample test ("The two-sample trimmed t for unequal population variances",
//! *Biometrika* 61, 1974): (m₁ − m₂) / √(s₁² + s₂²), with Welch's degrees of freedom
//! (s₁² + s₂²)² / (s₁⁴/ν₁ + s₂⁴/ν₂).

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::compare::PROBABLY;
use crate::trimmed::{Trimmed, freedom, is_level, t_quantile};
use crate::{pair::Pair, schedule::Arm};

/// One group of pairs beside another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The second group's ratio optimized/baseline over the first group's; 1 where they agree.
    pub ratio: f64,
    /// Two-sided p-value of "they agree".
    pub p_value: f64,
}

/// The second half of the experiment beside the first: did something change on the way?
///
/// Takes the log-ratios in the order they were measured; `None` for fewer than 10.
#[must_use]
pub fn halves(log_ratios: &[f64]) -> Option<Contrast> {
    let (first, second) = log_ratios.split_at(log_ratios.len() / 2);
    contrast(first, second)
}

/// Pairs that began with the optimized program beside those that began with the baseline: does the
/// second run of a pair pay for the first, or profit from it?
///
/// Takes `log_ratios` of `pairs`; `None` for fewer than 5 pairs of either order.
#[must_use]
pub fn orders(pairs: &[Pair], log_ratios: &[f64]) -> Option<Contrast> {
    let begun_by = |arm: Arm| -> Vec<f64> {
        (pairs.iter().zip(log_ratios)).filter(|(pair, _)| pair.first == arm).map(|(_, d)| *d).collect()
    };
    contrast(&begun_by(Arm::Baseline), &begun_by(Arm::Optimized))
}

fn contrast(first: &[f64], second: &[f64]) -> Option<Contrast> {
    let (a, b) = (Trimmed::new(first)?, Trimmed::new(second)?);
    let difference = b.mean - a.mean;
    let (va, vb) = (a.error.powi(2), b.error.powi(2));
    let p_value = if difference == 0.0 {
        1.0
    } else if va + vb == 0.0 {
        0.0
    } else {
        let welch = (va + vb).powi(2) / (va.powi(2) / freedom(a.n) + vb.powi(2) / freedom(b.n));
        let t = difference.abs() / (va + vb).sqrt();
        2.0 * StudentsT::new(0.0, 1.0, welch).ok()?.cdf(-t)
    };
    Some(Contrast { ratio: difference.exp().min(f64::MAX), p_value })
}

/// How much equal runs differ on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Neighbouring runs of the same arm that it was read from.
    pub neighbours: u32,
    /// Standard error of one pair's log-ratio: that of a trimmed mean of n pairs, times √n.
    pub per_pair: f64,
}

/// The noise floor: from runs of the same arm that followed each other, the middle of every quad
/// and where one quad ends with the arm that the next begins with. No difference between the
/// programs is in it.
///
/// `None` for fewer than 5 such neighbours.
#[must_use]
pub fn noise(pairs: &[Pair]) -> Option<Noise> {
    let ratios: Vec<f64> = pairs
        .windows(2)
        .filter(|two| two[0].first.other() == two[1].first)
        .map(|two| (two[1].value(two[1].first) / two[0].value(two[1].first)).ln())
        .collect();
    let trimmed = Trimmed::new(&ratios)?;
    Some(Noise { neighbours: u32::try_from(trimmed.n).ok()?, per_pair: trimmed.error_at(1) })
}

impl Noise {
    /// The smallest effect that `pairs` pairs find in [`PROBABLY`] of experiments at this noise,
    /// with a single look at level `alpha`; 0.024 is 2.4 %. `None` for fewer than 5 pairs, or an
    /// `alpha` that is no level.
    ///
    /// (t + z) s: the usual power of a t interval.
    #[must_use]
    pub fn smallest_effect(&self, pairs: u32, alpha: f64) -> Option<f64> {
        if pairs < crate::MIN_PAIRS || !is_level(alpha) {
            return None;
        }
        let z = Normal::standard().inverse_cdf(PROBABLY);
        let error = self.per_pair / f64::from(pairs).sqrt();
        Some(((t_quantile(pairs as usize, alpha) + z) * error).exp_m1().min(f64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pair::log_ratios, schedule::Schedule};

    /// Pairs in a real order; `value` gives a run's value from its index in time and its arm.
    fn measured(pairs: u32, value: impl Fn(usize, Arm) -> f64) -> Vec<Pair> {
        let schedule = Schedule::new(1, pairs, 3).unwrap();
        let runs: Vec<_> = schedule.runs().map(Arm::of).enumerate().collect();
        (runs.chunks(2))
            .map(|two| {
                let of = |arm| two.iter().find(|(_, run)| *run == arm).unwrap().0;
                Pair {
                    first: two[0].1,
                    baseline: value(of(Arm::Baseline), Arm::Baseline),
                    optimized: value(of(Arm::Optimized), Arm::Optimized),
                }
            })
            .collect()
    }

    /// Deterministic disturbance of about ±1 %.
    fn wobble(at: usize) -> f64 {
        1.0 + 0.01 * ((at * at * 37 + at * 11) % 101) as f64 / 50.0
    }

    #[test]
    fn a_change_halfway_is_seen() {
        let steady = measured(24, |at, _| wobble(at));
        let d = log_ratios(&steady).unwrap();
        assert!(halves(&d).unwrap().p_value > 0.01);
        let changed = measured(24, |at, arm| {
            let hit = at >= 24 && arm == Arm::Optimized;
            wobble(at) * if hit { 1.1 } else { 1.0 }
        });
        let contrast = halves(&log_ratios(&changed).unwrap()).unwrap();
        assert!((contrast.ratio - 1.1).abs() < 0.02, "{contrast:?}");
        assert!(contrast.p_value < 1e-4, "{contrast:?}");
    }

    #[test]
    fn a_second_run_that_profits_is_seen() {
        let pairs = measured(24, |at, _| wobble(at) * if at % 2 == 1 { 0.95 } else { 1.0 });
        let contrast = orders(&pairs, &log_ratios(&pairs).unwrap()).unwrap();
        assert!((contrast.ratio - 1.0 / 0.95f64.powi(2)).abs() < 0.02, "{contrast:?}");
        assert!(contrast.p_value < 1e-4, "{contrast:?}");
    }

    #[test]
    fn noise_is_that_of_neighbours_whatever_the_effect() {
        let equal = noise(&measured(40, |at, _| wobble(at))).unwrap();
        let faster =
            noise(&measured(40, |at, arm| wobble(at) * if arm == Arm::Optimized { 0.5 } else { 1.0 }))
                .unwrap();
        assert!((equal.per_pair - faster.per_pair).abs() < 1e-12);
        assert!(equal.neighbours >= 20);
        assert!((0.003..0.03).contains(&equal.per_pair), "{equal:?}");
        assert_eq!(noise(&measured(4, |at, _| wobble(at))), None);
    }

    #[test]
    fn smallest_effects_are_those_that_real_experiments_found() {
        // FACTS.md: pairs, and the effect found in 80 % of tries at 5 %, CPU time.
        let noise = Noise { neighbours: 100, per_pair: 0.0497 };
        for (pairs, found) in [(12, 0.056), (20, 0.037), (40, 0.024), (60, 0.018), (100, 0.013)] {
            let got = noise.smallest_effect(pairs, 0.05).unwrap();
            assert!((got / found - 1.0).abs() < 0.12, "{pairs}: {got}");
        }
        assert_eq!(noise.smallest_effect(4, 0.05), None);
    }

    #[test]
    fn equal_values_divide_by_no_zero() {
        assert_eq!(halves(&[0.0; 12]).unwrap().p_value, 1.0);
        let step: Vec<f64> = (0..12).map(|i| f64::from(i / 6)).collect();
        assert_eq!(halves(&step).unwrap().p_value, 0.0);
        assert_eq!(halves(&[0.0; 8]), None);
    }
}
