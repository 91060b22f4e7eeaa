//! A measurement that was ended before its plan: what was measured stays, and the same command goes on.

use std::path::PathBuf;

use honing_core::{Error, Fingerprint, Result, Stage};
use serde::Deserialize;

use crate::{
    chain::{session::Session, subject::Subject},
    io::files,
    measure::measurements::Measurements,
};

/// What is kept of it: what was measured, and of what.
#[derive(Debug, Deserialize)]
pub(crate) struct Unfinished {
    fingerprint: Fingerprint,
    measurements: Measurements,
}

impl Unfinished {
    fn file(session: &Session, subject: &Subject<'_>) -> PathBuf {
        session.dir_of(subject, Stage::Bench).with_extension("unfinished.json")
    }

    /// What was measured of these programs, workloads and settings. Of others, or unreadable, it is none.
    pub(crate) fn load(
        session: &Session,
        subject: &Subject<'_>,
        fingerprint: &Fingerprint,
    ) -> Option<Measurements> {
        let text = std::fs::read(Self::file(session, subject)).ok()?;
        let kept: Self = serde_json::from_slice(&text).ok()?;
        (kept.fingerprint == *fingerprint && !session.options.force).then_some(kept.measurements)
    }

    /// Keeps what was measured so far.
    pub(crate) fn keep(
        session: &Session,
        subject: &Subject<'_>,
        fingerprint: &Fingerprint,
        measurements: &Measurements,
    ) -> Result<()> {
        let kept = serde_json::json!({ "fingerprint": fingerprint, "measurements": measurements });
        let text = serde_json::to_vec(&kept)
            .map_err(|error| Error::internal(format!("bench: cannot keep what was measured: {error}")))?;
        files::write_atomically(&Self::file(session, subject), &text)
    }

    /// Removes it: the plan has ended.
    pub(crate) fn forget(session: &Session, subject: &Subject<'_>) -> Result<()> {
        files::remove_file(&Self::file(session, subject))
    }
}
