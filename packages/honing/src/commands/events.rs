//! The events that a run left.

use std::path::Path;

use honing_core::{
    Error, ExitCode, Result,
    event::{Event, Record, SCHEMA},
};

/// The events of a file. A last line that was cut off, as by a kill, is left out.
pub(super) fn read(file: &Path) -> Result<Vec<Record>> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::usage(format!("cannot read {}: {error}", file.display()))
            .with_hint("runs leave their events in target/honing/runs/<run>/events.jsonl")
    })?;
    let whole = text.ends_with('\n');
    let lines: Vec<&str> = text.lines().collect();
    let mut records = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match serde_json::from_str(line) {
            Ok(Record { event: Event::RunStarted { schema, .. }, .. }) if schema != SCHEMA => {
                let file = file.display();
                let why = format!("{file}: events of version {schema}; this Honing reads version {SCHEMA}");
                return Err(Error::usage(why).with_hint(honing_core::advise!(
                    "the Honing that wrote them shows them; a new run leaves new ones: {pgo}"
                )));
            }
            Ok(record) => records.push(record),
            Err(_) if at + 1 == lines.len() && !whole => {}
            Err(error) => {
                let place = format!("{}: line {}", file.display(), at + 1);
                return Err(Error::usage(format!("{place}: no event of this version: {error}"))
                    .with_hint("it has to be what `--format json` prints (docs/events.md)"));
            }
        }
    }
    if records.is_empty() {
        return Err(Error::new(ExitCode::Usage, format!("{}: there is no event in it", file.display())));
    }
    Ok(records)
}
