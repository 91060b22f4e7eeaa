//! What a training left: the raw profiles of each workload, once those that cannot count are sorted out.

use std::{
    fs,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, ExitCode, Result, event::Event, recorded::PartEntry};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{session::Session, subject::Subject},
    io::files,
    profiles::Sorter,
};

/// The raw profiles of one workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Collected {
    pub(crate) workload: String,
    /// Files, relative to the stage's folder.
    pub(crate) files: Vec<String>,
    pub(crate) bytes: u64,
    /// Of all files together, by content.
    pub(crate) digest: Digest,
    /// Those of them that are from elsewhere.
    #[serde(default)]
    pub(crate) parts: Vec<PartEntry>,
}

/// Lists what a workload left in `raw`, below `dir`, and refuses what cannot be a profile. The `sorter` tells
/// the program's own from another's; without it everything counts.
pub(crate) fn collect(
    (session, subject): (&Session, &Subject<'_>),
    workload: &str,
    (raw, dir): (&Path, &Path),
    sorter: Option<&dyn Sorter>,
) -> Result<Collected> {
    let warn = |what: String| {
        let text = format!("train: workload `{workload}`: {what}");
        session.sink.emit(Event::Warning { text });
    };
    let (mut found, empty) = written(raw)?;
    let strangers = sorter.and_then(|sorter| sorter.strangers(&found));
    if let Some((strangers, words)) = &strangers {
        found.retain(|path| !strangers.contains(path));
        warn(words.clone());
    }
    if found.is_empty() {
        return Err(nothing(subject, workload, raw, strangers.is_some()));
    }
    if empty > 0 {
        let all = found.len() + empty;
        warn(format!("{empty} of {all} processes were killed before they wrote a profile"));
    }
    let mut hasher = blake3::Hasher::new();
    let mut digests = found
        .iter()
        .map(|path| files::digest(path).map(|digest| digest.to_string()))
        .collect::<Result<Vec<_>>>()?;
    // Names carry process numbers, which say nothing.
    digests.sort();
    digests.iter().for_each(|digest| {
        hasher.update(digest.as_bytes());
    });
    let relative = |path: &PathBuf| path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned();
    Ok(Collected {
        workload: workload.to_owned(),
        files: found.iter().map(relative).collect(),
        bytes: found.iter().map(|path| files::size(path)).sum(),
        digest: hasher.finalize().into(),
        parts: Vec::new(),
    })
}

/// The files with something in them, sorted, and how many are empty.
fn written(raw: &Path) -> Result<(Vec<PathBuf>, usize)> {
    let failed = |cause: std::io::Error| files::error("read", raw, &cause);
    let (mut found, mut empty) = (Vec::new(), 0);
    for entry in fs::read_dir(raw).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if files::size(&path) == 0 {
            empty += 1;
            continue;
        }
        make_readable(&path);
        found.push(path);
    }
    found.sort();
    Ok((found, empty))
}

/// Under a tight umask a program's files cannot be read by anybody; they are ours all the same.
fn make_readable(path: &Path) {
    #[cfg(unix)]
    if fs::File::open(path).is_err_and(|cause| cause.kind() == std::io::ErrorKind::PermissionDenied) {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        // Where that fails, too, reading it says so.
        let _ = fs::set_permissions(path, mode);
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn nothing(subject: &Subject<'_>, workload: &str, raw: &Path, strangers: bool) -> Error {
    let raw = raw.display();
    if strangers {
        let message = format!("train: workload `{workload}` left no profile of the trained program in {raw}");
        return Error::new(ExitCode::Profile, message).with_hint(
            "another instrumented program wrote what is there: let the workload run the one at {program}",
        );
    }
    let message = format!("train: workload `{workload}` left no profile in {raw}");
    Error::new(ExitCode::Profile, message).with_hint(subject.kind().absence())
}
