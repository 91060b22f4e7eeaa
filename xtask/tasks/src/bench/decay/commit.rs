//! One later commit: built with the stored profile, with the rebased one, with a fresh one and without, and the
//! binaries measured in shared blocks.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::{
    super::durability::{
        self,
        events::{self, Ratio},
        honing::{Honing, Place},
        toolchain,
    },
    super::results,
    history::{Commit, History},
    spec::Program,
};
use crate::ci::say;

/// Programs beside the baseline, in the order of the page.
pub(super) const BUILDS: [&str; 3] = ["stored", "rebased", "fresh"];
/// Of the intervals, over the three together.
const CONFIDENCE: &str = "0.95";

/// A program at a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Of {
    pub(super) program: String,
    pub(super) base: String,
    pub(super) commit: String,
    /// The version of the compiler, where it is not the one that the profile was recorded with.
    pub(super) rustc: Option<String>,
}

impl Of {
    /// The folder of its binaries.
    fn folder(&self) -> String {
        self.rustc.as_ref().map_or_else(|| self.commit.clone(), |rustc| format!("{}-{rustc}", self.commit))
    }
}

/// What was found at a commit.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Found {
    #[serde(flatten)]
    pub(super) of: Of,
    pub(super) date: String,
    /// Commits since the base.
    pub(super) since: u64,
    pub(super) built: Built,
    /// Of each binary with the baseline.
    pub(super) pairs: Option<u64>,
    /// CPU time over the baseline's, in the order of [`BUILDS`].
    pub(super) ratios: Vec<Option<Ratio>>,
}

/// What the builds applied of the profile's weight.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Built {
    /// In one compile.
    pub(super) matched: f64,
    /// After `rebase`.
    pub(super) rebased: f64,
    /// Whether nothing was rebased: both profiles make the same bytes.
    pub(super) same: bool,
}

/// What a commit is tried with.
pub(super) struct Bench<'a> {
    pub(super) honing: &'a Honing,
    pub(super) program: &'a Program,
    pub(super) history: &'a History,
    /// A compiler other than that of the profile.
    pub(super) rustc: Option<PathBuf>,
    /// Pairs of each binary; as many as fit into compare's own time if it is none.
    pub(super) pairs: Option<u64>,
}

impl Bench<'_> {
    fn place(&self) -> Place {
        Place {
            root: self.history.work(),
            config: "pgo/pgo.toml".into(),
            target_dir: self.history.dir.join("target"),
            rustc: self.rustc.clone(),
        }
    }

    fn run(&self, args: &[&str]) -> Result<String> {
        self.honing.run(&self.place(), args)
    }

    /// Records the profile at the base, where that has not been done.
    pub(super) fn record(&self) -> Result<()> {
        let kept = self.history.dir.join("profiles");
        if kept.exists() {
            return Ok(());
        }
        say(&format!("{}: training at {}", self.program.name, self.program.base));
        self.history.check_out(&self.program.base)?;
        let pgo = self.history.work().join("pgo");
        fs::create_dir_all(&pgo)?;
        let corpus = self.history.corpus().display().to_string();
        fs::write(pgo.join("pgo.toml"), self.program.config.replace("@CORPUS@", &corpus))?;
        self.run(&["--from", "instrument", "--to", "optimize"])?;
        self.run(&["record"])?;
        durability::copy(&pgo.join("profiles"), &kept)
    }

    /// Puts the profile of the base back.
    fn restore(&self) -> Result<()> {
        let profiles = self.history.work().join("pgo/profiles");
        fs::remove_dir_all(&profiles).with_context(|| profiles.display().to_string())?;
        durability::copy(&self.history.dir.join("profiles"), &profiles)
    }

    /// What `rev` is called, with this compiler.
    pub(super) fn commit(&self, rev: &str) -> Result<Of> {
        let said = self.rustc.as_deref().map(toolchain::version).transpose()?;
        Ok(Of {
            program: self.program.name.clone(),
            base: self.program.base.clone(),
            commit: self.history.commit(rev, &self.program.base)?.id,
            rustc: said.map(|said| said.split(' ').nth(1).unwrap_or(&said).to_owned()),
        })
    }

    /// Builds `rev`, where that has not been done, and measures it.
    pub(super) fn at(&self, rev: &str, of: Of) -> Result<Found> {
        let Commit { date, since, .. } = self.history.commit(rev, &self.program.base)?;
        let bin = self.history.dir.join("bin").join(of.folder());
        let told = bin.join("built.json");
        let built = match results::read(&told)? {
            Some(built) => built,
            None => {
                let built = self.build(rev, &bin).with_context(|| of.folder())?;
                results::write(&told, &serde_json::to_string_pretty(&built)?)?;
                built
            }
        };
        say(&format!("{} {}: measuring", of.program, of.folder()));
        let (pairs, ratios) = self.compare(&bin)?;
        Ok(Found { of, date, since, built, pairs: Some(pairs), ratios })
    }

    /// Every binary of `rev`, into `bin`.
    fn build(&self, rev: &str, bin: &Path) -> Result<Built> {
        let told = |what: &str| say(&format!("{} {rev}: {what}", self.program.name));
        fs::create_dir_all(bin)?;
        self.history.check_out(rev)?;
        self.restore()?;
        told("baseline");
        self.run(&["baseline"])?;
        keep(&self.baseline()?, &bin.join("baseline"))?;
        told("stored profile");
        let events = self.run(&["build"])?;
        let matched = events::applied(&events)?.share;
        keep(&events::optimized(&events)?, &bin.join("stored"))?;
        told("rebased profile");
        self.run(&["check"])?;
        self.run(&["rebase", "--accept-poorer"])?;
        let carried = self.carried()?;
        let events = self.run(&["build"])?;
        let rebased = carried * events::applied(&events)?.share;
        keep(&events::optimized(&events)?, &bin.join("rebased"))?;
        told("fresh profile");
        self.restore()?;
        let events = self.run(&["--from", "instrument", "--to", "optimize"])?;
        keep(&events::optimized(&events)?, &bin.join("fresh"))?;
        let same = fs::read(bin.join("stored"))? == fs::read(bin.join("rebased"))?;
        Ok(Built { matched, rebased, same })
    }

    /// How much of the trained profile's weight the rebased one has: all, where there was nothing to rebase.
    fn carried(&self) -> Result<f64> {
        let status: serde_json::Value = serde_json::from_str(&self.run(&["status"])?).context("status")?;
        let manifest = status[0].get("manifest").context("status has no manifest")?;
        Ok(manifest["carried"].as_f64().map_or(1.0, |percent| percent / 100.0))
    }

    fn baseline(&self) -> Result<PathBuf> {
        let folder = self.place().target_dir.join("honing").join(&self.program.name).join("baseline");
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut files = entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_none());
        files.find(|path| path.is_file()).with_context(|| format!("{} has no program", folder.display()))
    }

    /// What is run of a build: itself, or a script around it.
    fn measured(&self, bin: &Path, build: &str) -> Result<String> {
        let program = bin.join(build).display().to_string();
        if self.program.script.is_empty() {
            return Ok(program);
        }
        let script = bin.join(format!("{build}.sh"));
        let corpus = self.history.corpus().display().to_string();
        let text = format!("#!/bin/sh\nset -e\nPROGRAM='{program}'\n{}", self.program.script);
        fs::write(&script, text.replace("@CORPUS@", &corpus))
            .with_context(|| script.display().to_string())?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
        Ok(script.display().to_string())
    }

    /// All four in shared blocks.
    fn compare(&self, bin: &Path) -> Result<(u64, Vec<Option<Ratio>>)> {
        let corpus = self.history.corpus().display().to_string();
        let mut args: Vec<String> =
            ["compare", "--format", "json", "--confidence", CONFIDENCE, "--a"].map(str::to_owned).to_vec();
        args.push(self.measured(bin, "baseline")?);
        for build in BUILDS {
            args.extend(["--b".into(), self.measured(bin, build)?]);
        }
        if let Some(pairs) = self.pairs {
            args.extend(["--pairs".into(), pairs.to_string()]);
        }
        if self.program.ignore_output {
            args.push("--ignore-output".into());
        }
        args.push("--".into());
        args.extend(self.program.eval.iter().map(|arg| arg.replace("@CORPUS@", &corpus)));
        let said = duct::cmd(self.honing.program(), args).dir(&self.history.dir).read().context("compare")?;
        fs::write(bin.join("compare.json"), &said)?;
        ratios(&said)
    }
}

/// The pairs and the ratios of CPU time in what `compare` said.
fn ratios(said: &str) -> Result<(u64, Vec<Option<Ratio>>)> {
    let report: serde_json::Value = serde_json::from_str(said).context("compare's JSON")?;
    let first = report.get("measured").cloned().into_iter();
    let others = report["others"].as_array().into_iter().flatten().filter_map(|other| other.get("measured"));
    let mut pairs = 0;
    let mut ratios = Vec::new();
    for measured in first.chain(others.cloned()) {
        let metrics: Vec<events::Measured> = serde_json::from_value(measured).context("compare's JSON")?;
        let cpu = metrics.into_iter().find(|metric| metric.gated).context("compare measured nothing")?;
        pairs = pairs.max(cpu.pairs);
        ratios.push(cpu.ratio);
    }
    ensure!(ratios.len() == BUILDS.len(), "compare has {} results", ratios.len());
    Ok((pairs, ratios))
}

fn keep(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("copy of {}", from.display())).map(|_| ())
}
