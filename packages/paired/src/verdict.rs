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

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CrossCheck, Ratio};

/// Which way the metric should move.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Better {
    /// Time, memory, size.
    #[default]
    Lower,
    /// Throughput.
    Higher,
}

/// What turns an interval into a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Which way the metric should move.
    pub better: Better,
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
        if self.margin > 0.0 {
            self.margin.ln_1p()
        } else {
            0.0
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            better: Better::Lower,
            margin: Self::MARGIN,
        }
    }
}

/// What a comparison says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The optimized program is better.
    Improved,
    /// Any difference is within the margin.
    NoChange,
    /// The optimized program is worse.
    Regressed,
    /// The data do not say.
    Inconclusive {
        /// Why not.
        reason: Reason,
    },
}

/// Why a comparison is inconclusive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Reason {
    /// Fewer pairs than anything can be said from.
    TooFewPairs {
        /// Pairs measured.
        pairs: u32,
        /// Pairs that the first analysis takes.
        needed: u32,
    },
    /// The interval holds "equal" and reaches beyond the margin.
    TooWide,
    /// Trimmed mean and signed ranks contradict each other.
    CrossCheck,
    /// Something outside the data overrules them; set by who watches the machine.
    Environment {
        /// What was found.
        finding: String,
    },
}

impl Verdict {
    /// Whether more pairs would add nothing: any verdict but inconclusive.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::Inconclusive { .. })
    }
}

/// Applies the rules to an interval and its cross-check.
#[must_use]
pub fn judge(estimate: &Ratio, check: &CrossCheck, rules: Rules) -> Verdict {
    let margin = rules.log_margin();
    let within = |ratio: f64| ratio.ln().abs() <= margin;
    let claim = |verdict: Verdict, supported: bool| {
        if supported {
            verdict
        } else {
            Verdict::Inconclusive {
                reason: Reason::CrossCheck,
            }
        }
    };
    let (below, above) = match rules.better {
        Better::Lower => (Verdict::Improved, Verdict::Regressed),
        Better::Higher => (Verdict::Regressed, Verdict::Improved),
    };
    if within(estimate.low) && within(estimate.high) {
        claim(Verdict::NoChange, within(check.point))
    } else if estimate.high < 1.0 {
        claim(below, check.point < 1.0)
    } else if estimate.low > 1.0 {
        claim(above, check.point > 1.0)
    } else {
        Verdict::Inconclusive {
            reason: Reason::TooWide,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Improved => f.write_str("improved"),
            Self::NoChange => f.write_str("no change"),
            Self::Regressed => f.write_str("regressed"),
            Self::Inconclusive { reason } => write!(f, "inconclusive: {reason}"),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewPairs { pairs, needed } => {
                write!(f, "too few pairs ({pairs}, needs {needed})")
            }
            Self::TooWide => f.write_str("the interval is too wide"),
            Self::CrossCheck => f.write_str("trimmed mean and signed ranks disagree"),
            Self::Environment { finding } => write!(f, "environment ({finding})"),
        }
    }
}
