//! Paired measurement, of a reference and any number of candidates, that can say "inconclusive".
//!
//! The programs are run in randomised blocks ([`Schedule`]); the log-ratios of a candidate's pairs are averaged
//! robustly ([`estimate`]) when a [`Plan`] fixed before the first run says so, checked against a
//! second method ([`signed_rank()`]) and turned into a [`Verdict`] by fixed [`Rules`] ([`compare()`]).
//! Several candidates, metrics or workloads share one error rate ([`shared_alpha`], [`next_step`]), and
//! [`diagnostics`] say what the pairs tell about the machine; [`environment`] has the rules by which
//! that, and what else the runs met, overrules a verdict.
//!
//! Pure: values in, values out. Who runs the programs and reads the clocks is elsewhere. Every
//! formula has its source where it is computed; tests/simulation holds the error rates against
//! drift, spikes, regimes, autocorrelation and coarse clocks.
//!
//! # Example
//! ```
//! use honing_paired::{
//!     Arm, Next, Pair, Plan, Rules, Schedule, Verdict, compare, next_step, shared_alpha,
//! };
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
//! let mut pairs = Vec::new();
//! let mut comparisons = Vec::new();
//! while let Next::Measure { pairs: wanted } = next_step(&plan, pairs.len() as u32, &comparisons) {
//!     while pairs.len() < wanted as usize {
//!         let (Some((first, t)), Some((second, u))) = (runs.next(), runs.next()) else { break };
//!         pairs.push(Pair::in_order(
//!             (first, measure(first, t)),
//!             measure(second, u),
//!         ));
//!     }
//!     comparisons = vec![compare(&pairs, &plan, Rules::default())?];
//! }
//! let comparison = &comparisons[0];
//! assert_eq!(comparison.verdict, Verdict::Improved);
//! assert_eq!(comparison.pairs, 12);
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
pub use family::{Next, all_settled, next_step, shared_alpha, weighted_mean};
pub use pair::{BadValue, Pair, log_ratios};
pub use plan::{Look, Plan, PlanError, SPENDING};
pub use schedule::{Arm, OddPairs, Schedule, Turn};
pub use signed_rank::{CrossCheck, EXACT, signed_rank};
pub use trimmed::{MIN_PAIRS, Ratio, TRIM, change, estimate};
pub use verdict::{Better, Open, Rules, Verdict, judge};
