//! What a build reads: digests of it, and a copy for builds that write among their sources.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, Result};

use crate::io::{cancel::Cancel, files, tree::Tree};

/// The sources of a program: all of a folder, or what is named of it.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    pub(super) dir: &'a Path,
    pub(super) inputs: &'a [String],
    /// Where Honing keeps what it makes.
    pub(super) store: &'a Path,
}

impl Sources<'_> {
    /// The entries of the folder that count as sources, or those that are named.
    fn entries(&self) -> Result<Vec<PathBuf>> {
        if !self.inputs.is_empty() {
            return Ok(self.inputs.iter().map(|input| self.dir.join(input)).collect());
        }
        let failed = |cause: io::Error| files::error("read", self.dir, &cause);
        let mut found = Vec::new();
        for entry in fs::read_dir(self.dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
            let is_plain = kind.is_file() || kind.is_dir() || kind.is_symlink();
            if is_plain && !self.is_aside(&path) {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Whether an entry of the folder is no source: what version control keeps there, or Honing.
    fn is_aside(&self, path: &Path) -> bool {
        let is_output =
            || self.store.starts_with(path) && (path.join("CACHEDIR.TAG").is_file() || has_one(path));
        path.ends_with(".git") || path.join("pgo.toml").is_file() || path == self.store || is_output()
    }

    /// Their contents, each by its name.
    ///
    /// # Errors
    /// Preflight, where one is missing or cannot be read.
    pub(super) fn digests(&self, cancel: &Cancel) -> Result<Vec<(String, Digest)>> {
        let digest = |path: PathBuf| {
            let name = path.strip_prefix(self.dir).unwrap_or(&path).display().to_string();
            // A link to nowhere is what it says.
            if path.is_symlink() && !path.exists() {
                let text = fs::read_link(&path).unwrap_or_default();
                return Ok((name, Digest::of(text.as_os_str().as_encoded_bytes())));
            }
            if self.store.starts_with(&path) {
                // Sources beside what Honing makes.
                let inner = Sources { dir: &path, inputs: &[], store: self.store };
                let all: Vec<String> = inner
                    .digests(cancel)?
                    .into_iter()
                    .map(|(name, digest)| format!("{name} {digest}"))
                    .collect();
                return Ok((name, Digest::of(all.join("\n").as_bytes())));
            }
            let tree = Tree::read(&path, Some(cancel))?;
            Ok((name, self.with_outside(tree)))
        };
        self.entries()?.into_iter().map(digest).collect()
    }

    /// The digest of a tree, with what links in it lead to outside of the folder.
    fn with_outside(&self, tree: Tree) -> Digest {
        let root = self.dir.canonicalize().unwrap_or_else(|_| self.dir.to_owned());
        let links = tree.leaves.keys().filter(|path| path.is_symlink());
        let outside =
            links.filter_map(|path| path.canonicalize().ok()).filter(|target| !target.starts_with(&root));
        let outside: Vec<String> =
            outside.filter_map(|target| Some(files::digest(&target).ok()?.to_string())).collect();
        if outside.is_empty() {
            return tree.digest;
        }
        Digest::of(format!("{} {}", tree.digest, outside.join(" ")).as_bytes())
    }

    /// Copies the whole folder, whatever of it is named as inputs.
    pub(super) fn copy_to(&self, to: &Path, cancel: &Cancel) -> Result<()> {
        let whole = Sources { inputs: &[], ..*self };
        files::make_dir(to)?;
        let root = self.dir.canonicalize().unwrap_or_else(|_| self.dir.to_owned());
        for path in whole.entries()? {
            let name = path.file_name().unwrap_or_default().to_owned();
            copy(&path, &to.join(name), (&root, self.store), cancel)?;
        }
        Ok(())
    }
}

/// Whether a folder has one entry, Honing's own.
fn has_one(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| entries.count() == 1)
}

/// Copies a file, a link, or a folder with everything in it. Times stay: make compares them.
fn copy(from: &Path, to: &Path, (root, store): (&Path, &Path), cancel: &Cancel) -> Result<()> {
    cancel.check()?;
    let failed = |cause: io::Error| files::error(&format!("copy {} to", from.display()), to, &cause);
    let metadata = fs::symlink_metadata(from).map_err(failed)?;
    let kind = metadata.file_type();
    if kind.is_symlink() {
        let target = fs::read_link(from).map_err(failed)?;
        // What leads out of the sources leads to the same place from the copy.
        let meant = from.canonicalize().ok().filter(|meant| target.is_relative() && !meant.starts_with(root));
        return link(&meant.unwrap_or(target), to).map_err(failed);
    }
    if kind.is_dir() {
        files::make_dir(to)?;
        for entry in fs::read_dir(from).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            // The copy must not copy itself.
            if path != store {
                copy(&path, &to.join(path.file_name().unwrap_or_default()), (root, store), cancel)?;
            }
        }
        return Ok(());
    }
    if !kind.is_file() {
        return Ok(());
    }
    files::copy(from, to)?;
    let modified = metadata.modified().map_err(failed)?;
    // A file without write permission cannot be opened for writing, not even to set its time.
    let file = fs::File::options().read(true).open(to).map_err(failed)?;
    file.set_modified(modified).map_err(failed)
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Says which input is missing.
///
/// # Errors
/// Usage, with the key to mend.
pub(super) fn check(sources: &Sources<'_>) -> Result<()> {
    if !sources.dir.is_dir() {
        return Err(Error::usage(format!("`dir`: there is no folder {}", sources.dir.display()))
            .with_hint("name the folder of the sources in [program.NAME.command]"));
    }
    match sources.inputs.iter().find(|input| !sources.dir.join(input).exists()) {
        None => Ok(()),
        Some(input) => {
            Err(Error::usage(format!("`inputs`: {input} does not exist in {}", sources.dir.display()))
                .with_hint("name what the build reads, relative to `dir`"))
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{os::unix::fs::symlink, time::SystemTime};

    use super::*;

    #[test]
    fn a_copy_has_the_times_and_links_and_not_what_honing_keeps() {
        let dir = tempfile::tempdir().unwrap();
        let (root, to) = (dir.path().join("w"), dir.path().join("copy"));
        for folder in ["src/pgo", "pgo", "target/honing", ".git"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in ["src/a.c", "src/pgo/b.c", "pgo/pgo.toml", "target/honing/x", ".git/HEAD", "Makefile"] {
            fs::write(root.join(file), file).unwrap();
        }
        symlink("nowhere", root.join("src/broken")).unwrap();
        let past = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        let old = fs::File::options().write(true).open(root.join("src/a.c")).unwrap();
        old.set_modified(past).unwrap();
        let mut permissions = fs::metadata(root.join("src/a.c")).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(root.join("src/a.c"), permissions).unwrap();
        let store = root.join("target/honing");
        let sources = Sources { dir: &root, inputs: &[], store: &store };
        let before = sources.digests(&Cancel::default()).unwrap();
        let names: Vec<&str> = before.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Makefile", "src"]);
        sources.copy_to(&to, &Cancel::default()).unwrap();
        assert_eq!(fs::metadata(to.join("src/a.c")).unwrap().modified().unwrap(), past);
        assert!(to.join("src/pgo/b.c").is_file() && to.join("src/broken").is_symlink());
        assert!(!to.join("target").exists() && !to.join(".git").exists() && !to.join("pgo").exists());
        fs::write(root.join("pgo/pgo.toml"), "changed").unwrap();
        assert_eq!(sources.digests(&Cancel::default()).unwrap(), before);
        fs::write(root.join("Makefile"), "changed").unwrap();
        assert_ne!(sources.digests(&Cancel::default()).unwrap(), before);
    }
}
