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
    is_wrapper,
    process::{LAUNCH, launcher},
    wrapper,
};

/// The whole of an xtask that has one command: `cargo xtask pgo`.
pub fn xtask() -> ExitCode {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    match args.get(1) {
        _ if is_rustc(&args) => wrapper(args),
        Some(first) if first == LAUNCH => launcher::main(args.into_iter().skip(2)),
        Some(first) if first == "pgo" => {
            args.remove(1);
            run("cargo xtask pgo", args)
        }
        _ => {
            console::line("usage: cargo xtask pgo [OPTIONS] [COMMAND]; `cargo xtask pgo --help` tells more");
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
        _ => run("honing", args),
    }
}

/// Whether cargo calls this executable in rustc's place.
fn is_rustc(args: &[OsString]) -> bool {
    args.first().is_some_and(|name| is_wrapper(name))
}

fn run(name: &'static str, args: Vec<OsString>) -> ExitCode {
    ExitCode::from(commands::dispatch(name, args).code())
}
