//! What a run says where there is no dashboard.

use std::io::Write;

use honing_core::event::{Event, Record};
use honing_engine::Listener;
use honing_report::{Plain, Verbosity};

use crate::{
    cli::{Format, Shared},
    console,
};

/// Lines on standard error, and results on standard output; with `--format json`, events there.
pub(super) fn listener(shared: &Shared) -> Listener {
    if shared.format() == Format::Json {
        return Box::new(|record| {
            let line = record.to_line().unwrap_or_default();
            let _ = console::out().write_all(line.as_bytes());
        });
    }
    let verbose = shared.loud.verbose;
    let mut plain = Plain::new(verbosity(shared));
    Box::new(move |record: &Record| {
        let _ = plain.event(record, &mut console::err());
        let _ = result(record, verbose, &mut console::out());
    })
}

/// Writes what standard output carries of an event: results.
pub(super) fn result(record: &Record, verbose: bool, out: &mut dyn Write) -> std::io::Result<()> {
    match &record.event {
        Event::Answer { text } => writeln!(out, "{text}"),
        Event::Built { release } => honing_report::built(release, out),
        Event::ProgramFinished { summary } => honing_report::summary(summary, verbose, console::width(), out),
        _ => Ok(()),
    }
}

/// How much is told.
pub(super) fn verbosity(shared: &Shared) -> Verbosity {
    match (shared.quiet.quiet, shared.loud.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    }
}

/// Lines on standard error: for whatever has its result to itself on standard output.
pub(super) fn progress(shared: &Shared) -> Listener {
    let mut plain = Plain::new(verbosity(shared));
    Box::new(move |record: &Record| drop(plain.event(record, &mut console::err())))
}
