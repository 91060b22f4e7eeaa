//! `cargo xtask bench compile`: whether a change makes the first compile of Honing dearer. What `cargo xtask`
//! compiles on a fresh machine, of an earlier commit and of the working tree, in turns, each in a fresh target
//! folder; CPU time, which says the same on an idle machine and on a busy one.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;

use super::{
    durability::honing::{cargo, without_outer_build},
    results::remove,
    time,
};
use crate::ci::say;

/// How much dearer it may become, as a ratio.
const MOST: f64 = 1.05;
/// Pairs that settle it where the first one is above.
const IN_DOUBT: usize = 3;

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The commit to compare with [default: where HEAD left main; on main, the one before HEAD]
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// Pairs of compiles; 3 where the first one is above 5 %
    #[arg(long, value_name = "N", default_value_t = 1)]
    pairs: usize,
}

/// Compiles both, and fails where the working tree's is dearer.
pub(super) fn run(args: &Args) -> Result<()> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let workspace = metadata.workspace_root.as_std_path();
    let dir = metadata.target_directory.join("compile").into_std_path_buf();
    let base = args.base.clone().map_or_else(|| left_main(workspace), Ok)?;
    let sources = dir.join("base");
    extract(workspace, &base, &sources)?;
    let target = dir.join("target");
    let mut ratios = Vec::new();
    while ratios.len() < args.pairs || (median(&ratios) > MOST && ratios.len() < IN_DOUBT) {
        let (before, now) = if ratios.len().is_multiple_of(2) {
            let before = compile(&sources, &target)?;
            (before, compile(workspace, &target)?)
        } else {
            let now = compile(workspace, &target)?;
            (compile(&sources, &target)?, now)
        };
        ratios.push(now / before);
        say(&format!("first compile: {before:.1} s of CPU at {base}, {now:.1} s now: x {:.3}", now / before));
    }
    fs::remove_dir_all(&dir)?;
    let median = median(&ratios);
    ensure!(
        median <= MOST,
        "the first compile became {:.1} % dearer than at {base}; at most 5 % is agreed. `cargo build --timings` says where",
        (median - 1.0) * 100.0
    );
    Ok(())
}

fn git(workspace: &Path, args: &[&str]) -> Result<String> {
    let git = duct::cmd("git", args).dir(workspace).stderr_capture();
    git.read().with_context(|| format!("git {}", args.join(" ")))
}

/// The commit that the branch began at; on main itself the one before.
fn left_main(workspace: &Path) -> Result<String> {
    let short = |rev: &str| git(workspace, &["rev-parse", "--short", rev]);
    let base = git(workspace, &["merge-base", "HEAD", "main"])
        .or_else(|_| git(workspace, &["merge-base", "HEAD", "origin/main"]))
        .unwrap_or_else(|_| "HEAD~1".into());
    if short(&base)? == short("HEAD")? { short("HEAD~1") } else { short(&base) }
}

/// The files of a commit, without a work tree that git would have to forget again.
fn extract(workspace: &Path, rev: &str, to: &Path) -> Result<()> {
    remove(to)?;
    fs::create_dir_all(to)?;
    let archive = duct::cmd!("git", "archive", "--format=tar", rev).dir(workspace);
    archive.pipe(duct::cmd!("tar", "-x", "-C", to)).run().with_context(|| format!("git archive {rev}"))?;
    Ok(())
}

/// Seconds of CPU time of what `cargo xtask` compiles, in a fresh `target`.
fn compile(workspace: &Path, target: &Path) -> Result<f64> {
    remove(target)?;
    let command = duct::cmd!(cargo(), "build", "--quiet", "--locked", "--package", "xtask", "--bin", "xtask")
        .dir(workspace)
        .env("CARGO_TARGET_DIR", target)
        .stdin_null();
    let command = without_outer_build(command);
    Ok(time::of_children(|| command.run().context("cargo build --package xtask"))?.cpu)
}

fn median(ratios: &[f64]) -> f64 {
    let mut sorted = ratios.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(1.0)
}
