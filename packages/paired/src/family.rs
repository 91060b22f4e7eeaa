//! Several candidates, gated metrics or workloads at once: one error rate over all of them, and when
//! they are measured enough.
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

use std::time::Duration;

use crate::compare::Comparison;

/// The error rate of each of `members` that share `alpha`; of none as of one.
#[must_use]
pub fn shared_alpha(alpha: f64, members: u32) -> f64 {
    alpha / f64::from(members.max(1))
}

/// What is still worth measuring for once the verdict is clear: people quote the number, not the verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precision {
    /// The interval's half-width, as a share: ±2 % is 0.02.
    pub half_width: f64,
    /// How long the runs may have taken by then.
    pub time: Duration,
}

impl Precision {
    /// Whether to end at a look: every comparison is settled, and either precise or not worth more time
    /// than the runs have taken so far. The levels of a plan's looks hold for any such rule.
    #[must_use]
    pub fn is_enough(&self, comparisons: &[Comparison], so_far: Duration) -> bool {
        let precise = |comparison: &Comparison| {
            comparison.estimate.is_some_and(|ratio| (ratio.high - ratio.low) / 2.0 <= self.half_width)
        };
        comparisons.iter().all(Comparison::settled)
            && (so_far >= self.time || comparisons.iter().all(precise))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{compare, pair::Pair, plan::Plan, schedule::Arm, verdict::Rules};

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
    fn measuring_ends_when_all_are_settled_and_precise_or_long_enough() {
        let plan = Plan::new(&[12, 18, 60], shared_alpha(0.01, 2)).unwrap();
        assert_eq!(plan.alpha(), 0.005);
        let (clear, open) = (comparison(&plan, 12, 0.8), comparison(&plan, 12, 0.99));
        assert!(clear.settled() && !open.settled());
        let wanted = |half_width| Precision { half_width, time: Duration::from_secs(10) };
        let (short, long) = (Duration::from_secs(9), Duration::from_secs(10));
        for (half_width, comparisons, so_far, enough) in [
            (0.02, &[clear.clone(), clear.clone()][..], short, false),
            (0.02, &[clear.clone(), clear.clone()], long, true),
            (0.2, &[comparison(&plan, 12, 0.8)], Duration::ZERO, true),
            (0.02, &[comparison(&plan, 60, 0.8)], short, true),
            (0.2, &[clear, open.clone()], long, false),
            (0.2, &[open], long, false),
            // Nothing decides.
            (0.02, &[], Duration::ZERO, true),
        ] {
            assert_eq!(wanted(half_width).is_enough(comparisons, so_far), enough, "{comparisons:?}");
        }
    }
}
