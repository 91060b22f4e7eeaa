//! This executable in the place of a tool that a build calls: how it gets there, and how it ends as the tool does.

use std::{
    fs, io,
    path::Path,
    process::{Command, ExitCode, ExitStatus},
};

use honing_core::Result;

use crate::io::files;

/// Puts this executable where a tool is expected: by a link, or as a copy where there are none.
pub(crate) fn place(exe: &Path, at: &Path) -> Result<()> {
    if fs::read_link(at).is_ok_and(|target| target == exe) || is_copy(exe, at) {
        return Ok(());
    }
    // Another process may be running it: it sees the old one or the new one.
    let fresh = at.with_extension(format!("{}.new", std::process::id()));
    if link(exe, &fresh).is_err() {
        files::copy(exe, &fresh)?;
    }
    fs::rename(&fresh, at).map_err(|cause| files::error("write", at, &cause))
}

fn is_copy(exe: &Path, at: &Path) -> bool {
    let (Ok(exe), Ok(copy)) = (exe.metadata(), at.symlink_metadata()) else { return false };
    let newer = copy.modified().ok().zip(exe.modified().ok()).is_some_and(|(copy, exe)| copy >= exe);
    copy.is_file() && copy.len() == exe.len() && newer
}

#[cfg(unix)]
fn link(exe: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(exe, to)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Becomes the command.
#[cfg(unix)]
pub(crate) fn run(command: &mut Command) -> io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(command))
}

#[cfg(not(unix))]
pub(crate) fn run(command: &mut Command) -> io::Result<ExitCode> {
    Ok(ended(command.status()?))
}

/// Ends as the command did; by its signal too, so that whoever called can name it.
pub(crate) fn ended(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status)
        && let Ok(signal) = nix::sys::signal::Signal::try_from(signal)
    {
        // The first may only take Rust's own handler away.
        let _ = nix::sys::signal::raise(signal);
        let _ = nix::sys::signal::raise(signal);
    }
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
