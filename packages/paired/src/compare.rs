//! From pairs and a plan to a verdict: what one look says, and how far it is to the next.
//!
//! Coarse readings (a clock that ticks, memory in pages) are where a trimmed mean's interval is
//! too short: quartiles that fall on one step show no spread. There the interval reaches as far as
//! that of the signed ranks, whose level holds with ties.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::{
    pair::{BadValue, Pair, is_coarse, log_ratios},
    plan::{Look, Plan},
    signed_rank::{CrossCheck, signed_rank},
    trimmed::{MIN_PAIRS, Ratio, Trimmed, t_quantile},
    verdict::{Open, Rules, Verdict, judge},
};

/// Chance with which [`Comparison::further_pairs`] should be enough.
pub const PROBABLY: f64 = 0.8;

/// Forecasts above this say nothing but "not this way".
const FORECAST_LIMIT: f64 = 10_000.0;

/// One metric of one workload, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Pairs judged: those up to the last look reached. Later ones wait for the next look.
    pub pairs: u32,
    /// Ratio optimized/baseline with its repeated confidence interval; `None` before the first
    /// look.
    pub estimate: Option<Ratio>,
    /// The same by signed ranks, at the same confidence.
    pub cross_check: Option<CrossCheck>,
    /// What follows.
    pub verdict: Verdict,
    /// Why it is inconclusive, where it is.
    pub open: Option<Open>,
    /// The same in words.
    pub note: Option<String>,
    /// Pairs to add to those measured that would probably settle it; `None` where it is settled,
    /// and where no sensible number would do.
    pub further_pairs: Option<u32>,
}

impl Comparison {
    /// Whether more pairs would add nothing: any verdict but inconclusive.
    #[must_use]
    pub fn settled(&self) -> bool {
        self.open.is_none()
    }

    /// The comparison overruled by what was found about the environment.
    #[must_use]
    pub fn overruled(self, finding: &str) -> Self {
        let (open, note) = (Some(Open::Environment), Some(format!("environment ({finding})")));
        Self { verdict: Verdict::Inconclusive, open, note, further_pairs: None, ..self }
    }

    fn too_few(pairs: u32, needed: u32) -> Self {
        let note = format!("too few pairs ({pairs}, needs {needed})");
        let (estimate, cross_check, further_pairs) = (None, None, Some(needed.saturating_sub(pairs)));
        let (verdict, open, note) = (Verdict::Inconclusive, Some(Open::TooFewPairs), Some(note));
        Self { pairs, estimate, cross_check, verdict, open, note, further_pairs }
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
    let judged = judge(&estimate, &check, rules);
    let (note, enough) = match judged {
        Ok(_) => (None, None),
        Err(Open::TooWide) => (Some("the interval is too wide"), forecast(&trimmed, plan, look, rules)),
        // Narrow enough already, but of a shape that two methods read differently: the next look
        // may tell, a number of pairs cannot be computed.
        Err(_) => {
            (Some("trimmed mean and signed ranks disagree"), plan.next(look.pairs).map(|look| look.pairs))
        }
    };
    Ok(Comparison {
        pairs: look.pairs,
        estimate: Some(estimate),
        cross_check: Some(CrossCheck {
            interval: check.interval.map(|i| Ratio { confidence, ..i }),
            ..check
        }),
        further_pairs: enough.map(|enough| enough.saturating_sub(measured).max(2)),
        verdict: judged.unwrap_or(Verdict::Inconclusive),
        open: judged.err(),
        note: note.map(str::to_owned),
    })
}

/// The interval for coarse data: as far as the signed ranks' reaches, whose level holds with ties,
/// or as the values do where ranks bound nothing.
fn widened((low, high): (f64, f64), ranks: Option<Ratio>, trimmed: &Trimmed) -> (f64, f64) {
    let (min, max) = ranks.map_or(trimmed.range, |ratio| (ratio.low.ln(), ratio.high.ln()));
    (low.min(min), high.max(max))
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
    use crate::{schedule::Arm, verdict::Direction};

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
        assert_eq!((open.verdict, open.open), (Verdict::Inconclusive, Some(Open::TooWide)));
        assert!(!open.settled() && open.further_pairs.is_some_and(|pairs| pairs >= 2));
        let estimate = verdict(0.95, 0.03).estimate.unwrap();
        assert!((estimate.point - 0.95).abs() < 0.002 && estimate.confidence == 0.99);
        let throughput = Rules { better: Direction::Higher, ..Rules::default() };
        let plan = Plan::new(&[60], 0.01).unwrap();
        let got = compare(&around(1.05, 0.03, 60), &plan, throughput).unwrap();
        assert_eq!(got.verdict, Verdict::Improved);
    }

    #[test]
    fn too_few_pairs_are_said_to_be_too_few() {
        let few = |measured: u32, looks: &[u32], alpha| {
            let got = judged(&around(0.5, 0.01, 20)[..measured as usize], looks, alpha);
            assert_eq!((got.estimate, got.open), (None, Some(Open::TooFewPairs)));
            (got.note.unwrap(), got.further_pairs)
        };
        for measured in 0..12 {
            let note = format!("too few pairs ({measured}, needs 12)");
            assert_eq!(few(measured, &Plan::USUAL, 0.01), (note, Some(12 - measured)));
        }
        assert_eq!(few(2, &[2], 0.01), ("too few pairs (2, needs 6)".into(), Some(4)));
        assert_eq!(few(4, &[4], 0.01), ("too few pairs (4, needs 6)".into(), Some(2)));
    }

    #[test]
    fn equal_readings_are_certain_only_when_there_are_enough() {
        let equal = |count| {
            let pair = Pair { first: Arm::Baseline, baseline: 4096.0, optimized: 4096.0 };
            judged(&vec![pair; count], &[count as u32], 0.01)
        };
        assert_eq!(equal(8).verdict, Verdict::NoChange);
        let six = equal(6);
        assert_eq!(six.note.as_deref(), Some("too few pairs (6, needs 8)"));
        assert_eq!(six.further_pairs, Some(2));
    }

    #[test]
    fn pairs_after_a_look_wait_for_the_next() {
        let pairs = around(0.95, 0.05, 27);
        let got = judged(&pairs, &Plan::USUAL, 0.01);
        assert_eq!(got.pairs, 18);
        assert_eq!(got.estimate, judged(&pairs[..18], &Plan::USUAL, 0.01).estimate);
        // 28 comes next, after one more pair; a quad has two.
        assert_eq!((got.settled(), got.further_pairs), (false, Some(2)));
    }

    #[test]
    fn forecast_reaches_a_verdict() {
        // Spread ±10 %, ratio 0.97: open after 12, and the forecast suffices.
        let plan = Plan::new(&[12], 0.05).unwrap();
        let open = compare(&around(0.97, 0.1, 12), &plan, Rules::default()).unwrap();
        let enough = 12 + open.further_pairs.unwrap();
        let plan = Plan::new(&[enough], 0.05).unwrap();
        let then = compare(&around(0.97, 0.1, enough), &plan, Rules::default()).unwrap();
        assert_eq!(then.verdict, Verdict::Improved, "{enough}");
        assert!(enough < 100, "{enough}");
        // Hopeless: noise of a factor of e for a hundredth.
        assert_eq!(judged(&around(1.0, 2.0, 12), &[12], 0.05).further_pairs, None);
    }

    #[test]
    fn the_environment_overrules_and_says_why() {
        let got = judged(&around(0.9, 0.02, 12), &[12], 0.01).overruled("steal");
        assert_eq!((got.verdict, got.open), (Verdict::Inconclusive, Some(Open::Environment)));
        assert_eq!((got.note.as_deref(), got.further_pairs), (Some("environment (steal)"), None));
    }

    #[test]
    fn bad_values_are_refused_wherever_they_stand() {
        let mut pairs = around(0.9, 0.02, 20);
        pairs[19].optimized = 0.0;
        let plan = Plan::new(&[12], 0.01).unwrap();
        let error = compare(&pairs, &plan, Rules::default()).unwrap_err();
        assert_eq!((error.pair, error.arm), (19, Arm::Optimized));
    }
}
