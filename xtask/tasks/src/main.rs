//! The workspace's own commands but for `pgo`, which `xtask` is: `cargo xtask bench`, `cargo xtask ci` and more.

mod bench;
mod ci;
mod container;
mod dependencies;
#[cfg(test)]
mod documented;
mod go;
mod lines;
mod lint;

use std::{path::Path, process::ExitCode};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("bench") => bench::run(std::env::args().skip(2)),
        Some("ci") => ci::run(),
        Some("lines") => ci::ended(lines::print(Path::new(&std::env::args().nth(2).unwrap_or(".".into())))),
        Some("lint") => lint::run(std::env::args().skip(2)),
        Some("container") => container::run(std::env::args().skip(2)),
        _ => {
            ci::say(
                "usage: cargo xtask pgo [OPTIONS] [COMMAND]   profile-guided optimization (pgo --help)\n       cargo xtask bench [BENCH]             what the docs claim, measured anew\n       cargo xtask container                 the container image, built and tried\n       cargo xtask ci                        every check of this workspace\n       cargo xtask lint                      Markdown, TOML, YAML, shell and spelling\n       cargo xtask lines [FOLDER]            lines of source, without tests, comments and blank lines",
            );
            ExitCode::from(2)
        }
    }
}
