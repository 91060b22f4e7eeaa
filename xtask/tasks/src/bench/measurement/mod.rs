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

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use clap::ValueEnum;
use serde::{Serialize, de::DeserializeOwned};

use self::{
    part::{Bench, Experiment, Outcome, Part},
    programs::Programs,
};
use super::durability::{honing::Honing, machine};
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

/// Between these lines of the page stands what is written here.
const BEGIN: &str = "<!-- written by cargo xtask bench measurement -->";
const END: &str = "<!-- until here -->";
/// The file of the tracker's benches.
const TRACKER: &str = "tracker";

/// Runs the experiments that are missing, and holds them against their bars.
pub(super) fn run(args: &Args) -> Result<()> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let dir = metadata.target_directory.join("measurement").into_std_path_buf();
    let workspace = metadata.workspace_root.as_std_path();
    fs::create_dir_all(&dir)?;
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
            repeat(&file, tracker::BENCHES, |_| {
                tracker::bench(workspace, metadata.target_directory.as_std_path(), &honing)
            })?;
        }
    }
    let mut outcomes = Vec::new();
    for part in parts {
        let found: Vec<Experiment> = read(&file(&dir, &part.name()))?;
        if !found.is_empty() {
            outcomes.push((part.name(), part::outcome(part, &found)?));
        }
    }
    if all || args.tracker {
        outcomes.extend(tracker::outcomes(&read(&file(&dir, TRACKER))?)?);
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
    if args.force && file.exists() {
        fs::remove_file(file)?;
    }
    Ok(())
}

/// Makes results until `file` has as many as wanted.
fn repeat<T: Serialize + DeserializeOwned>(
    file: &Path,
    wanted: usize,
    mut one: impl FnMut(usize) -> Result<T>,
) -> Result<()> {
    let there = read::<T>(file)?.len();
    let mut out = File::options().append(true).create(true).open(file)?;
    for number in there..wanted {
        let found = serde_json::to_string(&one(number)?)?;
        out.write_all(format!("{found}\n").as_bytes())?;
    }
    Ok(())
}

fn read<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(file)?;
    text.lines().map(|line| serde_json::from_str(line).with_context(|| file.display().to_string())).collect()
}

fn write_page(path: &Path, outcomes: &[(String, Outcome)]) -> Result<()> {
    let page = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let between = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) = between.with_context(|| format!("{} has no place for results", path.display()))?;
    let mut table = format!("Machine: {}.\n\n| part | found | bar | |\n|---|---|---|---|\n", machine());
    for (name, outcome) in outcomes {
        let word = if outcome.reached { "reached" } else { "**missed**" };
        table += &format!("| {name} | {} | {} | {word} |\n", outcome.found, outcome.bar);
    }
    fs::write(path, format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))?;
    Ok(())
}
