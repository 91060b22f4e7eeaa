//! `cargo xtask bench decay`: how long a stored profile lasts. Programs of other people at a commit of some months
//! ago, where a profile is recorded, and at later ones, where it is used.
//!
//! What was measured is a line of `measured.jsonl`; a run that was ended goes on where it was. docs/decay.md is made
//! out of that file.

mod commit;
mod history;
mod render;
mod spec;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use self::{
    commit::{Bench, Found},
    history::History,
};
use super::{
    durability::honing::Honing,
    results::{self, Folders},
};
use crate::ci::say;

/// What was measured.
const KNOWN: &str = "xtask/tasks/src/bench/decay/measured.jsonl";

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder with the git repositories that the table names
    #[arg(long, value_name = "DIR", required_unless_present = "render")]
    sources: Option<PathBuf>,
    /// The programs and their commits
    #[arg(long, value_name = "FILE", default_value = "xtask/tasks/src/bench/decay/table.toml")]
    table: PathBuf,
    /// Only this program
    #[arg(long, value_name = "NAME")]
    program: Vec<String>,
    /// Most pairs of each binary with the baseline [default: as many as fit into ten minutes]
    #[arg(long, value_name = "N")]
    pairs: Option<u64>,
    /// Measure what has a result, too
    #[arg(long)]
    force: bool,
    /// Only write docs/decay.md
    #[arg(long, conflicts_with_all = ["force", "sources"])]
    render: bool,
}

/// Runs what has no result yet, and writes the page.
pub(super) fn run(args: &Args) -> Result<()> {
    let spec = spec::spec(&args.table)?;
    for name in &args.program {
        ensure!(spec.programs.iter().any(|program| &program.name == name), "there is no program {name}");
    }
    // As `compare` wants it, which would say so after all builds.
    if let Some(pairs) = args.pairs {
        let fits = pairs.is_multiple_of(2) && (6..=1000).contains(&pairs);
        ensure!(fits, "--pairs: {pairs} is not an even number from 6 to 1000");
    }
    let folders = Folders::of("decay")?;
    let mut known = Known::read(folders.workspace.join(KNOWN))?;
    let mut failed = Vec::new();
    if let Some(sources) = &args.sources {
        let honing = Honing::build(&folders.results)?;
        let asked = |name: &String| args.program.is_empty() || args.program.contains(name);
        for program in spec.programs.iter().filter(|program| asked(&program.name)) {
            let dir = folders.results.join(&program.name);
            let done = History::open(program, sources, &dir)
                .and_then(|history| all(args, &honing, program, &history, &compilers(program)?, &mut known));
            if let Err(error) = done {
                say(&format!("{}: FAILED: {error:#}", program.name));
                failed.push(program.name.as_str());
            }
        }
    }
    let page = folders.workspace.join("docs/decay.md");
    results::write(&page, &render::page(&spec.programs, &known.rows))?;
    say(&format!("written: {}", page.display()));
    ensure!(failed.is_empty(), "these programs failed: {}", failed.join(", "));
    Ok(())
}

fn all(
    args: &Args,
    honing: &Honing,
    program: &spec::Program,
    history: &History,
    compilers: &[PathBuf],
    known: &mut Known,
) -> Result<()> {
    let mut bench = Bench { honing, program, history, rustc: None, pairs: args.pairs };
    bench.record()?;
    let later = program.later.iter().map(|rev| (rev, None));
    for (rev, rustc) in later.chain(compilers.iter().map(|rustc| (&program.base, Some(rustc.clone())))) {
        bench.rustc = rustc;
        let commit = bench.commit(rev)?;
        if !args.force && known.rows.iter().any(|row| row.of == commit) {
            continue;
        }
        let found = bench.at(rev, commit).with_context(|| rev.clone())?;
        say(&format!("{}: {}", program.name, render::row(&found)));
        known.put(found)?;
    }
    Ok(())
}

/// The other compilers of a program. One that cannot be had is told, and left out.
fn compilers(program: &spec::Program) -> Result<Vec<PathBuf>> {
    // Where the other benchmark unpacks it, too.
    let dir = Folders::of("durability")?.results;
    let found = program.compilers.iter().map(|other| (other, other.rustc(&dir)));
    Ok(found
        .filter_map(|(other, rustc)| match rustc {
            Ok(rustc) => Some(rustc),
            Err(error) => {
                say(&format!("{}: no rustc of {other:?}: {error:#}", program.name));
                None
            }
        })
        .collect())
}

/// All that was measured, on whatever machine: in version control, so that the page can be made anew without it.
struct Known {
    path: PathBuf,
    rows: Vec<Found>,
}

impl Known {
    fn read(path: PathBuf) -> Result<Self> {
        let rows = results::read_lines(&path)?;
        Ok(Self { path, rows })
    }

    /// Takes the place of an earlier row of the same.
    fn put(&mut self, found: Found) -> Result<()> {
        self.rows.retain(|row| row.of != found.of);
        self.rows.push(found);
        let lines = self.rows.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
        results::write(&self.path, &(lines.join("\n") + "\n"))
    }
}
