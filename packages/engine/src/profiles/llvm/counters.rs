//! LLVM's counters, as the engine sees a kind of profile.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use honing_core::{Fingerprint, Result, Stage, Training};
use honing_profdata::{self as profdata, Format};

use crate::{
    chain::{ready::Ready, session::Session, subject::Subject},
    children::{Command, Usage},
    profiles::{
        Flaw, Gather, Profile, ProfileKind, Sorter, Traces,
        given::Input,
        llvm::{
            counts::{Counts, INDEXED, PACKED},
            gather::Sums,
            kin::Kin,
            matching, merge, profile_files,
            settings::{Counting, Flush, LLVM_PROFDATA, MergeTool, Merging},
        },
    },
};

/// Where LLVM's runtime is told to write.
const VARIABLE: &str = "LLVM_PROFILE_FILE";
/// What LLVM's runtime begins its errors with.
const COMPLAINT: &str = "LLVM Profile Error: ";

/// Counters that the compiler puts in.
#[derive(Debug)]
pub(crate) struct Counters;

impl ProfileKind for Counters {
    fn training(&self) -> Training {
        Training::Instrumented
    }

    fn fingerprint(&self, subject: &Subject<'_>, print: &mut Fingerprint) {
        print.value("flush", pattern(subject));
    }

    fn variables(&self, subject: &Subject<'_>, raw: &Path) -> Vec<(&'static str, OsString)> {
        vec![(VARIABLE, raw.join(pattern(subject)).into())]
    }

    fn variables_aside(&self, scratch: &Path) -> Vec<(&'static str, OsString)> {
        vec![(VARIABLE, scratch.join("aside_%p.profraw").into())]
    }

    fn absence(&self) -> String {
        let survival = self.survival();
        format!(
            "the instrumented program never ran, or was ended by a signal, _exit or abort before it could write; \
             let it return from main, or {survival}"
        )
    }

    fn gather(&self, session: &Session, sorter: Option<Box<dyn Sorter>>) -> Option<Box<dyn Gather>> {
        // Where LLVM's tool was asked for, it has to see what the processes wrote.
        (!wants_llvm(session)).then(|| Box::new(Sums::new(sorter)) as Box<dyn Gather>)
    }

    fn survives(&self, subject: &Subject<'_>) -> bool {
        Counting::of(subject.program).flush == Flush::Continuous
    }

    fn survival(&self) -> &'static str {
        "set llvm.flush = \"continuous\""
    }

    fn complaint<'l>(&self, line: &'l str) -> Option<&'l str> {
        // It may stand behind what the program itself did not end with a newline.
        line.find(COMPLAINT).map(|at| &line[at..])
    }

    fn sorter(&self, program: &Path, folders: Vec<PathBuf>) -> Box<dyn Sorter> {
        Box::new(Kin::of(program, folders))
    }

    fn tools(&self, session: &Session, print: &mut Fingerprint) {
        let given = session.options.merger.as_deref().unwrap_or(Path::new(""));
        print
            .value("merge tool", if wants_llvm(session) { "llvm-profdata" } else { "builtin" })
            .value("llvm-profdata", given.display());
    }

    fn merge(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        stage: (Stage, &Ready),
        inputs: &[Input],
        output: &Path,
    ) -> Result<(Box<dyn Profile>, Usage)> {
        let (counts, usage) = merge::merge_into(session, subject, stage, inputs, output)?;
        Ok((Box::new(counts), usage))
    }

    fn merge_command(&self, session: &Session, tool: &Path, list: &Path, output: &Path) -> Command {
        merge::llvm_command(session, tool, list, output)
    }

    fn find(&self, places: &[PathBuf]) -> Result<Vec<PathBuf>> {
        profile_files::find_profiles(places)
    }

    fn shared(&self, base: &Path, other: &Path) -> Result<f64> {
        let read = |path| profile_files::read_profile(path).map(|read| read.profile);
        Ok(honing_match::diff(&read(base)?, &read(other)?).test_matched)
    }

    fn open(&self, bytes: Vec<u8>) -> Box<dyn Profile> {
        Box::new(Counts::of_bytes(bytes))
    }

    fn take(&self, given: Vec<u8>) -> Result<Box<dyn Profile>, Flaw> {
        let refused = |error: profdata::Error| Flaw {
            words: format!("cannot be used: {error}"),
            hint: "restore it from version control, or train anew".into(),
        };
        let taken = match Format::detect(&given) {
            Some(Format::Packed) => unpack(&given).map_err(refused)?,
            _ => Counts::whole(given)?,
        };
        Ok(Box::new(taken))
    }

    fn unpack(&self, stored: Vec<u8>) -> Result<Box<dyn Profile>, String> {
        let unpacked = match Format::detect(&stored) {
            Some(Format::Indexed) => Counts::whole(stored).map_err(|flaw| flaw.words().to_owned())?,
            _ => unpack(&stored).map_err(|error| error.to_string())?,
        };
        Ok(Box::new(unpacked))
    }

    fn stored_names(&self) -> &'static [&'static str] {
        &[PACKED, INDEXED]
    }

    fn extension(&self) -> &'static str {
        "profdata"
    }

    fn declared(&self, program: &Path) -> Result<Traces> {
        matching::declared(program)
    }
}

fn unpack(stored: &[u8]) -> Result<Counts, profdata::Error> {
    Counts::parsed(profdata::read(stored)?.profile)
}

/// The file name pattern: a process of its own (`%p`) for each file, so that one which
/// is killed spoils its own alone, and a module (`%m`) of its own for shared libraries.
fn pattern(subject: &Subject<'_>) -> &'static str {
    match Counting::of(subject.program).flush {
        Flush::Exit => "%p_%m.profraw",
        Flush::Continuous => "%c%p_%m.profraw",
    }
}

/// Whether LLVM's tool was asked for; naming one asks for it.
pub(crate) fn wants_llvm(session: &Session) -> bool {
    let asked = session.options.merge_tool.as_deref().map(|tool| tool == LLVM_PROFDATA);
    let configured = || Merging::of(&session.config).merge == MergeTool::LlvmProfdata;
    asked.unwrap_or_else(configured) || session.options.merger.is_some()
}
