//! Makes a target directory ready to be built in: the wrapper is in place, and nothing is left in it
//! that was compiled from something else than what is there now.

use std::{fs, path::Path};

use honing_core::Result;

use crate::{
    builders::cargo::{
        generated::Generated,
        scripts::{self, When},
        state::Here,
        units,
        wrapper::{self, Orders},
    },
    io::files,
};

/// The digest of the profile that a target directory was built with.
const PROFILE: &str = "honing-profile";

/// Makes `target_dir` ready for a build with `orders`.
pub(crate) fn ready(session: &Here<'_>, target_dir: &Path, orders: &Orders) -> Result<()> {
    wrapper::place(session.launcher.exe(), &session.builds(), target_dir, orders)?;
    if let Some(profile) = &orders.profile {
        apply(target_dir, &session.store.root().join(profile))?;
    }
    let unsure = scripts::note(session, target_dir, When::Before)?;
    unsure.iter().chain(&stale(session, target_dir)).try_for_each(units::Stale::forget)
}

/// What would have to be compiled, or run, again.
pub(super) fn stale(session: &Here<'_>, target_dir: &Path) -> Vec<units::Stale> {
    let root = &session.root;
    let generated = Generated::load(&session.builds(), root);
    let mut found = units::stale(target_dir, root, &generated);
    found.extend(scripts::stale(session, target_dir, &generated));
    found
}

/// Notes what the build scripts of a build that has just ended read and wrote; also of one that failed,
/// which cargo goes on from.
pub(super) fn ended(session: &Here<'_>, target_dir: &Path) -> Result<()> {
    scripts::note(session, target_dir, When::After)?;
    Generated::note(&session.builds(), &session.root, target_dir)
}

/// What was compiled with another profile is compiled again: cargo asks for the time of the file
/// alone, and rustc takes parts of an incremental compilation whatever profile they had.
fn apply(target_dir: &Path, profile: &Path) -> Result<()> {
    let digest = files::digest(profile)?.to_string();
    let noted = target_dir.join(PROFILE);
    if fs::read_to_string(&noted).is_ok_and(|noted| noted == digest) {
        return Ok(());
    }
    units::forget_all(target_dir)?;
    files::write_atomically(&noted, digest.as_bytes())
}
