//! Full disks: they show as failures of whatever wrote last, and are told apart here.

use std::fmt;

use honing_core::{Error, ExitCode, Result, Stage, units};

use crate::{
    chain::{session::Session, subject::Subject},
    io::{disk, files},
};

/// Less than this is as good as nothing.
const FULL: u64 = 1 << 20;
/// What libc says for ENOSPC, and what Rust's standard library adds to it.
const SAYINGS: [&str; 3] = ["No space left on device", "(os error 28)", "StorageFull"];

/// What any file takes at least: where less was left, one that could not even be begun left no trace.
const NOTHING: u64 = 4 << 10;
/// What does not come of the disk alone, so it is looked what it was.
const SHOWS: [ExitCode; 4] = [ExitCode::Internal, ExitCode::Build, ExitCode::Workload, ExitCode::Profile];

/// Says that a disk is full where that is why a stage failed: a build, a workload or a
/// profile that is cut short is only what shows first.
pub(crate) fn explain(session: &Session, subject: &Subject<'_>, stage: Stage, error: Error) -> Error {
    if !SHOWS.contains(&error.code()) {
        return error;
    }
    let root = session.store.root();
    let left = disk::free(root);
    let log = session.log_path(subject.name, stage);
    let full = if left.is_some_and(|left| left < FULL) {
        format!("{stage}: the disk of {} is full: {} left", root.display(), units::bytes(left.unwrap_or(0)))
    } else if says_so(&files::tail(&log, 100)) {
        format!("{stage}: the disk of {} or another is full: see {}", root.display(), log.display())
    } else {
        return error;
    };
    Error::preflight(full).with_hint(showed_as(&error))
}

/// The same of a workload that failed, where the disk had room again when it ended: `least` is what was left of it
/// meanwhile.
pub(crate) fn explain_meanwhile(
    session: &Session,
    place: impl fmt::Display,
    least: Option<u64>,
    error: Error,
) -> Error {
    match least.filter(|least| *least < FULL && SHOWS.contains(&error.code())) {
        Some(least) => was_full(session, place, least).with_hint(showed_as(&error)),
        None => error,
    }
}

/// Refuses what a workload left where the disk had no room for it: then processes that came to their end left
/// profiles that are empty, cut short or missing, and the messages about that had no room either. `flawed` tells
/// whether that shows in what is there, of which the largest has `largest` bytes.
pub(crate) fn refuse(
    session: &Session,
    place: impl fmt::Display,
    least: Option<u64>,
    (flawed, largest): (bool, u64),
) -> Result<()> {
    match least.filter(|least| has_lost(*least, flawed, largest)) {
        Some(least) => Err(was_full(session, place, least).with_hint(honing_core::advise!(
            "profiles were lost: free some space (`{pgo} clean`), or choose another disk with --target-dir"
        ))),
        None => Ok(()),
    }
}

fn has_lost(least: u64, flawed: bool, largest: u64) -> bool {
    least < NOTHING || flawed && least < FULL.max(largest)
}

fn was_full(session: &Session, place: impl fmt::Display, least: u64) -> Error {
    let root = session.store.root().display();
    Error::preflight(format!("{place}: the disk of {root} was full meanwhile: {} left", units::bytes(least)))
}

fn showed_as(error: &Error) -> String {
    honing_core::advise!(
        "free some space (`{pgo} clean`), or choose another disk with --target-dir; it showed as:\n{error}"
    )
}

fn says_so(log: &str) -> bool {
    SAYINGS.iter().any(|saying| log.contains(saying))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_disk_is_blamed_for_what_shows_or_where_nothing_could() {
        for (least, flawed, largest, lost) in [
            (0, false, 0, true),
            (NOTHING, false, 0, false),
            (NOTHING, true, 0, true),
            (FULL, true, 0, false),
            (FULL, true, 2 * FULL, true),
            (FULL, false, 2 * FULL, false),
        ] {
            assert_eq!(has_lost(least, flawed, largest), lost, "{least} {flawed} {largest}");
        }
    }
}
