//! The stages of a run, and which of them a person asked for.

use std::{fmt, str::FromStr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    names::closest,
    step::Step,
};

/// A stage, by what it does. [`Flow`](crate::Flow) says what uses what.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Checks everything that a later stage needs.
    #[default]
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

/// The part of a flow that a person asked for: from a first step to a last one, both included, without those
/// that are skipped. [`Flow::selected`](crate::Flow::selected) says which steps that are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    first: Option<Step>,
    last: Option<Step>,
    skipped: Vec<Step>,
}

impl Selection {
    /// From `first` to `last`; without them, from the beginning and to the end.
    ///
    /// # Errors
    /// Usage, where `first` comes after `last`, as far as that can be told of any flow.
    pub fn new(first: Option<Step>, last: Option<Step>) -> Result<Self> {
        if let (Some(first), Some(last)) = (first, last)
            && first.pass == last.pass
            && first.stage as usize > last.stage as usize
        {
            return Err(Error::usage(format!("--from {first} comes after --to {last}"))
                .with_hint(format!("the order is {}", Stage::ALL.map(Stage::name).join(", "))));
        }
        Ok(Self { first, last, skipped: Vec::new() })
    }

    /// One step alone.
    pub fn only(step: impl Into<Step>) -> Self {
        let step = Some(step.into());
        Self { first: step, last: step, skipped: Vec::new() }
    }

    /// Up to a step.
    pub fn up_to(step: impl Into<Step>) -> Self {
        Self { last: Some(step.into()), ..Self::default() }
    }

    /// The same without `skipped`.
    ///
    /// # Errors
    /// Usage, where preflight is to be skipped.
    pub fn without(self, skipped: &[Step]) -> Result<Self> {
        if skipped.iter().any(|step| step.stage == Stage::Preflight) {
            return Err(Error::usage("--skip preflight: it always runs")
                .with_hint("it compiles a tiny program once, and then only looks"));
        }
        Ok(Self { skipped: skipped.to_vec(), ..self })
    }

    /// Only those of its steps that are `general`.
    pub(crate) fn general(&self, general: impl Fn(Step) -> bool) -> Self {
        let of = |step: Option<Step>| step.filter(|step| general(*step));
        let skipped = self.skipped.iter().copied().filter(|step| general(*step)).collect();
        Self { first: of(self.first), last: of(self.last), skipped }
    }

    /// The first step that was asked for, if one was.
    pub fn first(&self) -> Option<Step> {
        self.first
    }

    /// The last step that was asked for, if one was.
    pub fn last(&self) -> Option<Step> {
        self.last
    }

    /// What is skipped.
    pub fn skipped(&self) -> &[Step] {
        &self.skipped
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
    }

    #[test]
    fn a_slip_gets_a_suggestion() {
        let error = "optimise".parse::<Stage>().unwrap_err();
        assert_eq!(error.hint(), Some("did you mean `optimize`?"));
    }

    #[test]
    fn selections_refuse_the_wrong_order() {
        let step = |stage: Stage| Some(Step::from(stage));
        assert!(Selection::new(step(Stage::Bench), step(Stage::Train)).is_err());
        assert!(Selection::new(step(Stage::Train), step(Stage::Train)).is_ok());
        assert!(Selection::default().without(&[Stage::Preflight.into()]).is_err());
    }
}
