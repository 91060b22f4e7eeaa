//! Writes raw profiles of a made-up program, for benchmarks: `make_profiles FOLDER FUNCTIONS RUNS`.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "writes files, unlike the library"
)]

#[path = "../tests/common/synth.rs"]
mod synth;

use synth::{Shape, program, raw};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut next = || args.next().ok_or("make_profiles FOLDER FUNCTIONS RUNS");
    let (folder, functions, runs) = (next()?, next()?.parse()?, next()?.parse::<u64>()?);
    std::fs::create_dir_all(&folder)?;
    for run in 0..runs {
        // Each process has its functions elsewhere.
        let shape = Shape { base: 0x5500_0000_0000 + (run << 12), ..Shape::default() };
        let path = format!("{folder}/{run:04}.profraw");
        std::fs::write(path, raw(&program(functions, run), &shape))?;
    }
    Ok(())
}
