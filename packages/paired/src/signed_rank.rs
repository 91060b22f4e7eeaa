//! The cross-check: Wilcoxon's signed-rank test with the Hodges–Lehmann estimate and interval.
//!
//! It rests on ranks where the estimate rests on trimmed values, so that the two rarely fail
//! together. With n log-ratios d and their M = n(n+1)/2 Walsh averages (dᵢ + dⱼ)/2, i ≤ j:
//!
//! - estimate: the median of the Walsh averages;
//! - interval: the (k+1)-th smallest to the (k+1)-th largest Walsh average, k the largest number
//!   with P(T ≤ k) ≤ α/2 under the null distribution of the signed-rank statistic T;
//! - p-value: of T⁺, the sum of the ranks of |d| over d > 0, zeros dropped, ties given their mean
//!   rank.
//!
//! Up to [`EXACT`] values the null distribution is counted: each rank joins the sum or not with
//! probability ½. With ties that count is conditional on them, and the interval, which then uses
//! the untied ranks, is conservative. Beyond, T is taken as normal with mean Σr/2, variance Σr²/4
//! (which corrects for ties by itself) and a continuity correction of ½.
//!
//! Sources: F. Wilcoxon, "Individual comparisons by ranking methods", *Biometrics Bulletin* 1
//! (1945); J. L. Hodges and E. L. Lehmann, "Estimates of location based on rank tests", *Annals of
//! Mathematical Statistics* 34 (1963); J. W. Tukey's interval, ties and the normal approximation
//! after M. Hollander, D. A. Wolfe and E. Chicken, *Nonparametric Statistical Methods* (3rd ed.
//! 2014), §§ 3.1–3.3.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::trimmed::Ratio;
use crate::trimmed::is_level;

/// Most values whose null distribution is counted instead of approximated.
pub const EXACT: usize = 60;

/// What the signed ranks say, as ratios optimized/baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossCheck {
    /// Hodges–Lehmann estimate of the ratio.
    pub point: f64,
    /// The estimate with its interval; `None` where so few pairs bound nothing at this confidence.
    pub interval: Option<Ratio>,
    /// Two-sided p-value of "the ratio is 1", for this number of pairs alone.
    pub p_value: f64,
}

/// Signed-rank test, Hodges–Lehmann estimate and 1 − `alpha` interval.
///
/// `None` without values, and for values or an `alpha` that are no numbers or no level.
#[must_use]
pub fn signed_rank(log_ratios: &[f64], alpha: f64) -> Option<CrossCheck> {
    if log_ratios.is_empty() || !is_level(alpha) || !log_ratios.iter().all(|d| d.is_finite()) {
        return None;
    }
    let walsh = walsh_averages(log_ratios);
    let m = walsh.len();
    let median = f64::midpoint(walsh[(m - 1) / 2], walsh[m / 2]);
    let interval = cut(log_ratios.len(), alpha)
        .filter(|k| 2 * k < m)
        .map(|k| Ratio::from_logs(median, walsh[k], walsh[m - 1 - k], 1.0 - alpha));
    Some(CrossCheck {
        point: Ratio::from_logs(median, median, median, 0.0).point,
        interval,
        p_value: p_value(log_ratios),
    })
}

/// (dᵢ + dⱼ)/2 for all i ≤ j, sorted.
fn walsh_averages(values: &[f64]) -> Vec<f64> {
    let mut averages: Vec<f64> = values
        .iter()
        .enumerate()
        .flat_map(|(i, a)| values[i..].iter().map(move |b| f64::midpoint(*a, *b)))
        .collect();
    averages.sort_unstable_by(f64::total_cmp);
    averages
}

/// The largest k with P(T ≤ k) ≤ `alpha`/2 for n untied ranks, if there is one.
fn cut(n: usize, alpha: f64) -> Option<usize> {
    if n <= EXACT {
        let ranks: Vec<usize> = (1..=n).collect();
        let mut cumulative = 0.0;
        let below = null_distribution(&ranks)
            .iter()
            .take_while(|probability| {
                cumulative += **probability;
                cumulative <= alpha / 2.0
            })
            .count();
        return below.checked_sub(1);
    }
    let n = n as f64;
    let mean = n * (n + 1.0) / 4.0;
    let deviation = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    let k = mean + Normal::standard().inverse_cdf(alpha / 2.0) * deviation - 0.5;
    (k >= 0.0).then_some(k as usize)
}

/// P(T = t) for t from 0 to the sum of the ranks, each rank counted with probability ½.
fn null_distribution(ranks: &[usize]) -> Vec<f64> {
    let mut probabilities = vec![0.0; ranks.iter().sum::<usize>() + 1];
    probabilities[0] = 1.0;
    let mut reached = 0;
    for rank in ranks {
        reached += rank;
        for t in (0..=reached).rev() {
            let with = if t >= *rank { probabilities[t - rank] } else { 0.0 };
            probabilities[t] = f64::midpoint(probabilities[t], with);
        }
    }
    probabilities
}

/// Two-sided p-value of a median of zero; 1 where every value is zero.
fn p_value(values: &[f64]) -> f64 {
    let mut nonzero: Vec<f64> = values.iter().copied().filter(|d| *d != 0.0).collect();
    if nonzero.is_empty() {
        return 1.0;
    }
    nonzero.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
    // Twice the ranks, so that mean ranks of ties stay whole.
    let mut doubled = Vec::with_capacity(nonzero.len());
    for tied in nonzero.chunk_by(|a, b| a.abs() == b.abs()) {
        let rank = 2 * doubled.len() + tied.len() + 1;
        doubled.extend(tied.iter().map(|_| rank));
    }
    let total: usize = doubled.iter().sum();
    let positive: usize =
        (nonzero.iter().zip(&doubled)).filter(|(d, _)| **d > 0.0).map(|(_, rank)| rank).sum();
    let smaller = positive.min(total - positive);
    let tail = if nonzero.len() <= EXACT {
        null_distribution(&doubled)[..=smaller].iter().sum()
    } else {
        let deviation = doubled.iter().map(|r| (r * r) as f64).sum::<f64>().sqrt() / 2.0;
        // Doubled ranks move in steps of 2, hence the correction by 1.
        Normal::standard().cdf((smaller as f64 + 1.0 - total as f64 / 2.0) / deviation)
    };
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hollander, Wolfe and Chicken, example 3.1: Hamilton depression scale, nine patients.
    const HAMILTON: [f64; 9] = [-0.952, 0.147, -1.022, -0.430, -0.620, -0.590, -0.490, 0.080, -0.010];

    #[test]
    fn textbook_example() {
        // wilcox.test(x, y, paired = TRUE, conf.int = TRUE) of R's help page, same data:
        // V = 5 (positive ranks), two-sided p = 0.03906, estimate −0.46, interval [−0.786, −0.010]
        // at 95 %.
        let got = signed_rank(&HAMILTON, 0.05).unwrap();
        assert!((got.p_value - 0.0390625).abs() < 1e-12, "{}", got.p_value);
        let interval = got.interval.unwrap();
        assert!((got.point.ln() + 0.46).abs() < 1e-9, "{}", got.point.ln());
        assert!((interval.low.ln() + 0.786).abs() < 1e-9);
        assert!((interval.high.ln() + 0.010).abs() < 1e-9);
    }

    #[test]
    fn critical_values_are_the_published_ones() {
        // Two-sided 5 %: Wilcoxon and Wilcox (1964), table 2.
        for (n, published) in [(6, 0), (8, 3), (10, 8), (12, 13), (20, 52), (30, 137), (50, 434)] {
            assert_eq!(cut(n, 0.05), Some(published), "n = {n}");
        }
        assert_eq!(cut(5, 0.05), None);
        // Two-sided 1 %.
        for (n, published) in [(8, 0), (12, 7), (20, 37), (50, 373)] {
            assert_eq!(cut(n, 0.01), Some(published), "n = {n}");
        }
    }

    #[test]
    fn normal_approximation_meets_the_exact_distribution() {
        let exact = |n: usize, alpha: f64| {
            let ranks: Vec<usize> = (1..=n).collect();
            let mut sum = 0.0;
            null_distribution(&ranks)
                .iter()
                .take_while(|p| {
                    sum += **p;
                    sum <= alpha / 2.0
                })
                .count()
                - 1
        };
        for alpha in [0.05, 0.01, 0.001] {
            let (approximate, exact) = (cut(100, alpha).unwrap(), exact(100, alpha));
            assert!(approximate.abs_diff(exact) <= 12, "{approximate} {exact}");
        }
    }

    #[test]
    fn ties_and_zeros() {
        // |d| = 1, 1, 2: ranks 1.5, 1.5, 3, T⁺ = 6 of 6: p = 2/8.
        let got = signed_rank(&[1.0, 1.0, 2.0, 0.0], 0.05).unwrap();
        assert!((got.p_value - 0.25).abs() < 1e-12);
        assert_eq!(got.interval, None);
        let zeros = signed_rank(&[0.0; 12], 0.05).unwrap();
        assert_eq!((zeros.p_value, zeros.point), (1.0, 1.0));
        assert_eq!(signed_rank(&[], 0.05), None);
    }
}
