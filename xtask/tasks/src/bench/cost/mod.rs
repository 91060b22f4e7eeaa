//! `cargo xtask bench cost`: what PGO costs a build machine. Clean builds of the tracker, plain and with
//! the stored profile, in pairs; the stages of clean refreshes, and clean builds of Honing itself beside
//! them. docs/costs.md is made out of these.
//!
//! Every pair leaves a line below `target/cost`, so that a run which was ended goes on where it was.
//! Measure on a machine that does nothing else.

mod render;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{
    durability::{
        events,
        honing::{Honing, Place, cargo, without_outer_build},
    },
    results::{Folders, read_lines, remove, repeat},
    time::{self, Time},
};
use crate::ci::say;

/// What is to be run.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Pairs of builds; beside the first 16 a refresh or builds of Honing, in turns. Below 5 there is no
    /// interval, and only --render writes the page
    #[arg(long, value_name = "N", default_value_t = 24)]
    pairs: usize,
    /// Only write the page, of what was measured
    #[arg(long, conflicts_with = "force")]
    render: bool,
    /// Throw earlier results away
    #[arg(long)]
    force: bool,
}

/// Pairs with more beside them, in turns: so a pair takes less than ten minutes. More would tell little:
/// the rows of a refresh are a tenth below their bars, and the release build is near its own.
const BESIDE: usize = 16;

/// What the Containerfile sets for the tool that it throws away.
const IMAGE: [(&str, &str); 2] = [("CARGO_INCREMENTAL", "0"), ("CARGO_PROFILE_DEV_DEBUG", "0")];

/// One pair's builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair {
    /// `cargo build --release`.
    plain: Time,
    /// `pgo build`, all of it.
    stored: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<Refresh>,
    #[serde(skip_serializing_if = "Option::is_none")]
    honing: Option<Own>,
}

/// Stages of a refresh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Refresh {
    baseline: Time,
    instrument: Time,
    train: Time,
    optimize: Time,
}

/// Honing's own compile, from nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Own {
    /// `cargo build --package xtask`: what the first `cargo xtask` of a cold runner does.
    runner: Time,
    /// The same as the Containerfile has it.
    image: Time,
}

/// Where everything is.
struct Bench {
    workspace: PathBuf,
    dir: PathBuf,
    honing: Honing,
}

/// Makes the pairs that are missing, and writes the page.
pub(super) fn run(args: &Args) -> Result<()> {
    let Folders { workspace, results: dir, .. } = Folders::of("cost")?;
    let file = dir.join("costs.jsonl");
    if args.force {
        remove(&file)?;
    }
    if !args.render {
        let bench = Bench { workspace: workspace.clone(), honing: Honing::build(&dir)?, dir };
        repeat(&file, args.pairs, |number| {
            let pair = bench.pair(number)?;
            say(&format!("pair {}: {pair:?}", number + 1));
            Ok(pair)
        })?;
    }
    let pairs: Vec<Pair> = read_lines(&file)?;
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

impl Bench {
    /// What is measured beside it (the first refresh gives the profile), and both builds: in turns, by
    /// two, one or the other first.
    fn pair(&self, number: usize) -> Result<Pair> {
        let (beside, even) = (number < BESIDE, number.is_multiple_of(2));
        let refresh = if beside && even { Some(self.refresh()?) } else { None };
        let honing = if beside && !even { Some(self.own()?) } else { None };
        let (plain, stored) = if (number / 2).is_multiple_of(2) {
            let plain = self.plain()?;
            (plain, self.stored()?)
        } else {
            let stored = self.stored()?;
            (self.plain()?, stored)
        };
        Ok(Pair { plain, stored, refresh, honing })
    }

    fn own(&self) -> Result<Own> {
        let args = ["--locked", "--package", "xtask", "--bin", "xtask"];
        Ok(Own { runner: self.build("tool", &args, &[])?, image: self.build("tool", &args, &IMAGE)? })
    }

    /// What a person runs who does not know of PGO.
    fn plain(&self) -> Result<Time> {
        self.build(
            "plain",
            &["--release", "--locked", "--package", "honing-tracker", "--bin", "honing-tracker"],
            &[],
        )
    }

    /// `cargo build` from nothing.
    fn build(&self, name: &str, args: &[&str], env: &[(&str, &str)]) -> Result<Time> {
        let target = self.clean(name)?;
        let command = duct::cmd(cargo(), [&["build"], args].concat())
            .dir(&self.workspace)
            .stdin_null()
            .stderr_capture()
            .env("CARGO_TARGET_DIR", &target);
        let command = env.iter().fold(command, |command, (variable, value)| command.env(variable, value));
        let command = without_outer_build(command);
        let time = time::of_children(|| command.run().with_context(|| format!("cargo build {args:?}")))?;
        // The next one needs the disk.
        remove(&target)?;
        Ok(time)
    }

    /// `pgo build`: preflight, unpacking and matching are part of it.
    fn stored(&self) -> Result<Time> {
        let place = self.place("stored")?;
        time::of_children(|| self.honing.run(&place, &["build", "--program", "tracker", "--locked"]))
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
        let of = |events: &str, stage: &str| -> Result<Time> {
            let (wall, cpu) = events::stage_time(events, stage)?;
            Ok(Time { wall, cpu })
        };
        Ok(Refresh {
            instrument: of(&events, "instrument")?,
            train: of(&events, "train")?,
            optimize: of(&events, "optimize")?,
            baseline: of(&run(&["baseline"])?, "baseline")?,
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
        remove(&target)?;
        Ok(target)
    }
}
