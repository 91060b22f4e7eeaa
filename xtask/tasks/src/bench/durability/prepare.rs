//! A subject made ready: its sources in a scratch workspace, and a profile recorded there with pinned
//! symbols and one without.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};
use duct::cmd;

use super::{
    corpus,
    honing::{Honing, Place, cargo},
    remove,
    spec::{Precise, Source, Subject},
    tree,
};
use crate::ci::say;

/// The two flavours of symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbols {
    Unpinned,
    Pinned,
}

impl Symbols {
    pub(super) const BOTH: [Self; 2] = [Self::Unpinned, Self::Pinned];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Unpinned => "unpinned",
            Self::Pinned => "pinned",
        }
    }
}

/// A subject that is ready to be changed.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) dir: PathBuf,
}

impl Prepared {
    /// The workspace in which rows are built.
    pub(super) fn work(&self) -> PathBuf {
        self.dir.join("work")
    }

    /// What it is put back to.
    pub(super) fn base(&self) -> PathBuf {
        self.dir.join("base")
    }

    /// The recorded profile, as a .profdata file.
    pub(super) fn profile(&self, symbols: Symbols) -> PathBuf {
        self.dir.join(format!("{}.profdata", symbols.word()))
    }

    /// Where `symbols` is built from `root`. One target directory for all rows: what a row leaves as it
    /// is stays fresh.
    pub(super) fn place(&self, symbols: Symbols, root: PathBuf) -> Place {
        let config = Path::new("pgo").join(symbols.word()).join("pgo.toml");
        let target_dir = self.dir.join("target").join(symbols.word());
        Place { root, config, target_dir, rustc: None }
    }
}

/// Gets `subject` ready below `dir`, where that has not been done.
pub(super) fn prepare(subject: &Subject, honing: &Honing, dir: &Path) -> Result<Prepared> {
    let prepared = Prepared { dir: dir.to_owned() };
    if prepared.base().exists() {
        return Ok(prepared);
    }
    let work = prepared.work();
    remove(&work)?;
    say(&format!("{}: sources", subject.name));
    match &subject.source {
        Source::Repository => repository(&work)?,
        Source::Registry { package, version, libraries } => {
            registry(dir, &work, package, version, libraries)?
        }
    }
    for edit in &subject.edits {
        tree::edit(&work, edit)?;
    }
    configure(subject, &prepared, &work)?;
    lock(&work, &subject.precise)?;
    for symbols in Symbols::BOTH {
        let start = Instant::now();
        say(&format!("{}: training, {}", subject.name, symbols.word()));
        let place = prepared.place(symbols, work.clone());
        honing.run(&place, &["--from", "instrument", "--to", "optimize"])?;
        honing.run(&place, &["record"])?;
        let file = prepared.profile(symbols).display().to_string();
        honing.run(&place, &["export", "--output", &file])?;
        say(&format!("{}: trained after {} s", subject.name, start.elapsed().as_secs()));
    }
    // Whole or not at all.
    let half = dir.join("base.part");
    remove(&half)?;
    tree::copy(&work, &half)?;
    fs::rename(&half, prepared.base())?;
    Ok(prepared)
}

/// Writes the subject's pgo.toml for both flavours, and the texts that it names.
pub(super) fn configure(subject: &Subject, prepared: &Prepared, root: &Path) -> Result<()> {
    let texts = prepared.dir.join("corpus");
    if subject.config.contains("@CORPUS@") {
        corpus::write(&texts)?;
    }
    for symbols in Symbols::BOTH {
        let path = root.join("pgo").join(symbols.word()).join("pgo.toml");
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(path, config(&subject.config, symbols, &texts))?;
    }
    Ok(())
}

/// A subject's pgo.toml.
fn config(template: &str, symbols: Symbols, corpus: &Path) -> String {
    let pin = if symbols == Symbols::Pinned { "true" } else { "false" };
    template.replace("@PIN@", pin).replace("@CORPUS@", &corpus.display().to_string())
}

/// Brings Cargo.lock up to date with the manifests, and some packages of it to a version.
pub(super) fn lock(root: &Path, precise: &[Precise]) -> Result<()> {
    metadata(root)?;
    for Precise { package, version } in precise {
        cmd!(cargo(), "update", "--quiet", "--package", package, "--precise", version)
            .dir(root)
            .run()
            .with_context(|| format!("cargo update of {package} to {version}"))?;
    }
    cmd!(cargo(), "fetch", "--quiet").dir(root).run().context("cargo fetch")?;
    Ok(())
}

fn metadata(root: &Path) -> Result<Metadata> {
    let manifest = root.join("Cargo.toml");
    MetadataCommand::new().manifest_path(&manifest).exec().with_context(|| manifest.display().to_string())
}

/// What git knows of this workspace.
fn repository(work: &Path) -> Result<()> {
    let root = MetadataCommand::new().no_deps().exec()?.workspace_root;
    let files = cmd!("git", "ls-files").dir(&root).read().context("git ls-files")?;
    // A file may be deleted and not yet committed so.
    let files = files.lines().map(PathBuf::from).filter(|file| root.as_std_path().join(file).is_file());
    tree::copy_files(root.as_std_path(), files, work)
}

/// A package of the registry, with the lockfile that it was published with, and `libraries` as
/// members of its workspace. Cargo gets the sources, as dependencies of an empty package.
fn registry(dir: &Path, work: &Path, package: &str, version: &str, libraries: &[String]) -> Result<()> {
    let probe = dir.join("probe");
    fs::create_dir_all(probe.join("src"))?;
    fs::write(probe.join("src/lib.rs"), "")?;
    fs::write(
        probe.join("Cargo.toml"),
        "[package]\nname = \"probe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n",
    )?;
    let mut add = vec!["add".to_owned(), "--quiet".to_owned(), format!("{package}@={version}")];
    add.extend_from_slice(libraries);
    cmd(cargo(), add).dir(&probe).run().context("cargo add")?;
    // A dependency without a library is fetched, but not in cargo's metadata: it lies beside the others.
    cmd!(cargo(), "fetch", "--quiet").dir(&probe).run().context("cargo fetch")?;
    let known = metadata(&probe)?;
    let beside = known.packages.iter().filter(|there| there.source.is_some());
    let beside = beside.filter_map(|there| there.manifest_path.parent()?.parent());
    let mut sources = beside.map(|registry| registry.join(format!("{package}-{version}")));
    let source = sources.find(|source| source.is_dir());
    let source = source.with_context(|| format!("cargo fetched no {package} {version}"))?;
    tree::copy(source.as_std_path(), work)?;
    let manifest = work.join("Cargo.toml");
    // A workspace of its own: the target directory may be within another one.
    let text = fs::read_to_string(&manifest)? + "\n[workspace]\n";
    fs::write(&manifest, &text)?;
    // Which versions of the libraries go with it, its own lockfile says.
    let locked = metadata(work)?;
    let mut more = String::from("members = [\"libs/*\"]\n\n[patch.crates-io]\n");
    for library in libraries {
        let folder = format!("libs/{library}");
        tree::copy(&source_of(&locked, library)?, &work.join(&folder))?;
        more += &format!("{library} = {{ path = \"{folder}\" }}\n");
    }
    fs::write(manifest, text + &more)?;
    Ok(())
}

fn source_of(metadata: &Metadata, package: &str) -> Result<PathBuf> {
    let found = metadata.packages.iter().find(|there| there.name.as_str() == package);
    match found.and_then(|found| found.manifest_path.parent()) {
        Some(folder) => Ok(folder.as_std_path().to_owned()),
        None => bail!("no package {package} among the dependencies"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Symbols, config};

    #[test]
    fn a_config_is_filled_in() {
        let text = config("pin_symbols = @PIN@ @CORPUS@", Symbols::Unpinned, Path::new("/c"));
        assert_eq!(text, "pin_symbols = false /c");
    }
}
