//! What `--help` says: of the whole first what most people type, then the commands in groups.

use std::fmt::Write as _;

use clap::CommandFactory;
use honing_core::ExitCode;

use super::command::Cli;

/// What most people type.
pub(super) const COMMON: &str = "\
Most people type:
  cargo xtask pgo init                write a pgo.toml to start from
  cargo xtask pgo plan                what would run, and why
  cargo xtask pgo                     run what has changed, in the dashboard
  cargo xtask pgo --ci --budget 40m   the same in CI, in at most 40 minutes
  cargo xtask pgo bench --pairs 40    measure longer
  cargo xtask pgo status              how the stored profile stands, without a build
  cargo xtask pgo check               the same with a build, for pull requests
  cargo xtask pgo build               the release build with the stored profile
  cargo xtask pgo bench -h            the options of one command";

/// The commands in groups, as the help lists them.
pub(super) const GROUPS: [(&str, &[&str]); 6] = [
    ("Run", &["run", "plan", "dash", "init"]),
    ("Keep a profile", &["status", "check", "build", "checklist", "rebase", "import", "export"]),
    ("One stage", &["preflight", "baseline", "instrument", "train", "merge", "optimize", "bench", "record"]),
    ("Programs and profiles", &["compare", "exec", "show", "diff", "overlap"]),
    ("Settings", &["manifest", "show-config", "schema", "completions"]),
    ("Earlier runs", &["report", "replay", "clean"]),
];

/// The command line with the options of `run` before any command, where people write them, too.
pub(crate) fn whole() -> clap::Command {
    let command = Cli::command();
    let run = command.find_subcommand("run").map(|run| run.get_arguments().cloned().collect::<Vec<_>>());
    command.subcommand_required(false).arg_required_else_help(false).args(run.unwrap_or_default())
}

/// The same as its help shows it, called `name`.
pub(crate) fn shown(name: &str) -> clap::Command {
    let command = whole();
    let front = format!("{COMMON}\n\n{}", groups(&command));
    let command = command
        .override_usage(format!("{name} [OPTIONS] [COMMAND] [-- <BUILD ARGS>...]"))
        .help_template("{about-with-newline}\n{usage-heading} {usage}\n\n{before-help}{all-args}{after-help}")
        .before_help(front)
        .after_help(format!("`{name} --help` has the options of a run, too, and the exit codes."))
        .after_long_help(codes())
        .mut_args(|arg| arg.hide_short_help(true))
        .mut_subcommands(|one| one.hide(true));
    named(command, name)
}

/// The commands with what they do, in groups.
fn groups(command: &clap::Command) -> String {
    let mut text = String::new();
    for (name, members) in GROUPS {
        let _ = writeln!(text, "{name}:");
        for member in members {
            let found = command.find_subcommand(member).and_then(clap::Command::get_about);
            let about = found.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {member:<12} {about}");
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

fn codes() -> String {
    let codes: Vec<String> =
        ExitCode::ALL.iter().map(|code| format!("  {:>3}  {}", code.code(), code.meaning())).collect();
    format!("Exit codes:\n{}\n\nThe variable that is shown with an option sets it, too.", codes.join("\n"))
}

/// The name that the examples are written with.
const WRITTEN: &str = "cargo xtask pgo";

/// The command line as one that is called `name`: so do the examples of its help.
pub(crate) fn named(command: clap::Command, name: &str) -> clap::Command {
    let mut command = command.mut_args(|arg| arg.hide_env_values(true));
    if let Some(help) = command.get_before_help().map(|help| renamed(&help.to_string(), name)) {
        command = command.before_help(help);
    }
    if let Some(help) = command.get_after_help().map(|help| renamed(&help.to_string(), name)) {
        command = command.after_help(help);
    }
    let commands: Vec<String> = command.get_subcommands().map(|one| one.get_name().to_owned()).collect();
    commands.into_iter().fold(command, |all, one| all.mut_subcommand(one, |one| named(one, name)))
}

/// The same for `-h`, which fits on a screen: `--help` has the variables.
pub(crate) fn brief(command: clap::Command) -> clap::Command {
    command.mut_args(|arg| arg.hide_env(true)).mut_subcommands(brief)
}

/// What explains an example stays in its column.
fn renamed(help: &str, name: &str) -> String {
    let line = |line: &str| {
        let Some((before, after)) = line.split_once(WRITTEN) else { return line.to_owned() };
        match after.split_once("  ") {
            Some((words, rest)) => {
                let column = line.len() - rest.trim_start().len();
                let command = format!("{before}{name}{words}  ");
                format!("{command:<column$}{}", rest.trim_start())
            }
            None => format!("{before}{name}{after}"),
        }
    };
    help.lines().map(line).collect::<Vec<_>>().join("\n")
}
