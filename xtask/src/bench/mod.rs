//! `cargo xtask bench`: what the docs claim, measured anew.

mod durability;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::ci::say;

/// Measure anew what the docs claim.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench", disable_help_subcommand = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// What of a stored profile still applies after one change: docs/durability.md
    Durability(durability::Args),
}

/// Runs the benchmark that `args` (what stands after `bench`) ask for.
pub(crate) fn run(args: impl Iterator<Item = String>) -> ExitCode {
    let cli = match Cli::try_parse_from(std::iter::once("bench".to_owned()).chain(args)) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let Bench::Durability(args) = cli.bench;
    match durability::run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
