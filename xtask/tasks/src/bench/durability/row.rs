//! One row: the base is restored, changed, and built in both flavours. What the builds had is kept.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Instant,
};

use anyhow::{Context, Result, anyhow};
use honing_match::BuildFunctions;

use super::{
    events::{self, Applied},
    honing::{Honing, Place},
    measure,
    prepare::{Prepared, Symbols, lock},
    read,
    result::{Built, Found, Outcome},
    spec::{Change, Row, Subject},
    toolchain, tree, write,
};

/// The row that changes nothing: its functions are those of the recorded build.
const NOTHING: &str = "none";

/// What a row is run with.
pub(super) struct Bench<'a> {
    pub(super) honing: &'a Honing,
    pub(super) subject: &'a Subject,
    pub(super) prepared: &'a Prepared,
    /// `rustc` of the ordinary rows.
    pub(super) rustc: &'a str,
    /// The other rustc, if the row needs it.
    pub(super) other: Option<&'a Path>,
}

/// Runs `row`, and keeps its result.
pub(super) fn run(bench: &Bench<'_>, row: &Row, change: &Change) -> Result<Found> {
    let start = Instant::now();
    let prepared = bench.prepared;
    tree::make_equal(&prepared.base(), &prepared.work())?;
    let mut root = prepared.work();
    if change.elsewhere {
        root = prepared.dir.join("another checkout").join("below");
        tree::make_equal(&prepared.base(), &root)?;
    }
    for edit in &change.edits {
        tree::edit(&root, edit)?;
    }
    lock(&root, &change.precise)?;
    let rustc = if change.toolchain { bench.other } else { None };
    // Both at once: much of a build with fat LTO keeps one core busy.
    let applied = thread::scope(|scope| {
        let started = Symbols::BOTH.map(|symbols| {
            let place = Place { rustc: rustc.map(Path::to_owned), ..prepared.place(symbols, root.clone()) };
            scope.spawn(move || build(bench, row, symbols, &place))
        });
        started.map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("the thread ended in a panic"))))
    });
    let [unpinned, pinned] = applied;
    let built = Built {
        rustc: rustc.map_or_else(|| Ok(bench.rustc.to_owned()), toolchain::version)?,
        seconds: start.elapsed().as_secs(),
        unpinned: unpinned.context("unpinned")?,
        pinned: pinned.context("pinned")?,
    };
    write(&result_path(prepared, row), &serde_json::to_string_pretty(&built)?)?;
    load(bench.subject, prepared, row, change)?.context("the result that was just written is gone")
}

/// The result of `row`, if it has one.
pub(super) fn load(
    subject: &Subject,
    prepared: &Prepared,
    row: &Row,
    change: &Change,
) -> Result<Option<Found>> {
    let Some(built) = read::<Built>(&result_path(prepared, row))? else { return Ok(None) };
    let outcome = |symbols: Symbols, said: &Applied| -> Result<Outcome> {
        let build = functions(&list_path(prepared, &row.id, symbols))?;
        let recorded = list_path(prepared, NOTHING, symbols);
        let recorded = if recorded.exists() { Some(functions(&recorded)?) } else { None };
        let path = prepared.profile(symbols);
        let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
        let profile = honing_profdata::read(&bytes).with_context(|| path.display().to_string())?.profile;
        Ok(measure::outcome(said, &profile, recorded.as_ref(), &build, change.edited.as_deref()))
    };
    Ok(Some(Found {
        subject: subject.name.clone(),
        row: row.id.clone(),
        unpinned: outcome(Symbols::Unpinned, &built.unpinned)?,
        pinned: outcome(Symbols::Pinned, &built.pinned)?,
        rustc: built.rustc,
        seconds: built.seconds,
    }))
}

fn build(bench: &Bench<'_>, row: &Row, symbols: Symbols, place: &Place) -> Result<Applied> {
    let said = events::applied(&bench.honing.run(place, &["check"])?)?;
    // Where the stage `optimize` leaves what the compiler listed.
    let list = place.target_dir.join("honing").join(&bench.subject.name).join("optimize/functions.txt");
    let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    write(&list_path(bench.prepared, &row.id, symbols), &text)?;
    Ok(said)
}

/// The file that says that `row` is done.
pub(super) fn result_path(prepared: &Prepared, row: &Row) -> PathBuf {
    prepared.dir.join("rows").join(format!("{}.json", row.id))
}

fn list_path(prepared: &Prepared, row: &str, symbols: Symbols) -> PathBuf {
    prepared.dir.join("rows").join(format!("{row}.{}.functions", symbols.word()))
}

fn functions(list: &Path) -> Result<BuildFunctions> {
    let text = fs::read_to_string(list).with_context(|| list.display().to_string())?;
    BuildFunctions::from_text(&text).with_context(|| list.display().to_string())
}
