//! A program at one of its commits, with the inputs of its workloads.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use duct::cmd;

use super::{super::durability::corpus, spec::Program};

/// Rows of the made-up JSON.
const ROWS: u64 = 20_000;

/// A clone of a program's repository, and what is beside it.
pub(super) struct History {
    pub(super) dir: PathBuf,
}

/// A commit.
pub(super) struct Commit {
    pub(super) id: String,
    pub(super) date: String,
    /// Commits since the base.
    pub(super) since: u64,
}

impl History {
    /// Clones the repository of `program` below `dir`, where that has not been done, and makes the inputs.
    pub(super) fn open(program: &Program, sources: &Path, dir: &Path) -> Result<Self> {
        let history = Self { dir: dir.to_owned() };
        if !history.work().exists() {
            fs::create_dir_all(dir)?;
            let from = sources.join(&program.repository);
            cmd!("git", "clone", "--quiet", "--no-checkout", from, history.work())
                .run()
                .with_context(|| format!("{}: git clone", program.name))?;
        }
        history.inputs(program)?;
        Ok(history)
    }

    pub(super) fn work(&self) -> PathBuf {
        self.dir.join("work")
    }

    pub(super) fn corpus(&self) -> PathBuf {
        self.dir.join("corpus")
    }

    /// Checks `rev` out; files that git does not know, such as profiles, stay.
    pub(super) fn check_out(&self, rev: &str) -> Result<()> {
        self.git(&["checkout", "--quiet", "--force", rev])?;
        // A workspace of its own: the target directory may be within another one.
        let manifest = self.work().join("Cargo.toml");
        let text = fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
        if !text.lines().any(|line| line.starts_with("[workspace]")) {
            fs::write(&manifest, text + "\n[workspace]\n")?;
        }
        Ok(())
    }

    pub(super) fn commit(&self, rev: &str, base: &str) -> Result<Commit> {
        let since = self.git(&["rev-list", "--count", &format!("{base}..{rev}")])?;
        Ok(Commit {
            id: self.git(&["rev-parse", "--short=8", rev])?,
            date: self.git(&["log", "-1", "--format=%cs", rev])?,
            since: since.parse().context("git rev-list --count")?,
        })
    }

    fn git(&self, args: &[&str]) -> Result<String> {
        cmd("git", args).dir(self.work()).read().with_context(|| format!("git {}", args.join(" ")))
    }

    /// `texts`, `data.json`, and `sources`: the program's own at its base, which are text of many kinds.
    fn inputs(&self, program: &Program) -> Result<()> {
        let corpus = self.corpus();
        corpus::write(&corpus.join("texts"))?;
        let data = corpus.join("data.json");
        if !data.exists() {
            fs::write(&data, json()).with_context(|| data.display().to_string())?;
        }
        let (part, to) = (corpus.join("sources.part"), corpus.join("sources"));
        if !to.exists() {
            fs::create_dir_all(&part)?;
            cmd!("git", "archive", "--format=tar", &program.base)
                .dir(self.work())
                .pipe(cmd!("tar", "-x", "-C", &part))
                .run()
                .with_context(|| format!("git archive {}", program.base))?;
            fs::rename(&part, &to)?;
            cmd!("sh", "-e", "-c", &program.prepare).dir(&corpus).run().context("prepare")?;
        }
        Ok(())
    }
}

/// Numbers, texts and lists, the same every time.
fn json() -> String {
    let mut text = String::from("[");
    for row in 0..ROWS {
        let mixed = row.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let comma = if row > 0 { "," } else { "" };
        let (name, price, tag) = (mixed >> 40, (mixed >> 20) % 100_000, mixed % 7);
        let _ = write!(
            text,
            "{comma}\n{{\"id\":{row},\"name\":\"item {name:x}\",\"price\":{price}.25,\"tags\":[\"t{tag}\",\"steel\"],\"sold\":{}}}",
            tag > 3
        );
    }
    text + "\n]\n"
}
