//! Merges profiles, as `llvm-profdata merge` does: for comparing the two as whole processes.
//!
//! `merge [--threads N] [--version N] [--text | --packed] [--keep-all] -o OUT FILE...`, each file as
//! `[WEIGHT,]PATH`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "reads and writes files, unlike the library"
)]

use honing_profdata::{IndexedVersion, Policy, merge_all};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (mut threads, mut out, mut text, mut packed) = (2, None, false, false);
    let mut version = IndexedVersion::Lowest;
    let mut policy = Policy::default();
    let mut files = Vec::new();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or("a flag lacks its value");
        match arg.as_str() {
            "--threads" => threads = value()?.parse()?,
            "--version" => version = IndexedVersion::Exactly(value()?.parse()?),
            "--text" => text = true,
            "--packed" => packed = true,
            "--keep-all" => policy = Policy::KEEP_ALL,
            "-o" => out = Some(value()?),
            _ => files.push(match arg.split_once(',') {
                Some((weight, path)) => (path.to_owned(), weight.parse()?),
                None => (arg, 1),
            }),
        }
    }
    let out = out.ok_or("-o is missing")?;
    let load = |at: usize| {
        let (path, weight) = files.get(at).ok_or(std::io::ErrorKind::NotFound)?;
        std::fs::read(path).map(|bytes| (bytes, *weight))
    };
    let run = merge_all(files.len(), threads, policy, load);
    for (report, (path, _)) in run.reports.iter().zip(&files) {
        match report {
            Ok(report) if report.losses.is_empty() => {}
            Ok(report) => eprintln!("{path}: {:?}", report.losses),
            Err(error) => eprintln!("{path}: {error:?}"),
        }
    }
    let merged = run.merger.finish()?;
    let bytes = match (text, packed) {
        (true, _) => merged.profile.to_text(),
        (_, true) => merged.profile.to_packed()?,
        _ => merged.profile.to_indexed_on(version, threads)?,
    };
    std::fs::write(out, bytes)?;
    Ok(())
}
