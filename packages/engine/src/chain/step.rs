//! What all stages have in common: run or up to date, announce, promote.

use std::{path::Path, time::Instant};

use honing_core::{
    Fingerprint, Result, Stage, Step,
    event::{Event, StageState},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    chain::{session::Session, subject::Subject},
    children::Usage,
    io::clock,
    keep::{
        store::{Attempt, Cost, Manifest},
        stored_profile,
    },
};

/// What a stage leaves in its folder.
pub(crate) trait Product: Serialize + DeserializeOwned {
    /// Files, relative to the folder, without which the rest is worth nothing.
    fn files(&self) -> Vec<&str>;
}

/// The reason of a step that is up to date and runs all the same.
pub(crate) const FORCED: &str = "--force";

/// What a step came to in this run.
#[derive(Debug, Clone)]
pub(crate) struct Done<T> {
    pub(crate) output: T,
    pub(crate) state: StageState,
    pub(crate) elapsed_ms: u64,
    pub(crate) cpu_ms: u64,
    /// For a build: whether every crate was compiled for it.
    pub(crate) full: Option<bool>,
}

impl<T> Done<T> {
    /// From what an earlier run left, or this one just made.
    pub(crate) fn of(manifest: Manifest<T>, state: StageState) -> Self {
        let Manifest { output, elapsed_ms, cpu_ms, full, .. } = manifest;
        Self { output, state, elapsed_ms, cpu_ms, full }
    }

    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Done<U> {
        let Self { output, state, elapsed_ms, cpu_ms, full } = self;
        Done { output: f(output), state, elapsed_ms, cpu_ms, full }
    }
}

/// What an earlier run left, if it is complete.
pub(crate) fn stored<T: Product>(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
) -> Option<Manifest<T>> {
    let manifest: Manifest<T> = session.store.load(subject.name, subject.step(stage))?;
    let dir = session.dir_of(subject, stage);
    manifest.output.files().iter().all(|file| dir.join(file).is_file()).then_some(manifest)
}

/// Why a stage has to run, given what it read the last time.
pub(crate) fn reasons<T>(session: &Session, old: Option<&Manifest<T>>, new: &Fingerprint) -> Vec<String> {
    let Some(old) = old else { return vec!["first run".into()] };
    let mut reasons = new.changes_since(&old.fingerprint);
    if reasons.is_empty() && session.options.force {
        reasons.push(FORCED.into());
    }
    reasons
}

/// Runs `work` in a fresh folder unless what an earlier run left is still right. `start`
/// is when the stage began, tools included.
pub(crate) fn up_to_date_or<T: Product>(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    fingerprint: Fingerprint,
    start: Instant,
    work: impl FnOnce(&Path) -> Result<(T, Usage)>,
) -> Result<Done<T>> {
    let old = stored::<T>(session, subject, stage);
    let reasons = reasons(session, old.as_ref(), &fingerprint);
    if let (Some(manifest), true) = (old, reasons.is_empty()) {
        return Ok(Done::of(manifest, StageState::UpToDate));
    }
    started(session, subject, stage, reasons);
    let attempt = session.begin(subject, stage)?;
    let (output, usage) = work(attempt.dir())?;
    finish(attempt, fingerprint, start, usage, None, output)
}

/// Announces that a stage begins to work.
pub(crate) fn started(session: &Session, subject: &Subject<'_>, stage: Stage, reasons: Vec<String>) {
    let (program, stage) = (subject.name.to_owned(), subject.step(stage));
    let last_ms = last_ms(session, subject, stage);
    session.sink.emit(Event::StageStarted { program, stage, reasons, last_ms });
}

/// What a step took the last time: here, or else where the stored profile was recorded.
fn last_ms(session: &Session, subject: &Subject<'_>, step: Step) -> Option<u64> {
    if let Some(manifest) = session.store.load::<serde_json::Value>(subject.name, step) {
        return Some(manifest.elapsed_ms);
    }
    let manifest = stored_profile::load(session, subject).ok()??.manifest;
    manifest.took_ms(step)
}

/// Promotes what a stage made.
pub(crate) fn finish<T: Serialize>(
    attempt: Attempt,
    fingerprint: Fingerprint,
    start: Instant,
    usage: Usage,
    full: Option<bool>,
    output: T,
) -> Result<Done<T>> {
    let cost = Cost { elapsed_ms: clock::millis_since(start), cpu_ms: clock::millis(usage.cpu()), full };
    Ok(Done::of(attempt.promote(fingerprint, cost, output)?, StageState::Done))
}
