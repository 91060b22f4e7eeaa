//! gcc's counters, as the engine sees a kind of profile.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use honing_core::{Error, ExitCode, Result, Stage, Training, event::Event};
use honing_gcov::Bundle;

use crate::{
    chain::{ready::Ready, session::Session, subject::Subject},
    children::Usage,
    io::files,
    profiles::{
        Flaw, Input, Profile, ProfileKind, Traces,
        gcc::{
            merge,
            sets::{STORED, Sets, share},
        },
    },
};

/// Folders of a name that are cut off: all of them, so that a process writes into the folder itself.
const STRIP: &str = "99";

/// Counters that gcc puts in.
#[derive(Debug)]
pub struct Gcda;

/// Where processes write: into `folder`, each file under its name alone. They add to what is there, under a lock,
/// so that thousands of processes leave one set of files.
pub(super) fn into(folder: &Path) -> Vec<(&'static str, OsString)> {
    vec![("GCOV_PREFIX", folder.into()), ("GCOV_PREFIX_STRIP", STRIP.into())]
}

impl ProfileKind for Gcda {
    fn training(&self) -> Training {
        Training::Instrumented
    }

    fn variables(&self, _: &Subject<'_>, raw: &Path) -> Vec<(&'static str, OsString)> {
        into(raw)
    }

    fn variables_aside(&self, scratch: &Path) -> Vec<(&'static str, OsString)> {
        into(&scratch.join("aside"))
    }

    fn absence(&self) -> String {
        format!(
            "the instrumented program never ran, or was ended by a signal, _exit or abort before it could write; \
             let it return from main, or {}",
            self.survival()
        )
    }

    fn survives(&self, _: &Subject<'_>) -> bool {
        false
    }

    fn survival(&self) -> &'static str {
        "let it call __gcov_dump() before it ends"
    }

    fn complaint<'l>(&self, line: &'l str) -> Option<&'l str> {
        if let Some(at) = line.find("libgcov profiling error:") {
            return Some(&line[at..]);
        }
        let at = line.find("profiling:")?;
        [":Skip", ":Cannot create directory", ":Cannot open"]
            .iter()
            .any(|end| line.trim_end().ends_with(end))
            .then(|| &line[at..])
    }

    fn merge(
        &self,
        session: &Session,
        _: &Subject<'_>,
        (stage, _): (Stage, &Ready),
        inputs: &[Input],
        output: &Path,
    ) -> Result<(Box<dyn Profile>, Usage)> {
        let merged = merge::merge(inputs, session.config.merge.max_lost)?;
        for text in merged.losses {
            session.sink.emit(Event::Warning { text: format!("{stage}: {text}") });
        }
        let sets = Sets::of(merged.bundle);
        files::write_atomically(output, sets.bytes())?;
        Ok((Box::new(sets), Usage::default()))
    }

    fn find(&self, places: &[PathBuf]) -> Result<Vec<PathBuf>> {
        merge::find(places)
    }

    fn shared(&self, base: &Path, other: &Path) -> Result<f64> {
        Ok(share(&merge::read_one(base)?, &merge::read_one(other)?, |weight| weight.is_some()))
    }

    fn open(&self, bytes: Vec<u8>) -> Box<dyn Profile> {
        Box::new(Sets::of_bytes(bytes))
    }

    fn take(&self, given: Vec<u8>) -> Result<Box<dyn Profile>, Flaw> {
        self.unpack(given).map_err(|error| Flaw {
            words: format!("cannot be used: {error}"),
            hint: "give a merged profile, or let `merge --from DIR` make one of .gcda files".into(),
        })
    }

    fn unpack(&self, stored: Vec<u8>) -> Result<Box<dyn Profile>, String> {
        let bundle = Bundle::read(&stored).map_err(|error| error.to_string())?;
        Ok(Box::new(Sets::of(bundle)))
    }

    fn stored_names(&self) -> &'static [&'static str] {
        &[STORED]
    }

    fn extension(&self) -> &'static str {
        "gcdas"
    }

    fn declared(&self, program: &Path) -> Result<Traces> {
        let message = format!("{}: a program of gcc does not tell its functions", program.display());
        Err(Error::new(ExitCode::Profile, message))
    }
}
