//! Why the system refused to start a program, in words that say what to do.

use std::path::Path;

use honing_core::Error;

use crate::{io::files, io::programs::is_executable};

/// Why the launcher could not start a program, and what to do about it.
pub(super) fn cannot_run(program: &Path, shown: &str, error: &str) -> Error {
    if is_executable(program) && files::starts_no_programs(program) {
        return Error::preflight(format!(
            "cannot run `{shown}`: {error}: {} is on a file system that is mounted noexec",
            program.display()
        ))
        .with_hint(
            "move it to another one; --target-dir says where programs are built, and TMPDIR where `compare` \
             puts its copies",
        );
    }
    let hint = if program.is_file() {
        "the program is there: is it for this machine, and are its interpreter (the first line of a script) \
         and its loader there, too?"
    } else {
        "check that the program exists, is executable and is on PATH"
    };
    Error::preflight(format!("cannot run `{shown}`: {error}")).with_hint(hint)
}
