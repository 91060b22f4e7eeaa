//! Standard output and standard error, with colours where they are wanted.
//!
//! A reader that goes away (`| head`) is no error: what cannot be written is dropped. A result that
//! cannot be written for any other reason, such as a full disk, is remembered, and ends the process
//! with an error whatever else came of it.

use std::{
    io::{self, IsTerminal, Write},
    sync::OnceLock,
};

use clap::ColorChoice;
use honing_core::{Error, Result};
use honing_report::Table;
use serde::Serialize;

/// Why a result could not be written, the first time.
static LOST: OnceLock<String> = OnceLock::new();

/// Chooses once, for both streams: `NO_COLOR`, `CLICOLOR_FORCE` and whether it is a
/// terminal decide where `--color` does not.
pub(crate) fn choose(color: ColorChoice) {
    let choice = match color {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Standard output, for results.
pub(crate) fn out() -> impl Write {
    Patient(anstream::stdout())
}

/// A reader that has gone away has seen enough.
struct Patient<W>(W);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written.inspect_err(lose),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed.inspect_err(lose),
        }
    }
}

/// Remembers that standard output did not take something.
pub(crate) fn lose(error: &io::Error) {
    if !matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::Interrupted) {
        LOST.get_or_init(|| error.to_string());
    }
}

/// The error where standard output did not take everything.
pub(crate) fn lost() -> Option<Error> {
    let _ = out().flush();
    LOST.get().map(|why| {
        Error::internal(format!("cannot write the result to standard output: {why}"))
            .with_hint("free some space, or send it elsewhere; what the stages made is there all the same")
    })
}

/// Prints a result as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    writeln!(out(), "{}", json_text(value)?).map_err(broken)
}

/// A result as JSON.
pub(crate) fn json_text(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value).map_err(|error| broken(error.into()))
}

/// Prints a table, as wide as the terminal is.
pub(crate) fn table(table: &Table) -> Result<()> {
    table.write(&mut out(), width()).map_err(broken)
}

/// The error of a result that cannot be written.
pub(crate) fn broken(error: io::Error) -> Error {
    Error::internal(format!("cannot write the result: {error}"))
}

/// Standard error, for everything else.
pub(crate) fn err() -> anstream::Stderr {
    anstream::stderr()
}

/// A line on standard error.
pub(crate) fn line(text: &str) {
    let _ = writeln!(err(), "{text}");
}

/// Standard output as it is, for what has its colours already, or none.
pub(crate) fn raw_out() -> impl Write {
    Patient(io::stdout())
}

/// Standard error as it is.
pub(crate) fn raw_err() -> impl Write {
    io::stderr()
}

/// Whether colours go to standard output and to standard error. A CI system that `shows` them, though
/// it is no terminal, gets them on the latter.
pub(crate) fn colours(color: ColorChoice, shows: bool) -> (bool, bool) {
    let none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let wanted = |choice| choice != anstream::ColorChoice::Never;
    let out = wanted(anstream::AutoStream::choice(&io::stdout()));
    let err = wanted(anstream::AutoStream::choice(&io::stderr()));
    (out, err || (shows && color == ColorChoice::Auto && !none))
}

/// Columns of the terminal that standard output is; `None` where it is none.
pub(crate) fn width() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// Whether somebody can be asked.
pub(crate) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks a question; anything but yes is no.
pub(crate) fn confirm(question: &str) -> io::Result<bool> {
    let mut err = err();
    write!(err, "{question}")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Whether somebody may be watching standard error.
pub(crate) fn err_is_terminal() -> bool {
    io::stderr().is_terminal()
}
