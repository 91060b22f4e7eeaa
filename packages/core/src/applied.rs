//! The match: how much of a profile a build really applied.

use serde::{Deserialize, Serialize};

use crate::units;

/// What is known about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "match", rename_all = "snake_case")]
pub enum Applied {
    /// It was measured.
    Measured(Match),
    /// It could not be measured, which is never the same as fine.
    Unknown {
        /// Why.
        why: String,
    },
}

/// How much of a profile a build applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// Share of the profile's weight (sum of counters) whose function exists in the
    /// build with the same control flow, 0 to 1.
    pub share: f64,
    /// Share of the weight outside of std's generics whose crate the build has, 0 to 1: next
    /// to nothing where the profile is another program's.
    pub kin: f64,
    /// For a rebased profile: the share of the original's weight that was carried over.
    pub carried: Option<f64>,
    /// Functions of the profile that have weight.
    pub functions: u64,
    /// Those among them that the build applied.
    pub matched: u64,
    /// The same by where a function comes from.
    pub origins: Vec<OriginMatch>,
    /// The heaviest functions that were lost.
    pub lost: Vec<Lost>,
    /// What it was measured with.
    pub by: MatchedBy,
}

/// The match of the functions of one origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OriginMatch {
    /// Where they come from.
    pub origin: Origin,
    /// Their share of the profile's weight, 0 to 1.
    pub weight: f64,
    /// Share of their weight that was applied, 0 to 1.
    pub share: f64,
    /// Functions with weight.
    pub functions: u64,
    /// Those among them that were applied.
    pub matched: u64,
}

/// Where a function comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A crate of the workspace.
    Workspace,
    /// Another crate.
    Dependencies,
    /// The standard library's generics, compiled into the program's crates.
    Std,
    /// The standard library itself, where it is compiled with the program.
    Library,
    /// The runtime of the language.
    Runtime,
}

impl Origin {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Dependencies => "dependencies",
            Self::Std => "std generics",
            Self::Library => "standard library",
            Self::Runtime => "runtime",
        }
    }
}

/// A function whose counters the build did not apply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lost {
    /// Its name, demangled.
    pub function: String,
    /// Its share of the profile's weight, 0 to 1.
    pub weight: f64,
    /// Why.
    pub why: LostWhy,
}

/// A heavy function of a profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HotFunction {
    /// Its name, demangled.
    pub function: String,
    /// Its share of the profile's weight, 0 to 1.
    pub weight: f64,
    /// Whether the build applied its counters; `None` where that could not be measured.
    pub applied: Option<bool>,
    /// Why not.
    pub why: Option<LostWhy>,
}

/// Why a function's counters were not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LostWhy {
    /// The build has no function of that name.
    Gone,
    /// The function is there, with another control flow.
    ControlFlow,
    /// The function is there, as a local one of another codegen unit.
    Unit,
    /// Both functions are there, and no such call stands on that line of the caller.
    Call,
}

impl LostWhy {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Gone => "gone or renamed",
            Self::ControlFlow => "control flow changed, in the source or by inlining",
            Self::Unit => "codegen unit changed",
            Self::Call => "no such call on that line",
        }
    }
}

/// What a match was measured with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedBy {
    /// The compiler's trace of the functions that it built.
    Trace,
    /// The records of an instrumented build of the same source.
    Instrumented,
    /// The functions that the program itself names.
    Program,
}

/// Where less than this share of the weight is in code that the build has, the profile is another program's.
const ANOTHER_PROGRAM: f64 = 0.05;

impl Applied {
    /// What was measured.
    pub fn measured(&self) -> Option<&Match> {
        match self {
            Self::Measured(found) => Some(found),
            Self::Unknown { .. } => None,
        }
    }

    /// `99.8 % of the profile's weight (1881 of 1883 functions)`.
    pub fn words(&self) -> String {
        match self {
            Self::Measured(found) => {
                let carried = found.carried.map(|carried| {
                    format!("; rebased, with {} of the original's weight", units::share(carried))
                });
                format!(
                    "{} of the profile's weight ({} of {} functions{})",
                    units::share(found.share),
                    found.matched,
                    found.functions,
                    carried.unwrap_or_default()
                )
            }
            Self::Unknown { why } => format!("unknown: {why}"),
        }
    }

    /// The share of the (original) profile that was applied, where it is known.
    pub fn share(&self) -> Option<f64> {
        self.measured().map(|found| found.share * found.carried.unwrap_or(1.0))
    }

    /// What such a match is likely to cost, where it was measured: docs/decay.md, for counters. Nothing where it is
    /// nearly all.
    pub fn likely_cost(&self) -> Option<&'static str> {
        let Self::Measured(Match { by: MatchedBy::Trace | MatchedBy::Instrumented, .. }) = self else {
            return None;
        };
        match self.share()? {
            0.95.. => None,
            0.75.. => Some("up to two thirds of what a fresh profile gains may be lost"),
            _ => Some("most of what a fresh profile gains may be lost"),
        }
    }

    /// Whether a rebase could bring what is applied to `least` percent. It finds functions that have another
    /// name or unit; what another control flow has lost stays lost, and so does what a rebase has dropped.
    pub fn may_be_carried(&self, least: f64) -> bool {
        let Self::Measured(found) = self else { return false };
        let is_lost = |lost: &&Lost| lost.why == LostWhy::ControlFlow;
        let lost: f64 = found.lost.iter().filter(is_lost).map(|lost| lost.weight).sum();
        let all_lost = !found.lost.is_empty() && found.lost.iter().all(|lost| is_lost(&lost));
        found.carried.is_none() && !all_lost && (1.0 - lost) * 100.0 >= least
    }

    /// Whether this is the profile of another program.
    pub fn is_of_another_program(&self) -> bool {
        matches!(self, Self::Measured(found) if found.kin < ANOTHER_PROGRAM)
    }

    /// Whether at least `least` percent were applied. What is unknown fulfils only 0.
    pub fn fulfils(&self, least: f64) -> bool {
        least <= 0.0 || self.share().is_some_and(|share| share * 100.0 >= least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(share: f64) -> Match {
        Match {
            share,
            kin: 1.0,
            carried: None,
            functions: 1883,
            matched: 1881,
            origins: Vec::new(),
            lost: Vec::new(),
            by: MatchedBy::Trace,
        }
    }

    fn measured(share: f64) -> Applied {
        Applied::Measured(found(share))
    }

    #[test]
    fn what_is_lost_is_never_rounded_away() {
        assert_eq!(measured(0.99999).words(), "99.9 % of the profile's weight (1881 of 1883 functions)");
        assert_eq!(measured(1.0).words(), "100.0 % of the profile's weight (1881 of 1883 functions)");
    }

    #[test]
    fn a_rebase_brings_back_names_and_no_control_flow() {
        use LostWhy::{ControlFlow, Gone, Unit};
        for (lost, carried, expected) in [
            (&[(Gone, 0.3)][..], None, true),
            (&[(Unit, 0.2), (ControlFlow, 0.1)], None, true),
            (&[(Gone, 0.1), (ControlFlow, 0.2)], None, false),
            // The rest, too small to be named, is most likely of the same kind.
            (&[(ControlFlow, 0.05)], None, false),
            (&[(Gone, 0.3)], Some(0.7), false),
        ] {
            let lost = lost.iter().map(|&(why, weight)| Lost { function: "f".into(), weight, why }).collect();
            let applied = Applied::Measured(Match { lost, carried, ..found(0.7) });
            assert_eq!(applied.may_be_carried(90.0), expected, "{applied:?}");
        }
        assert!(!Applied::Unknown { why: String::new() }.may_be_carried(90.0));
    }

    #[test]
    fn what_a_rebase_dropped_counts_as_lost() {
        let rebased = Applied::Measured(Match { carried: Some(0.8), ..found(1.0) });
        assert!(!rebased.fulfils(90.0) && rebased.fulfils(80.0));
        assert!(rebased.words().contains("80.0 % of the original's weight"), "{}", rebased.words());
    }

    #[test]
    fn unknown_is_not_fine() {
        let unknown = Applied::Unknown { why: "no trace".into() };
        assert!(!unknown.fulfils(1.0) && unknown.fulfils(0.0));
        assert!(measured(0.9).fulfils(90.0) && !measured(0.8999).fulfils(90.0));
    }
}
