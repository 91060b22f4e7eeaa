//! A command line to what it does.

mod checklist;
mod clean;
mod closing;
mod compare;
mod dash;
mod editing;
mod events;
mod exec;
mod execute;
mod init;
mod job;
mod lines;
mod manifest;
mod plan;
mod profiles;
mod replay;
mod report;
mod run;
mod samples;
mod session;
mod show_config;
mod status;
mod watched;

use std::{ffi::OsString, io::Write};

use clap::{
    ArgMatches, CommandFactory, FromArgMatches,
    error::{ContextKind, ContextValue},
};
use clap_complete::Shell;
use honing_core::{ExitCode, Result, Selection, Stage, config::Config};
use honing_engine::CRAFTS;

use crate::{
    cli::{self, Build, Cli, Command, Compare, Look, ManifestCommand, Shared, Work},
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
    let words = cli::arranged(args, &cli::whole());
    // A command comes first, unless the help of all of them is asked for.
    let is_whole = words.get(1).is_some_and(|word| word.to_string_lossy().starts_with('-'));
    let command = if is_whole { cli::shown(name) } else { cli::named(Cli::command(), name) };
    let command = if words.iter().any(|word| word == "-h") { cli::brief(command) } else { command };
    let parsed = command
        .name(name)
        .bin_name(name)
        .try_get_matches_from(&words)
        .and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches)));
    match parsed {
        Ok((Cli { command, color }, matches)) => {
            console::choose(color);
            honing_core::give(&cli::place(&matches));
            let name = matches.subcommand_name().unwrap_or_default().to_owned();
            let always = Shared { color, command: name, ..Shared::default() };
            match command {
                Command::Work(command) => work(command, &always),
                Command::Look(command) => look_at(command, &always, &matches),
            }
        }
        Err(error) => {
            let _ = error.print().inspect_err(console::lose);
            name_variable(&error);
            if !error.use_stderr() {
                return ExitCode::Success;
            }
            job::usage(&words, &error.to_string());
            ExitCode::Usage
        }
    }
}

/// Runs stages.
fn work(command: Work, always: &Shared) -> ExitCode {
    let with = |flags: Shared| flags.called(always);
    let alone = |flags: Shared, stage| run::run(&with(flags), Ok(Selection::only(stage)), false);
    match command {
        Work::Run { range, flags } => dash::run(&with(flags.into()), &range),
        Work::Dash(flags) => dash::look(&with(flags.into())),
        Work::Preflight(flags) => alone(flags.into(), Stage::Preflight),
        Work::Baseline(flags) => alone(flags.into(), Stage::Baseline),
        Work::Instrument(flags) => alone(flags.into(), Stage::Instrument),
        Work::Train { shard: Some(shard), flags, .. } => run::shard(&with(flags.into()), shard),
        Work::Train { manual, flags, .. } => {
            run::run(&with(flags.into()), Ok(Selection::only(Stage::Train)), manual)
        }
        Work::Merge { from, output: Some(output), max_lost, flags } => {
            told(&with(flags.into()), &|_| profiles::merge(&from, &output, max_lost))
        }
        Work::Merge { from, flags, .. } if !from.is_empty() => run::gather(&with(flags.into()), &from),
        Work::Merge { flags, .. } => alone(flags.into(), Stage::Merge),
        Work::Optimize(flags) => alone(flags.into(), Stage::Optimize),
        Work::Bench { aa: true, flags, .. } => run::qualify(&with(flags.into())),
        Work::Bench { shares: true, flags, .. } => run::shares(&with(flags.into())),
        Work::Bench { flags, .. } => alone(flags.into(), Stage::Bench),
        Work::Record(flags) => alone(flags.into(), Stage::Record),
        Work::Build(Build { no_pgo, accept_stale, output, flags }) => {
            run::build(&with(flags.into()), no_pgo, accept_stale, output)
        }
        Work::Check(flags) => run::check(&with(flags.into())),
        Work::Checklist { fix, flags } => checklist::checklist(&with(flags.into()), fix),
        Work::Rebase(flags) => run::rebase(&with(flags.into()), None),
        Work::Import { file, flags } => run::rebase(&with(flags.into()), Some(file)),
    }
}

/// Looks at what is there, or writes a file.
fn look_at(command: Look, always: &Shared, matches: &ArgMatches) -> ExitCode {
    let with = |flags: Shared, work: &dyn Fn(&Shared) -> Result<()>| told(&flags.called(always), work);
    match command {
        Look::Plan { range, explain, flags } => {
            with(flags.into(), &|shared| plan::plan(shared, &range, explain))
        }
        Look::Status(flags) => with(flags.into(), &status::status),
        Look::Export { all: Some(dir), flags, .. } => {
            with(flags.into(), &|shared| status::export_all(shared, &dir))
        }
        Look::Export { output, unpinned: true, flags, .. } => {
            run::export_unpinned(&Shared::from(flags).called(always), &output.unwrap_or_default())
        }
        Look::Export { output, flags, .. } => {
            with(flags.into(), &|shared| status::export(shared, &output.clone().unwrap_or_default()))
        }
        Look::Exec { flavour, command, flags } => {
            with(flags.into(), &|shared| exec::exec(shared, flavour, &command))
        }
        Look::Compare(Compare { flags, what }) => {
            with(flags.into(), &|shared| compare::compare(shared, &what))
        }
        Look::Show { file, top, flags } => {
            with(flags.into(), &|shared| profiles::show(&file, top, shared.format()))
        }
        Look::Diff { base, test, top, flags } => {
            with(flags.into(), &|shared| profiles::diff(&base, &test, top, shared.format()))
        }
        Look::Overlap { base, test, flags } => {
            with(flags.into(), &|shared| profiles::overlap(&base, &test, shared.format()))
        }
        Look::Manifest { command: None, check, yes, flags } => {
            with(flags.into(), &|shared| manifest::manifest(shared, check, yes))
        }
        Look::Manifest { command: Some(ManifestCommand::New { name, inherits }), check, yes, flags } => {
            with(flags.into(), &|shared| manifest::new(shared, &name, &inherits, check, yes))
        }
        Look::Report { run, flags } => with(flags.into(), &|shared| report::report(shared, run.as_deref())),
        Look::Replay { file, speed, flags } => {
            with(flags.into(), &|shared| replay::replay(shared, &file, speed))
        }
        Look::Init { command: Some(folder), flags, .. } => {
            with(flags.into(), &|shared| init::of_command(shared, folder.as_deref()))
        }
        Look::Init { xtask, yes, flags, .. } => {
            let from = xtask.as_ref().map(Option::as_deref);
            with(flags.into(), &|shared| init::init(shared, from, yes))
        }
        Look::Clean(flags) => with(flags.into(), &clean::clean),
        Look::ShowConfig { flags, .. } => {
            with(flags.into(), &|shared| show_config::show_config(shared, matches))
        }
        Look::Completions { shell } => with(Shared::default(), &|_| completions(shell)),
        Look::Schema => with(Shared::default(), &|_| {
            write!(console::out(), "{}", Config::json_schema(CRAFTS)).map_err(console::broken)
        }),
    }
}

/// Says what is wrong where `work` fails.
fn told(shared: &Shared, work: &dyn Fn(&Shared) -> Result<()>) -> ExitCode {
    work(shared).map_or_else(
        |error| {
            job::error(shared, &error);
            error.code()
        },
        |()| ExitCode::Success,
    )
}

/// A completion of an xtask's subcommand would have to take cargo's own over.
fn completions(shell: Shell) -> Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut cli::whole(), "honing", &mut text);
    console::out().write_all(&text).map_err(console::broken)
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
