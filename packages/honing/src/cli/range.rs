//! Flags that say which stages run.

use clap::Args;
use honing_core::{Result, Selection, Step};

/// Which part of the chain is to be run.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Stages")]
pub(crate) struct Range {
    /// First stage to run; of one program: PROGRAM.STAGE
    #[arg(long, env = "HONING_FROM", value_name = "STAGE")]
    pub(crate) from: Option<String>,
    /// Last stage to run, likewise
    #[arg(long, env = "HONING_TO", value_name = "STAGE")]
    pub(crate) to: Option<String>,
    /// The only stage to run, likewise
    #[arg(long, env = "HONING_ONLY", value_name = "STAGE", conflicts_with_all = ["from", "to"])]
    pub(crate) only: Option<String>,
    /// Stages to leave out, such as bench; preflight always runs
    #[arg(long, env = "HONING_SKIP", value_name = "STAGES", value_delimiter = ',')]
    pub(crate) skip: Vec<String>,
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
