//! One `cargo build`: the command, its progress, and what it made.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use cargo_metadata::{Message, Package, PackageId};
use honing_core::{Error, ExitCode, Result, Stage, config::ProgramKind, event::Event};
use honing_profdata::{BuildFunctions, TraceReader};

use super::host;
use crate::{
    Session,
    pinning::{self, Pinned},
    process::{Command, Status, StdStream, Usage, plain},
};

/// What is to be built, and how.
#[derive(Debug, Clone)]
pub(crate) struct Wanted<'a> {
    pub(crate) package: &'a Package,
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
}

#[derive(Debug, Default)]
struct Seen {
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
    let package = session.workspace.spec(wanted.package);
    command.args([verb, "--package", &package, "--profile", wanted.profile, "--target", wanted.target]);
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
    command.env.insert("CARGO_TERM_PROGRESS_TERM_INTEGRATION".into(), "false".into());
    let seen = Arc::new(Mutex::new(Seen::default()));
    let watcher = Watcher {
        session_sink: session.sink.clone(),
        program: program.to_owned(),
        stage,
        package: wanted.package.id.clone(),
        artifact: wanted.artifact.to_owned(),
        target: wanted.target.to_owned(),
        cdylib: wanted.kind == ProgramKind::Cdylib,
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
    Ok(Built { path, fresh, full, functions, usage: ended.usage })
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
    error.with_hint(format!("mend what it printed, or run it by hand:\n{}", build_command(session, wanted)))
}

#[derive(Clone)]
struct Watcher {
    session_sink: crate::Sink,
    program: String,
    stage: Stage,
    package: PackageId,
    artifact: String,
    target: String,
    cdylib: bool,
    seen: Arc<Mutex<Seen>>,
}

impl Watcher {
    /// Whether the line is one for people: the trace of functions is thousands of lines.
    fn line(&self, stream: StdStream, line: &str) -> bool {
        let Ok(mut seen) = self.seen.lock() else { return true };
        match stream {
            StdStream::Stdout => self.message(&mut seen, line),
            StdStream::Stderr => return self.words(&mut seen, line),
        }
        true
    }

    /// A line of cargo, rustc or LLVM. It is parsed without its colours, and shown with them.
    fn words(&self, seen: &mut Seen, coloured: &str) -> bool {
        let line = plain(coloured);
        // What is left of a line that a warning and the trace share is shown.
        let Some(rest) = seen.trace.line(&line) else { return false };
        if let Some(total) = progress_bar(&rest) {
            seen.total = Some(total);
            return true;
        }
        if rest.starts_with("error") && seen.error.is_none() {
            seen.error = Some(rest.trim_start_matches("error: ").to_owned());
        }
        let shown = if rest == line { coloured } else { &rest };
        self.session_sink.emit(Event::Output {
            program: self.program.clone(),
            stage: self.stage,
            line: shown.to_owned(),
        });
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
                let wanted = wanted && artifact.package_id == self.package;
                if wanted && artifact.target.name == self.artifact {
                    seen.artifact = artifact_path(artifact, self.cdylib);
                }
                artifact.target.name.clone()
            }
            Message::BuildScriptExecuted(_) => "build script".to_owned(),
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

/// The total of cargo's progress bar: `Building [==>  ] 12/58: tokio, mio`, without the word where cargo
/// is quiet.
fn progress_bar(line: &str) -> Option<u64> {
    let bar = line.trim_start();
    let (done, counts) = bar.strip_prefix("Building ").unwrap_or(bar).strip_prefix('[')?.split_once("] ")?;
    if !done.chars().all(|char| matches!(char, '=' | '>' | ' ')) {
        return None;
    }
    let counts = counts.split([':', ' ']).next()?;
    counts.split_once('/')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_without_colours_and_artifacts_by_their_package() {
        let id = |version: &str| format!("path+file:///w/tool#tool@{version}");
        let watcher = Watcher {
            session_sink: crate::Sink::new(Vec::new()),
            program: "tool".into(),
            stage: Stage::Baseline,
            package: PackageId { repr: id("0.1.0") },
            artifact: "tool".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            cdylib: true,
            seen: Arc::default(),
        };
        // The last one is a dependency of the same name, with a library of the same name.
        for version in ["0.1.0", "0.0.9"] {
            let target = r#"{"kind":["cdylib"],"crate_types":["cdylib"],"name":"tool","src_path":"/w/l.rs"}"#;
            let profile =
                r#"{"opt_level":"3","debug_assertions":false,"overflow_checks":false,"test":false}"#;
            let line = format!(
                r#"{{"reason":"compiler-artifact","package_id":"{}","target":{target},"profile":{profile},"features":[],"filenames":["/t/{version}.so"],"executable":null,"fresh":false}}"#,
                id(version)
            );
            assert!(watcher.line(StdStream::Stdout, &line));
        }
        for (line, shown) in [
            ("\u{1b}[1m\u{1b}[96m    Building\u{1b}[0m [=>  ] 1/2: tool", true),
            ("\u{1b}[KFuncname=a, Hash=1 in building m", false),
            ("\u{1b}[K\u{1b}[1m\u{1b}[91merror[E0425]\u{1b}[0m\u{1b}[1m: no\u{1b}[0m", true),
            ("\u{1b}[1m\u{1b}[91merror\u{1b}[0m: could not compile", true),
        ] {
            assert_eq!(watcher.line(StdStream::Stderr, line), shown, "{line:?}");
        }
        let mut seen = watcher.seen.lock().unwrap();
        assert_eq!(seen.artifact, Some("/t/0.1.0.so".into()));
        assert_eq!((seen.total, seen.error.as_deref()), (Some(2), Some("error[E0425]: no")));
        assert_eq!(std::mem::take(&mut seen.trace).finish().len(), 1);
    }

    #[test]
    fn reads_cargos_progress_bar() {
        assert_eq!(progress_bar("    Building [=====>     ] 12/58: tokio, mio(build)"), Some(58));
        assert_eq!(progress_bar("    Building [           ] 0/7 "), Some(7));
        assert_eq!(progress_bar("[=====>     ] 12/58: tokio"), Some(58));
        assert_eq!(progress_bar("[1/2] linking"), None);
        assert_eq!(progress_bar("[note] 1/2: of a build script"), None);
        assert_eq!(progress_bar("   Compiling tokio v1.0.0"), None);
        assert_eq!(progress_bar("see [1] 2/3 for more"), None);
    }
}
