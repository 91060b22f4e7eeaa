//! Paired A/B measurement that can say "inconclusive".
//!
//! Two programs are run in randomised quads ([`Schedule`]), the pairs' log-ratios are averaged
//! robustly ([`estimate`]), looked at when a [`Plan`] fixed beforehand says so, and turned into a
//! [`Verdict`] by fixed [`Rules`] ([`compare`]). Pure: values in, values out; who runs the programs
//! and reads the clocks is elsewhere.

mod boundary;
mod compare;
pub mod diagnostics;
mod family;
mod pair;
mod plan;
mod schedule;
mod signed_rank;
mod trimmed;
mod verdict;

pub use compare::{Comparison, PROBABLY, compare};
pub use family::{Next, all_settled, next_step, shared_alpha, weighted_mean};
pub use pair::{BadValue, Pair, log_ratios};
pub use plan::{Look, Plan, PlanError, SPENDING};
pub use schedule::{Arm, OddPairs, Quad, Run, Schedule};
pub use signed_rank::{CrossCheck, EXACT, signed_rank};
pub use trimmed::{MIN_PAIRS, Ratio, TRIM, estimate};
pub use verdict::{Better, Reason, Rules, Verdict, judge};
