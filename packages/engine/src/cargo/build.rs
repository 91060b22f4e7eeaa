//! One `cargo build`: the command, its progress, and what it made.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use cargo_metadata::Message;
use honing_core::{Error, ExitCode, Result, Stage, config::ProgramKind, event::Event};
use honing_profdata::{BuildFunctions, TraceReader};

use super::{host, libraries};
use crate::{
    Session,
    pinning::{self, Pinned},
    process::{Command, Status, StdStream, Usage},
};

/// What is to be built, and how.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    pub(crate) package: &'a str,
    /// What cargo makes of it.
    pub(crate) kind: ProgramKind<'a>,
    /// Name of the binary or library.
    pub(crate) artifact: &'a str,
    pub(crate) profile: &'a str,
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
    pub(crate) target: &'a str,
    /// All of them, PGO's included.
    pub(crate) rustflags: Vec<String>,
    /// How its symbols are pinned; without it they are cargo's own.
    pub(crate) pinned: Option<Pinned>,
    pub(crate) target_dir: PathBuf,
}

impl Wanted<'_> {
    /// Where cargo puts what it builds for the target.
    pub(crate) fn folder(&self) -> PathBuf {
        self.target_dir.join(self.target).join(self.profile_folder())
    }

    /// Cargo keeps `dev` in `debug`, and `bench` in `release`.
    pub(super) fn profile_folder(&self) -> &str {
        match self.profile {
            "dev" | "test" => "debug",
            "bench" => "release",
            other => other,
        }
    }
}

/// What cargo made.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) path: PathBuf,
    /// Whether there was nothing to compile.
    pub(crate) fresh: bool,
    /// Whether everything was compiled; but for the baseline, only what is for the target counts.
    pub(crate) full: bool,
    /// What the compiler said about the functions that it built, if it was asked to.
    pub(crate) functions: BuildFunctions,
    pub(crate) usage: Usage,
    /// Debug information in files of its own.
    pub(crate) debug_info: Vec<PathBuf>,
    /// Shared libraries that were built for the target.
    pub(crate) libraries: Vec<PathBuf>,
    /// Folders of the build that build scripts put libraries into.
    pub(crate) library_folders: Vec<PathBuf>,
}

#[derive(Debug, Default)]
struct Seen {
    debug_info: Vec<PathBuf>,
    libraries: Vec<PathBuf>,
    library_folders: Vec<PathBuf>,
    trace: TraceReader,
    artifact: Option<PathBuf>,
    compiled: u64,
    /// Artifacts that an earlier build had left.
    reused: u64,
    units: u64,
    total: Option<u64>,
    /// The first line in which cargo or rustc names an error.
    error: Option<String>,
}

/// The command that builds it.
pub(crate) fn build_command(session: &Session, wanted: &Wanted<'_>) -> Command {
    let mut command = driver_command(session, "build", wanted);
    match wanted.kind {
        ProgramKind::Bin(_) => command.args(["--bin", wanted.artifact]),
        ProgramKind::Cdylib => command.args(["--lib"]),
    };
    command.args(&session.options.cargo_args);
    command
}

/// `cargo VERB` with everything that selects and flavours a build.
pub(crate) fn driver_command(session: &Session, verb: &str, wanted: &Wanted<'_>) -> Command {
    let options = &session.options;
    let mut command = Command::new(&session.toolchain.cargo, &session.env, &session.workspace.root);
    if let Some(pinned) = &wanted.pinned {
        pinned.set(&mut command);
    }
    if !wanted.rustflags.is_empty() {
        command.env("CARGO_ENCODED_RUSTFLAGS", wanted.rustflags.join("\x1f"));
    }
    command.args([verb, "--package", wanted.package, "--profile", wanted.profile, "--target", wanted.target]);
    command.args(["--target-dir".as_ref(), wanted.target_dir.as_os_str()]);
    if !wanted.features.is_empty() {
        command.args(["--features", &wanted.features.join(",")]);
    }
    if !wanted.default_features {
        command.args(["--no-default-features"]);
    }
    for (given, flag) in [
        (options.locked, "--locked"),
        (options.offline, "--offline"),
        (options.frozen, "--frozen"),
        (options.verbose, "--verbose"),
    ] {
        if given {
            command.args([flag]);
        }
    }
    if let Some(jobs) = &options.jobs {
        command.args(["--jobs", jobs]);
    }
    command
}

/// Runs the build; progress and output go into the event stream.
pub(crate) fn build(session: &Session, program: &str, stage: Stage, wanted: &Wanted<'_>) -> Result<Built> {
    host::share(&pinning::builds(session), wanted)?;
    let mut command = build_command(session, wanted);
    // Not part of the displayed command: for our eyes only.
    command.args(["--message-format", "json-render-diagnostics"]);
    command.env.insert("CARGO_TERM_PROGRESS_WHEN".into(), "always".into());
    command.env.insert("CARGO_TERM_PROGRESS_WIDTH".into(), "120".into());
    let seen = Arc::new(Mutex::new(Seen::default()));
    let watcher = Watcher {
        session_sink: session.sink.clone(),
        program: program.to_owned(),
        stage,
        artifact: wanted.artifact.to_owned(),
        target: wanted.target.to_owned(),
        cdylib: wanted.kind == ProgramKind::Cdylib,
        folder: wanted.folder(),
        seen: Arc::clone(&seen),
    };
    let ended =
        session.run_cargo(program, stage, &command, move |stream, line| watcher.line(stream, line))?;
    if ended.status != Status::Code(0) {
        let first = seen.lock().ok().and_then(|seen| seen.error.clone());
        return Err(failure(session, stage, wanted, ended.status, first));
    }
    let mut seen = seen.lock().map_err(|_| Error::internal("a reader of cargo's output failed"))?;
    let path = seen.artifact.take().ok_or_else(|| {
        let message = format!("{stage}: cargo built no artifact called `{}`", wanted.artifact);
        Error::new(ExitCode::Build, message)
            .with_hint(format!("run it by hand:\n{}", build_command(session, wanted)))
    })?;
    let functions = std::mem::take(&mut seen.trace).finish();
    let (fresh, full) = (seen.compiled == 0, seen.reused == 0);
    let (debug_info, libraries) = (std::mem::take(&mut seen.debug_info), std::mem::take(&mut seen.libraries));
    let library_folders = std::mem::take(&mut seen.library_folders);
    Ok(Built { path, fresh, full, functions, usage: ended.usage, debug_info, libraries, library_folders })
}

/// What rustc says of two crates that it cannot tell apart.
const INDISTINGUISHABLE: [&str; 3] = ["E0519", "E0523", "StableCrateId"];

fn failure(
    session: &Session,
    stage: Stage,
    wanted: &Wanted<'_>,
    status: Status,
    first: Option<String>,
) -> Error {
    let why = first.map(|line| format!(": {line}")).unwrap_or_default();
    let error = Error::new(ExitCode::Build, format!("{stage}: cargo build failed ({status}){why}"));
    if wanted.pinned.is_some() && INDISTINGUISHABLE.iter().any(|words| why.contains(words)) {
        return error.with_hint(
            "two crates have the same pinned name: run it again, in case Cargo.lock has changed meanwhile; \
             else set `pin_symbols = false` for the program, and tell us which crates they are",
        );
    }
    if why.contains("unable to build with the standard library") {
        return error.with_hint(
            "`-Zbuild-std` compiles the standard library, and its sources are not there: rustup component add \
             rust-src, for the toolchain that the workspace uses",
        );
    }
    error.with_hint(format!("mend what it printed, or run it by hand:\n{}", build_command(session, wanted)))
}

#[derive(Clone)]
struct Watcher {
    session_sink: crate::Sink,
    program: String,
    stage: Stage,
    artifact: String,
    target: String,
    cdylib: bool,
    /// Where cargo puts what it builds for the target.
    folder: PathBuf,
    seen: Arc<Mutex<Seen>>,
}

impl Watcher {
    /// Whether the line is one for people: the trace of functions is thousands of lines.
    fn line(&self, stream: StdStream, line: &str) -> bool {
        let Ok(mut seen) = self.seen.lock() else { return true };
        let traced = matches!(stream, StdStream::Stderr).then(|| seen.trace.line(line));
        // What is left of a line that a warning and the trace share is shown.
        let line = match traced {
            Some(None) => return false,
            Some(Some(rest)) => rest,
            None => line.into(),
        };
        let line = &*line;
        match stream {
            StdStream::Stdout => self.message(&mut seen, line),
            StdStream::Stderr => match progress_bar(line) {
                Some(total) => seen.total = Some(total),
                None => {
                    if line.starts_with("error") && seen.error.is_none() {
                        seen.error = Some(line.trim_start_matches("error: ").to_owned());
                    }
                    self.session_sink.emit(Event::Output {
                        program: self.program.clone(),
                        stage: self.stage,
                        line: line.to_owned(),
                    });
                }
            },
        }
        true
    }

    fn message(&self, seen: &mut Seen, line: &str) {
        let Ok(message) = serde_json::from_str::<Message>(line) else { return };
        let at = match &message {
            Message::CompilerArtifact(artifact) => {
                seen.compiled += u64::from(!artifact.fresh);
                // What the baseline compiled for this machine, the other flavours share.
                let own = self.stage == Stage::Baseline || is_for(&self.target, artifact);
                seen.reused += u64::from(artifact.fresh && own);
                let wanted = if self.cdylib { artifact.target.is_cdylib() } else { artifact.target.is_bin() };
                let files = || artifact.filenames.iter().map(|path| path.clone().into_std_path_buf());
                if wanted && artifact.target.name == self.artifact {
                    seen.artifact = artifact_path(artifact, self.cdylib);
                    let is_debug_info = |path: &PathBuf| {
                        path.extension()
                            .is_some_and(|end| ["dwp", "dSYM", "pdb"].iter().any(|own| end == *own))
                    };
                    seen.debug_info = files().filter(is_debug_info).collect();
                }
                if is_for(&self.target, artifact) {
                    seen.libraries.extend(files().filter(|path| libraries::is_shared_library(path)));
                }
                artifact.target.name.clone()
            }
            Message::BuildScriptExecuted(script) => {
                // As cargo has the loader look there: only into folders of the build.
                let folders = script.linked_paths.iter().map(|path| {
                    let path = path.as_str();
                    PathBuf::from(path.split_once('=').map_or(path, |(_, path)| path))
                });
                seen.library_folders.extend(folders.filter(|path| path.starts_with(&self.folder)));
                "build script".to_owned()
            }
            _ => return,
        };
        seen.units += 1;
        if seen.compiled > 0 {
            self.session_sink.emit(Event::Progress {
                program: self.program.clone(),
                stage: self.stage,
                done: seen.units,
                total: seen.total.filter(|total| *total >= seen.units),
                unit: "crates".into(),
                at,
            });
        }
    }
}

/// Cargo keeps what is for the target in a folder with its name.
fn is_for(target: &str, artifact: &cargo_metadata::Artifact) -> bool {
    artifact.filenames.iter().any(|path| path.components().any(|part| part.as_str() == target))
}

fn artifact_path(artifact: &cargo_metadata::Artifact, cdylib: bool) -> Option<PathBuf> {
    if !cdylib {
        return artifact.executable.clone().map(Into::into);
    }
    let is_library = |path: &&cargo_metadata::camino::Utf8PathBuf| {
        matches!(path.extension(), Some("so" | "dylib" | "dll"))
    };
    artifact.filenames.iter().find(is_library).cloned().map(Into::into)
}

/// The total of cargo's progress bar: `Building [==>  ] 12/58: tokio, mio`.
fn progress_bar(line: &str) -> Option<u64> {
    let plain = line.rsplit('\u{1b}').next().unwrap_or(line);
    let (_, counts) = plain.split_once("] ")?;
    if !line.contains("Building") {
        return None;
    }
    let counts = counts.split([':', ' ']).next()?;
    counts.split_once('/')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::progress_bar;

    #[test]
    fn reads_cargos_progress_bar() {
        assert_eq!(progress_bar("    Building [=====>     ] 12/58: tokio, mio(build)"), Some(58));
        assert_eq!(progress_bar("    Building [           ] 0/7 "), Some(7));
        assert_eq!(progress_bar("   Compiling tokio v1.0.0"), None);
        assert_eq!(progress_bar("see [1] 2/3 for more"), None);
    }
}
