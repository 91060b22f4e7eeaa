//! A command line to what it does.

mod clean;
mod exec;
mod init;
mod plan;
mod profiles;
mod run;
mod show_config;
mod status;

use std::{ffi::OsString, io::Write};

use clap::{
    CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue},
};
use honing_core::{Error, ExitCode, Result, Selection, Stage, config::Config};
use honing_engine::{Session, Sink, process::Cancel};

use crate::{
    cli::{Cli, Command, Shared, Trailing},
    console,
};

/// Runs a command line, reports its error, and says how the process ends.
pub(crate) fn dispatch(name: &'static str, args: Vec<OsString>) -> ExitCode {
    let command = Cli::command().name(name).bin_name(name);
    let matches = match command.try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => {
            let _ = error.print();
            name_variable(&error);
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Success };
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::Usage;
        }
    };
    console::choose(cli.shared.color);
    let Cli { command, shared, range, trailing } = cli;
    let alone = |trailing: &Trailing, stage| run::run(&shared, trailing, Ok(Selection::only(stage)), false);
    let ended = match command {
        None => return run::run(&shared, &trailing, range.selection(), false),
        Some(Command::Run { range, trailing }) => {
            return run::run(&shared, &trailing, range.selection(), false);
        }
        Some(Command::Preflight(trailing)) => return alone(&trailing, Stage::Preflight),
        Some(Command::Baseline(trailing)) => return alone(&trailing, Stage::Baseline),
        Some(Command::Instrument(trailing)) => return alone(&trailing, Stage::Instrument),
        Some(Command::Train { manual, trailing }) => {
            return run::run(&shared, &trailing, Ok(Selection::only(Stage::Train)), manual);
        }
        Some(Command::Merge { from, output: Some(output), max_lost, .. }) => {
            profiles::merge(&from, &output, max_lost)
        }
        Some(Command::Merge { trailing, .. }) => return alone(&trailing, Stage::Merge),
        Some(Command::Optimize(trailing)) => return alone(&trailing, Stage::Optimize),
        Some(Command::Bench(trailing)) => return alone(&trailing, Stage::Bench),
        Some(Command::Record(trailing)) => return alone(&trailing, Stage::Record),
        Some(Command::Build(trailing)) => return run::build(&shared, &trailing, false),
        Some(Command::Check(trailing)) => return run::build(&shared, &trailing, true),
        Some(Command::Rebase(trailing)) => return run::rebase(&shared, &trailing, None),
        Some(Command::Import { file, trailing }) => return run::rebase(&shared, &trailing, Some(file)),
        Some(Command::Export { output, unpinned: true, trailing }) => {
            return run::export_unpinned(&shared, &trailing, &output);
        }
        Some(Command::Export { output, .. }) => status::export(&shared, &output),
        Some(Command::Status) => status::status(&shared),
        Some(Command::Plan { range, explain, trailing }) => plan::plan(&shared, &trailing, &range, explain),
        Some(Command::Exec { flavour, command }) => exec::exec(&shared, flavour, &command),
        Some(Command::Show { file, top }) => profiles::show(&file, top, shared.format),
        Some(Command::Diff { base, test, top }) => profiles::diff(&base, &test, top, shared.format),
        Some(Command::Overlap { base, test }) => profiles::overlap(&base, &test, shared.format),
        Some(Command::Init) => init::init(&shared),
        Some(Command::Clean) => clean::clean(&shared),
        Some(Command::ShowConfig) => show_config::show_config(&shared, &matches),
        Some(Command::Schema) => write!(console::out(), "{}", Config::json_schema()).map_err(broken),
        Some(Command::Completions { shell }) => {
            // A completion of `cargo xtask pgo` would have to take cargo's own over.
            clap_complete::generate(shell, &mut Cli::command(), "honing", &mut console::out());
            Ok(())
        }
    };
    match ended {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            let _ = honing_report::error(&error, &mut console::err());
            error.code()
        }
    }
}

/// A wrong value need not stand on the command line: says which variable it is from.
fn name_variable(error: &clap::Error) {
    let Some(ContextValue::String(value)) = error.get(ContextKind::InvalidValue) else { return };
    if std::env::args().any(|arg| arg.contains(value.as_str())) {
        return;
    }
    let ours = |name: &str| name.starts_with("HONING_");
    let found =
        std::env::vars_os().find(|(name, set)| ours(&name.to_string_lossy()) && set == value.as_str());
    if let Some((name, _)) = found {
        console::line(&format!("\n hint: the value is from {} in the environment", name.to_string_lossy()));
    }
}

/// A session for commands that only look.
fn look(shared: &Shared, trailing: &Trailing) -> Result<Session> {
    Session::open(shared.options(trailing, false), Sink::new(Vec::new()), Cancel::default())
}

fn broken(error: std::io::Error) -> Error {
    Error::internal(format!("cannot write the result: {error}"))
}
