//! `cargo xtask bench mixes`: how far the tracker's profile, and what it gains, move when the traffic
//! of the training is another one. docs/load.md is made out of it.
//!
//! Each training leaves its profile below `target/mixes`, and with `--gain` what was measured, so that
//! a run which was ended goes on where it was.

mod config;
mod render;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use honing_profdata::{self as profdata, Profile};

use self::config::TRAININGS;
use super::{
    durability::{
        events::{self, Measured},
        honing::{Honing, Place},
    },
    results::{self, Folders, remove},
};
use crate::ci::say;

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Build with each profile, too, and measure it: ten minutes on a machine that does nothing else
    #[arg(long)]
    gain: bool,
    /// Only write the page, of what was measured
    #[arg(long, conflicts_with_all = ["force", "gain"])]
    render: bool,
    /// Throw earlier results away
    #[arg(long)]
    force: bool,
}

/// What one training led to.
struct Found {
    profile: Profile,
    /// Gated metrics, where there is a build of it that was measured.
    gain: Vec<Measured>,
}

/// Makes what is missing, and writes the page.
pub(super) fn run(args: &Args) -> Result<()> {
    let Folders { workspace, results: dir, .. } = Folders::of("mixes")?;
    if !args.render {
        let honing = Honing::build(&dir)?;
        for training in &TRAININGS {
            let path = |extension: &str| dir.join(training.id).with_extension(extension);
            let (profile, measured) = (path("profdata"), path("json"));
            if args.force {
                [&profile, &measured].into_iter().try_for_each(|file| remove(file))?;
            }
            let text = fs::read_to_string(workspace.join("pgo/pgo.toml"))?;
            let place = place(&workspace, &dir, &training.config(&text)?)?;
            if !profile.exists() {
                say(&format!("{}: a training", training.title));
                honing.run(&place, &["--program", "tracker", "--from", "instrument", "--to", "merge"])?;
                let merged = place.target_dir.join("honing/tracker/merge/tracker.profdata");
                results::write(&profile, &fs::read(merged)?)?;
            }
            if args.gain && !measured.exists() {
                say(&format!("{}: a build and a bench", training.title));
                let events = honing.run(&place, &["--program", "tracker", "--to", "bench"])?;
                results::write(&measured, &serde_json::to_vec(&events::measured(&events)?)?)?;
            }
        }
    }
    let found = TRAININGS.iter().map(|training| read(&dir, training.id)).collect::<Result<Vec<_>>>()?;
    let text = render::tables(&found);
    say(&text);
    render::write_page(&workspace.join("docs/load.md"), &text)
}

/// One target directory for all: the instrumented program and the baseline are built once.
fn place(workspace: &Path, dir: &Path, config: &str) -> Result<Place> {
    let path = dir.join("pgo/pgo.toml");
    fs::create_dir_all(dir.join("pgo"))?;
    fs::write(&path, config).with_context(|| path.display().to_string())?;
    Ok(Place { root: workspace.to_owned(), config: path, target_dir: dir.join("build"), rustc: None })
}

fn read(dir: &Path, id: &str) -> Result<Found> {
    let path = |extension: &str| -> PathBuf { dir.join(id).with_extension(extension) };
    ensure!(path("profdata").exists(), "{id} was not trained yet: run it without --render");
    let profile = profdata::read(&fs::read(path("profdata"))?)
        .map_err(|error| anyhow::anyhow!("{}: {error}", path("profdata").display()))?
        .profile;
    let gain: Vec<Measured> = results::read(&path("json"))?.unwrap_or_default();
    Ok(Found { profile, gain: gain.into_iter().filter(|one| one.gated).collect() })
}
