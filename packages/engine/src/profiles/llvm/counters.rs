//! LLVM's counters, as the engine sees a kind of profile.

use std::{ffi::OsString, path::Path};

use honing_core::{Fingerprint, config::Flush};

use crate::{chain::session::Subject, profiles::ProfileKind};

/// Where LLVM's runtime is told to write.
const VARIABLE: &str = "LLVM_PROFILE_FILE";
/// What LLVM's runtime begins its errors with.
const COMPLAINT: &str = "LLVM Profile Error: ";

/// Counters that the compiler puts in.
#[derive(Debug)]
pub(crate) struct Counters;

impl ProfileKind for Counters {
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
        subject.program.flush == Flush::Continuous
    }

    fn survival(&self) -> &'static str {
        "set flush = \"continuous\""
    }

    fn complaint<'l>(&self, line: &'l str) -> Option<&'l str> {
        // It may stand behind what the program itself did not end with a newline.
        line.find(COMPLAINT).map(|at| &line[at..])
    }
}

/// The file name pattern: a process of its own (`%p`) for each file, so that one which
/// is killed spoils its own alone, and a module (`%m`) of its own for shared libraries.
fn pattern(subject: &Subject<'_>) -> &'static str {
    match subject.program.flush {
        Flush::Exit => "%p_%m.profraw",
        Flush::Continuous => "%c%p_%m.profraw",
    }
}
