//! The estimate: 25 % trimmed mean with Yuen's interval.
//!
//! A quarter of the pairs is dropped at each end (what a background job hit is among them); the
//! interval's width comes from the winsorised variance, which knows how much was dropped.
//! With n values in order x₍₁₎ … x₍ₙ₎, g = ⌊n/4⌋ and h = n − 2g:
//!
//! - trimmed mean m = (x₍g₊₁₎ + … + x₍ₙ₋g₎) / h;
//! - winsorised values w: x clamped to [x₍g₊₁₎, x₍ₙ₋g₎], with Q = Σ (w − w̄)²;
//! - standard error s = √(Q / (h (h − 1)));
//! - interval m ± t s, where t is Student's 1 − α/2 quantile for h − 1 degrees of freedom.
//!
//! Sources: J. W. Tukey and D. H. McLaughlin, "Less vulnerable confidence and significance
//! procedures for location based on a single sample: trimming/winsorization 1", *Sankhyā* A 25
//! (1963); K. K. Yuen, "The two-sample trimmed t for unequal population variances", *Biometrika*
//! 61 (1974), whose standard error this is; R. R. Wilcox, *Introduction to Robust Estimation and
//! Hypothesis Testing* (5th ed. 2022), § 4.3.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

/// Share of the values dropped at each end.
pub const TRIM: f64 = 0.25;

/// Fewest pairs that are judged at all: below, one or two degrees of freedom are left.
pub const MIN_PAIRS: u32 = 5;

/// A spread of log-ratios below this is rounding, not measurement.
const NO_SPREAD: f64 = 1e-12;

/// A ratio optimized/baseline with its confidence interval; 0.95 is "5 % less".
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// Point estimate.
    pub point: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Confidence of the interval, 0 to 1. For a repeated confidence interval: that of all looks
    /// together.
    pub confidence: f64,
}

impl Ratio {
    /// From log-ratios; finite also where the exponential overflows, since JSON knows no infinity.
    pub(crate) fn from_logs(point: f64, low: f64, high: f64, confidence: f64) -> Self {
        let exp = |x: f64| x.exp().min(f64::MAX);
        Self {
            point: exp(point),
            low: exp(low),
            high: exp(high),
            confidence,
        }
    }

    /// Whether the interval holds this ratio, ends included.
    #[must_use]
    pub fn holds(&self, ratio: f64) -> bool {
        self.low <= ratio && ratio <= self.high
    }
}

/// Trimmed mean of log-ratios and what its interval needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trimmed {
    /// Number of values.
    pub(crate) n: usize,
    /// The trimmed mean m.
    pub(crate) mean: f64,
    /// Its standard error s.
    pub(crate) error: f64,
    min: f64,
    max: f64,
}

impl Trimmed {
    /// `None` for fewer than [`MIN_PAIRS`] values.
    pub(crate) fn new(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n < MIN_PAIRS as usize {
            return None;
        }
        let mut x = values.to_vec();
        x.sort_by(f64::total_cmp);
        let (g, h) = kept(n);
        let mean = x[g..n - g].iter().sum::<f64>() / h as f64;
        let winsorised = || x.iter().map(|value| value.clamp(x[g], x[n - g - 1]));
        let centre = winsorised().sum::<f64>() / n as f64;
        let q: f64 = winsorised().map(|w| (w - centre).powi(2)).sum();
        Some(Self {
            n,
            mean,
            error: (q / (h * (h - 1)) as f64).sqrt(),
            min: x[0],
            max: x[n - 1],
        })
    }

    /// The standard error to expect of `pairs` pairs of the same spread.
    pub(crate) fn error_at(&self, pairs: usize) -> f64 {
        self.error * (self.n as f64 / pairs as f64).sqrt()
    }

    /// Ends of the 1 − `alpha` interval of the log-ratio, or the number of pairs it would take.
    ///
    /// Where at least half of the values are one and the same (a coarse clock, a memory page),
    /// the winsorised variance is zero and says nothing. The interval is then that of the sign
    /// test, from the smallest to the largest value, whose level is 1 − 2^(1−n) whatever the
    /// distribution (W. J. Conover, *Practical Nonparametric Statistics*, 3rd ed. 1999, § 3.4).
    pub(crate) fn interval(&self, alpha: f64) -> Result<(f64, f64), usize> {
        if self.error > NO_SPREAD {
            let half = t_quantile(self.n, alpha) * self.error;
            return Ok((self.mean - half, self.mean + half));
        }
        let needed = (1.0 - alpha.log2()).ceil() as usize;
        if self.n < needed {
            return Err(needed);
        }
        Ok((self.min, self.max))
    }
}

/// Values dropped at each end, and values kept, of n.
fn kept(n: usize) -> (usize, usize) {
    let g = (n as f64 * TRIM) as usize;
    (g, n - 2 * g)
}

/// Student's 1 − `alpha`/2 quantile for the trimmed mean of n values; n of at least 5.
pub(crate) fn t_quantile(n: usize, alpha: f64) -> f64 {
    let (_, h) = kept(n);
    // The lower tail is the precise one: 1 − alpha/2 would round.
    StudentsT::new(0.0, 1.0, (h - 1) as f64).map_or(f64::NAN, |t| -t.inverse_cdf(alpha / 2.0))
}

/// Trimmed mean and Yuen's interval of log-ratios, as a ratio.
///
/// For one analysis of a number of pairs fixed beforehand, or for display; [`compare`] gives what
/// holds over several looks. `None` for fewer than [`MIN_PAIRS`] values, or where equal values
/// leave no interval of that confidence.
///
/// [`compare`]: crate::compare
#[must_use]
pub fn estimate(log_ratios: &[f64], alpha: f64) -> Option<Ratio> {
    let trimmed = Trimmed::new(log_ratios)?;
    let (low, high) = trimmed.interval(alpha).ok()?;
    Some(Ratio::from_logs(trimmed.mean, low, high, 1.0 - alpha))
}
