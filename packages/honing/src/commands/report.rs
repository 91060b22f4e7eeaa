//! The report of a run: written at the end of each, and again by `report`.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use honing_core::{
    Error, Result,
    event::{Event, Record},
};
use honing_engine::{Session, Sink, write_atomically};
use honing_report::{Document, document::Past};

use super::{events, session::look};
use crate::{cli::Shared, console};

/// The events of a run, in its folder.
const EVENTS: &str = "events.jsonl";
const JSON: &str = "report.json";
const MARKDOWN: &str = "report.md";
const HTML: &str = "report.html";

/// What a report consists of.
#[derive(Debug, Clone)]
struct Paths {
    /// The document.
    json: PathBuf,
    /// For a step summary, or the text of a pull request.
    markdown: PathBuf,
    /// The page.
    html: PathBuf,
}

/// Where the page of the run in `folder` is, or will be.
pub(super) fn page(folder: &Path) -> PathBuf {
    folder.join(HTML)
}

/// Writes the report of the run in `folder`, from the events that it left there.
///
/// # Errors
/// Usage, where there are none; preflight or internal, where the disk does not take it.
fn write(folder: &Path) -> Result<Paths> {
    put(folder, &events::read(&folder.join(EVENTS))?)
}

/// Writes the report of a run whose last event is still to come. It never makes a run fail.
pub(super) fn write_before_end(session: &Session, sink: &Sink, last: &Event) {
    let events = session.run_dir.join(EVENTS);
    // It ended before there was anything to report on.
    if !events.is_file() {
        return;
    }
    let at_ms = u64::try_from(sink.elapsed().as_millis()).unwrap_or(u64::MAX);
    let written = events::read(&events).and_then(|mut records| {
        records.push(Record { at_ms, event: last.clone() });
        put(&session.run_dir, &records)
    });
    if let Err(error) = written {
        sink.emit(Event::Warning { text: format!("no report of this run was written: {error}") });
    }
}

fn put(folder: &Path, records: &[Record]) -> Result<Paths> {
    let document = Document::from_events(records, earlier(folder));
    let paths = Paths { json: folder.join(JSON), markdown: folder.join(MARKDOWN), html: page(folder) };
    let mut json = serde_json::to_vec_pretty(&document)
        .map_err(|error| Error::internal(format!("cannot write {}: {error}", paths.json.display())))?;
    json.push(b'\n');
    write_atomically(&paths.json, &json)?;
    write_atomically(&paths.markdown, honing_report::markdown(&document).as_bytes())?;
    write_atomically(&paths.html, honing_report::html(&document).as_bytes())?;
    Ok(paths)
}

/// What the runs before the one in `folder` reported, the oldest first. A report that cannot be read
/// says nothing.
fn earlier(folder: &Path) -> Vec<Past> {
    let runs = folder.parent().and_then(|runs| std::fs::read_dir(runs).ok());
    let mut before: Vec<PathBuf> = runs.into_iter().flatten().flatten().map(|run| run.path()).collect();
    before.retain(|run| run.file_name() < folder.file_name());
    before.sort();
    let documents = before
        .iter()
        .filter_map(|run| std::fs::read(run.join(JSON)).ok())
        .filter_map(|text| serde_json::from_slice::<Document>(&text).ok());
    documents.flat_map(|document| document.as_past()).collect()
}

/// Writes the report of a run again: of the one called `run`, else of the last one.
pub(crate) fn report(shared: &Shared, run: Option<&str>) -> Result<()> {
    let session = look(shared)?;
    let folders = session.past_events().into_iter().filter_map(|file| Some(file.parent()?.to_owned()));
    let mut folders = folders.collect::<Vec<_>>().into_iter();
    let found = match run {
        Some(name) => folders.find(|folder| folder.file_name().is_some_and(|found| found == name)),
        None => folders.next(),
    };
    let runs = session.store.root().join("runs");
    let folder = found.ok_or_else(|| match run {
        Some(name) => Error::usage(format!("no run `{name}` has left events in {}", runs.display()))
            .with_hint(format!("its folders are the runs: ls {}", runs.display())),
        None => Error::usage(format!("no run has left events in {}", runs.display()))
            .with_hint(honing_core::advise!("the first one does: {pgo}")),
    })?;
    let paths = write(&folder)?;
    let mut out = console::out();
    for path in [&paths.html, &paths.markdown, &paths.json] {
        writeln!(out, "{}", path.display()).map_err(console::broken)?;
    }
    Ok(())
}
