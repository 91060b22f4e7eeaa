//! `clean`: removes what runs have made.

use std::io::Write;

use honing_core::{Result, units};

use super::look;
use crate::{
    cli::{Shared, Trailing},
    console,
};

pub(crate) fn clean(shared: &Shared) -> Result<()> {
    let session = look(shared, &Trailing::default())?;
    let freed = honing_engine::clean(&session)?;
    let _ = writeln!(console::err(), "     Removed {}", units::bytes(freed));
    Ok(())
}
