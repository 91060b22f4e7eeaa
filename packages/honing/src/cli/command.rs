//! The commands, declared.

use std::{ffi::OsString, path::PathBuf};

use clap::{ColorChoice, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use honing_core::{Stage, shard::Shard};

use super::{
    build::{self, Build},
    compare::{self, Compare},
    examples,
    range::Range,
    shared,
};

/// Profile-guided optimization (PGO) that a team can keep.
#[derive(Debug, Parser)]
#[command(version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
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
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Work(Work),
    #[command(flatten)]
    Look(Look),
}

/// Commands that run stages.
#[derive(Debug, Subcommand)]
pub(crate) enum Work {
    /// Run the stages (the default)
    #[command(after_help = examples::RUN)]
    Run {
        #[command(flatten)]
        range: Range,
        #[command(flatten)]
        flags: shared::Whole,
    },
    /// Open the dashboard without starting anything
    Dash(shared::Dashboard),
    /// Check what the stages need
    Preflight(shared::Preflight),
    /// Build without PGO
    Baseline(shared::Build),
    /// Build with counters
    Instrument(shared::Build),
    /// Run the training workloads
    #[command(after_help = examples::TRAIN)]
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
        flags: shared::Train,
    },
    /// Merge the raw profiles; with --from, those of other machines
    ///
    /// With --from it is the stage, too: the shards of a training have to be complete and of this
    /// program; continue with --from optimize. With --output, any profiles are merged into a file,
    /// unchecked.
    #[command(after_help = examples::MERGE)]
    Merge {
        /// Folders of `train --shard`, or folders above them; other profiles, or folders of them, as
        /// [WEIGHT,]PATH, each as often as it is named
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
        flags: shared::Merge,
    },
    /// Build with the profile
    Optimize(shared::Optimize),
    /// Measure against the baseline
    Bench {
        /// Measure the baseline against a byte copy of itself: shows what changes this machine can
        /// find, and stores its noise floor
        #[arg(long, env = "HONING_AA", value_parser = FalseyValueParser::new())]
        aa: bool,
        /// Measure what each program does for one that is built with several: builds with one of them
        /// alone as it ships, beside all
        #[arg(long, env = "HONING_SHARES", value_parser = FalseyValueParser::new(), conflicts_with = "aa")]
        shares: bool,
        #[command(flatten)]
        flags: shared::Bench,
    },
    /// Store the profile in the repository
    Record(shared::Record),
    /// Build what ships, with the stored profile: one compile, no training, no measuring
    ///
    /// Ends with 14 if no profile is stored, or the stored one is below the policy. Prints what went
    /// in, and writes it as provenance beside the binary (docs/provenance.md).
    #[command(after_help = build::EXAMPLES)]
    Build(Build),
    /// Build with the stored profile, and fail if it is stale under the policy
    Check(shared::Stored),
    /// Verify what has to hold before a release, and print the list as Markdown
    ///
    /// Builds with the stored profile, twice. Ends with the code of the first item that does not hold.
    Checklist {
        /// Run the stages that mend what does not hold: rebase, refresh, measure. Never commits
        #[arg(long, env = "HONING_FIX", value_parser = FalseyValueParser::new())]
        fix: bool,
        #[command(flatten)]
        flags: shared::Verify,
    },
    /// Carry the stored profile over to the present names of functions, and store it
    Rebase(shared::Replace),
    /// Store a profile from elsewhere, carried over to the present names of functions
    Import {
        /// A merged profile (.profdata), or a stored one (profile.honing)
        file: PathBuf,
        #[command(flatten)]
        flags: shared::Replace,
    },
}

/// Commands that look at what is there, or write a file; most of them compile nothing.
#[derive(Debug, Subcommand)]
pub(crate) enum Look {
    /// Show what would run, without running it
    Plan {
        #[command(flatten)]
        range: Range,
        /// Say why, and print the exact commands
        #[arg(long, env = "HONING_EXPLAIN", value_parser = FalseyValueParser::new())]
        explain: bool,
        #[command(flatten)]
        flags: shared::Plan,
    },
    /// Show recorded events in the dashboard; as lines with --plain
    Replay {
        /// An events.jsonl, as in target/honing/runs/
        file: PathBuf,
        /// Speed, as a multiple of the recorded one
        #[arg(long, env = "HONING_SPEED", value_name = "FACTOR", default_value_t = 1.0)]
        speed: f64,
        #[command(flatten)]
        flags: shared::Replay,
    },
    /// Write the report of a run again, from its events, and print its path
    Report {
        /// Name of a folder in target/honing/runs [default: the last run]
        run: Option<String>,
        #[command(flatten)]
        flags: shared::Report,
    },
    /// Show the state of the stored profile, without compiling
    Status(shared::Status),
    /// Write the stored profile as the compiler reads it
    Export {
        /// Where to write it
        #[arg(short, long, value_name = "FILE", required_unless_present = "all")]
        output: Option<PathBuf>,
        /// The merged profiles of all programs and passes, below a folder: for `--profiles` elsewhere
        #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "unpinned"])]
        all: Option<PathBuf>,
        /// Fit it to builds without pinned symbols, such as a plain `cargo build`
        #[arg(long, env = "HONING_UNPINNED", value_parser = FalseyValueParser::new())]
        unpinned: bool,
        #[command(flatten)]
        flags: shared::Stored,
    },
    /// Run a command whose cargo builds like Honing: pinned, with the flags of PGO
    ///
    /// For programs that call cargo: packagers, maturin, cargo-deb. The command gets RUSTC_WRAPPER,
    /// CARGO_BUILD_TARGET and a CARGO_TARGET_DIR of its own, and keeps this terminal. Its exit code is
    /// the exit code.
    #[command(after_help = examples::EXEC)]
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
        #[command(flatten)]
        flags: shared::Exec,
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
        #[command(flatten)]
        flags: shared::Show,
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
        #[command(flatten)]
        flags: shared::Show,
    },
    /// Show how alike two profiles are, as llvm-profdata overlap does
    Overlap {
        /// The first profile
        base: PathBuf,
        /// The second profile
        test: PathBuf,
        #[command(flatten)]
        flags: shared::Show,
    },
    /// Show the programs' Cargo profiles and what PGO wants; propose an edit of Cargo.toml
    ///
    /// On a terminal it asks before it changes Cargo.toml; elsewhere it changes it only with --yes.
    #[command(mut_args(|arg| arg.global(true)))]
    Manifest {
        #[command(subcommand)]
        command: Option<ManifestCommand>,
        /// Change nothing; end with 14 if a Cargo profile is not what pgo.toml pins
        #[arg(long, conflicts_with = "yes")]
        check: bool,
        /// Apply the edit without asking
        #[arg(short, long, env = "HONING_YES", value_parser = FalseyValueParser::new())]
        yes: bool,
        #[command(flatten)]
        flags: shared::Manifest,
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
        /// Begin with what make, configure, cmake or meson build in FOLDER [default: the current folder]
        #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true, conflicts_with = "xtask")]
        command: Option<Option<String>>,
        #[command(flatten)]
        flags: shared::Init,
    },
    /// Remove the files of all runs; stored profiles stay
    Clean(shared::Clean),
    /// Print every setting and its source
    ShowConfig {
        #[command(flatten)]
        range: Range,
        #[command(flatten)]
        flags: shared::Whole,
    },
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
