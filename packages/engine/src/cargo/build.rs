//! One `cargo build`: the command, its progress, and what it made.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cargo_metadata::{Message, Package, PackageId};
use honing_core::{Error, ExitCode, Result, Stage, calls::Calls, config::ProgramKind, event::Event};
use honing_profdata::{BuildFunctions, TraceReader};

use super::{
    ask,
    calls::{Unit, calls},
    host, libraries,
    ready::{ready, stale},
    scripts::{self, Executed},
    units,
    workspace::package_dir,
};
use crate::{
    Session, pinning,
    process::{Command, Status, StdStream, Usage, plain},
    wrapper::{self, Names, Orders},
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
    /// The person's own, as cargo resolves them.
    pub(crate) rustflags: Vec<String>,
    /// What its symbols are called.
    pub(crate) symbols: String,
    /// How rustc is called.
    pub(crate) orders: Orders,
    /// The person's own wrapper.
    pub(crate) inner: Option<PathBuf>,
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
    /// How cargo called the compiler.
    pub(crate) calls: Calls,
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
    scripts: Vec<Executed>,
    /// What is for the target.
    built: Vec<Unit>,
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
    wrapper::set(&mut command, &pinning::builds(session), wanted.inner.as_deref());
    let package = session.workspace.spec(wanted.package);
    command.args([verb, "--package", &package, "--profile", wanted.profile, "--target", wanted.target]);
    command.args(["--target-dir".as_ref(), wanted.target_dir.as_os_str()]);
    command.args(folders(&wanted.target_dir, Some(&session.workspace.root)));
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

/// Has cargo keep all of a build in `target_dir`, and name files from `root`, whatever is configured.
/// As arguments: a variable would reach a cargo that a build script runs, which then waits for this one.
pub(super) fn folders(target_dir: &Path, root: Option<&Path>) -> Vec<String> {
    let folders = [("build-dir", Some(target_dir)), ("dep-info-basedir", root)];
    let text = |path: &Path| toml::Value::String(path.to_string_lossy().into_owned()).to_string();
    let set = |(key, path): (&str, Option<&Path>)| {
        path.map(|path| ["--config".to_owned(), format!("build.{key}={}", text(path))])
    };
    folders.into_iter().filter_map(set).flatten().collect()
}

/// Runs the build; progress and output go into the event stream.
pub(crate) fn build(session: &Session, program: &str, stage: Stage, wanted: &Wanted<'_>) -> Result<Built> {
    host::share(&pinning::builds(session), wanted)?;
    ready(session, &wanted.target_dir, &wanted.orders)?;
    let built = once(session, program, stage, wanted)?;
    let changed = stale(&wanted.target_dir);
    let Some(first) = changed.first() else { return Ok(built) };
    let text = format!("{stage}: {} changed while it was compiled; building again", first.file.display());
    session.sink.emit(Event::Note { text });
    changed.iter().try_for_each(units::Stale::forget)?;
    let again = once(session, program, stage, wanted)?;
    match stale(&wanted.target_dir).first() {
        None => Ok(again),
        Some(still) => Err(Error::new(
            ExitCode::Build,
            format!("{stage}: {} keeps changing while it is compiled", still.file.display()),
        )
        .with_hint("end what writes it (an editor, a generator, a sync), and run again")),
    }
}

/// Runs cargo, and notes what its build scripts read and wrote.
fn once(session: &Session, program: &str, stage: Stage, wanted: &Wanted<'_>) -> Result<Built> {
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
        folder: wanted.folder(),
        seen: Arc::clone(&seen),
    };
    let chain = ask(session, wanted.target)?.chain();
    let added = wanted.orders.added().join(" ");
    session.log(
        program,
        stage,
        &format!("rustc is called by {chain}; added for {}: {added}", wanted.target),
    )?;
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
    let calls = calls(&wanted.target_dir, &seen.built)?;
    scripts::note(session, &seen.scripts)?;
    scripts::find_generated(&wanted.target_dir)?;
    let (fresh, full) = (seen.compiled == 0, seen.reused == 0);
    let (debug_info, libraries) = (std::mem::take(&mut seen.debug_info), std::mem::take(&mut seen.libraries));
    let library_folders = std::mem::take(&mut seen.library_folders);
    let usage = ended.usage;
    Ok(Built { path, fresh, full, functions, calls, usage, debug_info, libraries, library_folders })
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
    if matches!(wanted.orders.names, Names::Pinned { .. })
        && INDISTINGUISHABLE.iter().any(|words| why.contains(words))
    {
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
    package: PackageId,
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
                if is_for(&self.target, artifact) {
                    seen.built.push(unit(artifact));
                }
                let wanted = if self.cdylib { artifact.target.is_cdylib() } else { artifact.target.is_bin() };
                let wanted = wanted && artifact.package_id == self.package;
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
                // Registries' packages do not change.
                if let Some(package_dir) = package_dir(&script.package_id.repr) {
                    let out_dir = script.out_dir.clone().into();
                    seen.scripts.push(Executed { out_dir, package_dir });
                }
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

fn unit(artifact: &cargo_metadata::Artifact) -> Unit {
    let id = &artifact.package_id.repr;
    let kinds: Vec<String> = artifact.target.kind.iter().map(ToString::to_string).collect();
    let package = id.rsplit('/').next().unwrap_or(id);
    Unit {
        name: format!("{package} ({} {})", kinds.join(" "), artifact.target.name),
        crate_name: artifact.target.name.replace('-', "_"),
        files: artifact.filenames.iter().map(|file| file.clone().into_std_path_buf()).collect(),
    }
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
            folder: PathBuf::new(),
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
