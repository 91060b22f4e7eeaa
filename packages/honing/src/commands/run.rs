//! `run`, and the stages as commands of their own.

use std::path::{Path, PathBuf};

use honing_core::{
    Error, ExitCode, Result, Selection, Stage,
    event::{Event, Record},
};
use honing_engine::{Finished, Listener, Options, ProfileSource, Session, Sink, process::Cancel};
use honing_report::{Plain, Verbosity};

use crate::{
    cli::{Format, Shared, Trailing},
    console,
};

pub(crate) fn run(
    shared: &Shared,
    trailing: &Trailing,
    selection: Result<Selection>,
    manual: bool,
) -> ExitCode {
    let options = shared.options(trailing, manual);
    execute(shared, options, |session| honing_engine::run(session, selection?))
}

/// `build` and `check`: one compile with the stored profile. To check is to be strict.
pub(crate) fn build(shared: &Shared, trailing: &Trailing, check: bool) -> ExitCode {
    let mut options = Options { profile: ProfileSource::Stored, ..shared.options(trailing, false) };
    options.strict |= check;
    execute(shared, options, |session| honing_engine::run(session, Selection::only(Stage::Optimize)))
}

/// `rebase`, and `import` where a file is given.
pub(crate) fn rebase(shared: &Shared, trailing: &Trailing, file: Option<PathBuf>) -> ExitCode {
    let profile = file.map_or(ProfileSource::Stored, ProfileSource::File);
    execute(shared, Options { profile, ..shared.options(trailing, false) }, honing_engine::rebase)
}

/// `export --unpinned`: takes a build.
pub(crate) fn export_unpinned(shared: &Shared, trailing: &Trailing, output: &Path) -> ExitCode {
    let profile = ProfileSource::Stored;
    let options = Options { profile, unpinned: true, ..shared.options(trailing, false) };
    execute(shared, options, |session| honing_engine::export_rebased(session, output))
}

fn execute(shared: &Shared, options: Options, work: impl FnOnce(&Session) -> Result<Finished>) -> ExitCode {
    let sink = Sink::new(vec![listener(shared)]);
    let session = open(options, &sink);
    let ended = session.as_ref().map_err(Clone::clone).and_then(work);
    let (exit, error, summaries) = match ended {
        Ok(finished) => (finished.exit, None, finished.summaries),
        Err(error) => (error.code(), Some(error), Vec::new()),
    };
    sink.emit(Event::RunFinished {
        exit,
        code: exit.code(),
        error: error.as_ref().map(ToString::to_string),
        hint: error.as_ref().and_then(|error| error.hint().map(str::to_owned)),
        cargo_ms: session.map_or(0, |session| session.cargo_time().as_millis() as u64),
        optimized: summaries.into_iter().filter_map(|summary| Some(summary.optimized?.path)).collect(),
    });
    if let Some(error) = error {
        let _ = honing_report::error(&error, &mut console::err());
    }
    exit
}

fn open(options: Options, sink: &Sink) -> Result<Session> {
    let manual = options.manual.is_some();
    let cancel = Cancel::default();
    let (on_signal, told) = (cancel.clone(), sink.clone());
    // The first asks the children to stop, the second kills them.
    ctrlc::set_handler(move || {
        if !manual && !on_signal.requested() {
            told.emit(Event::Note {
                text: "interrupting: children are asked to stop; once more kills them".into(),
            });
        }
        on_signal.request();
    })
    .map_err(|error| Error::internal(format!("cannot handle signals: {error}")))?;
    Session::open(options, sink.clone(), cancel)
}

fn listener(shared: &Shared) -> Listener {
    if shared.format == Format::Json {
        return Box::new(|record| drop(honing_report::json(record, &mut console::out())));
    }
    let verbosity = match (shared.quiet, shared.verbose) {
        (true, _) => Verbosity::Quiet,
        (_, true) => Verbosity::Verbose,
        _ => Verbosity::Normal,
    };
    let mut plain = Plain::new(verbosity);
    Box::new(move |record: &Record| {
        let _ = plain.event(record, &mut console::err());
        if let Event::ProgramFinished { summary } = &record.event {
            let _ = honing_report::summary(summary, console::width(), &mut console::out());
        }
    })
}
