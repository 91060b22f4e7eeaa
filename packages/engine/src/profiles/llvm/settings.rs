//! What pgo.toml says of LLVM's counters: the tables called `llvm`.

use honing_core::config::{Config, Form, Program, Tables};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tables, for crafts whose compiler is LLVM.
pub static TABLES: Tables = Tables {
    name: "llvm",
    top: Some(Form::of::<Merging>().moved("merge.tool=merge")),
    program: Form::of::<Counting>().moved("flush instrument"),
    tool: None,
    workload: None,
    with: &[],
    check: |_, _| Ok(()),
};

/// How the counters of a program are collected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "LlvmProgram")]
pub(crate) struct Counting {
    /// When counters reach the disk.
    pub(crate) flush: Flush,
    /// How the instrumented program is built.
    pub(crate) instrument: Instrumenting,
}

impl Counting {
    /// What is said of a program.
    pub(crate) fn of(program: &Program) -> Self {
        program.own.get().copied().unwrap_or_default()
    }
}

/// When the counters of an instrumented program reach the disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flush {
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
pub(crate) enum Instrumenting {
    /// Without LTO, debug info and stripping, none of which changes what the profile
    /// applies to as long as symbols are pinned. Where too little of the profile applies
    /// after all, the run starts over with `same`.
    #[default]
    Light,
    /// Exactly as the program ships.
    Same,
}

/// How raw profiles are merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "Llvm")]
pub(crate) struct Merging {
    /// What merges. LLVM's tool tolerates no lost weight.
    pub(crate) merge: MergeTool,
}

impl Merging {
    /// What is said.
    pub(crate) fn of(config: &Config) -> Self {
        config.own.get().copied().unwrap_or_default()
    }
}

/// LLVM's merge tool on the command line.
pub(super) const LLVM_PROFDATA: &str = "llvm-profdata";

/// What merges raw profiles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MergeTool {
    /// Honing itself; LLVM's tool where a future toolchain writes what it cannot read yet.
    #[default]
    Builtin,
    /// LLVM's own.
    LlvmProfdata,
}
