//! A run with `--ci`: its log, its annotations, the folder to upload, and what the system is told in
//! files. What all of it looks like is [`honing_report::ci`]'s.

use std::{
    ffi::OsString,
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use clap::{
    CommandFactory,
    builder::{FalseyValueParser, TypedValueParser},
};
use honing_core::{
    Error, ExitCode, Result,
    event::{Event, Summary},
};
use honing_engine::{Listener, Options, Places, Session};
use honing_report::ci::{
    Annotation, Log, Outputs, Roots, System, fallback, github, gitlab, guarded, step_summary,
};

use super::lines;
use crate::{
    cli::{Cli, Format, Shared},
    console,
};

/// Name of the report in Markdown that a run leaves.
const REPORT: &str = "report.md";

pub(super) struct Job {
    system: System,
    json: bool,
    /// Colours on standard output.
    colour: bool,
    log: Arc<Mutex<Log>>,
    /// The last event, as JSON.
    last: Arc<Mutex<String>>,
}

impl Job {
    /// The job that runs this command; none without `--ci`.
    pub(super) fn of(shared: &Shared) -> Option<Self> {
        shared.job.ci.then(|| {
            let system = shared.job.ci_system.map_or_else(detected, Into::into);
            let (out, err) = console::colours(shared.color, system != System::None);
            let began = UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_secs();
            Self {
                system,
                json: shared.format() == Format::Json,
                colour: out,
                log: Arc::new(Mutex::new(Log::new(system, lines::verbosity(shared), err, began))),
                last: Arc::default(),
            }
        })
    }

    /// Writes events as they come: results on standard output, unless a command has that to itself, the
    /// rest on standard error.
    pub(super) fn listener(&self, shared: &Shared, results: bool) -> Listener {
        let (system, json, colour, verbose) =
            (self.system, self.json && results, self.colour, shared.loud.verbose);
        let (log, last) = (Arc::clone(&self.log), Arc::clone(&self.last));
        Box::new(move |record| {
            let Ok(mut log) = log.lock() else { return };
            let err = &mut console::raw_err();
            if matches!(record.event, Event::RunFinished { .. })
                && let Ok(mut last) = last.lock()
            {
                *last = record.to_line().unwrap_or_default();
            }
            if json {
                let _ = log.beside_json(record, err);
                let line = record.to_line().unwrap_or_default();
                let line = if system == System::Github { github::guard_json(&line) } else { line.into() };
                let _ = console::raw_out().write_all(line.as_bytes());
                return;
            }
            let _ = log.event(record, err);
            if !results {
                return;
            }
            let mut text = Vec::new();
            let _ = lines::result(record, verbose, &mut text);
            let _ = console::raw_out().write_all(guarded(system, &text, colour).as_bytes());
        })
    }

    /// Says how the run ended, and leaves everything where the job finds it.
    pub(super) fn end(
        &self,
        options: &Options,
        session: &Result<Session>,
        exit: ExitCode,
        error: Option<&Error>,
    ) -> ExitCode {
        let places = match session {
            Ok(session) => Some(Places::of(session)),
            Err(_) => honing_engine::find_places(options).ok(),
        };
        let Ok(mut log) = self.log.lock() else { return exit };
        log.roots = roots(self.system, places.as_ref());
        let _ = log.ended(exit, error, &mut console::raw_err());
        let Some(places) = places else { return exit };
        let left = self.leave(&log, &places, exit, error);
        match left {
            Ok(()) => exit,
            Err(failed) => {
                let _ = log.ended(failed.code(), Some(&failed), &mut console::raw_err());
                if exit == ExitCode::Success { failed.code() } else { exit }
            }
        }
    }

    /// The folder, the step's summary and its outputs.
    fn leave(&self, log: &Log, places: &Places, exit: ExitCode, error: Option<&Error>) -> Result<()> {
        let mut more = Vec::new();
        if !places.has("events.jsonl") {
            let last = self.last.lock().map(|last| last.clone()).unwrap_or_default();
            more.push(("events.jsonl", last));
        }
        if !places.has(REPORT) {
            more.push((REPORT, fallback(exit, error, &log.finished)));
        }
        if self.system == System::Gitlab {
            let config = log.roots.shown(&places.config);
            let report = gitlab::code_quality(&log.annotations, &config, &log.roots).map_err(|error| {
                Error::internal(format!("cannot write {}: {error}", gitlab::CODE_QUALITY))
            })?;
            more.push((gitlab::CODE_QUALITY, report));
        }
        let beside: Vec<(PathBuf, String)> = log.finished.iter().filter_map(provenance).collect();
        let folder = honing_engine::gather(places, &beside, &more)?;
        if self.system == System::Github {
            summarize(&folder, &log.roots.shown(&folder.join(REPORT)))?;
            let outputs = Outputs::of(exit, &log.finished, &log.matched, &folder.display().to_string());
            append("GITHUB_OUTPUT", |_| outputs.render(&delimiter()))?;
        }
        Ok(())
    }
}

/// An error of a command that is no run.
pub(super) fn error(shared: &Shared, error: &Error) {
    match Job::of(shared) {
        Some(job) => {
            if let Ok(mut log) = job.log.lock() {
                let places = honing_engine::find_places(&shared.options(false)).ok();
                log.roots = roots(job.system, places.as_ref());
                let _ = log.ended(error.code(), Some(error), &mut console::raw_err());
            }
        }
        None => drop(honing_report::error(error, &mut console::err())),
    }
}

/// A command line that cannot be parsed, which says itself whether it is a job's.
pub(super) fn usage(words: &[OsString], message: &str) {
    let is_job = words.iter().any(|word| word == "--ci")
        || std::env::var_os("HONING_CI").is_some_and(|value| {
            // As clap reads it.
            FalseyValueParser::new().parse_ref(&Cli::command(), None, &value).is_ok_and(|on| on)
        });
    if is_job && detected() == System::Github {
        let error = Error::usage(message.trim().trim_start_matches("error: "));
        let line = github::annotation(&Annotation::of(&error), &Roots::default());
        let _ = writeln!(console::raw_err(), "{line}");
    }
}

fn detected() -> System {
    System::detect(|name| std::env::var(name).ok())
}

/// Where errors' files are in the checkout.
fn roots(system: System, places: Option<&Places>) -> Roots {
    let variable = match system {
        System::Github => Some("GITHUB_WORKSPACE"),
        System::Gitlab => Some("CI_PROJECT_DIR"),
        System::None => None,
    };
    let repository = variable.and_then(std::env::var_os).filter(|path| !path.is_empty()).map(PathBuf::from);
    // cargo names the workspace without links.
    let repository = repository.map(|path| path.canonicalize().unwrap_or(path));
    Roots { repository, workspace: places.map(|places| places.workspace.clone()) }
}

/// What a release build left beside its program to say what went in.
fn provenance(summary: &Summary) -> Option<(PathBuf, String)> {
    let built = summary.optimized.as_ref().or(summary.baseline.as_ref())?;
    let path = Path::new(&built.path);
    let beside = path.with_file_name(format!("{}.provenance.json", path.file_name()?.to_string_lossy()));
    beside.is_file().then(|| (beside, format!("{}.provenance.json", summary.program)))
}

/// Adds the report to the step's summary.
fn summarize(folder: &Path, shown: &str) -> Result<()> {
    let report = fs::read_to_string(folder.join(REPORT)).unwrap_or_default();
    append("GITHUB_STEP_SUMMARY", |before| step_summary(&report, before, shown).into_owned())
}

/// Adds to the file that a variable names, given how much is in it.
fn append(variable: &str, text: impl FnOnce(usize) -> String) -> Result<()> {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else { return Ok(()) };
    let path = PathBuf::from(path);
    let failed = |error: std::io::Error| {
        Error::internal(format!("cannot write {}, which {variable} names: {error}", path.display()))
            .with_hint("the runner sets it; unset it where there is no such file")
    };
    let mut file = fs::OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
    let before = file.metadata().map_or(0, |metadata| metadata.len());
    let text = text(usize::try_from(before).unwrap_or(usize::MAX));
    file.write_all(text.as_bytes()).map_err(failed)
}

/// What no program can have guessed.
fn delimiter() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("honing_{:016x}{:016x}", random(), random())
}
