//! From pairs and a plan to a verdict: what one look says, and how far it is to the next.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::pair::is_coarse;
use crate::trimmed::{MIN_PAIRS, Trimmed, t_quantile};
use crate::{
    BadValue, CrossCheck, Look, Pair, Plan, Ratio, Reason, Rules, Verdict, judge, log_ratios,
    signed_rank,
};

/// Chance with which [`Comparison::further_pairs`] should be enough.
pub const PROBABLY: f64 = 0.8;

/// Forecasts above this say nothing but "not this way".
const FORECAST_LIMIT: f64 = 10_000.0;

/// One metric of one workload, compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Pairs judged: those up to the last look reached. Later ones wait for the next look.
    pub pairs: u32,
    /// Ratio optimized/baseline with its repeated confidence interval; `None` before the first
    /// look.
    pub estimate: Option<Ratio>,
    /// The same by signed ranks, at the same confidence.
    pub cross_check: Option<CrossCheck>,
    /// What follows.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Pairs to add that would probably settle it, whole quads; `None` where it is settled, and
    /// where no sensible number would do.
    pub further_pairs: Option<u32>,
    /// Whether the verdict is other than inconclusive.
    pub settled: bool,
}

impl Comparison {
    /// The comparison overruled by what was found about the environment.
    #[must_use]
    pub fn overruled(self, finding: impl Into<String>) -> Self {
        let reason = Reason::Environment {
            finding: finding.into(),
        };
        Self {
            verdict: Verdict::Inconclusive { reason },
            further_pairs: None,
            settled: false,
            ..self
        }
    }

    fn too_few(pairs: u32, needed: u32) -> Self {
        Self {
            pairs,
            estimate: None,
            cross_check: None,
            verdict: Verdict::Inconclusive {
                reason: Reason::TooFewPairs { pairs, needed },
            },
            further_pairs: Some(needed.saturating_sub(pairs)),
            settled: false,
        }
    }
}

/// Judges all pairs measured so far, in the order they were measured.
///
/// The data are those of the last look that has been reached: an interval drawn elsewhere would
/// have no level in the plan. Stateless: the same pairs and plan always give the same verdict.
///
/// # Errors
/// [`BadValue`] for the first value that is not finite and above zero, wherever it stands.
pub fn compare(pairs: &[Pair], plan: &Plan, rules: Rules) -> Result<Comparison, BadValue> {
    let values = log_ratios(pairs)?;
    let measured = u32::try_from(values.len()).unwrap_or(u32::MAX);
    let first = plan.looks()[0].pairs;
    let Some(look) = plan.reached(measured) else {
        return Ok(Comparison::too_few(measured, first));
    };
    let pairs = &pairs[..look.pairs as usize];
    let values = &values[..pairs.len()];
    let (Some(trimmed), Some(check)) = (Trimmed::new(values), signed_rank(values, look.alpha))
    else {
        return Ok(Comparison::too_few(look.pairs, even(f64::from(MIN_PAIRS))));
    };
    let (low, high) = match trimmed.interval(look.alpha) {
        Ok(interval) if is_coarse(pairs) => widened(interval, check.interval, &trimmed),
        Ok(interval) => interval,
        Err(needed) => return Ok(Comparison::too_few(look.pairs, even(needed as f64))),
    };
    let confidence = 1.0 - plan.alpha();
    let estimate = Ratio::from_logs(trimmed.mean, low, high, confidence);
    let verdict = judge(&estimate, &check, rules);
    let settled = verdict.is_settled();
    Ok(Comparison {
        pairs: look.pairs,
        estimate: Some(estimate),
        cross_check: Some(CrossCheck {
            interval: check.interval.map(|i| Ratio { confidence, ..i }),
            ..check
        }),
        further_pairs: enough(&verdict, &trimmed, plan, look, rules)
            .map(|enough| enough.saturating_sub(measured).max(2)),
        verdict,
        settled,
    })
}

/// The interval for coarse data: as far as the signed ranks' reaches, whose level holds with ties,
/// or as the values do where ranks bound nothing.
fn widened((low, high): (f64, f64), ranks: Option<Ratio>, trimmed: &Trimmed) -> (f64, f64) {
    let (min, max) = ranks.map_or(trimmed.range, |ratio| (ratio.low.ln(), ratio.high.ln()));
    (low.min(min), high.max(max))
}

/// Pairs, in all, that would probably settle what `verdict` leaves open.
fn enough(
    verdict: &Verdict,
    trimmed: &Trimmed,
    plan: &Plan,
    now: &Look,
    rules: Rules,
) -> Option<u32> {
    match verdict {
        Verdict::Inconclusive {
            reason: Reason::TooWide,
        } => forecast(trimmed, plan, now, rules),
        // Narrow enough already, but of a shape that two methods read differently: the next look
        // may tell, a number of pairs cannot be computed.
        Verdict::Inconclusive { .. } => plan.next(now.pairs).map(|look| look.pairs),
        _ => None,
    }
}

/// Pairs, in all, until the interval is probably narrow enough for a verdict.
///
/// With the estimate m taken as the truth, the interval clears "equal" when its half-width is
/// below |m|, and fits the margin when it is below δ − |m|: the larger of the two is the target.
/// Of N pairs the half-width is t s √(n/N), and the estimate's own error, kept from spoiling it
/// with probability [`PROBABLY`], adds z s √(n/N) (the usual sample size; Jennison and Turnbull
/// 2000, § 2.1). Looks of the plan first; beyond its end the last look's level, as a longer plan
/// would need.
fn forecast(trimmed: &Trimmed, plan: &Plan, now: &Look, rules: Rules) -> Option<u32> {
    let target = trimmed
        .mean
        .abs()
        .max(rules.log_margin() - trimmed.mean.abs());
    let z = Normal::standard().inverse_cdf(PROBABLY);
    let reach = |pairs: u32, alpha: f64| {
        (t_quantile(pairs as usize, alpha) + z) * trimmed.error_at(pairs as usize)
    };
    let later = plan.looks().iter().filter(|look| look.pairs > now.pairs);
    let mut last = now;
    for look in later {
        if reach(look.pairs, look.alpha) <= target {
            return Some(look.pairs);
        }
        last = look;
    }
    // Student's quantile hardly moves any more: one scaling by (reach/target)² and one correction.
    let mut pairs = f64::from(last.pairs);
    for _ in 0..2 {
        let grow = reach(pairs as u32, last.alpha) / target;
        pairs *= grow * grow;
        if pairs.is_nan() || pairs > FORECAST_LIMIT {
            return None;
        }
        pairs = pairs.max(f64::from(last.pairs) + 2.0);
    }
    Some(even(pairs))
}

/// The smallest even number not below `pairs`.
fn even(pairs: f64) -> u32 {
    2 * (pairs / 2.0).ceil() as u32
}
