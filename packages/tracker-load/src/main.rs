//! `honing-tracker-load`: puts load on a tracker on this machine and reports as JSON.
//!
//! Exit codes: 0 when almost all requests were answered so that a client can go on, 1 when the
//! tracker is not there or too many failed, 2 for a bad command line.

mod behind;
mod cli;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use behind::Behind;
use clap::Parser;
use honing_tracker_load::{Report, digest, mix::MIXES};

fn main() -> ExitCode {
    match go(&cli::Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure { code, message }) => {
            // Nobody is left to tell if standard error is gone.
            let _ = writeln!(io::stderr(), "honing-tracker-load: {message}");
            ExitCode::from(code)
        }
    }
}

struct Failure {
    code: u8,
    message: String,
}

fn failure(code: u8, message: impl ToString) -> Failure {
    Failure { code, message: message.to_string() }
}

fn go(args: &cli::Args) -> Result<(), Failure> {
    let written = |result: io::Result<()>| result.map_err(|error| failure(1, error));
    if args.list_mixes {
        let lines = MIXES.iter().map(|mix| format!("{:<12} {}\n", mix.name, mix.about));
        return written(io::stdout().write_all(lines.collect::<String>().as_bytes()));
    }
    if args.dry_run {
        let (requests, workers) = args.dry().map_err(|message| failure(2, message))?;
        let digest = digest::digest(args.mix, args.seed, workers, requests);
        return written(writeln!(io::stdout(), "{digest}"));
    }
    let report = load(args)?;
    written(write(args, &report))?;
    for line in report.lines() {
        // For people; nobody is left to tell if standard error is gone.
        let _ = writeln!(io::stderr(), "honing-tracker-load: {line}");
    }
    let failed = report.failed();
    if failed > args.max_failures {
        let requests = report.requests;
        return Err(failure(
            1,
            format!(
                "{:.2} % of requests failed ({} timeouts, {} errors of {}), {:.2} % are allowed{}",
                failed * 100.0,
                requests.timeouts,
                requests.errors,
                requests.sent,
                args.max_failures * 100.0,
                report.first_error.map(|error| format!("; first: {error}")).unwrap_or_default()
            ),
        ));
    }
    Ok(())
}

/// Runs the load, with the program behind its target, if there is one.
fn load(args: &cli::Args) -> Result<Report, Failure> {
    let plan = args.plan().map_err(|message| failure(2, message))?;
    plan.check().map_err(|error| failure(2, error))?;
    let behind = args.behind().map_err(|message| failure(2, message))?;
    let behind = behind.map(|(words, udp)| Behind::start(&words, udp)).transpose();
    let mut behind = behind.map_err(|message| failure(1, message))?;
    let report = honing_tracker_load::run(&plan);
    if let Some(behind) = &mut behind {
        behind.runs().map_err(|message| failure(1, message))?;
    }
    report.map_err(|error| failure(1, error))
}

fn write(args: &cli::Args, report: &Report) -> io::Result<()> {
    let mut text = serde_json::to_string(report)?;
    text.push('\n');
    match &args.out {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
        None => io::stdout().write_all(text.as_bytes()),
    }
}
