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
//! executable again, as launcher of children, as wrapper of rustc, and as the go or the compiler of a makefile.

mod cli;
mod commands;
mod console;

use std::{
    ffi::{OsStr, OsString},
    process::ExitCode,
};

use honing_engine::{
    children::{LAUNCH, launcher},
    compiler, go, is_compiler, is_go, is_rustc, rustc,
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
        _ if is_named(&args, is_rustc) => rustc(args),
        _ if is_named(&args, is_go) => go(args),
        _ if is_named(&args, is_compiler) => compiler(args),
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
        _ if is_named(&args, is_rustc) => rustc(args),
        _ if is_named(&args, is_go) => go(args),
        _ if is_named(&args, is_compiler) => compiler(args),
        Some(first) if first == LAUNCH => launcher::main(args.into_iter().skip(2)),
        _ => {
            honing_core::call("honing");
            run(args)
        }
    }
}

/// Whether a build calls this executable in a tool's place.
fn is_named(args: &[OsString], tool: fn(&OsStr) -> bool) -> bool {
    args.first().is_some_and(|name| tool(name))
}

fn run(args: Vec<OsString>) -> ExitCode {
    ExitCode::from(commands::dispatch(args).code())
}
