//! What was found about a machine, as a value and as a sentence.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{diagnostics::Contrast, environment::Condition, trimmed::Ratio};

/// Something about the machine that overrules a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Finding {
    /// The baseline differs from its own copy.
    Control {
        /// Copy over baseline.
        ratio: Ratio,
    },
    /// The ratio changed on the way.
    Halves {
        /// Second half over first.
        contrast: Contrast,
    },
    /// The ratio depends on which arm runs first.
    Orders {
        /// Pairs opened by the optimized program over the others.
        contrast: Contrast,
    },
    /// A condition changed on the way and stayed so.
    Step {
        /// Which.
        condition: Condition,
        /// Its median before.
        before: f64,
        /// Its median after.
        after: f64,
        /// Share of the measurement after which it changed.
        at: f64,
    },
    /// A condition was another one for each arm.
    Arms {
        /// Which.
        condition: Condition,
        /// Over the baseline's runs.
        baseline: f64,
        /// Over the optimized program's runs.
        optimized: f64,
    },
    /// A hypervisor took time away throughout.
    Stolen {
        /// CPUs.
        share: f64,
    },
    /// Something changed how the CPU's frequency is set.
    Governor {
        /// What set it, one after the other.
        seen: Vec<String>,
    },
    /// Equal runs differ more than is usual on this machine.
    Noise {
        /// One pair's standard error.
        per_pair: f64,
        /// The same when the machine was qualified.
        usual: f64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        match self {
            Self::Control { ratio } => write!(
                f,
                "the A/A control, the baseline against its own copy, differs by {:+.1} % [{:+.1}, {:+.1}]",
                percent(ratio.point),
                percent(ratio.low),
                percent(ratio.high)
            ),
            Self::Halves { contrast } => {
                write!(
                    f,
                    "the second half's ratio differs from the first half's by {:+.1} %",
                    percent(contrast.ratio)
                )
            }
            Self::Orders { contrast } => write!(
                f,
                "the ratio differs by {:+.1} % between pairs that each arm opens",
                percent(contrast.ratio)
            ),
            Self::Step { condition, before, after, at } => {
                write!(f, "{condition}: {before:.2} before, {after:.2} after {:.0} % of the runs", at * 100.0)
            }
            Self::Arms { condition, baseline, optimized } => {
                write!(f, "{condition}: {baseline:.2} for the baseline, {optimized:.2} for the other")
            }
            Self::Stolen { share } => write!(f, "the hypervisor took {share:.2} CPUs away"),
            Self::Governor { seen } => {
                write!(f, "the frequency governor changed: {}", seen.join(", then "))
            }
            Self::Noise { per_pair, usual } => write!(
                f,
                "equal runs differ by {:.1} %, and by {:.1} % when this machine was qualified",
                per_pair * 100.0,
                usual * 100.0
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_sentences() {
        let step = Finding::Step { condition: Condition::OtherLoad, before: 0.04, after: 1.9, at: 0.5 };
        assert_eq!(
            step.to_string(),
            "load of other processes, in CPUs: 0.04 before, 1.90 after 50 % of the runs"
        );
    }
}
