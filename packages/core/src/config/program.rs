//! Programs (what is optimized) and tools (what workloads use).

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CargoProfile, Workload};

/// A program to optimize: a binary, or a `cdylib` that a workload's command loads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The package that it is in.
    pub package: String,
    /// Its binary target. Without it and without `cdylib`: the package's only binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
    /// True where the package's `cdylib` is optimized instead of a binary.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cdylib: bool,
    /// The Cargo profile that it ships with.
    #[serde(default = "release")]
    pub profile: String,
    /// What that Cargo profile has to say: `manifest --check` ends 14 where it does not.
    #[serde(default, skip_serializing_if = "CargoProfile::is_empty")]
    pub cargo_profile: CargoProfile,
    /// Features to build with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// False builds with `--no-default-features`.
    #[serde(default = "yes")]
    pub default_features: bool,
    /// The target triple; the host's without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether symbols keep their names across version bumps, features and the Cargo
    /// profile, so that a profile keeps applying. False leaves them to cargo.
    #[serde(default = "yes")]
    pub pin_symbols: bool,
    /// When counters reach the disk.
    #[serde(default)]
    pub flush: Flush,
    /// How the instrumented program is built.
    #[serde(default)]
    pub instrument: Instrumenting,
    /// Environment variables for every run of the program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Steps of other programs that its build or its workloads use, such as `"clang.optimize"`. They come
    /// first; in workloads, `{tool:clang}` is what that step made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Workloads by name.
    #[serde(default)]
    pub workload: IndexMap<String, Workload>,
}

/// When the counters of an instrumented program reach the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flush {
    /// At exit. The program has to end in an orderly way: return from main or
    /// `process::exit`.
    #[default]
    Exit,
    /// At every moment, for programs that are ended by a signal. Costs the value
    /// profile (indirect calls, sizes of memory operations).
    Continuous,
}

/// How the instrumented program is built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Instrumenting {
    /// Without LTO, debug info and stripping, none of which changes what the profile
    /// applies to as long as symbols are pinned. Where too little of the profile applies
    /// after all, the run starts over with `same`.
    #[default]
    Light,
    /// With exactly the Cargo profile that the program ships with.
    Same,
}

/// What cargo makes of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramKind<'a> {
    /// The named binary, or the package's only one.
    Bin(Option<&'a str>),
    /// The package's `cdylib`.
    Cdylib,
}

impl Program {
    /// What cargo makes of this program.
    pub fn kind(&self) -> ProgramKind<'_> {
        if self.cdylib { ProgramKind::Cdylib } else { ProgramKind::Bin(self.bin.as_deref()) }
    }
}

/// A program of the workspace that workloads use, built without PGO.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The package that it is in.
    pub package: String,
    /// Its binary target; without it the package's only binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bin: Option<String>,
    /// The Cargo profile that it is built with.
    #[serde(default = "release")]
    pub profile: String,
    /// Features to build with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

fn release() -> String {
    "release".into()
}

fn yes() -> bool {
    true
}
