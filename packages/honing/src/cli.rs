//! The command line, declared.

mod build;
mod compare;
#[cfg(test)]
mod documented;
mod shared;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use honing_core::{ExitCode, Result, Selection, Stage, Step, shard::Shard};

pub(crate) use build::Build;
pub(crate) use compare::Compare;
pub(crate) use shared::{Format, Shared};

const EXAMPLES: &str = "\
Examples:
  cargo xtask pgo                     all stages of all programs, in the dashboard
  cargo xtask pgo -P tracker --ci     one program, headless
  cargo xtask pgo plan --explain      what would run, why, and the commands
  cargo xtask pgo --from train        train again and everything after it
  cargo xtask pgo --to optimize       no measurement
  cargo xtask pgo --skip bench        no measurement, but the profile is recorded
  cargo xtask pgo --profile p.profdata --from optimize
                                      build with a profile from elsewhere
  cargo xtask pgo bench --pairs 40    measure longer
  cargo xtask pgo status              state of the stored profile
  cargo xtask pgo build               the release build from the stored profile
  cargo xtask pgo checklist           what has to hold before a release
  cargo xtask pgo train --manual -- --port 8080
                                      use the instrumented program yourself";

const TRAIN_EXAMPLES: &str = "\
Examples:
  cargo xtask pgo train               with the present instrumented program
  cargo xtask pgo train --shard 2/3   on the second of three machines";

const MERGE_EXAMPLES: &str = "\
Examples:
  cargo xtask pgo merge --from shards/
                                      all shards, below one folder; then --from optimize
  cargo xtask pgo merge --from shards/ --from 3,canary/
                                      and profiles from production, with weight 3
  cargo xtask pgo merge --from a.profraw old.profdata -o all.profdata
                                      any profiles into any file";

const EXEC_EXAMPLES: &str = "\
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

/// Profile-guided optimization that a team can keep.
///
/// Builds the programs of pgo/pgo.toml with counters, trains them, builds them with
/// the profile, measures them against the baseline, and records the profile.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = EXAMPLES,
    after_long_help = long_help(),
    disable_help_subcommand = true,
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(flatten)]
    pub(crate) range: Range,
    #[command(flatten)]
    pub(crate) trailing: Trailing,
}

/// The name that the examples are written with.
const WRITTEN: &str = "cargo xtask pgo";

/// The command line as one that is called `name`: so do the examples of its help.
pub(crate) fn named(mut command: clap::Command, name: &str) -> clap::Command {
    if let Some(help) = command.get_after_help().map(|help| renamed(&help.to_string(), name)) {
        command = command.after_help(help);
    }
    if let Some(help) = command.get_after_long_help().map(|help| renamed(&help.to_string(), name)) {
        command = command.after_long_help(help);
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

/// Which part of the chain is to be run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Range {
    /// First stage to run
    #[arg(long, env = "HONING_FROM", value_name = "STAGE")]
    pub(crate) from: Option<String>,
    /// Last stage to run
    #[arg(long, env = "HONING_TO", value_name = "STAGE")]
    pub(crate) to: Option<String>,
    /// The only stage to run
    #[arg(long, env = "HONING_ONLY", value_name = "STAGE", conflicts_with_all = ["from", "to"])]
    pub(crate) only: Option<String>,
    /// Stages to leave out, such as bench; preflight always runs
    #[arg(long, env = "HONING_SKIP", value_name = "STAGES", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
}

/// What stands after `--`.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Trailing {
    /// Arguments for cargo's builds.
    #[arg(last = true, value_name = "CARGO ARGS", help_heading = "Cargo")]
    pub(crate) cargo_args: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the stages (the default)
    Run {
        #[command(flatten)]
        range: Range,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Show what would run, without running it
    Plan {
        #[command(flatten)]
        range: Range,
        /// Say why, and print the exact commands
        #[arg(long, env = "HONING_EXPLAIN", value_parser = FalseyValueParser::new())]
        explain: bool,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Open the dashboard without starting anything
    Dash(Trailing),
    /// Show recorded events in the dashboard; as lines with --plain
    Replay {
        /// An events.jsonl, as in target/honing/runs/
        file: PathBuf,
        /// Speed, as a multiple of the recorded one
        #[arg(long, env = "HONING_SPEED", value_name = "FACTOR", default_value_t = 1.0)]
        speed: f64,
        /// Write its end as a picture of 120x40 instead
        #[arg(long, env = "HONING_SVG", value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Write the report of a run again, from its events, and print its path
    Report {
        /// Name of a folder in target/honing/runs [default: the last run]
        run: Option<String>,
    },
    /// Check what the stages need
    Preflight(Trailing),
    /// Build without PGO
    Baseline(Trailing),
    /// Build with counters
    Instrument(Trailing),
    /// Run the training workloads
    #[command(after_help = TRAIN_EXAMPLES)]
    Train {
        /// Start the instrumented program on this terminal and train it by hand; arguments after `--`
        /// go to the program. Continue with --from merge
        #[arg(long, env = "HONING_MANUAL", value_parser = FalseyValueParser::new())]
        manual: bool,
        /// Build with counters, and train this part of the workloads: shard I of N, from 1. Prints the
        /// folder to fetch; `merge --from` takes the folders of all shards
        #[arg(long, env = "HONING_SHARD", value_name = "I/N", conflicts_with = "manual")]
        shard: Option<Shard>,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Merge the raw profiles; with --from, those of other machines
    ///
    /// With --from it is the stage, too: the shards of a training have to be complete and of this
    /// program; continue with --from optimize. With --output, any profiles are merged into a file,
    /// unchecked.
    #[command(after_help = MERGE_EXAMPLES)]
    Merge {
        /// Folders of `train --shard`, or folders above them; other profiles, or folders of them, as
        /// [WEIGHT,]PATH
        #[arg(long, value_name = "PATH", num_args = 1..)]
        from: Vec<OsString>,
        /// Where to write the merged profile, instead of the stage
        #[arg(short, long, value_name = "FILE", requires = "from")]
        output: Option<PathBuf>,
        /// With --output: percentage of the weight that may be lost to truncated or corrupt files. The
        /// stage uses merge.max_lost of pgo.toml
        #[arg(long, env = "HONING_MAX_LOST", value_name = "PERCENT", default_value_t = 1.0)]
        max_lost: f64,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Build with the profile
    Optimize(Trailing),
    /// Measure against the baseline
    Bench {
        /// Measure the baseline against a byte copy of itself: shows what changes this machine can
        /// find, and stores its noise floor
        #[arg(long, env = "HONING_AA", value_parser = FalseyValueParser::new())]
        aa: bool,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Store the profile in the repository
    Record(Trailing),
    /// Build what ships, with the stored profile: one compile, no training, no measuring
    ///
    /// Ends with 14 if no profile is stored, or the stored one is below the policy. Prints what went
    /// in, and writes it as provenance beside the binary (docs/provenance.md).
    #[command(after_help = build::EXAMPLES)]
    Build(Build),
    /// Build with the stored profile, and fail if it is stale under the policy
    Check(Trailing),
    /// Show the state of the stored profile, without compiling
    Status,
    /// Verify what has to hold before a release, and print the list as Markdown
    ///
    /// Builds with the stored profile, twice. Ends with the code of the first item that does not hold.
    Checklist {
        /// Run the stages that mend what does not hold: rebase, refresh, measure. Never commits
        #[arg(long, env = "HONING_FIX", value_parser = FalseyValueParser::new())]
        fix: bool,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Carry the stored profile over to the present names of functions, and store it
    Rebase(Trailing),
    /// Store a profile from elsewhere, carried over to the present names of functions
    Import {
        /// A merged profile (.profdata), or a stored one (profile.honing)
        file: PathBuf,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Write the stored profile as a .profdata file
    Export {
        /// Where to write it
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Fit it to builds without pinned symbols, such as a plain `cargo build`
        #[arg(long, env = "HONING_UNPINNED", value_parser = FalseyValueParser::new())]
        unpinned: bool,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Run a command whose cargo builds like Honing: pinned, with the flags of PGO
    ///
    /// For programs that call cargo: packagers, maturin, cargo-deb. The command gets RUSTC_WRAPPER,
    /// CARGO_BUILD_TARGET and a CARGO_TARGET_DIR of its own, and keeps this terminal. Its exit code is
    /// the exit code.
    #[command(after_help = EXEC_EXAMPLES)]
    Exec {
        /// The build of the command's cargo
        #[arg(
            long,
            visible_alias = "flavor",
            env = "HONING_FLAVOUR",
            value_enum,
            value_name = "FLAVOUR",
            default_value = "optimize"
        )]
        flavour: Flavour,
        /// The command and its arguments
        #[arg(last = true, required = true, value_name = "CMD")]
        command: Vec<OsString>,
    },
    /// Compare programs by paired runs, in any folder
    ///
    /// Runs them in random order, back to back, until the interval of their ratio settles the verdict,
    /// or to the last look of the plan. Needs no workspace and no pgo.toml. Ends with 0 whatever the
    /// verdict.
    #[command(after_help = compare::EXAMPLES)]
    Compare(Compare),
    /// Show a profile: weight, coverage, hottest functions
    Show {
        /// A raw, indexed or text profile
        file: PathBuf,
        /// How many functions to list
        #[arg(long, env = "HONING_TOP", value_name = "N", default_value_t = 20)]
        top: usize,
    },
    /// Compare two profiles function by function
    Diff {
        /// The first profile
        base: PathBuf,
        /// The second profile
        test: PathBuf,
        /// How many functions to list
        #[arg(long, env = "HONING_TOP", value_name = "N", default_value_t = 20)]
        top: usize,
    },
    /// Show how alike two profiles are, as llvm-profdata overlap does
    Overlap {
        /// The first profile
        base: PathBuf,
        /// The second profile
        test: PathBuf,
    },
    /// Show the programs' Cargo profiles and what PGO wants; propose an edit of Cargo.toml
    ///
    /// On a terminal it asks before it changes Cargo.toml; elsewhere it changes it only with --yes.
    Manifest {
        #[command(subcommand)]
        command: Option<ManifestCommand>,
        /// Change nothing; end with 14 if a Cargo profile is not what pgo.toml pins
        #[arg(long, conflicts_with = "yes")]
        check: bool,
        /// Apply the edit without asking
        #[arg(short, long, global = true, env = "HONING_YES", value_parser = FalseyValueParser::new())]
        yes: bool,
    },
    /// Write a pgo/pgo.toml to start from; with --xtask, also add an xtask
    ///
    /// With --xtask it shows what it would change. On a terminal it asks before it does so; elsewhere it
    /// does so only with --yes.
    Init {
        /// Add an xtask outside of the workspace, whose lockfile stays as it is. FROM is where Honing
        /// is: a folder, or the URL of a git repository [default: the folder it was compiled from]
        #[arg(long, value_name = "FROM", num_args = 0..=1, require_equals = true)]
        xtask: Option<Option<String>>,
        /// Add the xtask without asking
        #[arg(short, long, requires = "xtask")]
        yes: bool,
    },
    /// Remove the files of all runs; stored profiles stay
    Clean,
    /// Print every setting and its source
    ShowConfig,
    /// Print the JSON Schema of pgo.toml
    Schema,
    /// Print completions of the `honing` program for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ManifestCommand {
    /// Add a Cargo profile with the settings that PGO wants
    New {
        /// Its name
        name: String,
        /// Cargo profile that it inherits the rest from
        #[arg(long, env = "HONING_INHERITS", value_name = "PROFILE", default_value = "release")]
        inherits: String,
    },
}

/// The builds that differ in nothing but the flags of PGO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Flavour {
    /// Without PGO.
    Baseline,
    /// With counters.
    Instrument,
    /// With the profile.
    Optimize,
}

impl From<Flavour> for Stage {
    fn from(flavour: Flavour) -> Self {
        match flavour {
            Flavour::Baseline => Self::Baseline,
            Flavour::Instrument => Self::Instrument,
            Flavour::Optimize => Self::Optimize,
        }
    }
}

impl Range {
    /// The stages that were asked for.
    pub(crate) fn selection(&self) -> Result<Selection> {
        let parse = |name: &Option<String>| name.as_deref().map(str::parse::<Step>).transpose();
        let (from, to) = (parse(&self.from)?, parse(&self.to)?);
        let selection = match parse(&self.only)? {
            Some(step) => Selection::only(step),
            None => Selection::new(from, to)?,
        };
        let skipped: Vec<Step> = self.skip.iter().map(|name| name.parse()).collect::<Result<_>>()?;
        selection.without(&skipped)
    }
}

fn long_help() -> String {
    let codes: Vec<String> =
        ExitCode::ALL.iter().map(|code| format!("  {:>3}  {}", code.code(), code.meaning())).collect();
    format!(
        "{EXAMPLES}\n\nExit codes:\n{}\n\nThe variable that is shown with a flag sets it, too.",
        codes.join("\n")
    )
}
