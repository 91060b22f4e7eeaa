//! Workloads: what a program is run on, to train it or to measure it.

use std::collections::BTreeMap;

use honing_paired::Direction;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    config::own::{Own, Owned},
    others::{Other, Part},
    template::{self, Placeholder},
    units::Span,
};

/// Something that the program is run on: a command, a service under load, or what its
/// craft runs, such as tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// What it is for.
    pub role: Role,
    /// How much it counts: its profile in the merge, its ratio in the mean.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub weight: u32,
    /// The seed of its inputs, named `{seed}` in commands.
    pub seed: Option<u64>,
    /// A command that runs the program, as words; no shell is involved.
    pub command: Option<Vec<String>>,
    /// A service that is started, put under load and stopped.
    pub service: Option<Service>,
    /// Commands to run before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepare: Vec<Vec<String>>,
    /// Commands to run after it, whether it succeeded or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleanup: Vec<Vec<String>>,
    /// Files and folders that it reads, relative to the workspace. Their contents
    /// decide whether it has to run again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Exit codes that count as success.
    #[serde(default = "zero")]
    #[schemars(inner(range(min = 0, max = 255)))]
    pub exit_codes: Vec<i32>,
    /// How long it may take.
    #[serde(default = "five_minutes")]
    pub timeout: Span,
    /// How often it is tried again after a failure.
    #[serde(default)]
    #[schemars(range(max = 10))]
    pub retries: u32,
    /// Metrics that decide its verdict, the leading one first: gains are told of that one.
    #[serde(default = "cpu")]
    pub gate: Vec<String>,
    /// The least gain, in percent, that its leading metric has to show.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub min_gain: Option<f64>,
    /// How much worse, in percent, a metric that decides may be; instead of the policy's.
    #[schemars(range(min = 0.0, max = 1000.0))]
    pub max_regression: Option<f64>,
    /// Whether both programs have to print the same on standard output. Without it: a
    /// command has to, unless numbers are read from what it prints.
    pub compare_output: Option<bool>,
    /// A command that gets what the program printed on standard input and prints what is
    /// compared, such as `["sort"]` where lines come in another order each time.
    pub answer: Option<Vec<String>>,
    /// A JSON pointer into its output: the work that it did, for example
    /// `/requests/completed`. CPU time is then measured per unit of work.
    pub work: Option<String>,
    /// Where its JSON output has percentiles of its latency.
    pub latency: Option<Latency>,
    /// Numbers in its output that are compared as well, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub metric: IndexMap<String, Metric>,
    /// The table of its program's craft.
    #[serde(skip)]
    pub own: Owned,
}

/// What a workload is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The profile is collected on it.
    Train,
    /// The optimized program is measured on it.
    Eval,
    /// Both; its verdict is marked "in-sample".
    Both,
}

impl Role {
    /// Whether the profile is collected on it.
    pub fn trains(self) -> bool {
        matches!(self, Self::Train | Self::Both)
    }

    /// Whether the optimized program is measured on it.
    pub fn evaluates(self) -> bool {
        matches!(self, Self::Eval | Self::Both)
    }
}

/// A service: started, awaited, put under load, stopped.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The command that starts it and stays in the foreground.
    pub start: Vec<String>,
    /// How to tell that it can be used.
    pub ready: Ready,
    /// How it is stopped.
    #[serde(default)]
    pub stop: Stop,
    /// The command that puts it under load. Its standard output, where it is JSON,
    /// carries `work` and the metrics.
    pub load: Vec<String>,
}

/// How to tell that a service can be used: exactly one of `tcp`, `http` and `log`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ready {
    /// An address that accepts connections, such as `127.0.0.1:{port:http}`.
    pub tcp: Option<String>,
    /// A URL that answers with a 2xx status.
    pub http: Option<String>,
    /// A regular expression for a line of its output.
    pub log: Option<String>,
    /// How long it may take to get ready.
    #[serde(default = "thirty_seconds")]
    pub timeout: Span,
}

/// How a service is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stop {
    /// The signal that asks it to stop: SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1 or
    /// SIGUSR2.
    pub signal: String,
    /// How long it may take to stop; then it is killed, which is a failure.
    pub grace: Span,
}

impl Default for Stop {
    fn default() -> Self {
        Self { signal: "SIGTERM".into(), grace: Span::seconds(10) }
    }
}

/// Percentiles in the JSON output of a workload; they inform.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// Where they are, as a JSON pointer to an object such as `{"p50": 80, "p99": 210}`.
    pub pointer: String,
    /// Their unit, for display.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

/// A number in the output of a workload: exactly one of `pointer` and `pattern`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Where it is in JSON, as a JSON pointer such as `/latency_us/p99`.
    pub pointer: Option<String>,
    /// A regular expression whose first group is the number, in any text; the last match counts.
    pub pattern: Option<String>,
    /// Which way is better.
    #[serde(default)]
    pub better: Direction,
    /// Its unit, for display.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
}

/// What a workload runs. Validation makes sure that there is exactly one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind<'a> {
    /// A command that runs the program.
    Command(&'a [String]),
    /// A service under load.
    Service(&'a Service),
    /// What its craft runs.
    Own(&'a Own),
}

/// Metrics that are measured of everything, in the order in which they are shown.
pub const CPU: &str = "cpu";
/// CPU time in user space.
pub const USER: &str = "user";
/// CPU time in the kernel.
pub const SYSTEM: &str = "system";
/// Time from start to end; not of services.
pub const WALL: &str = "wall";
/// Largest resident set.
pub const PEAK_MEMORY: &str = "peak memory";

impl Workload {
    /// Names of what is measured, but for percentiles.
    pub fn metrics(&self) -> Vec<&str> {
        let wall = self.service.is_none().then_some(WALL);
        let built_in = [CPU, USER, SYSTEM].into_iter().chain(wall).chain([PEAK_MEMORY]);
        built_in.chain(self.metric.keys().map(String::as_str)).collect()
    }

    /// Whether both programs have to print the same.
    pub fn compares_output(&self) -> bool {
        let only_printed = self.service.is_none() && self.metric.is_empty() && self.latency.is_none();
        self.compare_output.unwrap_or(only_printed || self.answer.is_some())
    }

    /// What it runs; `None` where that is missing or ambiguous, which validation refuses.
    pub fn kind(&self) -> Option<Kind<'_>> {
        let mut kinds = [
            self.command.as_deref().map(Kind::Command),
            self.service.as_ref().map(Kind::Service),
            self.own.iter().next().map(Kind::Own),
        ]
        .into_iter()
        .flatten();
        let kind = kinds.next();
        if kinds.next().is_some() { None } else { kind }
    }

    /// The words of what it runs, but for what its craft does.
    fn main(&self) -> &[String] {
        match self.kind() {
            Some(Kind::Command(words)) => words,
            Some(Kind::Service(service)) => &service.start,
            _ => &[],
        }
    }

    /// Whether it starts the program itself, not by way of a shell or the like.
    pub fn starts_program(&self) -> bool {
        self.main().first().is_some_and(|word| word == "{program}")
    }

    /// The program of others that it runs in place of its own, to train a library that is linked into that.
    pub fn runs_through(&self) -> Option<Other> {
        let named = template::placeholders(self.main()).ok()?;
        let others = named.iter().filter_map(|placeholder| match placeholder {
            Placeholder::Other(other) if !matches!(other.part, Part::Profile(_)) => Some(other.clone()),
            _ => None,
        });
        others.take_while(|_| !named.contains(&Placeholder::Program)).next()
    }

    /// Every command line in it, with its key.
    pub fn commands(&self) -> Vec<(&'static str, &[String])> {
        let mut all: Vec<(&'static str, &[String])> = Vec::new();
        all.extend(self.prepare.iter().map(|command| ("prepare", command.as_slice())));
        match self.kind() {
            Some(Kind::Command(command)) => all.push(("command", command)),
            Some(Kind::Service(service)) => {
                all.push(("service.start", &service.start));
                all.push(("service.load", &service.load));
            }
            Some(Kind::Own(_)) | None => {}
        }
        all.extend(self.answer.iter().map(|command| ("answer", command.as_slice())));
        all.extend(self.cleanup.iter().map(|command| ("cleanup", command.as_slice())));
        all
    }

    /// Every word of what it runs: placeholders may stand in each.
    pub fn words(&self) -> Vec<&str> {
        let commands = self.commands().into_iter().flat_map(|(_, words)| words).map(String::as_str);
        commands.chain(self.own.iter().flat_map(Own::texts)).collect()
    }
}

fn cpu() -> Vec<String> {
    vec![CPU.into()]
}

fn one() -> u32 {
    1
}

fn zero() -> Vec<i32> {
    vec![0]
}

fn five_minutes() -> Span {
    Span::seconds(300)
}

fn thirty_seconds() -> Span {
    Span::seconds(30)
}
