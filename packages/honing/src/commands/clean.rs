//! `clean`: removes what runs have made.

use std::io::Write;

use honing_core::{Result, units};
use honing_engine::{Sink, children::Cancel};

use super::lines::progress;
use crate::{cli::Shared, console};

pub(crate) fn clean(shared: &Shared) -> Result<()> {
    // It may wait for a run, and says so.
    let sink = Sink::new(vec![progress(shared)]);
    let session = honing_engine::open(shared.options(false), sink, Cancel::default())?;
    let freed = honing_engine::clean(&session)?;
    let _ = writeln!(console::err(), "     Removed {}", units::bytes(freed));
    Ok(())
}
