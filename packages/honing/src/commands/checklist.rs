//! `checklist`: what has to hold before a release, verified. Progress goes to standard error, the list
//! to standard output.

use honing_core::{ExitCode, Result, checklist::Checklist};
use honing_engine::{Finished, Options, ProfileSource};

use super::execute::execute_with;
use crate::{
    cli::{Format, Shared},
    console,
};

pub(crate) fn checklist(shared: &Shared, fix: bool) -> ExitCode {
    let options = Options { profile: ProfileSource::Stored, ..shared.options(false) };
    execute_with(shared, options, false, |session| {
        let list = honing_engine::checklist(session, fix)?;
        print(shared, &list)?;
        match list.failure() {
            Some(error) => Err(error),
            None => Ok(Finished { summaries: Vec::new(), exit: list.exit }),
        }
    })
}

fn print(shared: &Shared, list: &Checklist) -> Result<()> {
    match shared.format() {
        Format::Plain => honing_report::checklist(list, &mut console::out()).map_err(console::broken),
        Format::Json => console::json(list),
    }
}
