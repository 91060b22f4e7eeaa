//! The probe: a tiny program is instrumented, run, its profile merged, and rebuilt with
//! it. Tools that are there need not work together; this shows whether they do.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    sync::Arc,
};

use honing_core::{Error, ExitCode, Result, event::Event};
use honing_match::TraceReader;
use honing_profdata::IndexedVersion;

use crate::{
    builders::{
        cargo::{ask, configured::Answer, flavours::TRACE_FLAG, state::Here, toolchain::Toolchain},
        short::{self, Said},
    },
    chain::{
        preflight::needs_merge,
        ready::{Merger, Ready},
        session::find_program,
        subject::Subject,
    },
    children::{Command, Usage},
    io::files,
    profiles::{
        Input,
        llvm::{indexed, profile_files, wants_llvm},
    },
};

/// Has a loop, a branch and an indirect call, so that every kind of record is written.
const SOURCE: &str = r#"
fn twice(n: u64) -> u64 { n * 2 }
fn thrice(n: u64) -> u64 { n * 3 }
fn main() {
    let calls: [fn(u64) -> u64; 2] = [twice, thrice];
    let sum: u64 = (0..100).map(|n| std::hint::black_box(calls[n % 2])(n as u64)).sum();
    std::process::exit(i32::from(sum == 0));
}
"#;

struct Probe<'a> {
    session: &'a Here<'a>,
    subject: &'a Subject<'a>,
    dir: &'a Path,
    answer: Arc<Answer>,
}

/// Probes in `dir`.
pub(crate) fn probe(session: &Here<'_>, subject: &Subject<'_>, dir: &Path) -> Result<(Ready, Usage)> {
    let probe = Probe { session, subject, dir, answer: ask::ask(session, &subject.triple)? };
    files::write_atomically(&dir.join("probe.rs"), SOURCE.as_bytes())?;
    // With a profile that exists, nothing is instrumented: a distribution's rustc need not
    // have the profiler runtime.
    let merger = if needs_merge(session, subject) {
        let instrumented = probe.compile("instrumented", &["-Cprofile-generate".into()])?;
        let raw = probe.run(&instrumented)?;
        if wants_llvm(session) { probe.merge(&raw)? } else { probe.merge_builtin(&raw)? }
    } else {
        probe.invent()?;
        own()
    };
    let mut flag = OsString::from("-Cprofile-use=");
    flag.push(dir.join("probe.profdata"));
    let traces = probe.traces(&flag)?;
    if !traces {
        probe.compile("optimized", &[flag])?;
        let text = "this compiler does not list the functions that it builds: how much of a profile \
                    applies is told by an instrumented build, or stays unknown";
        session.sink.emit(Event::Warning { text: text.into() });
    }
    Ok((Ready { merger, traces }, Usage::default()))
}

impl Probe<'_> {
    fn compile(&self, name: &str, pgo: &[OsString]) -> Result<PathBuf> {
        let out = self.dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let args = self.args(&out, pgo);
        let output = self.rustc(args)?;
        if output.ok {
            return Ok(out);
        }
        let first = output.stderr.lines().find(|line| line.starts_with("error")).unwrap_or(&output.stderr);
        let error = Error::preflight(format!(
            "the toolchain cannot build an {name} program for {}: {}",
            self.subject.triple,
            first.trim_start_matches("error: ").trim()
        ));
        Err(error.with_hint(self.compile_hint(&output.stderr)))
    }

    fn args(&self, out: &Path, pgo: &[OsString]) -> Vec<OsString> {
        let answer = &self.answer;
        let mut args: Vec<OsString> =
            vec![self.dir.join("probe.rs").into(), "-O".into(), "--edition=2021".into()];
        args.extend(["--target".into(), OsString::from(&self.subject.triple)]);
        args.extend(answer.linker.iter().map(|linker| format!("-Clinker={linker}").into()));
        args.extend(linking(&answer.rustflags).map(OsString::from));
        // A person's lints are about their code.
        args.push("--cap-lints=allow".into());
        args.extend(pgo.iter().cloned());
        args.extend(["-o".into(), out.into()]);
        args
    }

    fn rustc(&self, args: Vec<OsString>) -> Result<Said> {
        self.short(self.session.cargo.toolchain.rustc.as_os_str(), &args, None)
    }

    /// Whether the compiler lists the functions that it builds. The option is LLVM's own,
    /// without a promise that the next version has it.
    fn traces(&self, profile: &OsStr) -> Result<bool> {
        let out = self.dir.join(format!("traced{}", std::env::consts::EXE_SUFFIX));
        let args = self.args(&out, &[profile.to_owned(), TRACE_FLAG.into()]);
        let output = self.rustc(args)?;
        let mut reader = TraceReader::default();
        output.stderr.lines().for_each(|line| drop(reader.line(line)));
        Ok(output.ok && !reader.finish().is_empty())
    }

    /// A profile to probe the compiler with where none is trained.
    fn invent(&self) -> Result<()> {
        let failed = |error: honing_profdata::Error| Error::internal(format!("probe: {error}"));
        let read = honing_profdata::read(b":ir\nmain\n1\n1\n1\n").map_err(failed)?;
        let bytes = read.profile.to_indexed(IndexedVersion::Lowest).map_err(failed)?;
        files::write_atomically(&self.dir.join("probe.profdata"), &bytes)
    }

    fn compile_hint(&self, stderr: &str) -> String {
        let answer = &self.answer;
        let flags = answer.rustflags.join(" ");
        if stderr.contains("can't find crate for `profiler_builtins`") {
            "this toolchain was built without the profiler runtime; use one from rustup".into()
        } else if stderr.contains("error: linker `") && (answer.linker.is_some() || flags.contains("linker"))
        {
            "that linker is chosen by RUSTFLAGS or by cargo's configuration (`target.*.linker`): \
             install it, or choose another"
                .into()
        } else if stderr.contains("error: linker `") {
            "install a C linker: gcc or clang (Debian: apt-get install gcc libc6-dev)".into()
        } else if stderr.contains("can't find crate for `std`")
            || stderr.contains("target may not be installed")
        {
            format!("install the target: rustup target add {}", self.subject.triple)
        } else {
            let from = if flags.is_empty() {
                String::new()
            } else {
                format!("the flags from RUSTFLAGS or cargo's configuration are `{flags}`; ")
            };
            format!("{from}rustc said:\n{}", stderr.trim())
        }
    }

    fn run(&self, program: &Path) -> Result<PathBuf> {
        let raw = self.dir.join("probe.profraw");
        let output = self.short(program.as_os_str(), &[], Some(&raw))?;
        if output.ok && files::size(&raw) > 0 {
            return Ok(raw);
        }
        Err(Error::preflight(format!(
            "a program for {} does not run here, or writes no profile: {}",
            self.subject.triple,
            output.stderr.trim()
        ))
        .with_hint("train on a machine of that kind, and start from its profile here: --profile FILE"))
    }

    /// With our own engine, or, where the toolchain is newer than it, with LLVM's tool.
    fn merge_builtin(&self, raw: &Path) -> Result<Merger> {
        let input = Input { path: raw.to_owned(), weight: 1, sum_of: None };
        match profile_files::merge_files(&[input], 0.0) {
            Ok(outcome) => {
                files::write_atomically(&self.dir.join("probe.profdata"), outcome.bytes())?;
                Ok(own())
            }
            Err(profile_files::Failure::NewerFormat(error)) => {
                self.session.sink.emit(Event::Note { text: format!("{error}; using LLVM's tool") });
                self.merge(raw)
            }
            Err(profile_files::Failure::Other(error)) => Err(error.with_code(ExitCode::Preflight)),
        }
    }

    fn merge(&self, raw: &Path) -> Result<Merger> {
        let session = self.session;
        let candidates = match &session.options.merger {
            Some(tool) => {
                let found = find_program(session, &tool.to_string_lossy());
                let gone = || {
                    Error::preflight(format!("--llvm-profdata: there is no program {}", tool.display()))
                        .with_hint(install_hint(&session.cargo.toolchain))
                };
                vec![found.ok_or_else(gone)?]
            }
            None => session.cargo.toolchain.llvm_profdata(&session.around.env),
        };
        let mut refused = Vec::new();
        for tool in candidates {
            let out = self.dir.join("probe.profdata");
            let args = ["merge".into(), raw.as_os_str().to_owned(), "-o".into(), out.clone().into()];
            match self.short(tool.as_os_str(), &args, None) {
                Ok(output) if output.ok && is_profile(&out) => {
                    return Ok(Merger { name: self.version(&tool), tool: Some(tool) });
                }
                Ok(output) if output.ok => {
                    refused.push(format!("{}: ended with exit code 0 and wrote no profile", tool.display()));
                }
                Ok(output) => refused.push(format!("{}: {}", tool.display(), output.stderr.trim())),
                Err(error) => refused.push(error.to_string()),
            }
        }
        let message = if refused.is_empty() {
            "there is no llvm-profdata to merge profiles with".to_owned()
        } else {
            format!("no llvm-profdata can read this toolchain's profiles:\n{}", refused.join("\n"))
        };
        Err(Error::preflight(message).with_hint(install_hint(&session.cargo.toolchain)))
    }

    fn version(&self, tool: &Path) -> String {
        let stdout = self.short(tool.as_os_str(), &["--version".into()], None).map(|output| output.stdout);
        let stdout = stdout.unwrap_or_default();
        let line = stdout.lines().find(|line| line.contains("version")).unwrap_or_default();
        let version = if line.is_empty() { "of unknown version" } else { line.trim() };
        format!("llvm-profdata, {version}")
    }

    /// A short command.
    fn short(&self, program: &OsStr, args: &[OsString], raw: Option<&Path>) -> Result<Said> {
        let session = self.session;
        // In the root, as cargo: flags may name files from there.
        let mut command = Command::new(program, &session.around.env, &session.root);
        command.args(args);
        if let Some(raw) = raw {
            command.env("LLVM_PROFILE_FILE", raw);
        }
        short::ask(session, self.subject.name, &command, self.dir)
    }
}

/// Our own engine.
fn own() -> Merger {
    Merger { tool: None, name: format!("honing-profdata {}", env!("CARGO_PKG_VERSION")) }
}

/// Flags without those that ask for something else than a program that runs by itself.
fn linking(flags: &[String]) -> impl Iterator<Item = &String> {
    let value_of = |at: usize| flags.get(at + 1).map_or("", String::as_str);
    let before = |at: usize| at.checked_sub(1).and_then(|at| flags.get(at)).map_or("", String::as_str);
    let is_other = move |at: usize, flag: &str| {
        flag.starts_with("--emit")
            || before(at) == "--emit"
            || flag.ends_with("prefer-dynamic")
            || (matches!(flag, "-C" | "--codegen") && value_of(at) == "prefer-dynamic")
    };
    flags.iter().enumerate().filter(move |(at, flag)| !is_other(*at, flag)).map(|(_, flag)| flag)
}

fn is_profile(path: &Path) -> bool {
    std::fs::read(path).is_ok_and(|bytes| indexed::read(&bytes).is_ok())
}

/// How to get an `llvm-profdata` that fits.
pub(crate) fn install_hint(toolchain: &Toolchain) -> String {
    let major = toolchain.llvm_major;
    format!(
        "rustc {} has LLVM {major}: rustup component add llvm-tools, or Debian's package llvm-{major}; \
         or name one with --llvm-profdata",
        toolchain.release
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_is_a_program_that_runs() {
        for (flags, left) in [
            ("-Ca --emit=asm -Cb", "-Ca -Cb"),
            ("--emit asm -C a", "-C a"),
            ("-Cprefer-dynamic -C prefer-dynamic --cfg x", "--cfg x"),
            ("-C target-cpu=native", "-C target-cpu=native"),
            ("", ""),
        ] {
            let flags: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
            let rest: Vec<&str> = linking(&flags).map(String::as_str).collect();
            assert_eq!(rest.join(" "), left);
        }
    }
}
