//! Several candidates, gated metrics or workloads at once: one error rate over all of them.
//!
//! Each of m members is judged at α/m (Bonferroni). Then all their intervals, at all looks, hold
//! together with confidence 1 − α, whatever the dependence between them (user and system time of
//! one run are anything but independent, and candidates share the reference's runs). Holm's
//! procedure would reject more, but only after other members have been decided: its levels change
//! midway, which a plan fixed before the first run cannot have, and no intervals go with them, which
//! a report needs. Dunnett's bounds for candidates that share a reference are 1 to 2 % narrower for
//! three of them, and hold for normal means only.
//!
//! Count what can fail a gate; what only informs takes no share.
//!
//! Sources: O. J. Dunn, "Multiple comparisons among means", *JASA* 56 (1961); S. Holm, "A simple
//! sequentially rejective multiple test procedure", *Scandinavian Journal of Statistics* 6 (1979);
//! on intervals that go with stepwise procedures, K. Strassburger and F. Bretz, *Statistics in
//! Medicine* 27 (2008).

use crate::{Comparison, Plan, Ratio};

/// The error rate of each of `members` that share `alpha`; of none as of one.
#[must_use]
pub fn shared_alpha(alpha: f64, members: u32) -> f64 {
    alpha / f64::from(members.max(1))
}

/// What to do after a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Go on until there are `pairs` pairs in all.
    Measure {
        /// Pairs of the next look.
        pairs: u32,
    },
    /// Every comparison is settled: more pairs would add nothing.
    Settled,
    /// The plan has ended with something left open.
    PlanEnded,
}

/// Whether measuring goes on, after `measured` pairs and what they say about each gated metric.
///
/// Before the first look, `comparisons` may be empty.
#[must_use]
pub fn next_step(plan: &Plan, measured: u32, comparisons: &[Comparison]) -> Next {
    if !comparisons.is_empty() && all_settled(comparisons) {
        return Next::Settled;
    }
    plan.next(measured).map_or(Next::PlanEnded, |look| Next::Measure { pairs: look.pairs })
}

/// Whether no comparison is inconclusive.
#[must_use]
pub fn all_settled(comparisons: &[Comparison]) -> bool {
    comparisons.iter().all(|comparison| comparison.settled())
}

/// Weighted geometric mean of ratios, with an interval.
///
/// The interval is the mean of the members' ends: it holds whenever all of theirs do, so with a
/// confidence of at least 1 − Σ (1 − cᵢ), and is on the safe side. `None` without members, or
/// where weights are negative, not finite, or all zero.
#[must_use]
pub fn weighted_mean(members: &[(Ratio, f64)]) -> Option<Ratio> {
    let total: f64 = members.iter().map(|(_, weight)| weight).sum();
    let sound = members.iter().all(|(_, weight)| *weight >= 0.0);
    if !sound || !total.is_finite() || total <= 0.0 {
        return None;
    }
    let mean = |end: fn(&Ratio) -> f64| {
        let weighted = members.iter().filter(|(_, weight)| *weight > 0.0);
        let sum: f64 = weighted.map(|(ratio, weight)| weight * end(ratio).ln()).sum();
        sum / total
    };
    let errors: f64 = members.iter().map(|(ratio, _)| 1.0 - ratio.confidence).sum();
    Some(Ratio::from_logs(
        mean(|ratio| ratio.point),
        mean(|ratio| ratio.low),
        mean(|ratio| ratio.high),
        (1.0 - errors).max(0.0),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arm, Pair, Rules, compare};

    fn comparison(plan: &Plan, pairs: u32, ratio: f64) -> Comparison {
        let pairs: Vec<Pair> = (0..pairs)
            .map(|index| Pair {
                first: Arm::Baseline,
                baseline: 100.0,
                optimized: 100.0 * ratio * (0.95 + 0.01 * f64::from(index * 7 % 11)),
            })
            .collect();
        compare(&pairs, plan, Rules::default()).unwrap()
    }

    #[test]
    fn measuring_stops_when_all_are_settled_or_the_plan_ends() {
        let plan = Plan::new(&[12, 18], shared_alpha(0.01, 2)).unwrap();
        assert_eq!(plan.alpha(), 0.005);
        assert_eq!(next_step(&plan, 0, &[]), Next::Measure { pairs: 12 });
        let clear = |pairs| comparison(&plan, pairs, 0.8);
        let open = |pairs| comparison(&plan, pairs, 0.99);
        assert!(clear(12).settled() && !open(12).settled());
        assert_eq!(next_step(&plan, 12, &[clear(12), open(12)]), Next::Measure { pairs: 18 });
        assert_eq!(next_step(&plan, 12, &[clear(12), clear(12)]), Next::Settled);
        assert_eq!(next_step(&plan, 18, &[clear(18), open(18)]), Next::PlanEnded);
    }

    #[test]
    fn mean_of_ratios_is_geometric_and_weighted() {
        let ratio = |point: f64| Ratio { point, low: point / 1.1, high: point * 1.1, confidence: 0.995 };
        let mean = weighted_mean(&[(ratio(0.5), 1.0), (ratio(2.0), 1.0)]).unwrap();
        assert!((mean.point - 1.0).abs() < 1e-12);
        assert!((mean.high - 1.1).abs() < 1e-12);
        assert!((mean.confidence - 0.99).abs() < 1e-12);
        let mean = weighted_mean(&[(ratio(0.5), 3.0), (ratio(2.0), 1.0)]).unwrap();
        assert!((mean.point - 0.5f64.sqrt()).abs() < 1e-12);
        for weights in [(0.0, 0.0), (-1.0, 2.0), (f64::NAN, 1.0), (f64::INFINITY, 1.0)] {
            let members = [(ratio(0.5), weights.0), (ratio(2.0), weights.1)];
            assert_eq!(weighted_mean(&members), None);
        }
        assert_eq!(weighted_mean(&[]), None);
    }
}
