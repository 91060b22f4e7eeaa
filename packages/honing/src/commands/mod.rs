//! A command line to what it does.

mod checklist;
mod clean;
mod closing;
mod compare;
mod dash;
mod editing;
mod exec;
mod init;
mod job;
mod manifest;
mod plan;
mod profiles;
mod replay;
pub(crate) mod report;
mod run;
mod show_config;
mod status;

use std::{ffi::OsString, io::Write};

use clap::{
    CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
};
use honing_core::{Error, ExitCode, Result, Selection, Stage, closest, config::Config};
use honing_engine::{CRAFTS, Session, Sink, children::Cancel};

use crate::{
    cli::{self, Cli, Command, ManifestCommand, Shared, Trailing},
    console,
};

/// Runs a command line, reports its error, and says how the process ends.
///
/// A result that standard output does not take is no success.
pub(crate) fn dispatch(args: Vec<OsString>) -> ExitCode {
    let exit = follow(args);
    match console::lost() {
        None => exit,
        // It was said already.
        Some(_) if exit == ExitCode::Internal => exit,
        Some(error) => {
            let _ = honing_report::error(&error, &mut console::err());
            if exit == ExitCode::Success { error.code() } else { exit }
        }
    }
}

fn follow(args: Vec<OsString>) -> ExitCode {
    let name = honing_core::called();
    let command = cli::named(Cli::command(), name).name(name).bin_name(name);
    let words: Vec<String> = args.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let matches = match command.clone().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(mut error) => {
            suggest(&mut error, &command, &words);
            let _ = error.print().inspect_err(console::lose);
            name_variable(&error);
            if error.use_stderr() {
                job::usage(&words, &error.to_string());
            }
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
        None => return dash::run(&shared, &trailing, &range),
        Some(Command::Run { range, trailing }) => return dash::run(&shared, &trailing, &range),
        Some(Command::Dash(trailing)) => return dash::look(&shared, &trailing),
        Some(Command::Replay { file, svg: Some(svg), .. }) => replay::picture(&file, &svg),
        Some(Command::Replay { file, speed, svg: None }) => replay::replay(&shared, &file, speed),
        Some(Command::Preflight(trailing)) => return alone(&trailing, Stage::Preflight),
        Some(Command::Baseline(trailing)) => return alone(&trailing, Stage::Baseline),
        Some(Command::Instrument(trailing)) => return alone(&trailing, Stage::Instrument),
        Some(Command::Train { shard: Some(shard), trailing, .. }) => {
            return run::shard(&shared, &trailing, shard);
        }
        Some(Command::Train { manual, trailing, .. }) => {
            return run::run(&shared, &trailing, Ok(Selection::only(Stage::Train)), manual);
        }
        Some(Command::Merge { from, output: Some(output), max_lost, .. }) => {
            profiles::merge(&from, &output, max_lost)
        }
        Some(Command::Merge { from, trailing, .. }) if !from.is_empty() => {
            return run::gather(&shared, &trailing, &from);
        }
        Some(Command::Merge { trailing, .. }) => return alone(&trailing, Stage::Merge),
        Some(Command::Optimize(trailing)) => return alone(&trailing, Stage::Optimize),
        Some(Command::Bench { aa: true, trailing }) => return run::qualify(&shared, &trailing),
        Some(Command::Bench { trailing, .. }) => return alone(&trailing, Stage::Bench),
        Some(Command::Record(trailing)) => return alone(&trailing, Stage::Record),
        Some(Command::Build(flags)) => return run::build(&shared, flags),
        Some(Command::Check(trailing)) => return run::check(&shared, &trailing),
        Some(Command::Checklist { fix, trailing }) => return checklist::checklist(&shared, &trailing, fix),
        Some(Command::Rebase(trailing)) => return run::rebase(&shared, &trailing, None),
        Some(Command::Import { file, trailing }) => return run::rebase(&shared, &trailing, Some(file)),
        Some(Command::Export { output, unpinned: true, trailing }) => {
            return run::export_unpinned(&shared, &trailing, &output);
        }
        Some(Command::Export { output, .. }) => status::export(&shared, &output),
        Some(Command::Report { run }) => report::report(&shared, run.as_deref()),
        Some(Command::Status) => status::status(&shared),
        Some(Command::Plan { range, explain, trailing }) => plan::plan(&shared, &trailing, &range, explain),
        Some(Command::Exec { flavour, command }) => exec::exec(&shared, flavour, &command),
        Some(Command::Compare(flags)) => compare::compare(&shared, &flags),
        Some(Command::Manifest { command: None, check, yes }) => manifest::manifest(&shared, check, yes),
        Some(Command::Manifest { command: Some(new), check, yes }) => {
            let ManifestCommand::New { name, inherits } = new;
            manifest::new(&shared, &name, &inherits, check, yes)
        }
        Some(Command::Show { file, top }) => profiles::show(&file, top, shared.format()),
        Some(Command::Diff { base, test, top }) => profiles::diff(&base, &test, top, shared.format()),
        Some(Command::Overlap { base, test }) => profiles::overlap(&base, &test, shared.format()),
        Some(Command::Init { xtask, yes }) => init::init(&shared, xtask, yes),
        Some(Command::Clean) => clean::clean(&shared),
        Some(Command::ShowConfig) => show_config::show_config(&shared, &matches),
        Some(Command::Schema) => write!(console::out(), "{}", Config::json_schema(CRAFTS)).map_err(broken),
        Some(Command::Completions { shell }) => {
            // A completion of an xtask's subcommand would have to take cargo's own over.
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "honing", &mut text);
            console::out().write_all(&text).map_err(broken)
        }
    };
    match ended {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            job::error(&shared, &error);
            error.code()
        }
    }
}

/// The command that the first word is nearly. clap, which knows of arguments after `--` here, takes it for one
/// of them and suggests nothing.
fn suggest(error: &mut clap::Error, command: &clap::Command, words: &[String]) {
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else { return };
    if error.kind() != ErrorKind::UnknownArgument || words.get(1) != Some(unknown) {
        return;
    }
    let names = command.get_subcommands().map(clap::Command::get_name);
    if let Some(name) = closest(unknown, names) {
        let name = ContextValue::Strings(vec![name.to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, name);
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
    honing_engine::open(shared.options(trailing, false), Sink::new(Vec::new()), Cancel::default())
}

fn broken(error: std::io::Error) -> Error {
    Error::internal(format!("cannot write the result: {error}"))
}
