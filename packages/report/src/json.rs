//! One event a line, as JSON.

use std::io::{self, Write};

use honing_core::event::Record;

/// Writes an event as one line of JSON.
///
/// # Errors
/// Where `out` does not take it.
pub fn json(record: &Record, out: &mut dyn Write) -> io::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    out.write_all(&line)
}
