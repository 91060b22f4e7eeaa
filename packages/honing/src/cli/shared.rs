//! The flags that all commands share, and what the engine is told of them.

use std::path::PathBuf;

use clap::{ArgAction, Args, ColorChoice, ValueEnum, builder::FalseyValueParser};
use honing_core::units::Span;
use honing_engine::{Options, ProfileSource};

use super::Trailing;

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

#[derive(Debug, Args)]
pub(crate) struct Shared {
    /// Program from pgo.toml to work on [default: all]
    #[arg(
        short = 'P',
        long,
        global = true,
        env = "HONING_PROGRAM",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub(crate) program: Vec<String>,
    /// Workload to run [default: all]; a role without one of these keeps all of its workloads
    #[arg(short, long, global = true, env = "HONING_WORKLOAD", value_delimiter = ',', value_name = "NAME")]
    pub(crate) workload: Vec<String>,
    /// Run stages even if they are up to date
    #[arg(long, global = true, env = "HONING_FORCE", value_parser = FalseyValueParser::new(), help_heading = "Stages")]
    pub(crate) force: bool,
    /// Merged profile to optimize with, instead of training here
    #[arg(long, global = true, env = "HONING_PROFILE", value_name = "FILE", help_heading = "Stages")]
    pub(crate) profile: Option<PathBuf>,
    /// Most pairs to measure for each workload [default: bench.pairs of pgo.toml, else as many as fit into bench.time]
    #[arg(long, global = true, env = "HONING_PAIRS", value_name = "N", help_heading = "Stages")]
    pub(crate) pairs: Option<u32>,
    /// Time for the whole run, such as 20m; measuring is cut short
    #[arg(long, global = true, env = "HONING_BUDGET", value_name = "TIME", help_heading = "Stages")]
    pub(crate) budget: Option<Span>,
    /// What merges raw profiles [default: llvm.merge of pgo.toml]
    #[arg(
        long,
        global = true,
        env = "HONING_MERGE_TOOL",
        value_parser = ["builtin", "llvm-profdata"],
        value_name = "TOOL",
        help_heading = "Stages"
    )]
    pub(crate) merge_tool: Option<String>,
    /// llvm-profdata to merge with, instead of Honing [default: the first that works]
    #[arg(long, global = true, env = "HONING_LLVM_PROFDATA", value_name = "FILE", help_heading = "Stages")]
    pub(crate) llvm_profdata: Option<PathBuf>,
    /// Keep raw profiles after the merge [default: kept, except with --ci]
    #[arg(long, global = true, env = "HONING_KEEP_RAW", value_parser = FalseyValueParser::new(), help_heading = "Stages")]
    pub(crate) keep_raw: bool,
    /// Replace the stored profile even by a clearly poorer one
    #[arg(long, global = true, env = "HONING_ACCEPT_POORER", value_parser = FalseyValueParser::new(), help_heading = "Stages")]
    pub(crate) accept_poorer: bool,
    /// For CI: no dashboard, no questions; a profile below policy is an error
    #[arg(long, global = true, env = "HONING_CI", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    pub(crate) ci: bool,
    /// CI system, with --ci [default: from the environment]
    #[arg(
        long,
        global = true,
        env = "HONING_CI_SYSTEM",
        value_enum,
        value_name = "SYSTEM",
        help_heading = "Output"
    )]
    pub(crate) ci_system: Option<CiSystem>,
    /// How to report [default: the dashboard for runs on a terminal, else plain]
    #[arg(
        long,
        global = true,
        env = "HONING_FORMAT",
        value_enum,
        value_name = "FORMAT",
        help_heading = "Output"
    )]
    pub(crate) format: Option<Format>,
    /// Lines instead of the dashboard
    #[arg(long, global = true, env = "HONING_PLAIN", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    pub(crate) plain: bool,
    /// Signal the end of a run: bell, or osc9 for a notification [default: from dashboard.toml]
    #[arg(
        long,
        global = true,
        env = "HONING_NOTIFY",
        value_enum,
        value_name = "HOW",
        help_heading = "Output"
    )]
    pub(crate) notify: Option<Notify>,
    /// Show commands and the output of every child
    #[arg(short, long, global = true, env = "HONING_VERBOSE", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue, help_heading = "Output")]
    pub(crate) verbose: bool,
    /// Show errors and the result only
    #[arg(
        short,
        long,
        global = true,
        env = "HONING_QUIET", value_parser = FalseyValueParser::new(),
        conflicts_with = "verbose",
        help_heading = "Output"
    )]
    pub(crate) quiet: bool,
    /// Colours
    #[arg(
        long,
        global = true,
        env = "HONING_COLOR",
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) cargo: Cargo,
}

/// What means here what it means to cargo.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cargo")]
pub(crate) struct Cargo {
    /// Another pgo.toml [default: pgo/pgo.toml in the workspace]
    #[arg(long, global = true, env = "HONING_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Path to the workspace's Cargo.toml
    #[arg(long, global = true, env = "HONING_MANIFEST_PATH", value_name = "FILE")]
    pub(crate) manifest_path: Option<PathBuf>,
    /// Target triple to build for
    #[arg(long, global = true, env = "HONING_TARGET", value_name = "TRIPLE")]
    pub(crate) target: Option<String>,
    /// Directory for all output
    #[arg(long, global = true, env = "HONING_TARGET_DIR", value_name = "DIR")]
    pub(crate) target_dir: Option<PathBuf>,
    /// Further features
    #[arg(short = 'F', long, global = true, env = "HONING_FEATURES", value_delimiter = ',')]
    pub(crate) features: Vec<String>,
    /// Assert that Cargo.lock stays as it is
    #[arg(long, global = true, env = "HONING_LOCKED", value_parser = FalseyValueParser::new())]
    pub(crate) locked: bool,
    /// Run without accessing the network
    #[arg(long, global = true, env = "HONING_OFFLINE", value_parser = FalseyValueParser::new())]
    pub(crate) offline: bool,
    /// Same as --locked and --offline
    #[arg(long, global = true, env = "HONING_FROZEN", value_parser = FalseyValueParser::new())]
    pub(crate) frozen: bool,
    /// Number of parallel jobs of cargo
    #[arg(short, long, global = true, env = "HONING_JOBS", value_name = "N", allow_hyphen_values = true)]
    pub(crate) jobs: Option<String>,
}

impl Shared {
    /// How to report where that is not the dashboard's.
    pub(crate) fn format(&self) -> Format {
        self.format.unwrap_or(Format::Plain)
    }

    /// What the engine is told.
    pub(crate) fn options(&self, trailing: &Trailing, manual: bool) -> Options {
        let cargo = &self.cargo;
        let after = trailing.cargo_args.clone();
        Options {
            config: cargo.config.clone(),
            manifest_path: cargo.manifest_path.clone(),
            programs: self.program.clone(),
            workloads: self.workload.clone(),
            target: cargo.target.clone(),
            target_dir: cargo.target_dir.clone(),
            features: cargo.features.clone(),
            locked: cargo.locked,
            offline: cargo.offline,
            frozen: cargo.frozen,
            jobs: cargo.jobs.clone(),
            verbose: self.verbose,
            arguments: if manual { Vec::new() } else { after.clone() },
            pairs: self.pairs,
            budget: self.budget.map(|budget| budget.0),
            profile: self.profile.clone().map_or(ProfileSource::Training, ProfileSource::File),
            strict: self.ci,
            ships: false,
            accept_poorer: self.accept_poorer,
            unpinned: false,
            merge_tool: self.merge_tool.clone(),
            merger: self.llvm_profdata.clone(),
            force: self.force,
            keep_raw: self.keep_raw || !self.ci,
            shard: None,
            manual: manual.then_some(after),
        }
    }
}
