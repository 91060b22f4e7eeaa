//! `cargo xtask bench durability`: store a profile, change one thing, and see what of it still applies.
//!
//! The rows are data (`table.toml`). Each is built by the real `honing` in a scratch workspace below
//! `target/durability`, and leaves a file there, so that a run which was ended goes on where it was.
//! docs/durability.md is made out of these files.

pub(super) mod corpus;
mod edit;
pub(super) mod events;
pub(super) mod honing;
mod measure;
mod prepare;
mod render;
mod result;
mod row;
mod spec;
mod speed;
pub(super) mod toolchain;
mod tree;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

pub(super) use self::tree::copy;
use self::{honing::Honing, prepare::Prepared, render::Machine, result::Found, spec::Spec};
use super::results::{Folders, machine, read, remove, write};
use crate::ci::say;

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only this subject
    #[arg(long, value_name = "NAME")]
    subject: Vec<String>,
    /// Only this row
    #[arg(long, value_name = "ID")]
    row: Vec<String>,
    /// Run rows that have a result, too
    #[arg(long)]
    force: bool,
    /// Only write docs/durability.md
    #[arg(long, conflicts_with_all = ["force", "speed"])]
    render: bool,
    /// Only print what the rows lost, and what a rebase of them dropped
    #[arg(long, conflicts_with_all = ["force", "speed", "render"])]
    explain: bool,
    /// Measure the speed of a stored profile's binary instead: about 10 minutes on a quiet machine
    #[arg(long)]
    speed: bool,
    /// The other toolchain's rustc [default: Debian's 1.96, else rustup's nightly]
    #[arg(long, value_name = "FILE")]
    rustc: Option<PathBuf>,
}

/// Runs what has no result yet, and writes the page.
pub(super) fn run(args: &Args) -> Result<()> {
    let spec = spec::spec()?;
    check_names(args, &spec)?;
    let folders = Folders::of("durability")?;
    let rustc = toolchain::version(Path::new("rustc"))?;
    if args.explain {
        return explain(args, &spec, &folders);
    }
    if args.speed {
        speed::run(&spec, &folders.results, args.force)?;
    } else if !args.render {
        rows(args, &spec, &folders, &rustc)?;
    }
    write_page(&spec, &folders, rustc)
}

fn check_names(args: &Args, spec: &Spec) -> Result<()> {
    for name in &args.subject {
        ensure!(spec.subjects.iter().any(|subject| &subject.name == name), "there is no subject {name}");
    }
    for id in &args.row {
        let ids: Vec<&str> = spec.rows.iter().map(|row| row.id.as_str()).collect();
        ensure!(ids.contains(&id.as_str()), "there is no row {id}; there are {}", ids.join(", "));
    }
    Ok(())
}

fn asked(list: &[String], name: &String) -> bool {
    list.is_empty() || list.contains(name)
}

/// Runs the rows that were asked for; one that fails does not keep the others from being run.
fn rows(args: &Args, spec: &Spec, folders: &Folders, rustc: &str) -> Result<()> {
    let honing = Honing::build(&folders.results)?;
    let mut failed = Vec::new();
    for subject in spec.subjects.iter().filter(|subject| asked(&args.subject, &subject.name)) {
        let dir = folders.results.join(&subject.name);
        let prepared = prepare::prepare(subject, &honing, &dir)?;
        for row in spec.rows.iter().filter(|row| asked(&args.row, &row.id)) {
            let Some(change) = row.change.get(&subject.name) else { continue };
            if row::result_path(&prepared, row).exists() && !args.force {
                continue;
            }
            let other = if change.toolchain {
                Some(toolchain::other(args.rustc.as_deref(), &folders.results)?)
            } else {
                None
            };
            let (honing, prepared, other) = (&honing, &prepared, other.as_deref());
            match row::run(&row::Bench { honing, subject, prepared, rustc, other }, row, change) {
                Ok(found) => say(&format!("{} {}: {}", subject.name, row.id, render::told(change, &found))),
                Err(error) => {
                    say(&format!("{} {}: FAILED: {error:#}", subject.name, row.id));
                    failed.push(format!("{} {}", subject.name, row.id));
                }
            }
        }
    }
    ensure!(failed.is_empty(), "these rows failed: {}", failed.join(", "));
    Ok(())
}

/// Everything that is known of the rows that were asked for.
fn explain(args: &Args, spec: &Spec, folders: &Folders) -> Result<()> {
    for found in all(spec, folders)? {
        if asked(&args.subject, &found.subject) && asked(&args.row, &found.row) {
            say(&render::explained(&found));
        }
    }
    Ok(())
}

/// What every row that was run found.
fn all(spec: &Spec, folders: &Folders) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for subject in &spec.subjects {
        let prepared = Prepared { dir: folders.results.join(&subject.name) };
        for row in &spec.rows {
            let Some(change) = row.change.get(&subject.name) else { continue };
            found.extend(row::load(subject, &prepared, row, change)?);
        }
    }
    Ok(found)
}

fn write_page(spec: &Spec, folders: &Folders, rustc: String) -> Result<()> {
    let found = all(spec, folders)?;
    let speed = read(&speed::result_path(&folders.results))?;
    let machine = Machine { words: machine(), rustc };
    let path = folders.workspace.join("docs/durability.md");
    write(&path, &render::page(spec, &found, speed.as_ref(), &machine))?;
    say(&format!("{} of {} rows in {}", found.len(), spec.rows.len() * spec.subjects.len(), path.display()));
    Ok(())
}
