//! `cargo xtask bench`: what the docs claim, measured anew.

mod compile;
mod cost;
mod decay;
mod durability;
mod measurement;
mod mixes;
mod results;
mod time;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measure anew what the docs claim.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench", disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Whether this change makes the first compile of Honing more than 5 % dearer: docs/benchmarks.md
    Compile(compile::Args),
    /// What PGO costs a build machine: docs/costs.md
    Cost(cost::Args),
    /// How long a stored profile lasts, over months of public programs: docs/decay.md
    Decay(decay::Args),
    /// What of a stored profile still applies after one change: docs/durability.md
    Durability(durability::Args),
    /// Whether verdicts are what they say: docs/measurement.md
    Measurement(measurement::Args),
    /// How far profile and gain move with the traffic of the training: docs/load.md
    Mixes(mixes::Args),
}

/// Runs the benchmark that `args` (what stands after `bench`) ask for.
pub(crate) fn run(args: impl Iterator<Item = String>) -> ExitCode {
    crate::ci::command("bench", args, |cli: Cli| match cli.bench {
        Bench::Compile(args) => compile::run(&args),
        Bench::Cost(args) => cost::run(&args),
        Bench::Decay(args) => decay::run(&args),
        Bench::Durability(args) => durability::run(&args),
        Bench::Measurement(args) => measurement::run(&args),
        Bench::Mixes(args) => mixes::run(&args),
    })
}
