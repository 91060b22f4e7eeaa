//! Runs in the dashboard where a person watches, and in lines elsewhere; and the
//! dashboard alone, which starts nothing.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    thread::JoinHandle,
};

use honing_core::{Error, ExitCode, Result, Selection, Stage, Step};
use honing_dashboard::{Ask, Backend, Inbox, Mode, Msg, Past, State};
use honing_engine::{
    Options, Session, Sink,
    children::{Cancel, Suspend},
};

use super::{closing::Closing, editing::Editing, execute, job, report, run, watched};
use crate::cli::{Range, Shared};

/// A run: in the dashboard where a person watches, else in lines.
pub(crate) fn run(shared: &Shared, range: &Range) -> ExitCode {
    let selection = range.selection();
    if !watched::is_watched(shared) {
        return run::run(shared, selection, false);
    }
    ended(shared, selection.and_then(|selection| open(shared, selection, Mode::Run)))
}

/// The dashboard, with what earlier runs left.
pub(crate) fn look(shared: &Shared) -> ExitCode {
    if !watched::is_watched(shared) {
        let error = Error::usage("dash needs an interactive terminal");
        let hint = honing_core::advise!("`{pgo} status` and `{pgo} plan` tell the same in lines");
        return ended(shared, Err(error.with_hint(hint)));
    }
    let whole = Ok(Selection::default());
    ended(shared, whole.and_then(|whole| open(shared, whole, Mode::Look)))
}

fn ended(shared: &Shared, exit: Result<ExitCode>) -> ExitCode {
    exit.unwrap_or_else(|error| {
        job::error(shared, &error);
        error.code()
    })
}

fn open(shared: &Shared, selection: Selection, mode: Mode) -> Result<ExitCode> {
    let setup = watched::setup(shared, mode)?;
    let inbox = Inbox::default();
    let options = shared.options(false);
    let mut engine = Engine {
        editing: Editing::new(options.clone(), inbox.clone()),
        options,
        selection,
        inbox: inbox.clone(),
        suspend: Suspend::default(),
        kept: Arc::new(Mutex::new(Closing::default())),
        run: None,
    };
    match mode {
        Mode::Run => engine.start(&Ask::default()),
        Mode::Look | Mode::Replay => engine.look(),
    }
    let left = honing_dashboard::run(State::new(setup), &inbox, &mut engine)?;
    if let Some(run) = engine.run.take() {
        let _ = run.thread.join();
    }
    if let Ok(kept) = engine.kept.lock() {
        kept.print();
    }
    Ok(match left.state.exit() {
        None if left.ended => ExitCode::Interrupted,
        exit => exit.unwrap_or(ExitCode::Success),
    })
}

/// What works behind the dashboard.
struct Engine {
    options: Options,
    selection: Selection,
    inbox: Inbox,
    suspend: Suspend,
    kept: Arc<Mutex<Closing>>,
    editing: Editing,
    run: Option<Running>,
}

struct Running {
    cancel: Cancel,
    sink: Sink,
    thread: JoinHandle<()>,
}

impl Backend for Engine {
    fn start(&mut self, ask: &Ask) {
        let (inbox, kept) = (self.inbox.clone(), Arc::clone(&self.kept));
        let sink = Sink::new(vec![Box::new(move |record| {
            if let Ok(mut kept) = kept.lock() {
                kept.record(record);
            }
            inbox.record(record);
        })]);
        let cancel = Cancel::default();
        let (inbox, suspend) = (self.inbox.clone(), self.suspend.clone());
        let (told, stops) = (sink.clone(), cancel.clone());
        let (options, selection) = (self.options_for(ask), self.selection_for(ask));
        let thread = std::thread::spawn(move || {
            let session = honing_engine::open(options, told.clone(), stops);
            let session = session.map(|session| session.stopped_by(suspend));
            let page = session.as_ref().ok().map(|session| report::page(&session.run_dir));
            execute::finish(&told, &session, |session| {
                inbox.send(Msg::Past(past(session)));
                let finished = honing_engine::run(session, &selection?);
                inbox.send(Msg::Past(past(session)));
                finished
            });
            // Also where the run failed: what there is.
            if let Some(page) = page.filter(|page| page.is_file()) {
                inbox.send(Msg::Report(shortest(&page)));
            }
        });
        self.run = Some(Running { cancel, sink, thread });
    }

    fn cancel(&mut self) {
        if let Some(run) = &self.run {
            run.cancel.request();
        }
    }

    fn stop(&mut self) {
        self.suspend.stop();
    }

    fn go_on(&mut self) {
        self.suspend.go_on();
    }

    fn read_manifest(&mut self) {
        self.editing.read();
    }

    fn write_manifest(&mut self) {
        let Some(written) = self.editing.write() else { return };
        if let Ok(mut kept) = self.kept.lock() {
            kept.edit(written);
        }
        // What would run is another thing now. A run that was has said its own.
        if self.run.is_none() {
            self.look();
        }
    }

    fn run_ms(&self) -> u64 {
        self.run.as_ref().map_or(0, |run| run.sink.elapsed().as_millis() as u64)
    }
}

impl Engine {
    fn options_for(&self, ask: &Ask) -> Options {
        let mut options = self.options.clone();
        if let Some(name) = &ask.program {
            options.programs = vec![name.clone()];
        }
        options.force |= ask.force;
        options
    }

    fn selection_for(&self, ask: &Ask) -> Result<Selection> {
        let mut skipped = self.selection.skipped().to_vec();
        if ask.skips() {
            skipped.extend([Stage::Bench, Stage::Record].map(Step::from));
        }
        match ask.from {
            Some(only) if ask.only => Ok(Selection::only(only)),
            Some(first) => Selection::new(Some(first), None)?.without(&skipped),
            None => self.selection.clone().without(&skipped),
        }
    }

    /// Looks at what is stored, planned and past, while the dashboard is open already.
    fn look(&self) {
        let (options, inbox, selection) = (self.options.clone(), self.inbox.clone(), self.selection.clone());
        std::thread::spawn(move || {
            let looked =
                honing_engine::open(options, Sink::new(Vec::new()), Cancel::default()).and_then(|session| {
                    inbox.send(Msg::Past(past(&session)));
                    let runs = session.past_events();
                    let pages = runs.iter().filter_map(|events| events.parent()).map(report::page);
                    let newest = pages.into_iter().find(|page| page.is_file());
                    newest.iter().for_each(|page| inbox.send(Msg::Report(shortest(page))));
                    inbox.send(Msg::Status(honing_engine::status(&session)?));
                    let planned = honing_engine::plan(&session, &selection)?;
                    inbox.send(Msg::Planned(planned));
                    Ok(())
                });
            if let Err(error) = looked {
                inbox.send(Msg::Trouble(error.to_string(), error.hint().map(str::to_owned)));
            }
        });
    }
}

/// What earlier runs left, the newest first. An unreadable one says nothing.
fn past(session: &Session) -> Vec<Past> {
    let texts = session.past_events().into_iter().filter_map(|file| std::fs::read_to_string(file).ok());
    texts.flat_map(|text| honing_dashboard::read_past(text.lines())).collect()
}

/// A path as it is named from the current folder, where it is below that.
fn shortest(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}
