//! The workspace's own command. `pgo` is the whole of what another workspace needs, and all that the first
//! `cargo xtask` compiles; `bench`, `ci` and the like are a program of their own, compiled when they are asked for.

use std::process::{Command, ExitCode};

/// What `tasks` knows.
const TASKS: [&str; 6] = ["bench", "ci", "container", "help", "lines", "lint"];

fn main() -> ExitCode {
    let first = std::env::args().nth(1);
    let asks_for_help = matches!(first.as_deref(), None | Some("--help" | "-h"));
    if asks_for_help || first.is_some_and(|first| TASKS.contains(&first.as_str())) {
        tasks()
    } else {
        honing::xtask()
    }
}

/// Runs `tasks` in the place of this program.
fn tasks() -> ExitCode {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["run", "--quiet", "--package", "tasks", "--"]).args(std::env::args_os().skip(1));
    command.status().map_or(ExitCode::FAILURE, |status| {
        ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    })
}
