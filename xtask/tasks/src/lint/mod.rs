//! `cargo xtask lint`: Markdown, TOML, YAML, shell, spelling and workflows, by linters that other
//! repositories use, too. Their rules are `.markdownlint.json`, `.taplo.toml`, `.yamllint.yml` and
//! `cspell.json`, where editors find them.

mod linters;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use duct::cmd;

use self::linters::{LINTERS, Linter};
use crate::ci::say;

/// Lint what is neither Rust nor generated.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask lint")]
pub(crate) struct Cli {
    /// First install the linters that are missing, below target/linters (needs npm and pip)
    #[arg(long)]
    install: bool,
    /// Lint every file of this folder, with this workspace's rules [default: the files that git knows]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub(crate) fn run(args: impl Iterator<Item = String>) -> ExitCode {
    crate::ci::command("lint", args, |cli: Cli| lint(&cli))
}

/// Lints this workspace, by the linters that are installed.
pub(crate) fn check() -> Result<()> {
    lint(&Cli { install: false, folder: None })
}

fn lint(cli: &Cli) -> Result<()> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let (root, all) =
        (metadata.workspace_root.into_std_path_buf(), metadata.target_directory.join("linters"));
    let folder = cli.folder.as_deref().unwrap_or(&root);
    let files = if cli.folder.is_some() { below(folder)? } else { known_to_git(&root)? };
    let mut failed = Vec::new();
    for linter in &LINTERS {
        let all = all.as_std_path();
        if !linter.is_installed(all) && cli.install {
            // A registry need not be there; what it cannot give is left out, and that is said.
            linter.install(all).unwrap_or_else(|error| say(&format!("==> lint {}: {error:#}", linter.what)));
        }
        let own: Vec<&str> = files.iter().map(String::as_str).filter(|file| (linter.reads)(file)).collect();
        if own.is_empty() || !is_there(linter, all) {
            continue;
        }
        match linter.findings(all, &root, folder, &own)? {
            None => say(&format!("==> lint {}: fine, files: {}", linter.what, own.len())),
            Some(found) => {
                say(&format!("==> lint {}\n{found}", linter.what));
                failed.push(linter.what);
            }
        }
    }
    ensure!(failed.is_empty(), "lint failed: {}; again: cargo xtask lint", failed.join(", "));
    Ok(())
}

/// Says aloud where a linter is missing.
fn is_there(linter: &Linter, all: &Path) -> bool {
    if !linter.is_installed(all) {
        let needs = format!("needs {} {}; cargo xtask lint --install", linter.package, linter.version);
        say(&format!("==> lint {}: SKIPPED, {needs}", linter.what));
    }
    linter.is_installed(all)
}

/// The files of a repository, relative to its root.
fn known_to_git(root: &Path) -> Result<Vec<String>> {
    let listed = cmd!("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard");
    let listed = listed.dir(root).read().context("git ls-files")?;
    // A file that was deleted and not committed yet is listed, too.
    Ok(listed.split('\0').filter(|file| root.join(file).is_file()).map(str::to_owned).collect())
}

/// The files of a folder and of those in it, relative to it.
fn below(folder: &Path) -> Result<Vec<String>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(here) = folders.pop() {
        for entry in fs::read_dir(&here).with_context(|| here.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder)?.display().to_string());
            }
        }
    }
    files.sort();
    Ok(files)
}
