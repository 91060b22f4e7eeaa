//! Programs (what is optimized) and tools (what workloads use).

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{own::Owned, workload::Workload};

/// A program to optimize. The table of its craft says what is built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The tables of its craft, first, and of what goes with that.
    #[serde(skip)]
    pub own: Owned,
    /// Environment variables for every run of the program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Steps of other programs that its builds use, such as `"clang.optimize"`; those of one of its steps with
    /// that in front: `"train: rustc.optimize"`. They come first; in workloads, `{tool:clang}` is what was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Whether it is built with PGO. Without, it only has a baseline, for other programs.
    #[serde(default = "yes")]
    pub pgo: bool,
    /// Workloads by name.
    #[serde(default)]
    pub workload: IndexMap<String, Workload>,
}

fn yes() -> bool {
    true
}

/// A program that workloads use, built without PGO. The table of its craft says what is built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The table of its craft.
    #[serde(skip)]
    pub own: Owned,
}
