//! The stages of a run, their order, and which of them a person asked for.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, closest};

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

/// The part of the chain that a run goes through, both ends included.
///
/// Preflight always belongs to it: a wrong argument for the last stage must fail in
/// the first second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    first: Stage,
    last: Stage,
}

impl Selection {
    /// The chain from `first` to `last`.
    ///
    /// # Errors
    /// Usage, where `first` comes after `last`.
    pub fn new(first: Stage, last: Stage) -> Result<Self> {
        if first > last {
            return Err(Error::usage(format!("--from {first} comes after --to {last}"))
                .with_hint(format!("the order is {}", Stage::ALL.map(Stage::name).join(", "))));
        }
        Ok(Self { first, last })
    }

    /// One stage alone.
    pub fn only(stage: Stage) -> Self {
        Self { first: stage, last: stage }
    }

    /// The first stage that was asked for.
    pub fn first(self) -> Stage {
        self.first
    }

    /// The last stage that was asked for.
    pub fn last(self) -> Stage {
        self.last
    }

    /// Whether `stage` is to be run where it is out of date.
    pub fn contains(self, stage: Stage) -> bool {
        stage == Stage::Preflight || (self.first <= stage && stage <= self.last)
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
}
