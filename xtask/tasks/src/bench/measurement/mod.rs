//! `cargo xtask bench measurement`: whether verdicts are what they say they are. Real experiments with
//! programs whose difference is known, on this machine, and the results in docs/measurement.md.
//!
//! Every experiment leaves a line below `target/measurement`, so that a run which was ended goes on
//! where it was. Measure on a machine that does nothing else.

mod compare;
mod hyperfine;
mod part;
mod programs;
mod tracker;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::ValueEnum;

use self::{
    part::{Bench, Experiment, Outcome, Part},
    programs::Programs,
};
use super::{
    durability::honing::Honing,
    results::{Folders, machine, read_lines, remove, repeat, write_part},
};
use crate::ci::say;

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this part; the page is not written then
    #[arg(long, value_enum, value_name = "PART")]
    part: Vec<Part>,
    /// Experiments of each part [default: as many as the bars ask for]
    #[arg(long, value_name = "N", requires = "part")]
    experiments: Option<usize>,
    /// Only benches of the tracker; the page is not written then
    #[arg(long, conflicts_with_all = ["part", "render"])]
    tracker: bool,
    /// Only write the page
    #[arg(long, conflicts_with_all = ["part", "experiments"])]
    render: bool,
    /// Throw earlier results away
    #[arg(long, conflicts_with = "render")]
    force: bool,
}

/// The file of the tracker's benches.
const TRACKER: &str = "tracker";

/// Runs the experiments that are missing, and holds them against their bars.
pub(super) fn run(args: &Args) -> Result<()> {
    let Folders { workspace, target, results: dir } = Folders::of("measurement")?;
    let all = args.part.is_empty() && !args.tracker;
    let parts: Vec<Part> = if all { Part::value_variants().to_vec() } else { args.part.clone() };
    if !args.render {
        let honing = Honing::build(&dir)?;
        let bench =
            Bench { honing: honing.program().to_owned(), programs: Programs::ready(&dir.join("programs"))? };
        for part in &parts {
            experiments(&bench, *part, args, &file(&dir, &part.name()))?;
        }
        if all || args.tracker {
            let file = file(&dir, TRACKER);
            discard(args, &file)?;
            repeat(&file, tracker::BENCHES, |_| tracker::bench(&workspace, &target, &honing))?;
        }
    }
    let mut outcomes = Vec::new();
    for part in parts {
        let found: Vec<Experiment> = read_lines(&file(&dir, &part.name()))?;
        if !found.is_empty() {
            outcomes.push((part.name(), part::outcome(part, &found)?));
        }
    }
    if all || args.tracker {
        outcomes.extend(tracker::outcomes(&read_lines(&file(&dir, TRACKER))?)?);
    }
    for (name, outcome) in &outcomes {
        let word = if outcome.reached { "reached" } else { "MISSED" };
        say(&format!("{name}: {}; bar: {} ({word})", outcome.found, outcome.bar));
    }
    if all {
        write_page(&workspace.join("docs/measurement.md"), &outcomes)?;
    }
    let missed: Vec<&str> =
        outcomes.iter().filter(|(_, one)| !one.reached).map(|(name, _)| name.as_str()).collect();
    ensure!(missed.is_empty(), "bars that were missed: {}", missed.join(", "));
    Ok(())
}

fn experiments(bench: &Bench, part: Part, args: &Args, file: &Path) -> Result<()> {
    if part.uses_hyperfine() {
        say(&hyperfine::version()?);
    }
    discard(args, file)?;
    repeat(file, args.experiments.unwrap_or(part.experiments()), |number| {
        let found = bench.run(part, number)?;
        let ours = &found.ours;
        let interval = ours.interval.map(|[low, high]| format!(" [{low:.4}, {high:.4}]")).unwrap_or_default();
        say(&format!(
            "{} {number}: {}{interval}, {} pairs, {:.1} s",
            part.name(),
            ours.verdict,
            ours.pairs,
            ours.seconds
        ));
        Ok(found)
    })
}

fn file(dir: &Path, name: &str) -> PathBuf {
    dir.join(format!("{name}.jsonl"))
}

fn discard(args: &Args, file: &Path) -> Result<()> {
    if args.force { remove(file) } else { Ok(()) }
}

fn write_page(path: &Path, outcomes: &[(String, Outcome)]) -> Result<()> {
    let mut table = format!("Machine: {}.\n\n| part | found | bar | |\n|---|---|---|---|\n", machine());
    for (name, outcome) in outcomes {
        let word = if outcome.reached { "reached" } else { "**missed**" };
        table += &format!("| {name} | {} | {} | {word} |\n", outcome.found, outcome.bar);
    }
    write_part(path, "measurement", &table)
}
