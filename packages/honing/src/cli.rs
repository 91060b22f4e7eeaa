//! The command line, declared.

use std::{ffi::OsString, path::PathBuf};

use clap::{ArgAction, Args, ColorChoice, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use honing_core::{ExitCode, Result, Selection, Stage};
use honing_engine::{Options, ProfileSource};

const EXAMPLES: &str = "\
Examples:
  cargo xtask pgo                     all stages of all programs
  cargo xtask pgo -P tracker --ci     one program, headless
  cargo xtask pgo plan --explain      what would run, why, and the commands
  cargo xtask pgo --from train        train again and everything after it
  cargo xtask pgo --to optimize       no measurement
  cargo xtask pgo --profile p.profdata --from optimize
                                      build with a profile from elsewhere
  cargo xtask pgo bench --pairs 40    measure longer
  cargo xtask pgo status              how the stored profile stands
  cargo xtask pgo build               the release build from the stored profile
  cargo xtask pgo train --manual -- --port 8080
                                      use the instrumented program yourself";

const EXEC_EXAMPLES: &str = "\
Examples:
  cargo xtask pgo exec -- maturin build --release
                                      with the profile that optimize used
  cargo xtask pgo exec --profile p.profdata -- cargo deb
                                      with a profile from elsewhere
  LLVM_PROFILE_FILE=$PWD/raw/%p_%m.profraw \\
    cargo xtask pgo exec --flavour instrument -- cargo test --release
                                      with counters; then merge --from raw -o p.profdata
  cargo xtask pgo exec --flavour baseline -- cargo test --release
                                      pinned symbols alone";

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
    /// Check what the stages need
    Preflight(Trailing),
    /// Build without PGO
    Baseline(Trailing),
    /// Build with counters
    Instrument(Trailing),
    /// Run the training workloads
    Train {
        /// Start the instrumented program on this terminal and train it by hand; what stands after
        /// `--` goes to the program. Follow with --from merge
        #[arg(long, env = "HONING_MANUAL", value_parser = FalseyValueParser::new())]
        manual: bool,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Merge the raw profiles; with --from, any profiles into any file
    Merge {
        /// Profiles, or folders of them, of this project or not
        #[arg(long, value_name = "DIR", num_args = 1.., requires = "output")]
        from: Vec<PathBuf>,
        /// Where to write the merged profile
        #[arg(short, long, value_name = "FILE", requires = "from")]
        output: Option<PathBuf>,
        /// Percentage of the weight that may be lost to truncated or corrupt files
        #[arg(long, env = "HONING_MAX_LOST", value_name = "PERCENT", default_value_t = 1.0)]
        max_lost: f64,
        #[command(flatten)]
        trailing: Trailing,
    },
    /// Build with the profile
    Optimize(Trailing),
    /// Measure against the baseline
    Bench(Trailing),
    /// Store the profile in the repository
    Record(Trailing),
    /// Build with the stored profile: one compile, no training
    Build(Trailing),
    /// Build with the stored profile, and fail where it is stale under the policy
    Check(Trailing),
    /// Say how the stored profile stands, without compiling
    Status,
    /// Carry the stored profile over to what functions are called now, and store it
    Rebase(Trailing),
    /// Store a profile from elsewhere, carried over to what functions are called here
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
    /// Run a command whose cargo builds as Honing does: pinned, with the flags of PGO
    ///
    /// For what drives cargo itself: packagers, maturin, cargo-deb. The command gets RUSTC_WRAPPER,
    /// CARGO_ENCODED_RUSTFLAGS, CARGO_BUILD_TARGET and a CARGO_TARGET_DIR of its own, and keeps this
    /// terminal; its exit code is the exit code.
    #[command(after_help = EXEC_EXAMPLES)]
    Exec {
        /// Build that the command's cargo does
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
    /// Show what is in a profile: weight, coverage, hottest functions
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
    /// Say how alike two profiles are, as llvm-profdata overlap does
    Overlap {
        /// The first profile
        base: PathBuf,
        /// The second profile
        test: PathBuf,
    },
    /// Write a pgo/pgo.toml to start from
    Init,
    /// Remove what runs have made
    Clean,
    /// Print every setting and where it comes from
    ShowConfig,
    /// Print the JSON Schema of pgo.toml
    Schema,
    /// Print completions of the `honing` program for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people.
    Plain,
    /// One event a line (docs/events.md).
    Json,
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MergeTool {
    /// Honing itself.
    Builtin,
    /// LLVM's own.
    LlvmProfdata,
}

impl From<MergeTool> for honing_core::config::MergeTool {
    fn from(tool: MergeTool) -> Self {
        match tool {
            MergeTool::Builtin => Self::Builtin,
            MergeTool::LlvmProfdata => Self::LlvmProfdata,
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
    /// Workload to run; a role that none of them has keeps all of its own [default: all]
    #[arg(short, long, global = true, env = "HONING_WORKLOAD", value_delimiter = ',', value_name = "NAME")]
    pub(crate) workload: Vec<String>,
    /// Run stages even where they are up to date
    #[arg(long, global = true, env = "HONING_FORCE", value_parser = FalseyValueParser::new(), help_heading = "Stages")]
    pub(crate) force: bool,
    /// Merged profile to optimize with, instead of training here
    #[arg(long, global = true, env = "HONING_PROFILE", value_name = "FILE", help_heading = "Stages")]
    pub(crate) profile: Option<PathBuf>,
    /// Pairs to measure for each workload [default: bench.pairs of pgo.toml]
    #[arg(long, global = true, env = "HONING_PAIRS", value_name = "N", help_heading = "Stages")]
    pub(crate) pairs: Option<u32>,
    /// What merges raw profiles [default: merge.tool of pgo.toml]
    #[arg(
        long,
        global = true,
        env = "HONING_MERGE_TOOL",
        value_enum,
        value_name = "TOOL",
        help_heading = "Stages"
    )]
    pub(crate) merge_tool: Option<MergeTool>,
    /// llvm-profdata to merge with; asks for that tool [default: the first that works]
    #[arg(long, global = true, env = "HONING_LLVM_PROFDATA", value_name = "FILE", help_heading = "Stages")]
    pub(crate) llvm_profdata: Option<PathBuf>,
    /// Keep raw profiles after the merge [default: kept, except with --ci]
    #[arg(long, global = true, env = "HONING_KEEP_RAW", value_parser = FalseyValueParser::new(), help_heading = "Stages")]
    pub(crate) keep_raw: bool,
    /// Replace the stored profile also by a clearly poorer one
    #[arg(long, global = true, env = "HONING_ACCEPT_POORER", value_parser = FalseyValueParser::new(), help_heading = "Stages")]
    pub(crate) accept_poorer: bool,
    /// Headless: for CI; what is below policy is an error
    #[arg(long, global = true, env = "HONING_CI", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    pub(crate) ci: bool,
    /// How to report
    #[arg(
        long,
        global = true,
        env = "HONING_FORMAT",
        value_enum,
        default_value = "plain",
        help_heading = "Output"
    )]
    pub(crate) format: Format,
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
    /// Directory for everything that is made
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

impl Range {
    /// The stages that were asked for.
    pub(crate) fn selection(&self) -> Result<Selection> {
        let parse = |name: &Option<String>| name.as_deref().map(str::parse::<Stage>).transpose();
        let (from, to) = (parse(&self.from)?, parse(&self.to)?);
        match parse(&self.only)? {
            Some(stage) => Ok(Selection::only(stage)),
            None => Selection::new(from.unwrap_or(Stage::Preflight), to.unwrap_or(Stage::Record)),
        }
    }
}

impl Shared {
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
            cargo_args: if manual { Vec::new() } else { after.clone() },
            pairs: self.pairs,
            profile: self.profile.clone().map_or(ProfileSource::Training, ProfileSource::File),
            strict: self.ci,
            accept_poorer: self.accept_poorer,
            unpinned: false,
            merge_tool: self.merge_tool.map(Into::into),
            llvm_profdata: self.llvm_profdata.clone(),
            force: self.force,
            keep_raw: self.keep_raw || !self.ci,
            manual: manual.then_some(after),
        }
    }
}

fn long_help() -> String {
    let codes: Vec<String> =
        ExitCode::ALL.iter().map(|code| format!("  {:>3}  {}", code.code(), code.meaning())).collect();
    format!(
        "{EXAMPLES}\n\nExit codes:\n{}\n\nEvery flag can be set by the variable that is shown with it.",
        codes.join("\n")
    )
}
