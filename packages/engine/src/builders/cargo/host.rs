//! What is compiled for this machine (build scripts, macros, and what these need) is the same in every
//! flavour, since rustflags do not reach it below `--target`. So all target directories have one folder
//! for it, and it is compiled once (docs/adr/0019-host-crates-once.md).

use std::path::{Path, PathBuf};

use honing_core::Result;

use crate::{builders::cargo::build::Wanted, io::files};

/// The folder that all share, beside the target directories.
const HOST: &str = "host";
/// Cargo marks the target directories that it makes itself, for backups to leave out.
const TAG: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# Made by Honing.\n";

/// Where cargo would make a folder for this machine's crates in a target directory below `builds`, puts
/// a link to the one that all share.
pub(super) fn share(builds: &Path, wanted: &Wanted<'_>) -> Result<()> {
    let Ok(inside) = wanted.target_dir.strip_prefix(builds) else { return Ok(()) };
    let profile = wanted.profile_folder();
    files::make_dir(&builds.join(HOST).join(profile))?;
    files::write_if_changed(&builds.join("CACHEDIR.TAG"), TAG)?;
    let link = wanted.target_dir.join(profile);
    // It may be a folder, of an earlier version that had one for each flavour.
    if link.symlink_metadata().is_ok() {
        return Ok(());
    }
    files::make_dir(&wanted.target_dir)?;
    // Relative, so that all of it can be moved.
    let up: PathBuf = inside.components().map(|_| "..").collect();
    make_link(&up.join(HOST).join(profile), &link)
}

#[cfg(unix)]
fn make_link(to: &Path, link: &Path) -> Result<()> {
    std::os::unix::fs::symlink(to, link).map_err(|cause| files::error("create", link, &cause))
}

/// Elsewhere a link wants privileges: each target directory has its own.
#[cfg(not(unix))]
fn make_link(_: &Path, _: &Path) -> Result<()> {
    Ok(())
}
