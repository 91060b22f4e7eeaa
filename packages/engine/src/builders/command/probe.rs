//! The probe: a tiny program is instrumented, run, its profile merged, and rebuilt with it.

use std::path::Path;

use honing_core::{Error, ExitCode, Result, event::Event};
use honing_profdata::IndexedVersion;

use crate::{
    builders::{
        command::{
            calls,
            compiler::{Compilers, Use},
        },
        short::{self, Said},
    },
    chain::{
        preflight::needs_merge,
        ready::{Merger, Ready},
        session::Session,
        subject::Subject,
    },
    children::Command,
    io::files,
    profiles::{
        Input,
        llvm::{Flush, profile_files},
    },
};

/// Has a loop, a branch and an indirect call, so that every kind of record is written.
const SOURCE: &str = "\
static int twice(int n) { return n * 2; }
static int thrice(int n) { return n * 3; }
int main(int argc, char **argv) {
    int (*calls[2])(int) = {twice, thrice};
    int sum = 0;
    for (int n = 0; n < 100 + argc; n++) sum += calls[n % 2](n);
    (void)argv;
    return sum == 0;
}
";

/// Probes a compiler in `dir`.
pub(super) fn probe(
    session: &Session,
    subject: &Subject<'_>,
    compilers: &Compilers,
    dir: &Path,
) -> Result<Ready> {
    let probe = Probe { session, subject, compilers, dir };
    files::write_atomically(&dir.join("probe.c"), SOURCE.as_bytes())?;
    // With a profile that exists, nothing is instrumented: the runtime need not be there.
    if needs_merge(session) {
        let raw = dir.join("probe.profraw");
        let said = probe.compile("instrumented", Use::Generate(Flush::Exit), &[])?;
        if !said.ok {
            return Err(probe.cannot("an instrumented", &said));
        }
        probe.run(&raw)?;
        probe.merge(raw)?;
    } else {
        let failed = |error: honing_profdata::Error| Error::internal(format!("probe: {error}"));
        let read = honing_profdata::read(b":ir\nmain\n1\n1\n1\n").map_err(failed)?;
        let bytes = read.profile.to_indexed(IndexedVersion::Lowest).map_err(failed)?;
        files::write_atomically(&dir.join("probe.profdata"), &bytes)?;
    }
    let profile = dir.join("probe.profdata");
    let said = probe.compile("traced", Use::Profile(&profile), &compilers.family.tracing())?;
    let traces = said.ok && said.stderr.lines().any(calls::is_listed);
    if !traces {
        let said = probe.compile("optimized", Use::Profile(&profile), &[])?;
        if !said.ok {
            return Err(probe.cannot("an optimized", &said));
        }
        let text = "this compiler does not list the functions that it builds: how much of a profile applies is told \
                    by an instrumented build, or stays unknown";
        session.sink.emit(Event::Warning { text: text.into() });
    }
    let merger = Merger { tool: None, name: format!("honing-profdata {}", env!("CARGO_PKG_VERSION")) };
    Ok(Ready { merger, traces })
}

struct Probe<'a> {
    session: &'a Session,
    subject: &'a Subject<'a>,
    compilers: &'a Compilers,
    dir: &'a Path,
}

impl Probe<'_> {
    fn compile(&self, name: &str, what: Use<'_>, more: &[String]) -> Result<Said> {
        let flags = self.compilers.family.flags(what);
        let mut command = Command::new(&self.compilers.cc, &self.session.around.env, self.dir);
        command.args(["-O2", "probe.c"]).args(flags.compile).args(more).args(["-o", name]);
        short::ask(self.session, self.subject.name, &command, self.dir)
    }

    fn run(&self, raw: &Path) -> Result<()> {
        let mut command = Command::new(self.dir.join("instrumented"), &self.session.around.env, self.dir);
        command.env("LLVM_PROFILE_FILE", raw);
        let said = short::ask(self.session, self.subject.name, &command, self.dir)?;
        if said.ok && files::size(raw) > 0 {
            return Ok(());
        }
        Err(Error::preflight(format!(
            "a program of {} does not run here, or writes no profile: {}",
            self.compilers.cc.display(),
            said.stderr.trim()
        )))
    }

    fn merge(&self, raw: std::path::PathBuf) -> Result<()> {
        let newer = |error: &dyn std::fmt::Display| {
            Error::preflight(format!("profiles of {} cannot be read here: {error}", self.compilers.version))
                .with_hint("choose another version of the compiler: cc in [program.NAME.command]")
        };
        match profile_files::merge_files(&[Input { path: raw, weight: 1 }], 0.0) {
            Ok(outcome) => files::write_atomically(&self.dir.join("probe.profdata"), outcome.bytes()),
            Err(profile_files::Failure::NewerFormat(error)) => Err(newer(&error)),
            Err(profile_files::Failure::Other(error)) => Err(error.with_code(ExitCode::Preflight)),
        }
    }

    fn cannot(&self, what: &str, said: &Said) -> Error {
        let cc = self.compilers.cc.display();
        let first = said.stderr.lines().find(|line| line.contains("error")).unwrap_or(said.stderr.trim());
        let error = Error::preflight(format!("{cc} cannot build {what} program: {first}"));
        if said.stderr.contains("libclang_rt.profile") || said.stderr.contains("clang_rt.profile") {
            let version = self.compilers.cc.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let version =
                version.rsplit_once('-').map(|(_, version)| format!("-{version}")).unwrap_or_default();
            return error.with_hint(format!(
                "install the compiler's profile runtime (Debian: apt-get install libclang-rt{version}-dev)"
            ));
        }
        error.with_hint(format!("{cc} said:\n{}", said.stderr.trim()))
    }
}
