//! `plan`: what would run, why, and the commands to run by hand.

use std::io::Write;

use honing_core::{PlannedState, Result, because};
use honing_report::{Kind, REASONS, Table};

use super::session::look;
use crate::{
    cli::{Format, Range, Shared},
    console,
};

pub(crate) fn plan(shared: &Shared, range: &Range, explain: bool) -> Result<()> {
    let selection = range.selection()?;
    let session = look(shared)?;
    let planned = honing_engine::plan(&session, &selection)?;
    let mut out = console::out();
    if shared.format() == Format::Json {
        return planned
            .iter()
            .try_for_each(|stage| writeln!(out, "{}", serde_json::to_string(stage)?))
            .map_err(console::broken);
    }
    if explain {
        for stage in &planned {
            writeln!(out, "{}: {}: {}", stage.program, stage.stage, stage.state.words())
                .map_err(console::broken)?;
            for reason in &stage.reasons {
                writeln!(out, "    because: {reason}").map_err(console::broken)?;
            }
            for command in &stage.commands {
                writeln!(out, "    $ {command}").map_err(console::broken)?;
            }
        }
        return Ok(());
    }
    let left = Kind::Words;
    let mut table = Table::new("", &[("program", left), ("stage", left), ("", left), ("why", left)]);
    for stage in &planned {
        let why = because(&stage.reasons, REASONS);
        // Its reason says what it depends on.
        let state = if stage.state == PlannedState::Depends { "perhaps" } else { stage.state.words() };
        table.row([stage.program.clone(), stage.stage.to_string(), state.into(), why]);
    }
    console::table(&table)
}
