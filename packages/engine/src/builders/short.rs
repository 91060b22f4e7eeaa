//! A tool that is asked something short, such as a compiler.

use std::{path::Path, time::Duration};

use honing_core::{Result, Stage};

use crate::{
    chain::session::Session,
    children::{Child, Command, Status},
    io::{files, plain},
};

/// What takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What it said.
pub(super) struct Said {
    pub(super) ok: bool,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs it for the preflight of a program, with its output in `dir`; through the launcher like every other child: a
/// run that is killed meanwhile leaves nobody who writes into this folder.
pub(super) fn ask(session: &Session, program: &str, command: &Command, dir: &Path) -> Result<Said> {
    let (stdout, stderr) = (dir.join("stdout"), dir.join("stderr"));
    session.open_log(program, Stage::Preflight, command)?;
    let mut child = Child::spawn_to_files(&session.launcher, command, &stdout, &stderr)?;
    let ended = child.wait(&session.cancel, Some(PATIENCE))?;
    let text =
        |path: &Path| files::read(path).map(|bytes| plain(&String::from_utf8_lossy(&bytes)).into_owned());
    Ok(Said { ok: ended.status == Status::Code(0), stdout: text(&stdout)?, stderr: text(&stderr)? })
}
