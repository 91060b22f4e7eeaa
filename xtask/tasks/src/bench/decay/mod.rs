//! `cargo xtask bench decay`: how long a stored profile lasts. Programs of other people at a commit of some months
//! ago, where a profile is recorded, and at later ones, where it is used.
//!
//! What is done is a file below `target/decay`; a run that was ended goes on where it was. docs/decay.md is made out
//! of these files.

mod commit;
mod history;
mod render;
mod spec;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;

use self::{
    commit::{Bench, Found, result_name},
    history::History,
};
use super::durability::{self, honing::Honing, toolchain};
use crate::ci::say;

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
    /// Run commits that have a result, too
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
    let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let results = metadata.target_directory.join("decay").into_std_path_buf();
    fs::create_dir_all(&results)?;
    let mut failed = Vec::new();
    if let Some(sources) = &args.sources {
        let honing = Honing::build(&results)?;
        let asked = |name: &String| args.program.is_empty() || args.program.contains(name);
        for program in spec.programs.iter().filter(|program| asked(&program.name)) {
            let dir = results.join(&program.name);
            let history = History::open(program, sources, &dir)?;
            if let Err(error) = all(args, &honing, program, &history, &compilers(program, &metadata)?) {
                say(&format!("{}: FAILED: {error:#}", program.name));
                failed.push(program.name.as_str());
            }
        }
    }
    let page = metadata.workspace_root.join("docs/decay.md").into_std_path_buf();
    let mut found: Vec<(&spec::Program, Vec<Found>)> = Vec::new();
    for program in &spec.programs {
        let dir = results.join(&program.name);
        let mut paths: Vec<PathBuf> = program.later.iter().map(|rev| result_path(&dir, rev)).collect();
        let beside =
            fs::read_dir(dir.join("found")).into_iter().flatten().flatten().map(|entry| entry.path());
        let of_compilers = format!("{}-", program.base);
        let named = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&of_compilers))
        };
        let mut others: Vec<PathBuf> = beside.filter(named).collect();
        others.sort();
        paths.append(&mut others);
        let known =
            paths.iter().map(|path| durability::read(path)).collect::<Result<Vec<Option<Found>>>>()?;
        found.push((program, known.into_iter().flatten().collect()));
    }
    durability::write(&page, &render::page(&found, &durability::machine()))?;
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
) -> Result<()> {
    let mut bench = Bench { honing, program, history, rustc: None, pairs: args.pairs };
    bench.record()?;
    let later = program.later.iter().map(|rev| (rev, None));
    for (rev, rustc) in later.chain(compilers.iter().map(|rustc| (&program.base, Some(rustc.clone())))) {
        let version = rustc.as_deref().map(toolchain::version).transpose()?;
        let path = result_path(&history.dir, &result_name(rev, version.as_deref()));
        if path.exists() && !args.force {
            continue;
        }
        bench.rustc = rustc;
        let found = bench.at(rev).with_context(|| rev.clone())?;
        say(&format!("{}: {}", program.name, render::row(&found)));
        durability::write(&path, &serde_json::to_string_pretty(&found)?)?;
    }
    Ok(())
}

/// The other compilers of a program. One that cannot be had is told, and left out.
fn compilers(program: &spec::Program, metadata: &cargo_metadata::Metadata) -> Result<Vec<PathBuf>> {
    let dir = metadata.target_directory.join("durability").into_std_path_buf();
    fs::create_dir_all(&dir)?;
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

fn result_path(dir: &std::path::Path, rev: &str) -> PathBuf {
    dir.join("found").join(format!("{rev}.json"))
}
