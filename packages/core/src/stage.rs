//! The stages of a run, their order, and which of them a person asked for.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Flow, Result, closest};

/// A stage. The order of the variants is the order of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Checks everything that a later stage needs.
    Preflight,
    /// Builds the program as it ships today, without PGO.
    Baseline,
    /// Builds the program with counters.
    Instrument,
    /// Runs the training workloads on the instrumented program.
    Train,
    /// Merges the raw profiles into one.
    Merge,
    /// Builds the program with the merged profile.
    Optimize,
    /// Measures the optimized program against the baseline.
    Bench,
    /// Stores the profile and what is known about it in the repository.
    Record,
}

impl Stage {
    /// Every stage, in the order of the run.
    pub const ALL: [Self; 8] = [
        Self::Preflight,
        Self::Baseline,
        Self::Instrument,
        Self::Train,
        Self::Merge,
        Self::Optimize,
        Self::Bench,
        Self::Record,
    ];

    /// The name used in commands, paths and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Baseline => "baseline",
            Self::Instrument => "instrument",
            Self::Train => "train",
            Self::Merge => "merge",
            Self::Optimize => "optimize",
            Self::Bench => "bench",
            Self::Record => "record",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Stage {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            let error = Error::usage(format!("no stage is called `{text}`"));
            match closest(text, names) {
                Some(name) => error.with_hint(format!("did you mean `{name}`?")),
                None => error.with_hint(format!("stages are {}", names.join(", "))),
            }
        })
    }
}

/// The part of a flow that a run goes through: from a first step to a last one, both included, without
/// those that are skipped.
///
/// Preflight always belongs to it: a wrong argument for the last stage must fail in
/// the first second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    first: Stage,
    last: Stage,
    skipped: Vec<Stage>,
}

impl Selection {
    /// From `first` to `last`.
    ///
    /// # Errors
    /// Usage, where `first` comes after `last`.
    pub fn new(first: Stage, last: Stage) -> Result<Self> {
        if first > last {
            return Err(Error::usage(format!("--from {first} comes after --to {last}"))
                .with_hint(format!("the order is {}", Stage::ALL.map(Stage::name).join(", "))));
        }
        Ok(Self { first, last, skipped: Vec::new() })
    }

    /// One stage alone.
    pub fn only(stage: Stage) -> Self {
        Self { first: stage, last: stage, skipped: Vec::new() }
    }

    /// The same without `skipped`.
    ///
    /// # Errors
    /// Usage, where preflight is to be skipped, or nothing would be left.
    pub fn without(self, skipped: &[Stage]) -> Result<Self> {
        let one = Self { skipped: skipped.to_vec(), ..self };
        if skipped.contains(&Stage::Preflight) {
            return Err(Error::usage("--skip preflight: it always runs")
                .with_hint("it compiles a tiny program once, and then only looks"));
        }
        let left = |stage: &Stage| *stage >= one.first && *stage <= one.last && !skipped.contains(stage);
        if !Stage::ALL.iter().any(left) {
            return Err(
                Error::usage("--skip leaves nothing to run").with_hint("leave out less, or ask for more")
            );
        }
        Ok(one)
    }

    /// The first stage that was asked for.
    pub fn first(&self) -> Stage {
        self.first
    }

    /// The last stage that was asked for.
    pub fn last(&self) -> Stage {
        self.last
    }

    /// What is skipped.
    pub fn skipped(&self) -> &[Stage] {
        &self.skipped
    }

    /// Whether `stage` is to be run where it is out of date.
    pub fn contains(&self, stage: Stage) -> bool {
        let asked = self.first <= stage && stage <= self.last && !self.skipped.contains(&stage);
        stage == Stage::Preflight || asked
    }

    /// The steps of `flow` that are to be run, in order.
    pub fn of(&self, flow: &Flow) -> Vec<Stage> {
        flow.steps().filter(|step| self.contains(*step)).collect()
    }

    /// Whether a step that is to be run is `other`, or needs what that makes.
    pub fn reaches(&self, flow: &Flow, other: Stage) -> bool {
        self.of(flow).into_iter().any(|step| flow.reaches(step, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_in_order() {
        for stage in Stage::ALL {
            assert_eq!(stage.name().parse::<Stage>().unwrap(), stage);
        }
        assert!(Stage::ALL.is_sorted());
    }

    #[test]
    fn a_slip_gets_a_suggestion() {
        let error = "optimise".parse::<Stage>().unwrap_err();
        assert_eq!(error.hint(), Some("did you mean `optimize`?"));
    }

    #[test]
    fn selections_keep_preflight_and_refuse_the_wrong_order() {
        let only = Selection::only(Stage::Merge);
        assert!(only.contains(Stage::Preflight) && only.contains(Stage::Merge));
        assert!(!only.contains(Stage::Train) && !only.contains(Stage::Optimize));
        assert!(Selection::new(Stage::Bench, Stage::Train).is_err());
    }

    #[test]
    fn what_is_skipped_is_no_part_of_it() {
        let flow = Flow::instrumented();
        let whole = Selection::new(Stage::Preflight, Stage::Record).unwrap();
        let unmeasured = whole.clone().without(&[Stage::Bench]).unwrap();
        assert!(!unmeasured.contains(Stage::Bench) && unmeasured.contains(Stage::Record));
        // A record tells what was measured.
        assert!(unmeasured.reaches(&flow, Stage::Bench));
        assert!(!Selection::only(Stage::Train).reaches(&flow, Stage::Optimize));
        assert!(whole.without(&[Stage::Preflight]).is_err());
        assert!(Selection::only(Stage::Merge).without(&[Stage::Merge]).is_err());
    }
}
