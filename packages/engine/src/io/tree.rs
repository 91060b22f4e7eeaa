//! Digests of files and folders, made so that no entry can hold them up.
//!
//! Only regular files are opened. A link within a folder counts by what it says, not by what it leads
//! to: it may lead to a parent folder, or nowhere. What was named itself may be a link, which is
//! followed. A FIFO, a socket or a device has no contents that could be digested: within a folder it is
//! left out and named, and as the thing that was named it is refused.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, ExitCode, Result};

use crate::io::{cancel::Cancel, files};

/// Bytes that are read between two looks at whether the run is to end.
const CHUNK: usize = 1 << 20;
/// Keeps a link's digest from being that of a file with the same text.
const LINK: &str = "honing 2026-11 digest of a symbolic link";

/// A file or a folder with everything in it.
#[derive(Debug)]
pub(crate) struct Tree {
    /// Of everything, by name and content.
    pub(crate) digest: Digest,
    /// Every file and link with its digest.
    pub(crate) leaves: BTreeMap<PathBuf, Digest>,
    /// What was left out, each with what it is.
    pub(crate) left_out: Vec<(PathBuf, &'static str)>,
}

impl Tree {
    /// Reads what is at `path`, until `cancel` says that the run is to end.
    ///
    /// # Errors
    /// Preflight, where something cannot be read; interrupted, where the run is to end.
    pub(crate) fn read(path: &Path, cancel: Option<&Cancel>) -> Result<Self> {
        let mut walk = Walk { cancel, leaves: BTreeMap::new(), left_out: Vec::new() };
        let metadata = fs::metadata(path).map_err(|cause| files::error("read", path, &cause))?;
        let kind = metadata.file_type();
        let digest = if kind.is_dir() {
            walk.folder(path)?
        } else if kind.is_file() {
            walk.file(path)?
        } else {
            return Err(no_file(path, special(kind)));
        };
        Ok(Self { digest, leaves: walk.leaves, left_out: walk.left_out })
    }

    /// The first file or link that is not as it was `before`, and what became of it.
    pub(crate) fn change_since(&self, before: &Self) -> Option<(PathBuf, &'static str)> {
        if self.digest == before.digest {
            return None;
        }
        let changed = before.leaves.iter().find_map(|(path, digest)| match self.leaves.get(path) {
            Some(now) if now == digest => None,
            Some(_) => Some((path, "changed")),
            None => Some((path, "is gone")),
        });
        let new = || self.leaves.keys().find(|path| !before.leaves.contains_key(*path));
        let (path, what) = changed.or_else(|| new().map(|path| (path, "is new")))?;
        Some((path.clone(), what))
    }
}

struct Walk<'a> {
    cancel: Option<&'a Cancel>,
    leaves: BTreeMap<PathBuf, Digest>,
    left_out: Vec<(PathBuf, &'static str)>,
}

impl Walk<'_> {
    fn folder(&mut self, path: &Path) -> Result<Digest> {
        let failed = |cause: std::io::Error| files::error("read", path, &cause);
        let mut entries = fs::read_dir(path)
            .map_err(failed)?
            .map(|entry| entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))))
            .collect::<std::io::Result<Vec<_>>>()
            .map_err(failed)?;
        entries.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut hasher = blake3::Hasher::new();
        for (entry, kind) in entries {
            let digest = if kind.is_dir() {
                self.folder(&entry)?
            } else if kind.is_symlink() {
                self.link(&entry)?
            } else if kind.is_file() {
                self.file(&entry)?
            } else {
                self.left_out.push((entry, special(kind)));
                continue;
            };
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
            hasher.update(digest.to_string().as_bytes());
        }
        Ok(hasher.finalize().into())
    }

    fn link(&mut self, path: &Path) -> Result<Digest> {
        let target = fs::read_link(path).map_err(|cause| files::error("read", path, &cause))?;
        let mut hasher = blake3::Hasher::new_derive_key(LINK);
        hasher.update(target.as_os_str().as_encoded_bytes());
        Ok(self.leaf(path, hasher.finalize().into()))
    }

    fn file(&mut self, path: &Path) -> Result<Digest> {
        let failed = |cause: std::io::Error| files::error("read", path, &cause);
        let mut file = open(path).map_err(failed)?;
        let kind = file.metadata().map_err(failed)?.file_type();
        // It may have become something else since it was looked at.
        if !kind.is_file() {
            return Err(no_file(path, special(kind)));
        }
        let mut hasher = blake3::Hasher::new();
        loop {
            self.cancel.map_or(Ok(()), Cancel::check)?;
            let mut part = file.by_ref().take(CHUNK as u64);
            hasher.update_reader(&mut part).map_err(failed)?;
            if part.limit() > 0 {
                break;
            }
        }
        Ok(self.leaf(path, hasher.finalize().into()))
    }

    fn leaf(&mut self, path: &Path, digest: Digest) -> Digest {
        self.leaves.insert(path.to_owned(), digest.clone());
        digest
    }
}

/// Opens for reading, and waits for nobody: opening a FIFO would otherwise wait for its writer.
fn open(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NONBLOCK);
    options.read(true).open(path)
}

fn no_file(path: &Path, kind: &str) -> Error {
    Error::new(ExitCode::Preflight, format!("{} is {kind}: it cannot be read as a file", path.display()))
        .with_hint("name a file or a folder")
}

#[cfg(unix)]
fn special(kind: fs::FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match kind {
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_block_device() || kind.is_char_device() => "a device",
        _ => "no regular file",
    }
}

#[cfg(not(unix))]
fn special(_: fs::FileType) -> &'static str {
    "no regular file"
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    fn digest(path: &Path) -> Digest {
        Tree::read(path, None).unwrap().digest
    }

    /// Stored profiles have digests of ordinary trees: they may never change.
    #[test]
    fn the_digest_of_an_ordinary_tree_is_as_it_always_was() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("a"), "1").unwrap();
        fs::write(dir.path().join("sub/b"), vec![7; 3 * CHUNK]).unwrap();
        fs::write(dir.path().join("sub/empty"), "").unwrap();
        let tree = Tree::read(dir.path(), None).unwrap();
        assert_eq!(tree.digest, as_it_was(dir.path()));
        assert_eq!((tree.leaves.len(), tree.left_out.len()), (3, 0));
        assert_eq!(digest(&dir.path().join("a")), Digest::of(b"1"));
    }

    /// As Honing 0.1 did it.
    fn as_it_was(path: &Path) -> Digest {
        let mut hasher = blake3::Hasher::new();
        if path.is_dir() {
            let mut entries: Vec<_> =
                fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
            entries.sort();
            for entry in entries {
                let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
                hasher.update(&(name.len() as u64).to_le_bytes()).update(name.as_bytes());
                hasher.update(as_it_was(&entry).to_string().as_bytes());
            }
            return hasher.finalize().into();
        }
        Digest::of(&fs::read(path).unwrap())
    }

    #[test]
    fn links_count_by_what_they_say() {
        let dir = tempfile::tempdir().unwrap();
        let corpus = dir.path().join("corpus");
        fs::create_dir(&corpus).unwrap();
        fs::write(corpus.join("a"), "1").unwrap();
        let plain = digest(&corpus);
        for (name, target) in [("up", ".."), ("itself", "itself"), ("nowhere", "gone"), ("a-too", "a")] {
            symlink(target, corpus.join(name)).unwrap();
            let linked = digest(&corpus);
            assert_ne!(linked, plain, "{name}");
            fs::remove_file(corpus.join(name)).unwrap();
            symlink("elsewhere", corpus.join(name)).unwrap();
            assert_ne!(digest(&corpus), linked, "{name}");
            // A file that says the same is something else.
            fs::remove_file(corpus.join(name)).unwrap();
            fs::write(corpus.join(name), target).unwrap();
            assert_ne!(digest(&corpus), linked, "{name}");
            fs::remove_file(corpus.join(name)).unwrap();
        }
        // What is named itself is followed, also over several links.
        symlink("corpus", dir.path().join("one")).unwrap();
        symlink("one", dir.path().join("two")).unwrap();
        assert_eq!(digest(&dir.path().join("two")), plain);
        symlink("two/a", dir.path().join("file")).unwrap();
        assert_eq!(digest(&dir.path().join("file")), Digest::of(b"1"));
    }

    #[test]
    fn what_is_no_file_is_left_out_or_refused_and_nothing_waits_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let corpus = dir.path().join("corpus");
        fs::create_dir(&corpus).unwrap();
        fs::write(corpus.join("a"), "1").unwrap();
        let plain = digest(&corpus);
        let fifo = corpus.join("fifo");
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _socket = UnixListener::bind(corpus.join("socket")).unwrap();
        let tree = Tree::read(&corpus, None).unwrap();
        assert_eq!(tree.digest, plain);
        assert_eq!(tree.left_out, [(fifo.clone(), "a FIFO"), (corpus.join("socket"), "a socket")]);
        symlink("corpus/fifo", dir.path().join("link")).unwrap();
        for (path, kind) in [
            (fifo.as_path(), "a FIFO"),
            (&dir.path().join("link"), "a FIFO"),
            (&corpus.join("socket"), "a socket"),
            (Path::new("/dev/zero"), "a device"),
        ] {
            let error = Tree::read(path, None).unwrap_err();
            assert!(error.to_string().contains(kind), "{error}");
            assert_eq!(error.code(), ExitCode::Preflight);
        }
        // One that takes a file's place between the look and the read.
        assert!(Walk { cancel: None, leaves: BTreeMap::new(), left_out: Vec::new() }.file(&fifo).is_err());
    }

    #[test]
    fn a_signal_ends_the_reading() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let cancel = Cancel::default();
        assert!(Tree::read(file.path(), Some(&cancel)).is_ok());
        cancel.request();
        assert_eq!(Tree::read(file.path(), Some(&cancel)).unwrap_err().code(), ExitCode::Interrupted);
    }

    #[test]
    fn what_changed_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| dir.path().join(name));
        fs::write(&a, "1").unwrap();
        fs::write(&b, "1").unwrap();
        let read = || Tree::read(dir.path(), None).unwrap();
        let before = read();
        assert_eq!(read().change_since(&before), None);
        fs::write(&b, "2").unwrap();
        assert_eq!(read().change_since(&before), Some((b.clone(), "changed")));
        fs::write(&b, "1").unwrap();
        fs::write(&c, "").unwrap();
        assert_eq!(read().change_since(&before), Some((c, "is new")));
        fs::remove_file(&a).unwrap();
        assert_eq!(read().change_since(&before), Some((a, "is gone")));
    }
}
