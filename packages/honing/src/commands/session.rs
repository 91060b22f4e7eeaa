//! A session for commands that only look.

use honing_core::Result;
use honing_engine::{Session, Sink, children::Cancel};

use crate::{cli::Shared, commands::lines::progress};

pub(super) fn look(shared: &Shared) -> Result<Session> {
    honing_engine::open(shared.options(false), Sink::new(vec![progress(shared)]), Cancel::default())
}
