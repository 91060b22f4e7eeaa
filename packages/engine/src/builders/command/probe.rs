//! The probe: a tiny program is instrumented, run, its profile merged, and rebuilt with it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use honing_core::{Error, Result, Stage, event::Event};
use honing_profdata::IndexedVersion;

use crate::{
    builders::{
        command::{
            calls,
            compiler::{Compilers, Use},
            tables::{Compiler, Flavoured},
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
    profiles::{Input, llvm::Counting},
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

/// Variables that a build sets for its compilers.
pub(super) type Variables = BTreeMap<String, String>;

/// Probes a compiler in `dir`, with the variables of builds that count and of those that have a profile.
pub(super) fn probe(
    session: &Session,
    subject: &Subject<'_>,
    (compilers, env): (&Compilers, &[(Flavoured, Variables)]),
    dir: &Path,
) -> Result<Ready> {
    let probe = Probe { session, subject, compilers, env, dir };
    files::write_atomically(&dir.join("probe.c"), SOURCE.as_bytes())?;
    // With a profile that exists, nothing is instrumented: the runtime need not be there.
    let profile = dir.join("profile");
    if needs_merge(session, subject) {
        let said = probe.make(
            "instrumented",
            Use::Generate(Counting::of(subject.program).flush, &dir.join("stray")),
            &[],
        )?;
        if !said.ok {
            return Err(probe.cannot("an instrumented", &said));
        }
        let merged = probe.merge(&probe.run()?)?;
        compilers.family.lay_out(&merged, &profile)?;
    } else {
        probe.invent(&profile)?;
    }
    let said = probe.make("optimized", Use::Profile(&profile), &compilers.family.tracing())?;
    let listed = |said: &Said| match compilers.family {
        Compiler::Clang => said.stderr.lines().any(calls::is_listed),
        Compiler::Gcc => true,
    };
    let traces = said.ok && listed(&said);
    if !traces {
        let said = probe.make("optimized", Use::Profile(&profile), &[])?;
        if !said.ok {
            return Err(probe.cannot("an optimized", &said));
        }
        let text = "this compiler does not list the functions that it builds: how much of a profile applies is told \
                    by an instrumented build, or stays unknown";
        session.sink.emit(Event::Warning { text: text.into() });
    }
    let own = match compilers.family {
        Compiler::Clang => "honing-profdata",
        Compiler::Gcc => "honing-gcov",
    };
    let merger = Merger { tool: None, name: format!("{own} {}", env!("CARGO_PKG_VERSION")) };
    Ok(Ready { merger, traces })
}

struct Probe<'a> {
    session: &'a Session,
    subject: &'a Subject<'a>,
    compilers: &'a Compilers,
    env: &'a [(Flavoured, Variables)],
    dir: &'a Path,
}

impl Probe<'_> {
    /// Compiles and links it. What is called by another name has another profile, with gcc.
    fn make(&self, program: &str, what: Use<'_>, more: &[String]) -> Result<Said> {
        let flags = self.compilers.family.flags(what, self.dir);
        let flavour = match what {
            Use::Generate(..) => Flavoured::Instrument,
            Use::Profile(_) => Flavoured::Optimize,
            Use::Nothing => Flavoured::Baseline,
        };
        let env = self.env.iter().filter(|(of, _)| *of == flavour).flat_map(|(_, env)| env);
        let call = || {
            let mut call = Command::new(&self.compilers.cc, &self.session.around.env, self.dir);
            for (name, value) in env.clone() {
                call.env(name, value);
            }
            call
        };
        if self.compilers.family == Compiler::Clang {
            // A compiler takes longer to start than to build this.
            let mut both = call();
            both.args(["-O2", "probe.c", "-o", program]).args(flags.compile).args(more).args(flags.link);
            return short::ask(self.session, self.subject.name, &both, self.dir);
        }
        let (mut compile, mut link) = (call(), call());
        compile.args(["-O2", "-c", "probe.c", "-o", "probe.o"]).args(flags.compile).args(more);
        link.args(["probe.o", "-o", program]).args(flags.link);
        let compiled = short::ask(self.session, self.subject.name, &compile, self.dir)?;
        if !compiled.ok {
            return Ok(compiled);
        }
        let linked = short::ask(self.session, self.subject.name, &link, self.dir)?;
        Ok(Said { ok: linked.ok, stdout: linked.stdout, stderr: compiled.stderr + &linked.stderr })
    }

    /// Runs it; the files that it left.
    fn run(&self) -> Result<Vec<PathBuf>> {
        let (raw, kind) = (self.dir.join("raw"), self.compilers.family.kind());
        files::make_dir(&raw)?;
        let mut command = Command::new(self.dir.join("instrumented"), &self.session.around.env, self.dir);
        for (name, value) in kind.variables(self.subject, &raw) {
            command.env(name, value);
        }
        let said = short::ask(self.session, self.subject.name, &command, self.dir)?;
        let left = kind.find(std::slice::from_ref(&raw)).unwrap_or_default();
        if said.ok && !left.is_empty() {
            return Ok(left);
        }
        Err(Error::preflight(format!(
            "a program of {} does not run here, or writes no profile: {}",
            self.compilers.cc.display(),
            said.stderr.trim()
        )))
    }

    /// What a build reads of them.
    fn merge(&self, left: &[PathBuf]) -> Result<Vec<u8>> {
        let inputs: Vec<Input> =
            left.iter().map(|path| Input { path: path.clone(), weight: 1, sum_of: None }).collect();
        let ready = Ready { merger: Merger { tool: None, name: String::new() }, traces: false };
        let output = self.dir.join("merged");
        let (kind, stage) = (self.compilers.family.kind(), (Stage::Preflight, &ready));
        let merged = kind.merge(self.session, self.subject, stage, &inputs, &output);
        let (profile, _) = merged.map_err(|error| {
            Error::preflight(format!("profiles of {} cannot be read here: {error}", self.compilers.version))
                .with_hint("choose another version of the compiler: cc in [program.NAME.command]")
        })?;
        Ok(profile.bytes().to_vec())
    }

    /// A profile to try the compiler with where none is trained; with gcc, one without files.
    fn invent(&self, profile: &Path) -> Result<()> {
        if self.compilers.family == Compiler::Gcc {
            return files::make_dir(profile);
        }
        let failed = |error: honing_profdata::Error| Error::internal(format!("probe: {error}"));
        let read = honing_profdata::read(b":ir\nmain\n1\n1\n1\n").map_err(failed)?;
        let bytes = read.profile.to_indexed(IndexedVersion::Lowest).map_err(failed)?;
        files::write_atomically(profile, &bytes)
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
