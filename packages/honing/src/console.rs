//! Standard output and standard error, with colours where they are wanted.
//!
//! A reader that goes away (`| head`) is no error: what cannot be written is dropped.

use std::io::{self, Write};

use clap::ColorChoice;

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
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => flushed,
        }
    }
}

/// Standard error, for everything else.
pub(crate) fn err() -> anstream::Stderr {
    anstream::stderr()
}

/// A line on standard error.
pub(crate) fn line(text: &str) {
    let _ = writeln!(err(), "{text}");
}

/// Columns of the terminal that standard output is; `None` where it is none.
pub(crate) fn width() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0))
}
