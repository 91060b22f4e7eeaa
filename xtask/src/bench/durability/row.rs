//! One row: the base is restored, changed, and built in both flavours.

use std::{fs, path::Path, thread, time::Instant};

use anyhow::{Context, Result, anyhow};
use honing_profdata::BuildFunctions;

use super::{
    events,
    honing::{Honing, Place},
    measure,
    prepare::{Prepared, Symbols, lock},
    result::{Found, Outcome},
    spec::{Change, Row, Subject},
    toolchain, tree,
};

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

/// Runs `row`.
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
    let outcomes = thread::scope(|scope| {
        let started = Symbols::BOTH.map(|symbols| {
            let place = Place { rustc: rustc.map(Path::to_owned), ..prepared.place(symbols, root.clone()) };
            scope.spawn(move || outcome(bench, change, symbols, &place))
        });
        started.map(|thread| thread.join().unwrap_or_else(|_| Err(anyhow!("the thread ended in a panic"))))
    });
    let [unpinned, pinned] = outcomes;
    Ok(Found {
        subject: bench.subject.name.clone(),
        row: row.id.clone(),
        rustc: rustc.map_or_else(|| Ok(bench.rustc.to_owned()), toolchain::version)?,
        seconds: start.elapsed().as_secs(),
        unpinned: unpinned.context("unpinned")?,
        pinned: pinned.context("pinned")?,
    })
}

fn outcome(bench: &Bench<'_>, change: &Change, symbols: Symbols, place: &Place) -> Result<Outcome> {
    let said = events::applied(&bench.honing.run(place, &["check"])?)?;
    // Where the stage `optimize` leaves what the compiler listed.
    let list = place.target_dir.join("honing").join(&bench.subject.name).join("optimize/functions.txt");
    let text = fs::read_to_string(&list).with_context(|| list.display().to_string())?;
    let build = BuildFunctions::from_text(&text).with_context(|| list.display().to_string())?;
    let path = bench.prepared.profile(symbols);
    let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
    let profile = honing_profdata::read(&bytes).with_context(|| path.display().to_string())?.profile;
    Ok(measure::outcome(&said, &profile, &build, change.edited.as_deref()))
}
