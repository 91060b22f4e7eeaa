//! `run`, and the stages as commands of their own.

use std::{
    ffi::OsString,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
};

use honing_core::{
    Error, ExitCode, Result, Selection, Stage,
    applied::Applied,
    event::{Event, Record, Summary},
    shard::Shard,
};
use honing_engine::{
    Finished, Given, Listener, Options, ProfileSource, ReleaseOptions, Session, Sink, children::Cancel,
};
use honing_report::{Plain, Verbosity};

use super::{job::Job, report};
use crate::{
    cli::{Format, Shared},
    console,
};

pub(crate) fn run(shared: &Shared, selection: Result<Selection>, manual: bool) -> ExitCode {
    let options = shared.options(manual);
    let asks = manual && shared.job.ci;
    execute(shared, options, |session| match selection {
        Ok(_) if asks => Err(Error::usage("train --manual needs a person, and --ci says that there is none")
            .with_hint("leave --ci out, or train with workloads")),
        selection => honing_engine::run(session, &selection?),
    })
}

/// `train --shard`: the instrumented program is part of it, since each shard has a machine of its own.
pub(crate) fn shard(shared: &Shared, shard: Shard) -> ExitCode {
    let options = Options { shard: Some(shard), ..shared.options(false) };
    execute(shared, options, |session| {
        honing_engine::run(
            session,
            &Selection::new(Some(Stage::Instrument.into()), Some(Stage::Train.into()))?,
        )
    })
}

/// `merge --from`: the stage, with what other machines left.
pub(crate) fn gather(shared: &Shared, from: &[OsString]) -> ExitCode {
    let given: Result<Vec<Given>> = from.iter().map(|word| Given::parse(word)).collect();
    let profile = ProfileSource::Parts(given.clone().unwrap_or_default());
    let options = Options { profile, ..shared.options(false) };
    execute(shared, options, |session| {
        given?;
        honing_engine::run(session, &Selection::only(Stage::Merge))
    })
}

/// `check`: one compile with the stored profile. To check is to be strict.
pub(crate) fn check(shared: &Shared) -> ExitCode {
    let profile = ProfileSource::Stored;
    let options = Options { profile, strict: true, ..shared.options(false) };
    execute(shared, options, |session| {
        let finished = honing_engine::run(session, &Selection::only(Stage::Optimize))?;
        // The last line is what was asked for, after all that cargo and the builds said.
        for Summary { program, applied, .. } in &finished.summaries {
            let words = applied.as_ref().map(Applied::words).unwrap_or_default();
            let text = format!("check: {program}: the stored profile fits: the build applied {words}");
            session.sink.emit(Event::Note { text });
        }
        Ok(finished)
    })
}

/// `build`: what ships.
pub(crate) fn build(shared: &Shared, no_pgo: bool, accept_stale: bool, output: Option<PathBuf>) -> ExitCode {
    let options = shared.options(false);
    let options = Options {
        // Without PGO no profile is looked for.
        profile: if no_pgo { ProfileSource::Training } else { ProfileSource::Stored },
        ships: !accept_stale,
        strict: options.strict && !accept_stale,
        ..options
    };
    execute(shared, options, |session| honing_engine::release(session, &ReleaseOptions { no_pgo, output }))
}

/// `bench --aa`.
pub(crate) fn qualify(shared: &Shared) -> ExitCode {
    execute(shared, shared.options(false), honing_engine::qualify)
}

/// `rebase`, and `import` where a file is given.
pub(crate) fn rebase(shared: &Shared, file: Option<PathBuf>) -> ExitCode {
    let profile = file.map_or(ProfileSource::Stored, ProfileSource::File);
    execute(shared, Options { profile, ..shared.options(false) }, honing_engine::rebase)
}

/// `export --unpinned`: takes a build.
pub(crate) fn export_unpinned(shared: &Shared, output: &Path) -> ExitCode {
    let profile = ProfileSource::Stored;
    let options = Options { profile, unpinned: true, ..shared.options(false) };
    execute(shared, options, |session| honing_engine::export_rebased(session, output))
}

fn execute(shared: &Shared, options: Options, work: impl FnOnce(&Session) -> Result<Finished>) -> ExitCode {
    execute_with(shared, options, true, work)
}

/// Does `work` in a session of its own, from the first signal to the last word. Without `results`,
/// standard output is the work's own.
pub(super) fn execute_with(
    shared: &Shared,
    options: Options,
    results: bool,
    work: impl FnOnce(&Session) -> Result<Finished>,
) -> ExitCode {
    let job = Job::of(shared);
    let listener = match &job {
        Some(job) => job.listener(shared, results),
        None if results => listener(shared),
        None => progress(shared),
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
