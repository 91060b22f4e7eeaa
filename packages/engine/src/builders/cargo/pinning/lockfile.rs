//! Brings `Cargo.lock` up to date with the manifests, as the build that follows would:
//! which packages have to be told apart is read from it before that build.

use std::process::{Command, Stdio};

use honing_core::Result;

use crate::{builders::cargo::state::Here, io::files};

/// Asks cargo where a manifest or the lockfile has changed since the last time. Where
/// cargo fails, the build says why, and better.
pub(crate) fn settle(session: &Here<'_>) -> Result<()> {
    let options = &session.options;
    if options.locked || options.frozen {
        return Ok(());
    }
    let stamp = session.builds().join("lockfile.settled");
    if std::fs::read_to_string(&stamp).is_ok_and(|settled| settled == state(session)) {
        return Ok(());
    }
    let mut update = Command::new(&session.cargo.toolchain.cargo);
    update.args(["update", "--workspace", "--quiet"]).args(options.offline.then_some("--offline"));
    update.env_clear().envs(&session.around.env).current_dir(&session.root).stdin(Stdio::null());
    let asked = update.output();
    if asked.is_ok_and(|output| output.status.success()) {
        files::write_if_changed(&stamp, state(session).as_bytes())?;
    }
    Ok(())
}

/// The digests of what decides.
fn state(session: &Here<'_>) -> String {
    let workspace = &session.cargo.workspace;
    let lock = workspace.root.join("Cargo.lock");
    let files = [lock].into_iter().chain(workspace.manifests());
    files
        .map(|file| files::digest(&file).map_or_else(|_| "none\n".into(), |digest| format!("{digest}\n")))
        .collect()
}
