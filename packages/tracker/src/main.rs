//! `honing-tracker`: reads its config, listens, and ends in order.
//!
//! Exit codes: 0 after an orderly shutdown, 1 when it cannot serve (`--health`: is not well), 2 for
//! a bad command line or config. It returns from `main` after SIGTERM and SIGINT, so that a build
//! with instrumentation writes its profile.

mod cli;
mod health;
mod signals;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use honing_tracker::{
    Config, Server,
    config::{LogConfig, LogFormat, LogLevel},
};
use tracing::level_filters::LevelFilter;

fn main() -> ExitCode {
    let args = cli::Args::parse();
    let config = match args.config() {
        Ok(config) => config,
        Err(error) => return fail(2, &error),
    };
    if args.check {
        return match writeln!(io::stdout(), "config is valid") {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(1, &error),
        };
    }
    if args.health {
        return match health::ask(&config.http.listen) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(1, &error),
        };
    }
    start_log(&config.log);
    match serve(config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(1, error.as_ref()),
    }
}

fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if config.threads > 0 {
        runtime.worker_threads(config.threads);
    }
    let runtime = runtime.enable_all().build()?;
    runtime.block_on(async {
        // Before the log says `listening`: from then on others may send signals.
        let shutdown = signals::Shutdown::listen()?;
        let server = Server::bind(config)?;
        server.run(shutdown.requested()).await?;
        Ok(())
    })
}

fn start_log(config: &LogConfig) {
    let level = match config.level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(false)
        .with_writer(io::stderr);
    match config.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
}

fn fail(code: u8, error: &dyn std::fmt::Display) -> ExitCode {
    // Nobody is left to tell if standard error is gone.
    let _ = writeln!(io::stderr(), "honing-tracker: {error}");
    ExitCode::from(code)
}
