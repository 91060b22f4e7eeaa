//! `cargo xtask bench cost`: what PGO costs a build machine. Clean builds of the tracker, plain and with
//! the stored profile, in pairs; and the stages of clean refreshes beside them. docs/costs.md is made out
//! of these.
//!
//! Every pair leaves a line below `target/cost`, so that a run which was ended goes on where it was.
//! Measure on a machine that does nothing else.

mod render;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use cargo_metadata::MetadataCommand;
use serde::{Deserialize, Serialize};

use super::{
    cpu,
    durability::{
        events,
        honing::{Honing, Place, cargo, is_of_the_outer_build},
    },
};
use crate::ci::say;

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Pairs of builds, the first 8 with a refresh; below 5 there is no interval, and only --render writes
    /// the page
    #[arg(long, value_name = "N", default_value_t = 24)]
    pairs: usize,
    /// Only write the page, of what was measured
    #[arg(long, conflicts_with = "force")]
    render: bool,
    /// Throw earlier results away
    #[arg(long)]
    force: bool,
}

/// Pairs with a refresh. More would tell little: its rows are a tenth below their bars, and the release
/// build is near its own.
const REFRESHES: usize = 8;

/// CPU seconds of one pair's builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair {
    /// `cargo build --release`.
    plain: f64,
    /// `pgo build`, all of it.
    stored: f64,
    /// Beside the pair, where there was one.
    #[serde(flatten)]
    refresh: Option<Refresh>,
}

/// CPU seconds of a refresh's stages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Refresh {
    baseline: f64,
    instrument: f64,
    train: f64,
    optimize: f64,
}

/// Where everything is.
struct Bench {
    workspace: PathBuf,
    dir: PathBuf,
    honing: Honing,
}

/// Makes the pairs that are missing, and writes the page.
pub(super) fn run(args: &Args) -> Result<()> {
    let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
    let workspace = metadata.workspace_root.into_std_path_buf();
    let dir = metadata.target_directory.join("cost").into_std_path_buf();
    fs::create_dir_all(&dir)?;
    let file = dir.join("pairs.jsonl");
    if args.force && file.exists() {
        fs::remove_file(&file)?;
    }
    if !args.render {
        let bench = Bench { workspace: workspace.clone(), honing: Honing::build(&dir)?, dir };
        let mut out = File::options().append(true).create(true).open(&file)?;
        for number in read(&file)?.len()..args.pairs {
            let pair = bench.pair(number)?;
            out.write_all(format!("{}\n", serde_json::to_string(&pair)?).as_bytes())?;
            say(&format!("pair {}: {pair:?}", number + 1));
        }
    }
    let pairs = read(&file)?;
    ensure!(!pairs.is_empty(), "nothing was measured yet");
    let rows = render::rows(&pairs);
    say(&render::table(&rows));
    if args.render || pairs.len() >= honing_paired::MIN_PAIRS as usize {
        render::write_page(&workspace.join("docs/costs.md"), &pairs, &rows)?;
    }
    let missed: Vec<&str> = rows.iter().filter(|row| row.missed()).map(|row| row.what).collect();
    ensure!(missed.is_empty(), "bars that were missed: {}", missed.join(", "));
    Ok(())
}

fn read(file: &Path) -> Result<Vec<Pair>> {
    let text = if file.exists() { fs::read_to_string(file)? } else { String::new() };
    text.lines().map(|line| serde_json::from_str(line).with_context(|| file.display().to_string())).collect()
}

impl Bench {
    /// A refresh, which the first time gives the profile, and both builds: in turns one or the other
    /// first.
    fn pair(&self, number: usize) -> Result<Pair> {
        let refresh = if number < REFRESHES { Some(self.refresh()?) } else { None };
        let (plain, stored) = if number.is_multiple_of(2) {
            let plain = self.plain()?;
            (plain, self.stored()?)
        } else {
            let stored = self.stored()?;
            (self.plain()?, stored)
        };
        Ok(Pair { plain, stored, refresh })
    }

    /// What a person runs who does not know of PGO.
    fn plain(&self) -> Result<f64> {
        let target = self.clean("plain")?;
        let args =
            ["build", "--release", "--locked", "--package", "honing-tracker", "--bin", "honing-tracker"];
        let mut command = duct::cmd(cargo(), args)
            .dir(&self.workspace)
            .stdin_null()
            .stderr_capture()
            .env("CARGO_TARGET_DIR", &target);
        for (name, _) in std::env::vars_os() {
            if is_of_the_outer_build(&name.to_string_lossy()) && name != "CARGO_TARGET_DIR" {
                command = command.env_remove(name);
            }
        }
        let (_, seconds) = cpu::of_children(|| command.run().context("cargo build --release"))?;
        Ok(seconds)
    }

    /// `pgo build`: preflight, unpacking and matching are part of it.
    fn stored(&self) -> Result<f64> {
        let place = self.place("stored")?;
        let args = ["build", "--program", "tracker", "--locked"];
        let (_, seconds) = cpu::of_children(|| self.honing.run(&place, &args))?;
        Ok(seconds)
    }

    /// A refresh from nothing, and its baseline. That comes last: whichever build is first compiles build
    /// scripts and macros for all, and a refresh without a baseline has to, too.
    fn refresh(&self) -> Result<Refresh> {
        let place = self.place("refresh")?;
        let run =
            |args: &[&str]| self.honing.run(&place, &[args, &["--program", "tracker", "--locked"]].concat());
        let events = run(&["--from", "instrument", "--to", "optimize"])?;
        if !self.dir.join("pgo/profiles").exists() {
            run(&["record"])?;
        }
        let of = |stage: &str| events::stage_cpu(&events, stage);
        Ok(Refresh {
            instrument: of("instrument")?,
            train: of("train")?,
            optimize: of("optimize")?,
            baseline: events::stage_cpu(&run(&["baseline"])?, "baseline")?,
        })
    }

    /// Builds from nothing, with a profile beside a configuration of its own: the repository's is not
    /// touched.
    fn place(&self, name: &str) -> Result<Place> {
        let config = self.dir.join("pgo/pgo.toml");
        fs::create_dir_all(self.dir.join("pgo"))?;
        fs::copy(self.workspace.join("pgo/pgo.toml"), &config)?;
        Ok(Place { root: self.workspace.clone(), config, target_dir: self.clean(name)?, rustc: None })
    }

    fn clean(&self, name: &str) -> Result<PathBuf> {
        let target = self.dir.join(name);
        if target.exists() {
            fs::remove_dir_all(&target).with_context(|| target.display().to_string())?;
        }
        Ok(target)
    }
}
