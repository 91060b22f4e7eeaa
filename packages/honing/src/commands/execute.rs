//! Work in a session of its own, with everything around it: signals, lines or a job, the report, the exit code.

use std::io::IsTerminal;

use honing_core::{Error, ExitCode, Result, event::Event};
use honing_engine::{Finished, Options, Session, Sink, children::Cancel};

use super::{job::Job, lines, report};
use crate::{cli::Shared, console};

/// Does `work` in a session of its own, from the first signal to the last word.
pub(super) fn execute(
    shared: &Shared,
    options: Options,
    work: impl FnOnce(&Session) -> Result<Finished>,
) -> ExitCode {
    execute_with(shared, options, true, work)
}

/// The same; without `results`, standard output is the work's own.
pub(super) fn execute_with(
    shared: &Shared,
    options: Options,
    results: bool,
    work: impl FnOnce(&Session) -> Result<Finished>,
) -> ExitCode {
    let job = Job::of(shared);
    let listener = match &job {
        Some(job) => job.listener(shared, results),
        None if results => lines::listener(shared),
        None => lines::progress(shared),
    };
    let sink = Sink::new(vec![listener]);
    let cancel = Cancel::default();
    let manual = options.manual.is_some();
    let session = on_signals(&cancel, &sink, manual)
        .and_then(|()| honing_engine::open(options.clone(), sink.clone(), cancel));
    let (exit, error) = finish(&sink, &session, work);
    if let Some(job) = job {
        return job.end(&options, &session, exit, error.as_ref());
    }
    if let Some(error) = error {
        let _ = honing_report::error(&error, &mut console::err());
    }
    if let Some(how) = shared.notice.notify.filter(|_| std::io::stderr().is_terminal()) {
        honing_dashboard::tell(how.into(), exit.meaning());
    }
    exit
}

/// Does `work` in a session, and says how the run ended: its last event.
pub(super) fn finish(
    sink: &Sink,
    session: &Result<Session>,
    work: impl FnOnce(&Session) -> Result<Finished>,
) -> (ExitCode, Option<Error>) {
    let ended = session.as_ref().map_err(Clone::clone).and_then(work);
    let (exit, error, summaries) = match ended {
        Ok(finished) => (finished.exit, None, finished.summaries),
        Err(error) => (error.code(), Some(error), Vec::new()),
    };
    let builder_ms = session.as_ref().map_or(0, |session| session.builders_time().as_millis() as u64);
    let last = Event::RunFinished {
        exit,
        code: exit.code(),
        error: error.as_ref().map(ToString::to_string),
        hint: error.as_ref().and_then(|error| error.hint().map(str::to_owned)),
        builder_ms,
        optimized: summaries.into_iter().filter_map(|summary| Some(summary.optimized?.path)).collect(),
    };
    if let Ok(session) = session {
        report::write_before_end(session, sink, &last);
    }
    sink.emit(last);
    (exit, error)
}

/// The first signal asks the children to stop, the second kills them.
fn on_signals(cancel: &Cancel, sink: &Sink, manual: bool) -> Result<()> {
    let (on_signal, told) = (cancel.clone(), sink.clone());
    ctrlc::set_handler(move || {
        if !manual && !on_signal.requested() {
            told.emit(Event::Note {
                text: "interrupting: children are asked to stop; once more kills them".into(),
            });
        }
        on_signal.request();
    })
    .map_err(|error| Error::internal(format!("cannot handle signals: {error}")))
}
