//! Full disks: they show as failures of whatever wrote last, and are told apart here.

use honing_core::{Error, ExitCode, Stage, units};

use crate::{
    chain::{session::Session, subject::Subject},
    io::{disk, files},
};

/// Less than this is as good as nothing.
const FULL: u64 = 1 << 20;
/// What libc says for ENOSPC, and what Rust's standard library adds to it.
const SAYINGS: [&str; 3] = ["No space left on device", "(os error 28)", "StorageFull"];

/// Says that a disk is full where that is why a stage failed: a build, a workload or a
/// profile that is cut short is only what shows first.
pub(crate) fn explain(session: &Session, subject: &Subject<'_>, stage: Stage, error: Error) -> Error {
    let shows = [ExitCode::Internal, ExitCode::Build, ExitCode::Workload, ExitCode::Profile];
    if !shows.contains(&error.code()) {
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
    Error::preflight(full).with_hint(honing_core::advise!(
        "free some space (`{pgo} clean`), or choose another disk with --target-dir; it showed as:\n{error}"
    ))
}

fn says_so(log: &str) -> bool {
    SAYINGS.iter().any(|saying| log.contains(saying))
}
