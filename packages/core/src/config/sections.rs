//! The file and the sections that belong to all programs.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    config::{
        own::Owned,
        program::{Program, Tool},
        workload::Workload,
    },
    units::Span,
};

/// The whole of `pgo.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What a result has to fulfil.
    #[serde(default)]
    pub policy: Policy,
    /// How raw profiles are merged.
    #[serde(default)]
    pub merge: Merge,
    /// How the optimized program is measured against the baseline.
    #[serde(default)]
    pub bench: Bench,
    /// Programs of the workspace that workloads use, such as a load generator. They
    /// are built once, without PGO, and named `{tool:NAME}` in workloads.
    #[serde(default)]
    pub tool: IndexMap<String, Tool>,
    /// The programs to optimize, by name.
    pub program: IndexMap<String, Program>,
    /// The tables of others.
    #[serde(skip)]
    pub own: Owned,
}

/// What a result has to fulfil.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The least gain, in percent, that a run has to find. Without it "no change" is
    /// a valid outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub min_gain: Option<f64>,
    /// How much worse, in percent, a metric that decides may be found to be before the run fails.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub max_regression: f64,
    /// By how much, in percent, the optimized binary may be larger.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 10_000.0))]
    pub max_growth: Option<f64>,
    /// Limits of single metrics, in all workloads that have them. What is named here decides.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub metric: IndexMap<String, Limit>,
    /// What an inconclusive measurement does: `warn` ends 0, `fail` ends 13.
    pub inconclusive: Inconclusive,
    /// The outcomes with which the program ships with its profile; with any other, and where the policy
    /// is not fulfilled, it ships without. Left out, a gain has to be measured, or nothing at all: a
    /// profile that nobody measured was stored on purpose.
    pub ships: Vec<OutcomeKind>,
    /// The least share of a profile's weight, in percent, that a build has to apply. 0
    /// accepts anything, also where the share cannot be measured.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub min_match: f64,
    /// The age from which on a stored profile is stale, as in `"90days"`; without it
    /// age alone makes none stale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Span>,
    /// Whether a stored profile is stale once the compiler is another one.
    pub toolchain_change: ToolchainChange,
    /// Whether a profile that applies too little is carried over to the new names.
    pub rebase: Rebase,
}

/// What a metric has to fulfil.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limit {
    /// The least gain, in percent, in the weighted mean over the workloads that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub min_gain: Option<f64>,
    /// How much worse, in percent, it may be in any workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub max_regression: Option<f64>,
}

impl Policy {
    /// The metrics of a workload that decide: its own `gate`, and what the policy limits.
    pub fn gated(&self, workload: &Workload) -> Vec<String> {
        let measured = workload.metrics();
        let limited = self.metric.keys().filter(|name| measured.contains(&name.as_str()));
        let mut gated: Vec<String> = Vec::new();
        for name in workload.gate.iter().chain(limited) {
            if !gated.contains(name) {
                gated.push(name.clone());
            }
        }
        gated
    }

    /// How much worse, in percent, a metric of a workload may be: the workload's own limit, else the
    /// metric's, else the general one.
    pub fn allows(&self, workload: Option<&Workload>, metric: &str) -> f64 {
        let own = workload.and_then(|workload| workload.max_regression);
        let of_metric = || self.metric.get(metric).and_then(|limit| limit.max_regression);
        own.or_else(of_metric).unwrap_or(self.max_regression)
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            min_gain: None,
            max_regression: 0.0,
            max_growth: None,
            metric: IndexMap::new(),
            inconclusive: Inconclusive::default(),
            ships: vec![OutcomeKind::Improved, OutcomeKind::NotMeasured],
            min_match: 80.0,
            max_age: None,
            toolchain_change: ToolchainChange::default(),
            rebase: Rebase::default(),
        }
    }
}

/// What another compiler does to a stored profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolchainChange {
    /// It is worth a warning; the match decides.
    #[default]
    Warn,
    /// It makes the profile stale.
    Stale,
}

/// What is done where a profile applies too little.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rebase {
    /// Nothing: the command `rebase` is a person's decision.
    #[default]
    Never,
    /// It is rebased and the program built once more.
    Auto,
}

/// An outcome by its name alone, as `policy.ships` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// At least one metric that decides is better, none worse, none open.
    Improved,
    /// All that decide stayed within the margin.
    NoChange,
    /// At least one is worse, within `max_regression`.
    Regressed,
    /// At least one is open, by the pairs or by the machine.
    Inconclusive,
    /// Both programs are the same, byte by byte.
    NoEffect,
    /// Nothing was measured: on purpose, or because the budget left no time.
    NotMeasured,
}

/// What an inconclusive measurement does to the run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Inconclusive {
    /// Ends 0, with a warning.
    #[default]
    Warn,
    /// Ends 13.
    Fail,
}

/// How raw profiles are merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Merge {
    /// Share of the weight, in percent, that may be lost to files that are truncated or
    /// corrupt.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub max_lost: f64,
}

impl Default for Merge {
    fn default() -> Self {
        Self { max_lost: 1.0 }
    }
}

/// How the optimized program is measured against the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bench {
    /// The most pairs of runs (one baseline, one optimized) per workload; measuring ends
    /// earlier where the verdict is clear. Even, so that they form whole ABBA quads. Left out: as many
    /// as fit into `time`, up to 120.
    #[schemars(range(min = 2, max = 1000))]
    pub pairs: Option<u32>,
    /// How long the pairs of all workloads of a program may take together, unless `pairs` says how many
    /// there are. The plan is made of it when it is known how long one takes; at least 8 are planned.
    pub time: Span,
    /// What measuring goes on for after the verdict is clear, for up to 10 seconds a workload: an
    /// interval of at most so many percent to either side.
    #[schemars(range(min = 0.0, max = 50.0))]
    pub precision: f64,
    /// Pairs run first and thrown away.
    #[schemars(range(max = 100))]
    pub warmup: u32,
    /// Confidence that all intervals of a program hold together, as a share.
    #[schemars(range(min = 0.5, max = 0.9999))]
    pub confidence: f64,
    /// Margin in percent: an interval that lies within it means no change.
    #[schemars(range(min = 0.0, max = 50.0))]
    pub margin: f64,
    /// Seed of the order of the runs.
    pub seed: u64,
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            pairs: None,
            time: Span::seconds(600),
            precision: 2.0,
            warmup: 1,
            confidence: 0.99,
            margin: 1.0,
            seed: 1,
        }
    }
}

impl Config {
    /// All of it as TOML, with the defaults of what is left out.
    ///
    /// # Errors
    /// Where a value has no form in TOML.
    pub fn to_table(&self) -> Result<toml::Table, toml::ser::Error> {
        let mut top = with_owned(self, &self.own)?;
        for (name, tool) in &self.tool {
            insert(&mut top, &["tool", name], with_owned(tool, &tool.own)?);
        }
        for (name, program) in &self.program {
            let mut table = with_owned(program, &program.own)?;
            for (name, workload) in &program.workload {
                insert(&mut table, &["workload", name], with_owned(workload, &workload.own)?);
            }
            insert(&mut top, &["program", name], table);
        }
        Ok(top)
    }
}

fn with_owned(core: &impl Serialize, own: &Owned) -> Result<toml::Table, toml::ser::Error> {
    let others = own.iter().map(|own| (own.name.to_owned(), toml::Value::Table(own.table.clone())));
    Ok(others.chain(toml::Table::try_from(core)?).collect())
}

fn insert(table: &mut toml::Table, [outer, name]: &[&str; 2], value: toml::Table) {
    if let Some(toml::Value::Table(inner)) = table.get_mut(*outer) {
        inner.insert((*name).to_owned(), value.into());
    }
}
