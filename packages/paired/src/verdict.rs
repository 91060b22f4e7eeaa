//! What may be said, and why not more: the rules in their order.
//!
//! 1. The interval lies within the margin: *no change*, even where it excludes "equal".
//! 2. It lies wholly on the better side of "equal": *improved*.
//! 3. It lies wholly on the worse side: *regressed*.
//! 4. Else: *inconclusive*.
//!
//! A verdict of 1 to 3 that the signed ranks contradict is inconclusive too: where they estimate
//! the other sign (2 and 3), or a ratio outside the margin (1).
//!
//! The margin is symmetric on the log scale, [1/(1+δ), 1+δ], so that swapping the arms swaps the
//! verdict. Equivalence by an interval within the margin: D. J. Schuirmann, "A comparison of the
//! two one-sided tests procedure and the power approach", *J. Pharmacokinetics and
//! Biopharmaceutics* 15 (1987); at 1 − α confidence instead of 1 − 2α it is conservative, and the
//! same interval carries all rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{signed_rank::CrossCheck, trimmed::Ratio};

/// Which way is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Less is better, as for time.
    #[default]
    Lower,
    /// More is better, as for throughput.
    Higher,
}

/// What turns an interval into a verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Which way the metric should move.
    pub better: Direction,
    /// Equivalence margin δ: ratios from 1/(1+δ) to 1+δ are "no change". 0.01 is 1 %.
    pub margin: f64,
}

impl Rules {
    /// Default margin: 1 %.
    pub const MARGIN: f64 = 0.01;
    /// Default error rate of gates: 99 % confidence.
    pub const ALPHA: f64 = 0.01;

    /// ln(1+δ); a margin that is no number, or negative, is none.
    pub(crate) fn log_margin(&self) -> f64 {
        if self.margin > 0.0 { self.margin.ln_1p() } else { 0.0 }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self { better: Direction::Lower, margin: Self::MARGIN }
    }
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Better by more than the margin.
    Improved,
    /// Any difference is within the margin.
    NoChange,
    /// Worse by more than the margin.
    Regressed,
    /// The data do not say.
    Inconclusive,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 4] = [Self::Improved, Self::NoChange, Self::Regressed, Self::Inconclusive];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::NoChange => "no change",
            Self::Regressed => "regressed",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Why a comparison is inconclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Open {
    /// Fewer pairs than anything can be said from, or values that have no ratio.
    TooFewPairs,
    /// The interval holds "equal" and reaches beyond the margin.
    TooWide,
    /// Trimmed mean and signed ranks contradict each other.
    CrossCheck,
    /// Something outside the data overrules them; set by who watches the machine.
    Environment,
}

/// Applies the rules to an interval and its cross-check: the verdict, or why there is none.
///
/// # Errors
/// Why it is inconclusive.
pub fn judge(estimate: &Ratio, check: &CrossCheck, rules: Rules) -> Result<Verdict, Open> {
    let margin = rules.log_margin();
    let within = |ratio: f64| ratio.ln().abs() <= margin;
    let (below, above) = match rules.better {
        Direction::Lower => (Verdict::Improved, Verdict::Regressed),
        Direction::Higher => (Verdict::Regressed, Verdict::Improved),
    };
    let (verdict, supported) = if within(estimate.low) && within(estimate.high) {
        (Verdict::NoChange, within(check.point))
    } else if estimate.high < 1.0 {
        (below, check.point < 1.0)
    } else if estimate.low > 1.0 {
        (above, check.point > 1.0)
    } else {
        return Err(Open::TooWide);
    };
    if supported { Ok(verdict) } else { Err(Open::CrossCheck) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(low: f64, high: f64, check: f64, better: Direction) -> Result<Verdict, Open> {
        let estimate = Ratio { point: (low * high).sqrt(), low, high, confidence: 0.99 };
        let check = CrossCheck { point: check, interval: None, p_value: 0.5 };
        judge(&estimate, &check, Rules { better, margin: 0.01 })
    }

    #[test]
    fn rules_in_their_order() {
        let (wide, disagree) = (Err(Open::TooWide), Err(Open::CrossCheck));
        let (same, better, worse) = (Ok(Verdict::NoChange), Ok(Verdict::Improved), Ok(Verdict::Regressed));
        for (low, high, check, lower, higher) in [
            (0.995, 1.005, 1.0, same, same),
            // Within the margin though it excludes 1.
            (0.991, 0.999, 0.995, same, same),
            (1.001, 1.0099, 1.005, same, same),
            // Excludes 1 and reaches beyond the margin.
            (0.97, 0.999, 0.98, better, worse),
            (1.001, 1.03, 1.02, worse, better),
            (0.8, 0.9, 0.85, better, worse),
            (0.97, 1.0, 0.985, wide, wide),
            (0.97, 1.005, 0.99, wide, wide),
            (0.98, 1.02, 1.0, wide, wide),
            // The signed ranks contradict.
            (0.97, 0.999, 1.001, disagree, disagree),
            (0.97, 0.999, 1.0, disagree, disagree),
            (1.001, 1.03, 0.99, disagree, disagree),
            (0.995, 1.005, 1.02, disagree, disagree),
            // Too wide stays too wide, whatever they say.
            (0.98, 1.02, 1.1, wide, wide),
        ] {
            assert_eq!(judged(low, high, check, Direction::Lower), lower, "[{low}, {high}] {check}");
            assert_eq!(judged(low, high, check, Direction::Higher), higher, "[{low}, {high}] {check}");
        }
    }

    #[test]
    fn no_margin_leaves_no_room_for_no_change() {
        for margin in [0.0, -0.1, f64::NAN] {
            let rules = Rules { margin, ..Rules::default() };
            assert_eq!(rules.log_margin(), 0.0);
        }
        assert_eq!(Rules::default().margin, 0.01);
    }
}
