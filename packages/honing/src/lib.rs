//! The facade: `cargo xtask pgo` for any workspace.
//!
//! A workspace's xtask needs no more than this:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     honing::xtask()
//! }
//! ```
//!
//! One with commands of its own calls it for all that it does not know: runs start this
//! executable again, as launcher of children and as wrapper of rustc.

mod cli;
mod commands;
mod console;

use std::{ffi::OsString, process::ExitCode};

use honing_engine::{
    children::{LAUNCH, launcher},
    is_wrapper, wrapper,
};

/// The whole of an xtask that has one command: `cargo xtask pgo`.
pub fn xtask() -> ExitCode {
    called("cargo xtask pgo")
}

/// The same under another name, such as `cargo x tune`: its last word is the subcommand, and hints and help
/// call it by all of it.
pub fn called(name: &str) -> ExitCode {
    honing_core::call(name);
    let mut args: Vec<OsString> = std::env::args_os().collect();
    let subcommand = name.rsplit(' ').next().unwrap_or(name);
    match args.get(1) {
        _ if is_rustc(&args) => wrapper(args),
        Some(first) if first == LAUNCH => launcher::main(args.into_iter().skip(2)),
        Some(first) if first == subcommand => {
            args.remove(1);
            run(args)
        }
        _ => {
            console::line(&format!("usage: {name} [OPTIONS] [COMMAND]; `{name} --help` tells more"));
            ExitCode::from(honing_core::ExitCode::Usage.code())
        }
    }
}

/// The `honing` program.
pub fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    match args.get(1) {
        _ if is_rustc(&args) => wrapper(args),
        Some(first) if first == LAUNCH => launcher::main(args.into_iter().skip(2)),
        _ => {
            honing_core::call("honing");
            run(args)
        }
    }
}

/// Whether cargo calls this executable in rustc's place.
fn is_rustc(args: &[OsString]) -> bool {
    args.first().is_some_and(|name| is_wrapper(name))
}

fn run(args: Vec<OsString>) -> ExitCode {
    ExitCode::from(commands::dispatch(args).code())
}
