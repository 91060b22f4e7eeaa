//! `cargo xtask container`: builds the Containerfile, runs what came out, and asks it the questions
//! that docs/container.md answers.
//!
//! No container registry is needed: Debian is installed by debootstrap, and the toolchain is the one
//! that is installed here ([`bases`]). Everything lies below `target/container`.

mod bases;
mod context;
mod image;
mod running;
mod tools;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Parser;

use self::{context::Context as Files, image::Image, tools::Tools};
use crate::ci::say;

/// Build the Containerfile on base images made here, and look at the result.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask container")]
pub(crate) struct Cli {
    /// Also build after an edit of the tracker, and with PGO=off
    #[arg(long)]
    long: bool,
    /// Leave the images below target/container
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(args: impl Iterator<Item = String>) -> ExitCode {
    crate::ci::command("container", args, |cli: Cli| prove(&cli))
}

fn prove(cli: &Cli) -> Result<()> {
    let metadata = cargo_metadata::MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let workspace = PathBuf::from(metadata.workspace_root);
    let folder = PathBuf::from(metadata.target_directory).join("container");
    let tools = Tools::find(&folder)?;
    let bases = bases::make(&tools)?;
    let files = Files::copy(&workspace, &folder.join("context"))?;

    let image = Image::build(&tools, &bases, &files, "tracker", &[])?;
    image.is_as_the_containerfile_says()?;
    let made = image.provenance()?;
    made.is_of_the_stored_profile(&workspace)?;
    running::serves(&tools, &image, &workspace)?;

    if cli.long {
        files.edit_the_tracker()?;
        let again = Image::build(&tools, &bases, &files, "tracker:edited", &[])?;
        ensure!(again.compiled == ["honing-tracker"], "an edit of the tracker compiled {:?}", again.compiled);
        say("==> an edit of the tracker compiles the tracker alone");
        let plain = Image::build(&tools, &bases, &files, "tracker:plain", &["PGO=off"])?;
        plain.provenance()?.is_without_pgo()?;
        running::serves(&tools, &plain, &workspace)?;
    }
    if !cli.keep {
        tools.remove_everything()?;
    }
    Ok(())
}
