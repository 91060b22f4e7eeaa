//! The plan of looks, fixed before the first run because it sets every bound.
//!
//! Who stops as soon as a difference looks significant is wrong in 11 to 15 % of comparisons of
//! equal programs, not in 5 %. So the looks are named beforehand, and each spends a part of α: by
//! the share t of the planned pairs, α·t^1.5 is used up in all. At look k the interval has the
//! nominal level αₖ = 2 (1 − Φ(cₖ)), where the bounds cₖ come from `boundary.rs`;
//! Student's quantile of that level then takes the place of cₖ, since the spread is estimated.
//! The intervals of all looks together hold the true ratio with confidence 1 − α, by whatever rule
//! one stops: *repeated confidence intervals*.
//!
//! Sources: K. Kim and D. L. DeMets, "Design and analysis of group sequential tests based on the
//! type I error spending rate function", *Biometrika* 74 (1987), α·t^1.5; C. Jennison and B. W.
//! Turnbull, "Interim analyses: the repeated confidence interval approach", *JRSS* B 51 (1989);
//! S. J. Pocock, "Group sequential methods in the design and analysis of clinical trials",
//! *Biometrika* 64 (1977), nominal levels carried over to Student's t.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::{boundary, schedule::OddPairs};

/// Exponent of the spending function α·t^ρ.
pub const SPENDING: f64 = 1.5;

/// One analysis of the data so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Look {
    /// Pairs measured by then.
    pub pairs: u32,
    /// Nominal two-sided level of this look's interval.
    pub alpha: f64,
    /// Bound cₖ on a normal statistic that the level comes from.
    pub bound: f64,
}

/// When the data are looked at, and how sure each look has to be.
///
/// Serialised with its bounds; deserialised from `alpha` and the looks' pairs alone, the bounds
/// being computed again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "PlanSpec")]
pub struct Plan {
    alpha: f64,
    looks: Vec<Look>,
}

/// What a plan is computed from.
#[derive(Deserialize)]
struct PlanSpec {
    alpha: f64,
    looks: Vec<LookSpec>,
}

#[derive(Deserialize)]
struct LookSpec {
    pairs: u32,
}

/// A plan that cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// α outside (0, 0.5].
    #[error("an error rate of {0} is not above 0 and at most 0.5 (0.01 for 99 % confidence)")]
    Alpha(f64),
    /// Nothing to look at.
    #[error("a plan needs at least one look, and a look at least two pairs")]
    Empty,
    /// A look within a quad.
    #[error(transparent)]
    Odd(#[from] OddPairs),
    /// Looks out of order.
    #[error("looks must grow: {1} pairs cannot follow {0}")]
    Order(u32, u32),
}

impl Plan {
    /// Looks for commands of about 0.1 to 5 s.
    pub const USUAL: [u32; 5] = [12, 18, 28, 40, 60];
    /// Looks for small effects or noisy machines.
    pub const LONG: [u32; 7] = [12, 18, 28, 40, 60, 86, 120];
    /// Looks for slow commands.
    pub const SLOW: [u32; 3] = [8, 12, 18];

    /// A plan of looks after so many pairs each, with an error rate of `alpha` over all of them.
    ///
    /// # Errors
    /// [`PlanError`] if there is no look, if they do not grow or not fall on whole quads, or if
    /// `alpha` is no error rate.
    pub fn new(looks: &[u32], alpha: f64) -> Result<Self, PlanError> {
        if !(alpha > 0.0 && alpha <= 0.5) {
            return Err(PlanError::Alpha(alpha));
        }
        let Some(last) = looks.last().filter(|_| looks[0] > 0) else {
            return Err(PlanError::Empty);
        };
        if let Some(pairs) = looks.iter().find(|pairs| !pairs.is_multiple_of(2)) {
            return Err(OddPairs { pairs: *pairs }.into());
        }
        if let Some(pair) = looks.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(PlanError::Order(pair[0], pair[1]));
        }
        let times: Vec<f64> = looks.iter().map(|pairs| f64::from(*pairs) / f64::from(*last)).collect();
        let spent: Vec<f64> = times.iter().map(|t| alpha * t.powf(SPENDING)).collect();
        let looks = (looks.iter().zip(boundary::bounds(&times, &spent)))
            .map(|(pairs, bound)| Look { pairs: *pairs, alpha: 2.0 * Normal::standard().cdf(-bound), bound })
            .collect();
        Ok(Self { alpha, looks })
    }

    /// Looks for measuring at most `most` pairs, which are the last look: the usual ones before it,
    /// from 8 pairs on where there are few, and beyond 120 each after 1.4 times as many.
    ///
    /// `most` has to be even; looks in the last seventh before it would add nothing.
    #[must_use]
    pub fn looks_up_to(most: u32) -> Vec<u32> {
        let before = |look: &u32| *look * 7 <= most * 6;
        let usual: &[u32] = if most <= 18 { &Self::SLOW } else { &Self::LONG };
        let longer = std::iter::successors(Some(168_u32), |look| (look * 7 / 5).checked_next_multiple_of(2));
        let longer = longer.take_while(before).filter(|_| most > 120);
        usual.iter().copied().filter(before).chain(longer).chain([most]).collect()
    }

    /// The most pairs to plan for where there is time for `fits` of the `most` that were asked for:
    /// all of them, or the longest of the usual looks that fits. `None` where not even the first
    /// look of the shortest plan does. To be decided before the first run, as the plan itself.
    #[must_use]
    pub fn within(most: u32, fits: u32) -> Option<u32> {
        if fits >= most {
            return Some(most);
        }
        let shorter = Self::SLOW.into_iter().chain(Self::looks_up_to(most));
        shorter.filter(|look| *look <= fits.min(most)).max()
    }

    /// Error rate over all looks.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.alpha
    }

    /// The looks in order.
    #[must_use]
    pub fn looks(&self) -> &[Look] {
        &self.looks
    }

    /// Pairs of the last look: the longest that measuring takes.
    #[must_use]
    pub fn max_pairs(&self) -> u32 {
        self.looks.last().map_or(0, |look| look.pairs)
    }

    /// The last look that `pairs` pairs have reached.
    #[must_use]
    pub fn reached(&self, pairs: u32) -> Option<&Look> {
        self.looks.iter().rev().find(|look| look.pairs <= pairs)
    }

    /// The first look that needs more than `pairs` pairs.
    #[must_use]
    pub fn next(&self, pairs: u32) -> Option<&Look> {
        self.looks.iter().find(|look| look.pairs > pairs)
    }
}

impl TryFrom<PlanSpec> for Plan {
    type Error = PlanError;

    fn try_from(spec: PlanSpec) -> Result<Self, PlanError> {
        let looks: Vec<u32> = spec.looks.iter().map(|look| look.pairs).collect();
        Self::new(&looks, spec.alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(looks: &[u32], alpha: f64) -> Vec<f64> {
        let plan = Plan::new(looks, alpha).unwrap();
        plan.looks().iter().map(|look| look.alpha).collect()
    }

    #[test]
    fn nominal_levels_are_those_found_by_other_means() {
        // FACTS.md, "Measurement". They are 1 % low, as the first look shows, whose level is α·t^1.5
        // exactly: 0.05 · 0.2^1.5 = 0.00447. 27 and 85 are no whole quads, but only the shares of
        // the plan count: all numbers are doubled.
        let table: [(&[u32], f64, &[f64]); 4] = [
            (&[12, 18, 27, 40, 60], 0.05, &[0.0044, 0.0053, 0.0095, 0.0175, 0.0336]),
            (&[12, 18, 27, 40, 60], 0.01, &[0.00089, 0.00098, 0.00176, 0.00319, 0.00609]),
            (
                &[12, 18, 27, 40, 60, 85, 120],
                0.05,
                &[0.00156, 0.00177, 0.00318, 0.0058, 0.01108, 0.01857, 0.03224],
            ),
            (&[8, 12, 18], 0.05, &[0.0147, 0.0188, 0.0343]),
        ];
        for (looks, alpha, expected) in table {
            let doubled: Vec<u32> = looks.iter().map(|pairs| 2 * pairs).collect();
            let got = levels(&doubled, alpha);
            for (got, expected) in got.iter().zip(expected) {
                println!("{looks:?} {alpha}: {got:.6}, elsewhere {expected}");
                assert!((got / expected - 1.0).abs() < 0.02, "{got} {expected}");
            }
        }
    }

    #[test]
    fn one_look_spends_everything() {
        let plan = Plan::new(&[8], 0.01).unwrap();
        assert!((plan.looks()[0].alpha - 0.01).abs() < 1e-12);
        assert!((plan.looks()[0].bound - 2.575_829_3).abs() < 1e-6);
    }

    #[test]
    fn looks_are_found_by_pairs() {
        let plan = Plan::new(&Plan::USUAL, 0.01).unwrap();
        let pairs = |look: Option<&Look>| look.map(|look| look.pairs);
        assert_eq!(pairs(plan.reached(11)), None);
        assert_eq!(pairs(plan.reached(27)), Some(18));
        assert_eq!(pairs(plan.reached(99)), Some(60));
        assert_eq!(pairs(plan.next(0)), Some(12));
        assert_eq!(pairs(plan.next(12)), Some(18));
        assert_eq!(pairs(plan.next(60)), None);
        assert_eq!(plan.max_pairs(), 60);
    }

    #[test]
    fn looks_go_up_to_any_number_of_pairs() {
        for (most, looks) in [
            (6, &[6][..]),
            (8, &[8]),
            (12, &[8, 12]),
            (18, &Plan::SLOW),
            (20, &[12, 20]),
            (40, &[12, 18, 28, 40]),
            (60, &Plan::USUAL),
            (120, &Plan::LONG),
            (300, &[12, 18, 28, 40, 60, 86, 120, 168, 236, 300]),
        ] {
            assert_eq!(Plan::looks_up_to(most), looks);
        }
        for most in (2..=1000).step_by(2) {
            assert!(Plan::new(&Plan::looks_up_to(most), 0.01).is_ok(), "{most}");
        }
    }

    #[test]
    fn a_plan_is_cut_to_a_usual_look() {
        let rows = [
            (60, 60, Some(60)),
            (60, 59, Some(40)),
            (60, 20, Some(18)),
            (60, 12, Some(12)),
            (60, 11, Some(8)),
            (60, 7, None),
            (300, 299, Some(236)),
            (14, 13, Some(12)),
            (8, 7, None),
            (6, 6, Some(6)),
            (6, 5, None),
            (60, 0, None),
        ];
        for (most, fits, expected) in rows {
            assert_eq!(Plan::within(most, fits), expected, "{fits} of {most}");
        }
        for most in (2..=400).step_by(2) {
            for fits in 0..=most {
                let cut = Plan::within(most, fits);
                assert!(cut.is_none_or(|cut| cut <= fits && cut % 2 == 0), "{fits} of {most}: {cut:?}");
            }
        }
    }

    #[test]
    fn impossible_plans_are_refused() {
        let error = |looks: &[u32], alpha| Plan::new(looks, alpha).unwrap_err().to_string();
        assert_eq!(
            error(&[12], 0.0),
            "an error rate of 0 is not above 0 and at most 0.5 (0.01 for 99 % confidence)"
        );
        assert!(error(&[12], f64::NAN).contains("NaN"));
        assert!(error(&[12], 0.99).contains("0.99"));
        let empty = "a plan needs at least one look, and a look at least two pairs";
        assert_eq!(error(&[], 0.01), empty);
        assert_eq!(error(&[0, 4], 0.01), empty);
        assert_eq!(
            error(&[12, 15], 0.01),
            "15 pairs do not make whole blocks of two pairs each; use 14 or 16"
        );
        assert_eq!(error(&[18, 12], 0.01), "looks must grow: 12 pairs cannot follow 18");
    }

    #[test]
    fn stored_plans_are_computed_anew() {
        let plan = Plan::new(&Plan::SLOW, 0.01).unwrap();
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
        let forged = r#"{"alpha":0.01,"looks":[{"pairs":8,"alpha":0.5,"bound":0.1}]}"#;
        let plan: Plan = serde_json::from_str(forged).unwrap();
        assert!((plan.looks()[0].alpha - 0.01).abs() < 1e-12);
        assert!(serde_json::from_str::<Plan>(r#"{"alpha":0.01,"looks":[]}"#).is_err());
    }
}
