//! What a manifest has, and what follows from it today.

use serde::{Deserialize, Serialize};

use super::{
    measured::{MatchEntry, MeasuredEntry},
    workload::WorkloadEntry,
};
use crate::{
    account::Account,
    config::{Policy, Program},
    fingerprint::Digest,
    outcome::{self, Choice, Evidence, Measured, Outcome},
    step::Step,
};

/// Everything that is known about a stored profile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`SCHEMA`](super::SCHEMA).
    pub schema: u32,
    /// The program.
    pub program: String,
    /// The target triple.
    pub target: String,
    /// When it was recorded, in UTC.
    pub recorded: String,
    /// When it was trained, in UTC: its age counts from here. For a profile from
    /// elsewhere, when it was first recorded.
    pub trained: String,
    /// The commit that was checked out, or `unknown`.
    pub commit: String,
    /// Whether the working tree differed from it.
    pub dirty: bool,
    /// How the profile came to be.
    pub source: Source,
    /// For a rebased profile: percent of the trained one's weight that it still has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<f64>,
    /// How its program was built.
    #[serde(default)]
    pub account: Account,
    /// The profile itself.
    pub profile: Profile,
    /// How much of it the optimized build applied.
    #[serde(rename = "match")]
    pub matched: MatchEntry,
    /// What was measured.
    pub verdict: VerdictEntry,
    /// The binaries, where both were built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeEntry>,
    /// The metrics behind the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub measured: Vec<MeasuredEntry>,
    /// The workloads that it was trained on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workload: Vec<WorkloadEntry>,
    /// The workloads that it was measured on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eval: Vec<WorkloadEntry>,
    /// Where it came from, where that is not a training here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub part: Vec<PartEntry>,
    /// What the stages cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cost: Vec<CostEntry>,
    /// The heaviest functions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hot: Vec<HotEntry>,
}

/// How a profile came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Trained here.
    Trained,
    /// Taken from elsewhere.
    Imported,
    /// An older one, carried over to other symbol names.
    Rebased,
}

/// The profile itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The file beside the manifest.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub digest: Digest,
    /// Bytes of the profile as the compiler reads it.
    pub indexed_bytes: u64,
    /// BLAKE3 of that.
    pub indexed_digest: Digest,
    /// Sum of all counters. As text, since it may be more than TOML's integers hold.
    pub weight: String,
    /// Functions.
    pub functions: u64,
    /// Functions that ran.
    pub functions_run: u64,
}

impl Profile {
    /// How many functions it has, and ran where that says something: samples are of functions that ran.
    pub fn coverage(&self) -> String {
        if self.functions_run == self.functions {
            return format!("{} functions", self.functions);
        }
        format!("{} of {} functions ran", self.functions_run, self.functions)
    }
}

/// A verdict, as a manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictEntry {
    /// `improved`, `no change`, `inconclusive` or `not measured`.
    pub outcome: String,
    /// The sentence for it.
    pub wording: String,
}

/// Sizes of the binaries, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeEntry {
    /// Without PGO.
    pub baseline: u64,
    /// With the profile.
    pub optimized: u64,
}

/// A part of a profile that was made elsewhere: a shard of the training, or a profile that was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEntry {
    /// `shard 1/3`, or the file or folder as it was given; of an absolute path the name.
    pub from: String,
    /// BLAKE3 of its profiles.
    pub digest: Digest,
    /// For a given profile: how much it counts. Shards have the weights of their workloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// For a shard: its workloads. For a profile that pgo.toml names: the workload that names it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workloads: Vec<String>,
    /// When it was trained or recorded, in UTC, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained: Option<String>,
    /// For a given profile: seconds for which it was recorded, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_s: Option<u64>,
    /// For a shard: the commit that was checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// For a shard: whether the working tree differed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<bool>,
    /// For a shard: seconds of CPU time that its training took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_s: Option<u64>,
}

/// What a stage cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostEntry {
    /// The step by its name. A later Honing may have others; they are kept.
    pub stage: String,
    /// Seconds of wall time.
    pub wall_s: u64,
    /// Seconds of CPU time.
    pub cpu_s: u64,
}

/// A heavy function.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HotEntry {
    /// Percent of the profile's weight.
    pub percent: f64,
    /// Its name.
    pub function: String,
}

impl Manifest {
    /// Milliseconds of wall time that a step took when this was recorded.
    pub fn took_ms(&self, step: Step) -> Option<u64> {
        let name = step.to_string();
        Some(self.cost.iter().find(|cost| cost.stage == name)?.wall_s.saturating_mul(1000))
    }

    /// What was measured, with the weights of today.
    pub fn measured(&self, program: &Program) -> Vec<Measured> {
        let weight = |name: &str| program.workload.get(name).map_or(1, |workload| workload.weight);
        self.measured.iter().map(|entry| entry.as_measured(weight(&entry.workload))).collect()
    }

    /// What follows from what was measured under the policy of today: whether the profile ships.
    pub fn choice(&self, policy: &Policy, program: &Program) -> Choice {
        let growth = |size: SizeEntry| size.optimized as f64 / size.baseline.max(1) as f64;
        let evidence = Evidence {
            measured: &self.measured(program),
            identical: self.verdict.outcome == Outcome::NoEffect.word(),
            growth: self.size.map(growth),
            out_of_budget: false,
        };
        outcome::choose(policy, program, &[evidence])
    }
}
