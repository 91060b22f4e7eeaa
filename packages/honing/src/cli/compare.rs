//! The flags of `compare`.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, ValueEnum};

use super::shared;

pub(super) const EXAMPLES: &str = "\
Examples:
  cargo xtask pgo compare --a old/prog --b new/prog -- input.txt
  honing compare --a ./v1 --b ./v2 --metric wall --pairs 120 -- --threads 4
  honing compare --a ./v1 --b ./v2 --b ./v3 -- input.txt
  honing compare --a ./v1 --aa -- input.txt
                                      noise of this machine
  honing compare --a ./v1 --b ./v2 --output runs.json -- input.txt
  honing compare --replay runs.json";

/// Flags of `compare`.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    #[command(flatten)]
    pub(crate) what: Comparing,
    #[command(flatten)]
    pub(crate) flags: shared::Compare,
}

/// What is compared, and how.
#[derive(Debug, Args)]
pub(crate) struct Comparing {
    /// Program to compare against
    #[arg(long, value_name = "BIN", required_unless_present = "replay")]
    pub(crate) a: Option<PathBuf>,
    /// Program to compare; several --b share A's runs
    #[arg(long, value_name = "BIN", required_unless_present_any = ["replay", "aa"])]
    pub(crate) b: Vec<PathBuf>,
    /// Compare A with a byte copy of itself, to see the noise of this machine
    #[arg(long, conflicts_with = "b")]
    pub(crate) aa: bool,
    /// Confidence of the intervals, over all looks and programs
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    pub(crate) confidence: f64,
    /// Margin in percent: an interval that lies within it means no change
    #[arg(long, value_name = "PERCENT", default_value_t = 1.0)]
    pub(crate) margin: f64,
    /// Seed of the order of the runs
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Metric that decides
    #[arg(long, value_enum, default_value = "cpu")]
    pub(crate) metric: CompareMetric,
    /// Exit codes that count as success
    #[arg(
        long,
        value_name = "CODES",
        value_delimiter = ',',
        default_value = "0",
        allow_negative_numbers = true,
        value_parser = clap::value_parser!(i32).range(0..=255)
    )]
    pub(crate) exit_codes: Vec<i32>,
    /// Accept programs with different output
    #[arg(long)]
    pub(crate) ignore_output: bool,
    /// Write Markdown
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Write the comparison, with every run, as JSON
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Judge such a file again, from its runs
    #[arg(long, value_name = "FILE", conflicts_with_all = ["a", "b", "aa", "args"])]
    pub(crate) replay: Option<PathBuf>,
    /// Arguments of all programs
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) args: Vec<OsString>,
}

/// What `compare` can decide by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompareMetric {
    /// CPU time, user and system together.
    Cpu,
    /// Time from start to end.
    Wall,
}

impl CompareMetric {
    /// The metric's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Wall => "wall",
        }
    }
}
