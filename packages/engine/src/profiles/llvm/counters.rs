//! LLVM's counters, as the engine sees a kind of profile.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use honing_core::{
    Error, Fingerprint, Result, Stage, Training,
    applied::{Applied, HotFunction, MatchedBy},
};
use honing_profdata::{self as profdata, Format, IndexedVersion};

use crate::{
    chain::{preflight::Ready, session::Session, subject::Subject},
    children::{Command, Usage},
    profiles::{
        Flaw, Input, ProfileKind, Rebased, Sorter, Traces, Weighed,
        llvm::{
            indexed,
            kin::Kin,
            matching, merge, merging, poorer, rebase,
            settings::{Counting, Flush, MergeTool, Merging},
        },
    },
};

/// Name of a stored profile in its compact form.
const PACKED: &str = "profile.honing";
/// Name of one that a newer LLVM wrote, and that is stored as it is.
const INDEXED: &str = "profile.profdata";
/// Heaviest functions that are told.
const HOTTEST: usize = 100;

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
    ) -> Result<Usage> {
        merge::merge_into(session, subject, stage, inputs, output)
    }

    fn merge_command(&self, session: &Session, tool: &Path, list: &Path, output: &Path) -> Command {
        merge::llvm_command(session, tool, list, output)
    }

    fn find(&self, places: &[PathBuf]) -> Result<Vec<PathBuf>> {
        merging::find_profiles(places)
    }

    fn shared(&self, base: &Path, other: &Path) -> Result<f64> {
        let read = |path| merging::read_profile(path).map(|read| read.profile);
        Ok(profdata::diff(&read(base)?, &read(other)?).test_matched)
    }

    fn take(&self, given: &[u8]) -> Result<Vec<u8>, Flaw> {
        merge::take(given)
    }

    fn check(&self, profile: &[u8]) -> Result<(), Flaw> {
        indexed::check(profile).map_err(Flaw::from)
    }

    fn rebase(&self, profile: &[u8], traces: &Traces) -> Result<Rebased> {
        rebase::rebase(profile, traces)
    }

    fn weigh(&self, profile: &[u8]) -> Option<Weighed> {
        let profile = profdata::read(profile).ok()?.profile;
        let coverage = profile.coverage();
        let hottest = profile.hottest(HOTTEST);
        Some(Weighed {
            weight: profile.weight(),
            functions: coverage.functions,
            functions_run: coverage.functions_run,
            hottest: hottest.iter().map(|hot| (hot.function.demangled(), hot.share)).collect(),
        })
    }

    fn pack(&self, profile: &[u8]) -> Result<(&'static str, Vec<u8>)> {
        match profdata::read(profile) {
            Ok(read) => {
                let packed = read.profile.to_packed();
                Ok((PACKED, packed.map_err(|error| Error::internal(format!("record: {error}")))?))
            }
            // A newer LLVM's: it is stored as it is.
            Err(_) => Ok((INDEXED, profile.to_vec())),
        }
    }

    fn unpack(&self, stored: &[u8]) -> Result<Vec<u8>, String> {
        if Format::detect(stored) == Some(Format::Indexed) {
            return Ok(stored.to_vec());
        }
        let read = profdata::read(stored).map_err(|error| error.to_string())?;
        read.profile.to_indexed(IndexedVersion::Lowest).map_err(|error| error.to_string())
    }

    fn stored_names(&self) -> &'static [&'static str] {
        &[PACKED, INDEXED]
    }

    fn poorer(&self, old: &[u8], new: &[u8]) -> Option<String> {
        let read = |bytes| profdata::read(bytes).ok().map(|read| read.profile);
        poorer::poorer(&read(old)?, &read(new)?)
    }

    fn declared(&self, program: &Path) -> Result<Traces> {
        matching::declared(program)
    }

    fn applied(&self, own: Vec<String>, profile: &[u8], traces: &Traces, by: MatchedBy) -> Applied {
        matching::applied(own, profile, traces, by)
    }

    fn hottest(&self, own: Vec<String>, profile: &[u8], traces: Option<&Traces>) -> Vec<HotFunction> {
        matching::hottest(own, profile, traces)
    }
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
    let tool = session.options.merge_tool.unwrap_or(Merging::of(&session.config).merge);
    tool == MergeTool::LlvmProfdata || session.options.merger.is_some()
}
