//! What a unit was compiled from: a record beside its files, written by the wrapper once rustc is
//! done, read by the engine before and after a build.
//!
//! Cargo asks whether files are newer than the unit. A file that was replaced by an older one, or a
//! checkout beside this one, is not; so contents are compared here.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use honing_cargo::{dep_info::dep_info, pin::Call};
use honing_core::Digest;
use serde::{Deserialize, Serialize};

use crate::io::files;

/// What the name of a record ends with, after the stem of the unit's files.
pub(crate) const SUFFIX: &str = "honing";

/// One unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Name of the crate.
    pub(crate) crate_name: String,
    /// Name of the package.
    pub(crate) package: String,
    /// Its folder.
    pub(crate) package_dir: PathBuf,
    /// Whether it is for the target.
    pub(crate) for_target: bool,
    /// What cargo called, before anything was added.
    pub(crate) args: Vec<String>,
    /// The files that rustc read.
    pub(crate) files: Vec<Source>,
}

/// A file, as it was when it was read. What is below the root of the workspace is named relative to
/// it, so that a checkout can be moved, and another one is compared with its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// `None` where it was written while rustc ran: who knows what was compiled.
    digest: Option<Digest>,
    /// While these are the same, nobody has touched it.
    marks: Option<Marks>,
}

/// What the file system knows of a file. The time of the last change of any kind cannot be set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Marks {
    bytes: u64,
    inode: u64,
    changed_ns: i128,
}

impl Source {
    /// A file; `since` is when its reader began.
    pub(crate) fn see(path: &Path, since: SystemTime, root: &Path) -> Self {
        let marks = Marks::of(path);
        // A time to come says nothing: some clock is wrong.
        let late = changed(path).is_none_or(|changed| changed > since && changed <= SystemTime::now());
        let digest = if late { None } else { files::digest(path).ok() };
        Self { path: path.strip_prefix(root).unwrap_or(path).to_owned(), digest, marks }
    }

    /// Where it is, in the workspace of `root`.
    pub(crate) fn place(&self, root: &Path) -> PathBuf {
        root.join(&self.path)
    }

    /// Whether it can be told what was read.
    pub(crate) fn is_known(&self) -> bool {
        self.digest.is_some()
    }

    /// Whether it has now what it had then.
    pub(crate) fn is_same(&self, root: &Path) -> bool {
        let (Some(digest), place) = (&self.digest, self.place(root)) else { return false };
        let untouched = self.marks.is_some() && self.marks == Marks::of(&place);
        untouched || files::digest(&place).is_ok_and(|now| now == *digest)
    }
}

impl Marks {
    /// `None` where there are none.
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let changed_ns = i128::from(found.ctime()) * 1_000_000_000 + i128::from(found.ctime_nsec());
        Some(Self { bytes: found.len(), inode: found.ino(), changed_ns })
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }
}

/// When a file was last changed, in any way that the system tells.
#[cfg(unix)]
fn changed(path: &Path) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(path).ok()?;
    let seconds = u64::try_from(found.ctime()).ok()?;
    let nanos = u32::try_from(found.ctime_nsec()).ok()?;
    Some(SystemTime::UNIX_EPOCH + std::time::Duration::new(seconds, nanos))
}

#[cfg(not(unix))]
fn changed(path: &Path) -> Option<SystemTime> {
    modified(path)
}

/// When the contents of a file were last changed.
pub(crate) fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// Writes the record of a unit that was just compiled; `started` is when rustc was called. The
/// profile is as large as all sources, the same for all units, and compared apart.
pub(crate) fn write(call: &Call, started: SystemTime, root: &Path, profile: Option<&Path>) -> io::Result<()> {
    let Some(out_dir) = &call.out_dir else { return Ok(()) };
    let stem = call.stem();
    let dir = std::env::current_dir()?;
    let read = fs::read_to_string(out_dir.join(format!("{stem}.d"))).unwrap_or_default();
    let files = dep_info(&read).into_iter().map(|path| dir.join(path));
    // What is no file has no contents; a name that dep-info cannot spell is not found.
    let files = files.filter(|path| profile != Some(path) && path.is_file());
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let record = Record {
        crate_name: call.crate_name.clone().unwrap_or_default(),
        package: variable("CARGO_PKG_NAME"),
        package_dir: variable("CARGO_MANIFEST_DIR").into(),
        for_target: call.is_for_target(),
        args: call.args().iter().map(|arg| arg.to_string_lossy().into_owned()).collect(),
        files: files.map(|path| Source::see(&path, started, root)).collect(),
    };
    fs::write(out_dir.join(format!("{stem}.{SUFFIX}")), serde_json::to_vec(&record)?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The clock of a file system may be some milliseconds behind.
    fn soon() -> SystemTime {
        std::thread::sleep(Duration::from_millis(20));
        SystemTime::now()
    }

    #[test]
    fn contents_decide_and_not_times() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.rs");
        fs::write(&file, "1").unwrap();
        let seen = Source::see(&file, soon(), dir.path());
        assert!(seen.is_same(dir.path()));
        // Replaced by an older one of the same length.
        let old = dir.path().join("old.rs");
        fs::write(&old, "2").unwrap();
        let past = fs::File::options().write(true).open(&old).unwrap();
        past.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
        fs::rename(&old, &file).unwrap();
        assert!(!seen.is_same(dir.path()));
        // The same again, and newer.
        fs::write(&file, "1").unwrap();
        assert!(seen.is_same(dir.path()));
        fs::remove_file(&file).unwrap();
        assert!(!seen.is_same(dir.path()));
    }

    #[test]
    fn what_was_written_meanwhile_is_not_trusted() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.rs");
        let since = SystemTime::now() - Duration::from_secs(1);
        fs::write(&file, "1").unwrap();
        assert!(!Source::see(&file, since, dir.path()).is_same(dir.path()));
    }

    #[test]
    fn a_checkout_is_compared_with_its_own_files() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (dir.path().join("one"), dir.path().join("other"));
        for (root, text) in [(&one, "1"), (&other, "2")] {
            fs::create_dir(root).unwrap();
            fs::write(root.join("a.rs"), text).unwrap();
        }
        let seen = Source::see(&one.join("a.rs"), soon(), &one);
        assert!(seen.is_same(&one) && !seen.is_same(&other));
        fs::write(other.join("a.rs"), "1").unwrap();
        assert!(seen.is_same(&other));
    }
}
