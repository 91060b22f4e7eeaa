//! From pairs and a plan to a verdict: what one look says, and how far it is to the next.
//!
//! Coarse readings (a clock that ticks, memory in pages) are where a trimmed mean's interval is
//! too short: quartiles that fall on one step show no spread. There the interval reaches as far as
//! that of the signed ranks, whose level holds with ties.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::pair::is_coarse;
use crate::trimmed::{MIN_PAIRS, Trimmed, t_quantile};
use crate::{
    BadValue, CrossCheck, Look, Pair, Plan, Ratio, Reason, Rules, Verdict, judge, log_ratios, signed_rank,
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
    /// Pairs to add to those measured that would probably settle it; `None` where it is settled,
    /// and where no sensible number would do.
    pub further_pairs: Option<u32>,
    /// Whether the verdict is other than inconclusive.
    pub settled: bool,
}

impl Comparison {
    /// The comparison overruled by what was found about the environment.
    #[must_use]
    pub fn overruled(self, finding: impl Into<String>) -> Self {
        let reason = Reason::Environment { finding: finding.into() };
        Self { verdict: Verdict::Inconclusive { reason }, further_pairs: None, settled: false, ..self }
    }

    fn too_few(pairs: u32, needed: u32) -> Self {
        Self {
            pairs,
            estimate: None,
            cross_check: None,
            verdict: Verdict::Inconclusive { reason: Reason::TooFewPairs { pairs, needed } },
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
    let (Some(trimmed), Some(check)) = (Trimmed::new(values), signed_rank(values, look.alpha)) else {
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
fn enough(verdict: &Verdict, trimmed: &Trimmed, plan: &Plan, now: &Look, rules: Rules) -> Option<u32> {
    match verdict {
        Verdict::Inconclusive { reason: Reason::TooWide } => forecast(trimmed, plan, now, rules),
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
    let target = trimmed.mean.abs().max(rules.log_margin() - trimmed.mean.abs());
    let z = Normal::standard().inverse_cdf(PROBABLY);
    let reach =
        |pairs: u32, alpha: f64| (t_quantile(pairs as usize, alpha) + z) * trimmed.error_at(pairs as usize);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arm, Better};

    /// Pairs around a ratio, spread evenly over ±`spread` in an order without trend.
    fn around(ratio: f64, spread: f64, count: u32) -> Vec<Pair> {
        (0..count)
            .map(|index| {
                let at = f64::from(index * 7919 % count) / f64::from(count - 1);
                Pair {
                    first: Arm::Baseline,
                    // No two runs read the same.
                    baseline: 50.0 + f64::from(index),
                    optimized: (50.0 + f64::from(index)) * ratio * (spread * (2.0 * at - 1.0)).exp(),
                }
            })
            .collect()
    }

    fn judged(pairs: &[Pair], looks: &[u32], alpha: f64) -> Comparison {
        compare(pairs, &Plan::new(looks, alpha).unwrap(), Rules::default()).unwrap()
    }

    #[test]
    fn verdicts_from_pairs() {
        let verdict = |ratio, spread| judged(&around(ratio, spread, 60), &Plan::USUAL, 0.01);
        assert_eq!(verdict(0.95, 0.03).verdict, Verdict::Improved);
        assert_eq!(verdict(1.05, 0.03).verdict, Verdict::Regressed);
        assert_eq!(verdict(1.001, 0.01).verdict, Verdict::NoChange);
        let open = verdict(0.99, 0.1);
        assert_eq!(open.verdict, Verdict::Inconclusive { reason: Reason::TooWide });
        assert!(!open.settled && open.further_pairs.is_some_and(|pairs| pairs >= 2));
        let estimate = verdict(0.95, 0.03).estimate.unwrap();
        assert!((estimate.point - 0.95).abs() < 0.002 && estimate.confidence == 0.99);
        let throughput = Rules { better: Better::Higher, ..Rules::default() };
        let plan = Plan::fixed(60, 0.01).unwrap();
        let got = compare(&around(1.05, 0.03, 60), &plan, throughput).unwrap();
        assert_eq!(got.verdict, Verdict::Improved);
    }

    #[test]
    fn too_few_pairs_are_said_to_be_too_few() {
        let few = |measured: u32, looks: &[u32], alpha| {
            let got = judged(&around(0.5, 0.01, 20)[..measured as usize], looks, alpha);
            assert_eq!(got.estimate, None);
            assert!(!got.settled);
            match got.verdict {
                Verdict::Inconclusive { reason: Reason::TooFewPairs { pairs, needed } } => {
                    (pairs, needed, got.further_pairs)
                }
                other => panic!("{other}"),
            }
        };
        for measured in 0..12 {
            let further = Some(12 - measured);
            assert_eq!(few(measured, &Plan::USUAL, 0.01), (measured, 12, further));
        }
        assert_eq!(few(2, &[2], 0.01), (2, 6, Some(4)));
        assert_eq!(few(4, &[4], 0.01), (4, 6, Some(2)));
    }

    #[test]
    fn equal_readings_are_certain_only_when_there_are_enough() {
        let equal = |count| {
            let pair = Pair { first: Arm::Baseline, baseline: 4096.0, optimized: 4096.0 };
            judged(&vec![pair; count], &[count as u32], 0.01)
        };
        assert_eq!(equal(8).verdict, Verdict::NoChange);
        let six = equal(6);
        assert_eq!(six.verdict.to_string(), "inconclusive: too few pairs (6, needs 8)");
        assert_eq!(six.further_pairs, Some(2));
    }

    #[test]
    fn pairs_after_a_look_wait_for_the_next() {
        let pairs = around(0.95, 0.05, 27);
        let got = judged(&pairs, &Plan::USUAL, 0.01);
        assert_eq!(got.pairs, 18);
        assert_eq!(got.estimate, judged(&pairs[..18], &Plan::USUAL, 0.01).estimate);
        // 28 comes next, after one more pair; a quad has two.
        assert_eq!((got.settled, got.further_pairs), (false, Some(2)));
    }

    #[test]
    fn forecast_reaches_a_verdict() {
        // Spread ±10 %, ratio 0.97: open after 12, and the forecast suffices.
        let plan = Plan::fixed(12, 0.05).unwrap();
        let open = compare(&around(0.97, 0.1, 12), &plan, Rules::default()).unwrap();
        let enough = 12 + open.further_pairs.unwrap();
        let plan = Plan::fixed(enough, 0.05).unwrap();
        let then = compare(&around(0.97, 0.1, enough), &plan, Rules::default()).unwrap();
        assert_eq!(then.verdict, Verdict::Improved, "{enough}");
        assert!(enough < 100, "{enough}");
        // Hopeless: noise of a factor of e for a hundredth.
        assert_eq!(judged(&around(1.0, 2.0, 12), &[12], 0.05).further_pairs, None);
    }

    #[test]
    fn json_is_flat_and_comes_back() {
        for got in [
            judged(&around(0.9, 0.02, 12), &[12], 0.01),
            judged(&around(0.9, 0.02, 12), &[18], 0.01).overruled("steal"),
        ] {
            let json = serde_json::to_value(&got).unwrap();
            assert!(json["verdict"].is_string(), "{json}");
            assert_eq!(serde_json::from_value::<Comparison>(json).unwrap(), got);
        }
    }

    #[test]
    fn bad_values_are_refused_wherever_they_stand() {
        let mut pairs = around(0.9, 0.02, 20);
        pairs[19].optimized = 0.0;
        let plan = Plan::fixed(12, 0.01).unwrap();
        let error = compare(&pairs, &plan, Rules::default()).unwrap_err();
        assert_eq!((error.pair, error.arm), (19, Arm::Optimized));
    }
}
