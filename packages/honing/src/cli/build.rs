//! The flags of `build`.

use std::path::PathBuf;

use clap::{Args, builder::FalseyValueParser};

use super::shared;

pub(super) const EXAMPLES: &str = "\
Examples:
  cargo xtask pgo build -P tracker --locked
                                      the release build of one program
  cargo xtask pgo build -P tracker --locked -o /usr/local/bin/
                                      in a container: the binary at its place
  cargo xtask pgo build --no-pgo      the same build without PGO";

/// What is to be built, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Build the same without PGO; output and provenance say so
    #[arg(long, env = "HONING_NO_PGO", value_parser = FalseyValueParser::new(), conflicts_with = "accept_stale")]
    pub(crate) no_pgo: bool,
    /// Build even if the profile is below the policy: too old, or too little of it applies
    #[arg(long, env = "HONING_ACCEPT_STALE", value_parser = FalseyValueParser::new())]
    pub(crate) accept_stale: bool,
    /// Where to put the binary and its provenance: a file, an existing folder, or a name that ends
    /// with a slash [default: below the target directory]
    #[arg(short, long, env = "HONING_OUTPUT", value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) flags: shared::Stored,
}
