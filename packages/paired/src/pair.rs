//! What was observed: one value of each arm, and which ran first.
//!
//! All statistics work on the log-ratio d = ln(optimized/baseline): swapping the arms flips its
//! sign, a common factor (unit, machine speed) drops out, and a percentage means the same on fast
//! and slow workloads.

use crate::schedule::Arm;

/// One value of each arm, measured back to back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The arm that ran first.
    pub first: Arm,
    /// The baseline's value; any positive unit, the same for both.
    pub baseline: f64,
    /// The optimized program's value.
    pub optimized: f64,
}

/// A value that has no logarithm, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("pair {pair}: the {arm} value is {value}; ratios need finite values above zero")]
pub struct BadValue {
    /// Index of the pair, from 0.
    pub pair: usize,
    /// Whose value it is.
    pub arm: Arm,
    /// The value.
    pub value: f64,
}

impl Pair {
    /// A pair from its two runs: the first with its arm, then the other arm's value.
    #[must_use]
    pub fn in_order((first, value): (Arm, f64), second: f64) -> Self {
        let (baseline, optimized) = match first {
            Arm::Baseline => (value, second),
            Arm::Optimized => (second, value),
        };
        Self { first, baseline, optimized }
    }

    /// The value of one arm.
    #[must_use]
    pub fn value(&self, arm: Arm) -> f64 {
        match arm {
            Arm::Baseline => self.baseline,
            Arm::Optimized => self.optimized,
        }
    }
}

/// ln(optimized/baseline) of each pair, in order.
///
/// # Errors
/// [`BadValue`] for the first value that is not finite and above zero.
pub fn log_ratios(pairs: &[Pair]) -> Result<Vec<f64>, BadValue> {
    let checked_ln = |index: usize, pair: &Pair, arm: Arm| {
        let value = pair.value(arm);
        if value.is_finite() && value > 0.0 {
            Ok(value.ln())
        } else {
            Err(BadValue { pair: index, arm, value })
        }
    };
    pairs
        .iter()
        .enumerate()
        .map(|(index, pair)| {
            // A difference of logarithms, since the ratio itself could overflow.
            let baseline = checked_ln(index, pair, Arm::Baseline)?;
            Ok(checked_ln(index, pair, Arm::Optimized)? - baseline)
        })
        .collect()
}

/// Whether fewer than half of the runs read a value of their own: a clock that ticks, memory in
/// pages. Differences are then mostly zero or one step, and their spread says little.
pub(crate) fn is_coarse(pairs: &[Pair]) -> bool {
    let mut values: Vec<f64> = (pairs.iter()).flat_map(|pair| [pair.baseline, pair.optimized]).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    values.len() < pairs.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(baseline: f64, optimized: f64) -> Pair {
        Pair { first: Arm::Baseline, baseline, optimized }
    }

    #[test]
    fn log_ratio_is_of_optimized_over_baseline() {
        let d = log_ratios(&[pair(2.0, 1.0), pair(3.0, 3.0), pair(1e-300, 1e300)]).unwrap();
        assert!((d[0] + 2f64.ln()).abs() < 1e-15);
        assert_eq!(d[1], 0.0);
        assert!(d[2].is_finite());
    }

    #[test]
    fn bad_values_are_named() {
        for (bad, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (0.0, "0"), (-1.5, "-1.5")] {
            let error = log_ratios(&[pair(1.0, 1.0), pair(1.0, bad)]).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("pair 1: the optimized value is {text}; ratios need finite values above zero")
            );
            let error = log_ratios(&[pair(bad, 1.0)]).unwrap_err();
            assert_eq!((error.pair, error.arm), (0, Arm::Baseline));
        }
    }
}
