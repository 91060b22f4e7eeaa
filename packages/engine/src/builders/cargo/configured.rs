//! What can be asked of a cargo alone, without a session, and what it is told.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use crate::builders::cargo::wrapper;

/// What cargo says, for one target.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The compiler.
    pub(crate) rustc: PathBuf,
    /// A wrapper around it, ours apart.
    pub(crate) rustc_wrapper: Option<PathBuf>,
    /// One around that, for members.
    pub(crate) workspace_wrapper: Option<PathBuf>,
    /// `target.*.linker`.
    pub(crate) linker: Option<String>,
    /// rustflags from all sources.
    pub(crate) rustflags: Vec<String>,
}

impl Answer {
    pub(super) fn of(text: &str, env: &BTreeMap<OsString, OsString>) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let values: BTreeMap<&str, &str> = lines.filter(|(_, value)| !value.is_empty()).collect();
        let path = |name: &str| values.get(name).map(PathBuf::from);
        let rustflags = values.get("CARGO_ENCODED_RUSTFLAGS").map(|flags| flags.split('\u{1f}'));
        Self {
            rustc: path("RUSTC").unwrap_or_default(),
            rustc_wrapper: path("RUSTC_WRAPPER").and_then(|path| wrapper::meant(path, env)),
            workspace_wrapper: path("RUSTC_WORKSPACE_WRAPPER"),
            linker: values.get("RUSTC_LINKER").map(ToString::to_string),
            rustflags: rustflags.into_iter().flatten().map(str::to_owned).collect(),
        }
    }

    /// Who calls whom, for the log.
    pub(crate) fn chain(&self) -> String {
        let own = Some(Path::new(wrapper::NAME));
        let within = [self.rustc_wrapper.as_deref(), self.workspace_wrapper.as_deref(), Some(&*self.rustc)];
        let words =
            own.into_iter().chain(within.into_iter().flatten()).map(|path| path.display().to_string());
        words.collect::<Vec<_>>().join(" → ")
    }
}

/// Those of cargo's arguments that configure it.
pub(super) fn configuring(args: &[String]) -> Vec<&String> {
    let mut found = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if ["--config", "-Z"].contains(&arg.as_str()) {
            found.push(arg);
            found.extend(args.next());
        } else if arg.starts_with("--config=") || arg.starts_with("-Z") {
            found.push(arg);
        }
    }
    found
}

/// `name` of cargo's configuration, as cargo reads it from its files; `None` where it is not set or
/// this cargo does not tell.
pub(crate) fn configured(
    cargo: &Path,
    env: &BTreeMap<OsString, OsString>,
    root: &Path,
    (name, args): (&str, &[String]),
) -> Option<serde_json::Value> {
    let mut command = std::process::Command::new(cargo);
    command.args(["-Zunstable-options", "config", "get", "--format", "json-value", name]);
    // Only cargo hears it, and it compiles nothing.
    command.args(configuring(args)).env_clear().envs(env).env("RUSTC_BOOTSTRAP", "1");
    let output = command.current_dir(root).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| serde_json::from_slice(&output.stdout).ok()).flatten()
}

/// Has cargo keep all of a build in `target_dir`, and name files from `root`, whatever is configured.
/// As arguments: a variable would reach a cargo that a build script runs, which then waits for this one.
pub(super) fn folders(target_dir: &Path, root: Option<&Path>) -> Vec<String> {
    let folders = [("build-dir", Some(target_dir)), ("dep-info-basedir", root)];
    // In a folder for builds, braces stand for something; there is no way to write them.
    let is_plain = |path: &Path| !path.to_string_lossy().contains(['{', '}']);
    let text = |path: &Path| toml::Value::String(path.to_string_lossy().into_owned()).to_string();
    let set = |(key, path): (&str, Option<&Path>)| {
        path.filter(|path| is_plain(path))
            .map(|path| ["--config".to_owned(), format!("build.{key}={}", text(path))])
    };
    folders.into_iter().filter_map(set).flatten().collect()
}
