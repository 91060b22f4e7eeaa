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
    /// Steps of other programs that its build or its workloads use, such as `"clang.optimize"`. They come
    /// first; in workloads, `{tool:clang}` is what that step made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Workloads by name.
    #[serde(default)]
    pub workload: IndexMap<String, Workload>,
}

/// A program that workloads use, built without PGO. The table of its craft says what is built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// The table of its craft.
    #[serde(skip)]
    pub own: Owned,
}
