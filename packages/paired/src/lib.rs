//! Paired measurement, of a reference and any number of candidates, that can say "inconclusive".
//!
//! The programs are run in randomised blocks ([`Schedule`]); the log-ratios of a candidate's pairs are averaged
//! robustly ([`estimate`]) when a [`Plan`] fixed before the first run says so, checked against a
//! second method ([`signed_rank()`]) and turned into a [`Verdict`] by fixed [`Rules`] ([`compare()`]).
//! Several candidates, metrics or workloads share one error rate ([`shared_alpha`]), [`Precision`] says when they are
//! measured enough, and [`diagnostics`] say what the pairs tell about the machine; [`environment`] has the rules by which
//! that, and what else the runs met, overrules a verdict.
//!
//! Pure: values in, values out. Who runs the programs and reads the clocks is elsewhere. Every
//! formula has its source where it is computed; tests/simulation holds the error rates against
//! drift, spikes, regimes, autocorrelation and coarse clocks.
//!
//! # Example
//! ```
//! use std::time::Duration;
//!
//! use honing_paired::{Arm, Pair, Plan, Precision, Rules, Schedule, Verdict, compare, shared_alpha};
//!
//! # fn measure(arm: Arm, time: u32) -> f64 {
//! #     let wobble = f64::from(time * 7919 % 101) / 100.0;
//! #     (if arm == Arm::Baseline { 50.0 } else { 45.0 }) + wobble
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Two gated metrics at 99 % together; this is one of them.
//! let plan = Plan::new(&Plan::USUAL, shared_alpha(Rules::ALPHA, 2))?;
//! let schedule = Schedule::new(1, plan.max_pairs(), 42)?;
//! let mut runs = schedule.runs().map(Arm::of).zip(0..);
//! let wanted = Precision { half_width: 0.02, time: Duration::from_secs(10) };
//! let mut pairs = Vec::new();
//! for look in plan.looks() {
//!     while pairs.len() < look.pairs as usize {
//!         let (Some((first, t)), Some((second, u))) = (runs.next(), runs.next()) else { break };
//!         pairs.push(Pair::in_order((first, measure(first, t)), measure(second, u)));
//!     }
//!     let comparison = compare(&pairs, &plan, Rules::default())?;
//!     if wanted.is_enough(&[comparison], Duration::ZERO) {
//!         break;
//!     }
//! }
//! let comparison = compare(&pairs, &plan, Rules::default())?;
//! assert_eq!((comparison.verdict, comparison.pairs), (Verdict::Improved, 12));
//! assert!(comparison.estimate.is_some_and(|ratio| ratio.holds(0.9)));
//! # Ok(())
//! # }
//! ```

mod boundary;
mod compare;
pub mod diagnostics;
pub mod environment;
mod family;
mod finding;
mod pair;
mod plan;
mod schedule;
mod signed_rank;
mod trimmed;
mod verdict;

pub use compare::{Comparison, PROBABLY, compare};
pub use diagnostics::{Contrast, Noise};
pub use family::{Precision, shared_alpha};
pub use pair::{BadValue, Pair, log_ratios};
pub use plan::{Look, Plan, PlanError, SPENDING};
pub use schedule::{Arm, OddPairs, Schedule, Turn};
pub use signed_rank::{CrossCheck, EXACT, signed_rank};
pub use trimmed::{MIN_PAIRS, Ratio, TRIM, change, estimate};
pub use verdict::{Direction, Open, Rules, Verdict, judge};
