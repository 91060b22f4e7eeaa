//! The folder that raw profiles of a run are written into.

use std::path::PathBuf;

use honing_core::Result;

/// Open for as long as the workload runs.
///
/// A server that is started as root gives up its rights, and writes its profile as the user that it has
/// become. Only root can do that, so only then the folder is open to everybody, and no longer than the
/// run. Not with the sticky bit: under `fs.protected_regular` not even root could then add to the file
/// that such a process began.
#[derive(Debug)]
pub(super) struct Raw(Option<PathBuf>);

impl Raw {
    pub(super) fn open(folder: PathBuf, profiled: bool) -> Result<Self> {
        if !profiled || !is_root() {
            return Ok(Self(None));
        }
        set_mode(&folder, 0o777).map_err(|cause| crate::io::files::error("open", &folder, &cause))?;
        Ok(Self(Some(folder)))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _ = set_mode(folder, 0o755);
        }
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

#[cfg(unix)]
fn set_mode(path: &std::path::Path, mode: u32) -> std::io::Result<()> {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(not(unix))]
fn set_mode(_: &std::path::Path, _: u32) -> std::io::Result<()> {
    Ok(())
}
