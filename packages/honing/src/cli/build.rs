//! The flags of `build`.

use std::path::PathBuf;

use clap::{Args, builder::FalseyValueParser};

use super::Trailing;

pub(super) const EXAMPLES: &str = "\
Examples:
  cargo xtask pgo build -P tracker --locked
                                      the release build of one program
  cargo xtask pgo build -P tracker --locked -o /usr/local/bin/
                                      in a container: the binary where it belongs
  cargo xtask pgo build --no-pgo      the same specification without PGO, and it says so";

/// What is to be built, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Build the same specification without PGO; output and provenance say so
    #[arg(long, env = "HONING_NO_PGO", value_parser = FalseyValueParser::new(), conflicts_with = "accept_stale")]
    pub(crate) no_pgo: bool,
    /// Build also with a profile that is below the policy: too old, or too little of it applies
    #[arg(long, env = "HONING_ACCEPT_STALE", value_parser = FalseyValueParser::new())]
    pub(crate) accept_stale: bool,
    /// Where to put the binary, with its provenance beside it: a file, or a folder that is there or
    /// whose name ends with a slash [default: it stays below the target directory]
    #[arg(short, long, env = "HONING_OUTPUT", value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trailing: Trailing,
}
