//! The workspace, as cargo describes it.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cargo_metadata::Metadata;
use honing_core::{Error, Result};

use crate::builders::cargo::{
    candidates::{self, Candidate},
    state::Here,
};

/// A workspace, as `cargo metadata` sees it.
#[derive(Debug)]
pub struct Workspace {
    pub(super) metadata: Metadata,
    /// With dependencies, by triple; where it was asked for.
    resolved: Mutex<BTreeMap<String, Arc<Metadata>>>,
    /// The root folder.
    pub root: PathBuf,
}

impl Workspace {
    /// Asks cargo about the workspace of `dir`, or of `manifest`.
    ///
    /// # Errors
    /// Usage, with cargo's own words, where there is no workspace or it is broken.
    pub fn load(
        cargo: &Path,
        env: &BTreeMap<OsString, OsString>,
        dir: &Path,
        manifest: Option<&Path>,
    ) -> Result<Self> {
        let found = Self::ask_in(cargo, env, dir, manifest)?;
        if found.root == dir {
            return Ok(found);
        }
        // Cargo takes its configuration from the folder that it is called in. That of the workspace
        // is what counts, wherever the person is.
        Self::ask_in(cargo, env, &found.root, Some(&found.root.join("Cargo.toml")))
    }

    fn ask_in(
        cargo: &Path,
        env: &BTreeMap<OsString, OsString>,
        dir: &Path,
        manifest: Option<&Path>,
    ) -> Result<Self> {
        let shell = crate::builders::cargo::toolchain::shell(dir)?;
        let manifest = manifest.map(|path| ["--manifest-path".into(), path.as_os_str().to_owned()]);
        let manifest = manifest.iter().flatten();
        let output = xshell::cmd!(shell, "{cargo} metadata --format-version 1 --no-deps {manifest...}")
            .env_clear()
            .envs(env)
            .env("CARGO_TERM_COLOR", "never")
            .quiet()
            .ignore_status()
            .output()
            .map_err(|error| {
                Error::preflight(format!("cannot run cargo: {error}"))
                    .with_hint("install Rust, or put cargo on PATH")
            })?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            let error =
                Error::usage(format!("cargo metadata: {}", words.trim().trim_start_matches("error: ")));
            return Err(error.with_hint(if words.contains("could not find `Cargo.toml`") {
                "run it inside a cargo workspace, or name one with --manifest-path"
            } else if words.contains("manifest path") {
                "--manifest-path is relative to the current folder; `cargo metadata` shows the same error"
            } else {
                "mend what cargo names; `cargo metadata --no-deps` shows the same error"
            }));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let metadata = cargo_metadata::MetadataCommand::parse(text).map_err(|error| {
            Error::preflight(format!("cannot read the output of cargo metadata: {error}"))
                .with_hint("`cargo metadata --format-version 1 --no-deps` should print JSON; is it a cargo?")
        })?;
        let root = metadata.workspace_root.clone().into_std_path_buf();
        Ok(Self { metadata, resolved: Mutex::default(), root })
    }

    /// All packages that a build for `triple` can use, dependencies included.
    ///
    /// # Errors
    /// Build, with cargo's own words, where it cannot find all of them.
    pub(crate) fn all_packages(&self, session: &Here<'_>, triple: &str) -> Result<Arc<Metadata>> {
        let options = &session.options;
        let flags =
            [(options.locked, "--locked"), (options.offline, "--offline"), (options.frozen, "--frozen")];
        let flags: Vec<&str> = flags.iter().filter(|(given, _)| *given).map(|(_, flag)| *flag).collect();
        self.resolve(session, triple, &flags)
    }

    /// The same, where cargo can tell without a network and without a change of `Cargo.lock`.
    pub(super) fn known_packages(&self, session: &Here<'_>, triple: &str) -> Option<Arc<Metadata>> {
        self.resolve(session, triple, &["--frozen"]).ok()
    }

    fn resolve(&self, session: &Here<'_>, triple: &str, flags: &[&str]) -> Result<Arc<Metadata>> {
        let failed = || Error::internal("a reader of cargo's metadata failed");
        let mut known = self.resolved.lock().map_err(|_| failed())?;
        if let Some(metadata) = known.get(triple) {
            return Ok(Arc::clone(metadata));
        }
        let metadata = Arc::new(self.ask(session, triple, flags)?);
        known.insert(triple.to_owned(), Arc::clone(&metadata));
        Ok(metadata)
    }

    fn ask(&self, session: &Here<'_>, triple: &str, flags: &[&str]) -> Result<Metadata> {
        let mut command = cargo_metadata::MetadataCommand::new();
        command
            .cargo_path(&session.cargo.toolchain.cargo)
            .manifest_path(self.root.join("Cargo.toml"))
            .features(cargo_metadata::CargoOpt::AllFeatures)
            .other_options(
                ["--filter-platform".to_owned(), triple.to_owned()]
                    .into_iter()
                    .chain(flags.iter().map(|flag| (*flag).to_owned()))
                    .collect::<Vec<_>>(),
            );
        let mut command = command.cargo_command();
        command
            .env_clear()
            .envs(&session.around.env)
            .env("CARGO_TERM_COLOR", "never")
            .current_dir(&self.root);
        let output = session.while_builder(|| command.output());
        let output = output.map_err(|error| Error::preflight(format!("cannot run cargo: {error}")))?;
        let words = String::from_utf8_lossy(&output.stderr);
        let failed = |why: &str| {
            Error::new(honing_core::ExitCode::Build, format!("cargo metadata: {why}"))
                .with_hint("packages that share a name have to be told apart; mend what cargo names, or set `pin_symbols = false`")
        };
        if !output.status.success() {
            return Err(failed(words.trim().trim_start_matches("error: ")));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        cargo_metadata::MetadataCommand::parse(text).map_err(|error| failed(&error.to_string()))
    }

    /// The manifests of its members.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = PathBuf> {
        self.metadata.packages.iter().map(|package| package.manifest_path.clone().into())
    }

    /// Cargo's target directory.
    pub fn target_dir(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// Every binary of the workspace, and whether cargo's own choices make it one to optimize.
    pub fn candidates(&self) -> Vec<Candidate> {
        candidates::of(&self.metadata)
    }

    /// Names of the workspace's crates, as symbols have them.
    pub fn crate_names(&self) -> Vec<String> {
        let targets = self.metadata.workspace_packages().into_iter().flat_map(|package| &package.targets);
        let mut names: Vec<String> = targets.map(|target| target.name.replace('-', "_")).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Names of the Cargo profiles that the root manifest defines, and the built-in ones.
    pub fn profiles(&self) -> Vec<String> {
        let mut names: Vec<String> = ["dev", "release", "test", "bench"].map(String::from).into();
        let text = std::fs::read_to_string(self.root.join("Cargo.toml")).unwrap_or_default();
        let table = text.parse::<toml::Table>().unwrap_or_default();
        if let Some(profiles) = table.get("profile").and_then(toml::Value::as_table) {
            names.extend(profiles.keys().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>());
        }
        names
    }
}
