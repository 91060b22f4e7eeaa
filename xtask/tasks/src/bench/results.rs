//! What benchmarks leave: files below the target directory, whole or not at all, and parts of pages.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;
use serde::{Serialize, de::DeserializeOwned};

/// Where a benchmark works.
pub(in crate::bench) struct Folders {
    pub(in crate::bench) workspace: PathBuf,
    /// Cargo's target directory.
    pub(in crate::bench) target: PathBuf,
    /// The benchmark's own folder in it.
    pub(in crate::bench) results: PathBuf,
}

impl Folders {
    /// Those of a benchmark; its own is made.
    pub(in crate::bench) fn of(bench: &str) -> Result<Self> {
        let metadata = MetadataCommand::new().no_deps().exec().context("cargo metadata")?;
        let target = metadata.target_directory.into_std_path_buf();
        let results = target.join(bench);
        fs::create_dir_all(&results)?;
        Ok(Self { workspace: metadata.workspace_root.into_std_path_buf(), target, results })
    }
}

/// What a file has as JSON; none where it is not there.
pub(in crate::bench) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    Ok(read_lines_of(path, |text| vec![text])?.pop())
}

/// What the lines of a file have as JSON.
pub(in crate::bench) fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    read_lines_of(path, |text| text.lines().collect())
}

fn read_lines_of<T: DeserializeOwned>(path: &Path, parts: fn(&str) -> Vec<&str>) -> Result<Vec<T>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(path)?;
    let read = |part| serde_json::from_str(part).with_context(|| path.display().to_string());
    parts(&text).into_iter().map(read).collect()
}

/// Adds lines to a file until it has as many as are wanted; each is told its number.
pub(in crate::bench) fn repeat<T: Serialize + DeserializeOwned>(
    file: &Path,
    wanted: usize,
    mut one: impl FnMut(usize) -> Result<T>,
) -> Result<()> {
    let there = read_lines::<T>(file)?.len();
    let mut out = File::options().append(true).create(true).open(file)?;
    for number in there..wanted {
        let found = serde_json::to_string(&one(number)?)?;
        out.write_all(format!("{found}\n").as_bytes())?;
    }
    Ok(())
}

/// Writes a file whole or not at all: it says that something is done.
pub(in crate::bench) fn write(path: &Path, bytes: &(impl AsRef<[u8]> + ?Sized)) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    let part = path.with_extension("part");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, path)).with_context(|| path.display().to_string())
}

/// Removes a file or a folder, if it is there.
pub(in crate::bench) fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context(path.display().to_string()),
        _ => Ok(()),
    }
}

/// Between these lines of a page stands what a benchmark writes.
fn marks(bench: &str) -> (String, &'static str) {
    (format!("<!-- written by cargo xtask bench {bench} -->"), "<!-- until here -->")
}

/// Replaces what a page says of a benchmark's last run.
pub(in crate::bench) fn write_part(page: &Path, bench: &str, text: &str) -> Result<()> {
    let (begin, end) = marks(bench);
    let old = fs::read_to_string(page).with_context(|| page.display().to_string())?;
    let between = old.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    let (before, after) = between.with_context(|| format!("{} has no place for results", page.display()))?;
    Ok(fs::write(page, format!("{before}{begin}\n\n{text}\n{end}{after}"))?)
}

/// The machine, in words.
pub(in crate::bench) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    format!("{cores} cores, {model}, {}", std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_replaced_between_its_marks() {
        let dir = tempfile::tempdir().unwrap();
        let page = dir.path().join("costs.md");
        let (begin, end) = marks("cost");
        fs::write(&page, format!("a\n{begin}\nSTALE\n{end}\nz\n")).unwrap();
        write_part(&page, "cost", "new").unwrap();
        assert_eq!(fs::read_to_string(&page).unwrap(), format!("a\n{begin}\n\nnew\n{end}\nz\n"));
        assert!(write_part(&page, "mixes", "new").is_err());
    }

    #[test]
    fn lines_are_added_up_to_a_number() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("found.jsonl");
        repeat(&file, 2, |number| Ok(number * 10)).unwrap();
        repeat(&file, 3, |number| Ok(number * 10)).unwrap();
        assert_eq!(read_lines::<usize>(&file).unwrap(), [0, 10, 20]);
        remove(&file).unwrap();
        remove(&file).unwrap();
        assert_eq!(read::<usize>(&file).unwrap(), None);
    }
}
