//! Pinned symbols: the builds of a pipeline call rustc through a wrapper that names
//! crates by what they are. What a name is made of: [`honing_core::pin`].
//!
//! It also takes the folders of this machine out of what rustc writes
//! ([`honing_core::pin::remapped`]), so that a build comes out the same in any folder.
//!
//! Cargo's fingerprints do not see the wrapper, so that everything which changes names
//! (the scheme, and packages that have to be told apart), or what else is asked for (the
//! revision), is in the name of the target directory.

mod apart;
mod lockfile;
pub mod wrapper;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use honing_core::{Result, pin};

use crate::{Session, files, process::Command, session::Subject};
use apart::Apart;
pub(crate) use lockfile::settle;

/// How the symbols of a build are pinned.
#[derive(Debug, Clone)]
pub(crate) struct Pinned {
    /// The folder of the target directories; the wrapper is in it.
    folder: PathBuf,
    /// What of its name says how symbols are named.
    names: String,
    /// The wrapper that cargo is configured with, to be called by ours.
    inner: Option<PathBuf>,
    /// How many packages have to be told apart.
    apart: usize,
}

/// How the symbols of `subject` are pinned, with the wrapper in its place; `None` where
/// they are cargo's own.
pub(crate) fn pinned(session: &Session, subject: &Subject<'_>) -> Result<Option<Pinned>> {
    if !pins(session, subject) {
        return Ok(None);
    }
    let apart = Apart::find(session, &subject.triple)?;
    let mut names = format!("pinned-{}", pin::SCHEME);
    if apart.len() > 0 {
        names.extend(["-", &apart.digest().to_string()[..8]]);
    }
    let folder = builds(session).join(format!("{names}.{}", wrapper::REVISION));
    files::make_dir(&folder)?;
    if apart.len() > 0 {
        files::write_if_changed(&folder.join(wrapper::APART), apart.to_json().as_bytes())?;
    }
    let pinned = Pinned { folder, names, inner: inner(session), apart: apart.len() };
    place(session.launcher.exe(), &pinned.wrapper())?;
    Ok(Some(pinned))
}

/// Whether symbols are to be pinned.
pub(crate) fn pins(session: &Session, subject: &Subject<'_>) -> bool {
    subject.program.pin_symbols && !session.options.unpinned
}

/// The flag by which rustc uses `profile`: where the wrapper is called, without this machine's folders.
pub(crate) fn use_profile(session: &Session, subject: &Subject<'_>, profile: &Path) -> String {
    let stored = profile.strip_prefix(session.store.root()).ok().filter(|_| pins(session, subject));
    match stored {
        Some(stored) => format!("{}{}", pin::PROFILE, stored.display()),
        None => format!("-Cprofile-use={}", profile.display()),
    }
}

/// Where target directories are.
pub(crate) fn builds(session: &Session) -> PathBuf {
    session.store.root().join("build")
}

/// Every folder that target directories are in: of cargo's own names, and of each scheme
/// that was used.
pub(crate) fn all_builds(session: &Session) -> Vec<PathBuf> {
    let root = builds(session);
    let entries = fs::read_dir(&root).into_iter().flatten().flatten();
    let pinned = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("pinned-"));
    let pinned: Vec<PathBuf> = pinned.map(|entry| entry.path()).collect();
    [root].into_iter().chain(pinned).collect()
}

/// The wrapper that cargo would call without ours. In a session below `pgo exec` that is
/// ours already, and the one within it is meant.
fn inner(session: &Session) -> Option<PathBuf> {
    let configured = session.cargo_config.rustc_wrapper()?;
    if wrapper::is_called(configured.as_os_str()) {
        return session.env.get(OsStr::new(wrapper::INNER)).map(PathBuf::from);
    }
    Some(configured.to_owned())
}

impl Pinned {
    /// Where the target directories of builds with these names are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// For fingerprints and reports.
    pub(crate) fn words(&self) -> String {
        match self.apart {
            0 => format!("pinned (scheme {})", pin::SCHEME),
            some => {
                format!("pinned (scheme {}; {some} packages told apart, {})", pin::SCHEME, self.names)
            }
        }
    }

    /// Has cargo call the wrapper.
    pub(crate) fn set(&self, command: &mut Command) {
        // One that `pgo exec` around this session left is not meant without its wrapper.
        command.env.remove(OsStr::new(wrapper::INNER));
        for (name, value) in self.variables() {
            command.env(name, value);
        }
    }

    /// The variables that have cargo call the wrapper.
    pub(crate) fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let inner = self.inner.iter().map(|inner| (wrapper::INNER, inner.clone()));
        [("RUSTC_WRAPPER", self.wrapper())].into_iter().chain(inner).collect()
    }

    fn wrapper(&self) -> PathBuf {
        self.folder.join(format!("{}{}", wrapper::NAME, std::env::consts::EXE_SUFFIX))
    }
}

/// Puts this executable where the wrapper is expected: by a link, or as a copy where
/// there are none.
fn place(exe: &Path, wrapper: &Path) -> Result<()> {
    if fs::read_link(wrapper).is_ok_and(|target| target == exe) || is_copy(exe, wrapper) {
        return Ok(());
    }
    // Another process may be running it: it sees the old one or the new one.
    let fresh = wrapper.with_extension(format!("{}.new", std::process::id()));
    if link(exe, &fresh).is_err() {
        files::copy(exe, &fresh)?;
    }
    fs::rename(&fresh, wrapper).map_err(|cause| files::error("write", wrapper, &cause))
}

fn is_copy(exe: &Path, wrapper: &Path) -> bool {
    let (Ok(exe), Ok(copy)) = (exe.metadata(), wrapper.symlink_metadata()) else { return false };
    let newer = copy.modified().ok().zip(exe.modified().ok()).is_some_and(|(copy, exe)| copy >= exe);
    copy.is_file() && copy.len() == exe.len() && newer
}

#[cfg(unix)]
fn link(exe: &Path, to: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(exe, to)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
