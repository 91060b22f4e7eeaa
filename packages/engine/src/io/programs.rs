//! Programs of this machine: where they are, and whether they may be run.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

/// Whether a file may be run by someone.
#[cfg(unix)]
pub(crate) fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o111 != 0)
}

/// Whether a file may be run by someone.
#[cfg(not(unix))]
pub(crate) fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// The file that a program's name means: looked up in `PATH` where it has no folder.
pub(crate) fn on_path(name: &OsStr, env: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 {
        return path.is_file().then(|| path.to_owned());
    }
    let with_suffix = format!("{}{}", name.to_string_lossy(), std::env::consts::EXE_SUFFIX);
    std::env::split_paths(env.get(OsStr::new("PATH"))?)
        .flat_map(|dir| [dir.join(name), dir.join(&with_suffix)])
        .find(|candidate| candidate.is_file() && is_executable(candidate))
}
