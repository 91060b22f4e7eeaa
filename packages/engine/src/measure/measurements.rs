//! What bench leaves: the runs of every candidate in every eval workload.

use std::path::Path;

use honing_core::{Digest, Flow, Stage, Step, event::StageState};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{
        built::Built,
        optimized::Optimized,
        session::Session,
        step::{Done, Product, stored},
        subject::Subject,
    },
    measure::Recording,
};

/// Every run of every eval workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measurements {
    /// The digests of the programs, the baseline's first. Where all are equal, nothing was measured.
    programs: Vec<Digest>,
    /// The names of the candidates, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    /// Pairs at each look of the plan of every workload that has none of its own, as it was stored before
    /// each had one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    looks: Vec<u32>,
    /// The workloads, in the order of `pgo.toml`.
    pub workloads: Vec<Measured>,
    /// Whether there was no time for it. That is not kept: a later run may have more.
    #[serde(skip)]
    pub out_of_budget: bool,
}

/// The runs of a workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Its name.
    pub workload: String,
    /// Pairs at each look of its plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<u32>,
    /// Every run.
    pub recording: Recording,
}

impl Measured {
    /// The most pairs of its plan.
    pub(crate) fn most(&self) -> u32 {
        self.looks.last().copied().unwrap_or(0)
    }
}

impl Product for Measurements {
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl Measurements {
    /// Nothing yet.
    pub(crate) fn of(baseline: &Built, candidates: &[Candidate<'_>]) -> Self {
        let names: &[Candidate<'_>] = if candidates.len() == 1 { &[] } else { candidates };
        Self {
            programs: digests(baseline, candidates).cloned().collect(),
            names: names.iter().map(|candidate| candidate.name.to_owned()).collect(),
            looks: Vec::new(),
            workloads: Vec::new(),
            out_of_budget: false,
        }
    }

    /// The same programs, with what was measured of them.
    pub(crate) fn with(self, workloads: Vec<Measured>) -> Self {
        Self { workloads, ..self }
    }

    /// What an earlier run left.
    pub(crate) fn load(session: &Session, subject: &Subject<'_>) -> Option<Done<Self>> {
        let manifest = stored(session, subject, Stage::Bench)?;
        Some(Done::of(manifest, StageState::Skipped))
    }

    /// Whether these programs were measured, and not earlier ones.
    pub(crate) fn are_of(&self, baseline: &Built, candidates: &[Candidate<'_>]) -> bool {
        self.programs.iter().eq(digests(baseline, candidates))
    }

    /// Of each candidate, whether PGO had no effect on the binary.
    pub(crate) fn identical(&self) -> impl Iterator<Item = bool> + '_ {
        self.programs.iter().skip(1).map(|candidate| *candidate == self.programs[0])
    }

    /// Whether PGO had no effect on any of them.
    pub(crate) fn are_identical(&self) -> bool {
        self.identical().all(|identical| identical)
    }

    /// The name of each candidate; an only one needs none.
    pub(crate) fn names(&self) -> Vec<Option<&str>> {
        match &self.names[..] {
            [] => ONLY.to_vec(),
            names => names.iter().map(|name| Some(name.as_str())).collect(),
        }
    }

    /// Pairs at each look of a workload's plan.
    pub(crate) fn looks<'a>(&'a self, measured: &'a Measured) -> &'a [u32] {
        if measured.looks.is_empty() { &self.looks } else { &measured.looks }
    }

    /// The most pairs of the shortest plan; 0 without any.
    pub(crate) fn planned(&self) -> u32 {
        let last = |measured| self.looks(measured).last().copied();
        self.workloads.iter().filter_map(last).min().or(self.looks.last().copied()).unwrap_or(0)
    }

    /// How far a measurement came that was ended, in a few words.
    pub(crate) fn there(&self) -> String {
        there(&self.workloads).unwrap_or_default()
    }

    /// What was done, in a few words.
    pub(crate) fn words(&self) -> String {
        if self.out_of_budget {
            return "not measured (out of budget)".into();
        }
        let pairs: Vec<u32> = self.workloads.iter().map(|measured| measured.recording.pairs()).collect();
        match (pairs.iter().min(), pairs.iter().max()) {
            (Some(least), Some(most)) if least == most => format!("{least} pairs"),
            (Some(least), Some(most)) => format!("{least} to {most} pairs"),
            _ => "nothing measured".into(),
        }
    }
}

/// How many pairs there are of each workload, in a few words; `None` where there is none.
pub(crate) fn there(workloads: &[Measured]) -> Option<String> {
    let begun = workloads.iter().filter(|measured| measured.recording.pairs() > 0);
    let words = |measured: &Measured| {
        format!("{} of {} pairs of {}", measured.recording.pairs(), measured.most(), measured.workload)
    };
    let all: Vec<String> = begun.map(words).collect();
    (!all.is_empty()).then(|| format!("{} are there", all.join(", ")))
}

/// The name of an only candidate.
pub(crate) const ONLY: [Option<&str>; 1] = [None];

/// A program that is measured against the baseline.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    /// Its name, shown where there are several.
    pub(crate) name: &'a str,
    pub(crate) path: &'a Path,
    pub(crate) digest: &'a Digest,
}

/// The names of what a flow makes to be measured.
pub(crate) fn names(flow: &Flow) -> Vec<String> {
    flow.each_pass().map(|pass| Step { pass, stage: Stage::Optimize }.to_string()).collect()
}

/// What the build and each pass made, by these names.
pub(crate) fn candidates<'a>(names: &'a [String], programs: &'a [Optimized]) -> Vec<Candidate<'a>> {
    let named = names.iter().zip(programs);
    named.map(|(name, program)| Candidate { name, path: program.path(), digest: program.digest() }).collect()
}

fn digests<'a>(baseline: &'a Built, candidates: &'a [Candidate<'_>]) -> impl Iterator<Item = &'a Digest> {
    std::iter::once(baseline.digest()).chain(candidates.iter().map(|candidate| candidate.digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was stored when there were only ever two programs, and what is stored of three.
    #[test]
    fn stored_measurements_are_read_as_ever() {
        let digest = |letter: &str| letter.repeat(64);
        let one =
            format!(r#"{{"programs":["{}","{}"],"looks":[12],"workloads":[]}}"#, digest("a"), digest("b"));
        let read: Measurements = serde_json::from_str(&one).unwrap();
        assert_eq!((read.names(), read.are_identical()), (vec![None], false));
        assert_eq!(serde_json::to_string(&read).unwrap(), one);
        let several = Measurements {
            programs: [digest("a"), digest("a"), digest("b")]
                .iter()
                .map(|text| serde_json::from_str(&format!("\"{text}\"")).unwrap())
                .collect(),
            names: vec!["optimize".into(), "bolt".into()],
            ..read
        };
        let again: Measurements = serde_json::from_str(&serde_json::to_string(&several).unwrap()).unwrap();
        assert_eq!(again.names(), [Some("optimize"), Some("bolt")]);
        assert_eq!(again.identical().collect::<Vec<_>>(), [true, false]);
    }
}
