//! What `--help` says: of the whole first what most people type, then the commands in groups.

use std::fmt::Write as _;

use clap::CommandFactory;
use honing_core::ExitCode;

use super::Cli;

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

pub(super) const RUN: &str = "\
Examples:
  cargo xtask pgo                     all stages of all programs, in the dashboard
  cargo xtask pgo -P tracker --ci     one program, without a dashboard
  cargo xtask pgo --from train        train again and everything after it
  cargo xtask pgo --to optimize       no measurement
  cargo xtask pgo --skip bench        no measurement, but the profile is recorded
  cargo xtask pgo --profile p.profdata --from optimize
                                      build with a profile from elsewhere";

pub(super) const TRAIN: &str = "\
Examples:
  cargo xtask pgo train               with the present instrumented program
  cargo xtask pgo train --manual -- --port 8080
                                      use that program yourself
  cargo xtask pgo train --shard 2/3   on the second of three machines";

pub(super) const MERGE: &str = "\
Examples:
  cargo xtask pgo merge --from shards/
                                      all shards, below one folder; then --from optimize
  cargo xtask pgo merge --from shards/ --from 3,canary/
                                      and profiles from production, with weight 3
  cargo xtask pgo merge --from a.profraw old.profdata -o all.profdata
                                      any profiles into any file";

pub(super) const EXEC: &str = "\
Examples:
  cargo xtask pgo exec -- maturin build --release
                                      with the stored profile, else that of optimize
  cargo xtask pgo exec --profile p.profdata -- cargo deb
                                      with a profile from elsewhere
  LLVM_PROFILE_FILE=$PWD/raw/%p_%m.profraw \\
    cargo xtask pgo exec --flavour instrument -- cargo test --release
                                      with counters; then merge --from raw -o p.profdata
  cargo xtask pgo exec --flavour baseline -- cargo test --release
                                      only with pinned symbols";

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
        .override_usage(format!("{name} [OPTIONS] [COMMAND] [-- <CARGO ARGS>...]"))
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
