//! Flags in groups, such that a command heeds all of a group or none. Which command heeds which:
//! [`heeds`](super::heeds).

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum, builder::FalseyValueParser};
use honing_core::units::Span;
use honing_engine::ProfileSource;

/// Where the workspace is, and what `cargo metadata` is told.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Build")]
pub(crate) struct Place {
    /// Directory for all output
    #[arg(long, env = "HONING_TARGET_DIR", value_name = "DIR")]
    pub(crate) target_dir: Option<PathBuf>,
    /// Assert that Cargo.lock stays as it is
    #[arg(long, env = "HONING_LOCKED", value_parser = FalseyValueParser::new())]
    pub(crate) locked: bool,
    /// Run without accessing the network
    #[arg(long, env = "HONING_OFFLINE", value_parser = FalseyValueParser::new())]
    pub(crate) offline: bool,
    /// Same as --locked and --offline
    #[arg(long, env = "HONING_FROZEN", value_parser = FalseyValueParser::new())]
    pub(crate) frozen: bool,
}

/// The files that say what is optimized.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Build")]
pub(crate) struct File {
    /// Another pgo.toml [default: pgo/pgo.toml in the workspace]
    #[arg(long, env = "HONING_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Path to the workspace's Cargo.toml, where it is a Cargo workspace
    #[arg(long, env = "HONING_MANIFEST_PATH", value_name = "FILE")]
    pub(crate) manifest_path: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Pick {
    /// Program from pgo.toml to work on [default: all]
    #[arg(short = 'P', long, env = "HONING_PROGRAM", value_delimiter = ',', value_name = "NAME")]
    pub(crate) program: Vec<String>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Loads {
    /// Workload to run [default: all]; a role without one of these keeps all of its workloads
    #[arg(short, long, env = "HONING_WORKLOAD", value_delimiter = ',', value_name = "NAME")]
    pub(crate) workload: Vec<String>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Build")]
pub(crate) struct Target {
    /// Target to build for: a triple, or for Go such as linux/arm64
    #[arg(long, env = "HONING_TARGET", value_name = "TRIPLE")]
    pub(crate) target: Option<String>,
}

/// What of a build is also recorded.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Build")]
pub(crate) struct Features {
    /// Further features
    #[arg(short = 'F', long, env = "HONING_FEATURES", value_delimiter = ',')]
    pub(crate) features: Vec<String>,
}

/// What only a build reads.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Build")]
pub(crate) struct Compile {
    /// Number of parallel jobs of the build
    #[arg(
        short,
        long,
        env = "HONING_JOBS",
        value_name = "N",
        allow_hyphen_values = true,
        value_parser = honing_core::jobs::parse
    )]
    pub(crate) jobs: Option<String>,
    /// Arguments for the builds, which cargo or go gets
    #[arg(last = true, value_name = "BUILD ARGS")]
    pub(crate) cargo_args: Vec<String>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Again {
    /// Run stages even if they are up to date
    #[arg(long, env = "HONING_FORCE", value_parser = FalseyValueParser::new())]
    pub(crate) force: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Time {
    /// Time for the whole run, such as 20m; measuring is cut short
    #[arg(long, env = "HONING_BUDGET", value_name = "TIME")]
    pub(crate) budget: Option<Span>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Pairs {
    /// Most pairs to measure for each workload [default: bench.pairs of pgo.toml, else as many as fit into bench.time]
    #[arg(long, env = "HONING_PAIRS", value_name = "N")]
    pub(crate) pairs: Option<u32>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Given {
    /// Merged profile to optimize with, instead of training here
    #[arg(long, env = "HONING_PROFILE", value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    /// Folder that `export --all` wrote: the profiles of all programs
    #[arg(long, env = "HONING_PROFILES", value_name = "DIR", conflicts_with = "profile")]
    pub(crate) profiles: Option<PathBuf>,
}

impl Given {
    /// Where the profile comes from.
    pub(crate) fn source(&self) -> ProfileSource {
        let folder = self.profiles.clone().map(ProfileSource::Folder);
        self.profile.clone().map(ProfileSource::File).or(folder).unwrap_or_default()
    }
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Merging {
    /// What merges raw profiles [default: llvm.merge of pgo.toml]
    #[arg(long, env = "HONING_MERGE_TOOL", value_parser = ["builtin", "llvm-profdata"], value_name = "TOOL")]
    pub(crate) merge_tool: Option<String>,
    /// llvm-profdata to merge with, instead of Honing [default: the first that works]
    #[arg(long, env = "HONING_LLVM_PROFDATA", value_name = "FILE")]
    pub(crate) llvm_profdata: Option<PathBuf>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Raw {
    /// Keep each raw profile, also after the merge [default: merged while the training runs]
    #[arg(long, env = "HONING_KEEP_RAW", value_parser = FalseyValueParser::new())]
    pub(crate) keep_raw: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Storing {
    /// Replace the stored profile even by a clearly poorer one
    #[arg(long, env = "HONING_ACCEPT_POORER", value_parser = FalseyValueParser::new())]
    pub(crate) accept_poorer: bool,
}

/// What calls the command.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub(crate) struct Job {
    /// For CI: no dashboard, no questions; a profile below policy is an error
    #[arg(long, env = "HONING_CI", value_parser = FalseyValueParser::new())]
    pub(crate) ci: bool,
    /// CI system, with --ci [default: from the environment]
    #[arg(long, env = "HONING_CI_SYSTEM", value_enum, value_name = "SYSTEM")]
    pub(crate) ci_system: Option<CiSystem>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub(crate) struct Shape {
    /// How to report [default: the dashboard for runs on a terminal, else plain]
    #[arg(long, env = "HONING_FORMAT", value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub(crate) struct Plain {
    /// Lines instead of the dashboard
    #[arg(long, env = "HONING_PLAIN", value_parser = FalseyValueParser::new())]
    pub(crate) plain: bool,
}

/// The same where there are lines anyway.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub(crate) struct Lines {
    /// Lines, as always
    #[arg(long = "plain", hide = true)]
    pub(crate) lines: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub(crate) struct Loud {
    /// Show commands and the output of every child
    #[arg(short, long, env = "HONING_VERBOSE", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub(crate) verbose: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub(crate) struct Quiet {
    /// Show errors and the result only
    #[arg(short, long, env = "HONING_QUIET", value_parser = FalseyValueParser::new(), conflicts_with = "verbose")]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
#[command(next_help_heading = "Output")]
pub(crate) struct Notice {
    /// Signal the end of a run: bell, or osc9 for a notification [default: from dashboard.toml]
    #[arg(long, env = "HONING_NOTIFY", value_enum, value_name = "HOW")]
    pub(crate) notify: Option<Notify>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people.
    Plain,
    /// One event a line (docs/events.md).
    Json,
}

/// How the end of a run is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Notify {
    /// Not at all.
    Off,
    /// The terminal's bell.
    Bell,
    /// A notification of the desktop, if the terminal knows OSC 9.
    Osc9,
}

/// What runs the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CiSystem {
    /// GitHub Actions.
    Github,
    /// GitLab CI.
    Gitlab,
    /// Another one: plain lines.
    None,
}

impl From<CiSystem> for honing_report::ci::System {
    fn from(system: CiSystem) -> Self {
        match system {
            CiSystem::Github => Self::Github,
            CiSystem::Gitlab => Self::Gitlab,
            CiSystem::None => Self::None,
        }
    }
}

impl From<Notify> for honing_dashboard::Notify {
    fn from(notify: Notify) -> Self {
        match notify {
            Notify::Off => Self::Off,
            Notify::Bell => Self::Bell,
            Notify::Osc9 => Self::Osc9,
        }
    }
}
