//! `exec`: any command, whose cargo builds as a stage does.

use std::ffi::OsString;

use honing_core::Result;

use super::session::look;
use crate::{
    cli::{Flavour, Shared},
    console,
};

pub(crate) fn exec(shared: &Shared, flavour: Flavour, words: &[OsString]) -> Result<()> {
    let session = look(shared)?;
    let command = honing_engine::exec_command(&session, flavour.into(), words)?;
    if shared.loud.verbose {
        console::line(&format!("$ {command}"));
    }
    let code = honing_engine::exec(&command)?;
    // Only where a process cannot become another; nothing of ours is left to be done.
    std::process::exit(code)
}
