//! An error, as a person reads it.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use honing_core::Error;

/// Writes `error: …` and, where there is one, `hint: …`.
///
/// # Errors
/// Where `out` does not take it.
pub fn error(error: &Error, out: &mut dyn Write) -> io::Result<()> {
    let red = AnsiColor::Red.on_default().bold();
    let bold = Style::new().bold();
    writeln!(out, "{red}error{red:#}: {}", error.to_string().replace('\n', "\n       "))?;
    match error.hint() {
        Some(hint) => writeln!(out, " {bold}hint{bold:#}: {}", hint.replace('\n', "\n       ")),
        None => Ok(()),
    }
}
