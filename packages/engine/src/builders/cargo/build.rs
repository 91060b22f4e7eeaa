//! One `cargo build`: the command, its progress, and what it made.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use cargo_metadata::Package;
use honing_cargo::{calls::Calls, tables::ProgramKind};
use honing_core::{Error, ExitCode, Result, Stage, event::Event};
use honing_match::BuildFunctions;

use crate::{
    builders::cargo::{
        ask::ask,
        calls::calls,
        configured::folders,
        host,
        ready::{self, ready, stale},
        state::Here,
        units,
        watch::{Seen, Watcher},
        wrapper::{self, Names, Orders},
    },
    children::{Command, Status, Usage},
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

/// The command that builds it.
pub(crate) fn build_command(session: &Here<'_>, wanted: &Wanted<'_>) -> Command {
    let mut command = driver_command(session, "build", wanted);
    match wanted.kind {
        ProgramKind::Bin(_) => command.args(["--bin", wanted.artifact]),
        ProgramKind::Cdylib => command.args(["--lib"]),
    };
    command.args(&session.options.arguments);
    command
}

/// `cargo VERB` with everything that selects and flavours a build.
pub(crate) fn driver_command(session: &Here<'_>, verb: &str, wanted: &Wanted<'_>) -> Command {
    let options = &session.options;
    let mut command = Command::new(&session.cargo.toolchain.cargo, &session.around.env, &session.root);
    wrapper::set(&mut command, &session.builds(), wanted.inner.as_deref());
    let package = session.cargo.workspace.spec(wanted.package);
    command.args([verb, "--package", &package, "--profile", wanted.profile, "--target", wanted.target]);
    command.args(["--target-dir".as_ref(), wanted.target_dir.as_os_str()]);
    command.args(folders(&wanted.target_dir, Some(&session.root)));
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
pub(crate) fn build(session: &Here<'_>, program: &str, stage: Stage, wanted: &Wanted<'_>) -> Result<Built> {
    host::share(&session.builds(), wanted)?;
    ready(session, &wanted.target_dir, &wanted.orders)?;
    let built = once(session, program, stage, wanted)?;
    let changed = stale(session, &wanted.target_dir);
    let Some(first) = changed.first() else { return Ok(built) };
    let text = format!("{stage}: {} changed while it was compiled; building again", first.file.display());
    session.sink.emit(Event::Note { text });
    changed.iter().try_for_each(units::Stale::forget)?;
    let again = once(session, program, stage, wanted)?;
    match stale(session, &wanted.target_dir).first() {
        None => Ok(again),
        Some(still) => Err(Error::new(
            ExitCode::Build,
            format!("{stage}: {} keeps changing while it is compiled", still.file.display()),
        )
        .with_hint("end what writes it (an editor, a generator, a sync), and run again")),
    }
}

/// Runs cargo, and notes what its build scripts read and wrote.
fn once(session: &Here<'_>, program: &str, stage: Stage, wanted: &Wanted<'_>) -> Result<Built> {
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
        session.run_builder(program, stage, &command, move |stream, line| watcher.line(stream, line))?;
    ready::ended(session, &wanted.target_dir)?;
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
    let (fresh, full) = (seen.compiled == 0, seen.reused == 0);
    let (debug_info, libraries) = (std::mem::take(&mut seen.debug_info), std::mem::take(&mut seen.libraries));
    let library_folders = std::mem::take(&mut seen.library_folders);
    let usage = ended.usage;
    Ok(Built { path, fresh, full, functions, calls, usage, debug_info, libraries, library_folders })
}

/// What rustc says of two crates that it cannot tell apart.
const INDISTINGUISHABLE: [&str; 3] = ["E0519", "E0523", "StableCrateId"];

fn failure(
    session: &Here<'_>,
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
