//! What the workspace has: packages, binaries, features, profiles.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cargo_metadata::{Metadata, Package, TargetKind};
use honing_core::{Error, Result, closest, config::ProgramKind};

use super::candidates::{self, Candidate};

/// A workspace, as `cargo metadata` sees it.
#[derive(Debug)]
pub struct Workspace {
    metadata: Metadata,
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
        let shell = crate::toolchain::shell(dir)?;
        let manifest = manifest.map(|path| ["--manifest-path".into(), path.as_os_str().to_owned()]);
        let manifest = manifest.iter().flatten();
        let output = xshell::cmd!(shell, "{cargo} metadata --format-version 1 --no-deps {manifest...}")
            .env_clear()
            .envs(env)
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
    pub(crate) fn all_packages(&self, session: &crate::Session, triple: &str) -> Result<Arc<Metadata>> {
        let failed = || Error::internal("a reader of cargo's metadata failed");
        let mut known = self.resolved.lock().map_err(|_| failed())?;
        if let Some(metadata) = known.get(triple) {
            return Ok(Arc::clone(metadata));
        }
        let metadata = Arc::new(self.ask(session, triple)?);
        known.insert(triple.to_owned(), Arc::clone(&metadata));
        Ok(metadata)
    }

    fn ask(&self, session: &crate::Session, triple: &str) -> Result<Metadata> {
        let options = &session.options;
        let flags =
            [(options.locked, "--locked"), (options.offline, "--offline"), (options.frozen, "--frozen")];
        let flags = flags.into_iter().filter(|(given, _)| *given).map(|(_, flag)| flag.to_owned());
        let mut command = cargo_metadata::MetadataCommand::new();
        command
            .cargo_path(&session.toolchain.cargo)
            .manifest_path(self.root.join("Cargo.toml"))
            .features(cargo_metadata::CargoOpt::AllFeatures)
            .other_options(
                ["--filter-platform".to_owned(), triple.to_owned()]
                    .into_iter()
                    .chain(flags)
                    .collect::<Vec<_>>(),
            );
        let mut command = command.cargo_command();
        let output = command.env_clear().envs(&session.env).current_dir(&self.root).output();
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

    /// Finds a package.
    ///
    /// # Errors
    /// Usage, with the closest name.
    pub fn package(&self, name: &str) -> Result<&Package> {
        let members = || self.metadata.workspace_packages().into_iter();
        members().find(|package| package.name.as_str() == name).ok_or_else(|| {
            let names: Vec<&str> = members().map(|package| package.name.as_str()).collect();
            unknown("package", name, "this workspace", &names)
        })
    }

    /// The name of the target that `kind` means in `package`.
    ///
    /// # Errors
    /// Usage, where there is none or the choice is open.
    pub fn artifact_name(&self, package: &str, kind: &ProgramKind<'_>) -> Result<String> {
        let found = self.package(package)?;
        match kind {
            ProgramKind::Cdylib => {
                let cdylib = found.targets.iter().find(|target| target.kind.contains(&TargetKind::CDyLib));
                cdylib.map(|target| target.name.clone()).ok_or_else(|| {
                    Error::usage(format!("package `{package}` has no cdylib"))
                        .with_hint("add crate-type = [\"cdylib\"] to its [lib], or name a `bin`")
                })
            }
            ProgramKind::Bin(wanted) => {
                let bins: Vec<&str> = found
                    .targets
                    .iter()
                    .filter(|target| target.is_bin())
                    .map(|target| target.name.as_str())
                    .collect();
                match (wanted, bins.as_slice()) {
                    (Some(name), bins) if bins.contains(name) => Ok((*name).to_owned()),
                    (Some(name), bins) => Err(unknown("binary", name, &format!("package `{package}`"), bins)),
                    (None, [only]) => Ok((*only).to_owned()),
                    (None, []) => Err(Error::usage(format!("package `{package}` has no binary"))
                        .with_hint("name another package, or set cdylib = true")),
                    (None, many) => {
                        Err(Error::usage(format!("package `{package}` has {} binaries", many.len()))
                            .with_hint(format!("choose one: bin = \"{}\"", many.join("\" or \""))))
                    }
                }
            }
        }
    }

    /// Every binary of the workspace, and whether cargo's own choices make it one to optimize.
    pub fn candidates(&self) -> Vec<Candidate> {
        candidates::of(&self.metadata)
    }

    /// Makes sure that every feature exists: `name`, or `package/name`.
    ///
    /// # Errors
    /// Usage, with the closest name.
    pub fn check_features(&self, package: &str, features: &[String]) -> Result<()> {
        let found = self.package(package)?;
        for feature in features {
            let (owner, name) = feature.split_once('/').unwrap_or((package, feature));
            let owner = owner.trim_end_matches('?');
            match self.package(owner) {
                Ok(member) if member.features.contains_key(name) => {}
                Ok(member) => {
                    let names: Vec<&str> = member.features.keys().map(String::as_str).collect();
                    return Err(unknown("feature", name, &format!("package `{owner}`"), &names));
                }
                // A dependency's features are cargo's to check.
                Err(_) if found.dependencies.iter().any(|dependency| is_called(dependency, owner)) => {}
                Err(error) => return Err(error.at(format!("feature `{feature}`"))),
            }
        }
        Ok(())
    }

    /// Makes sure that the features are on without which cargo builds no such binary.
    ///
    /// # Errors
    /// Usage, with what to write.
    pub fn check_required(&self, package: &str, bin: &str, features: &[String], default: bool) -> Result<()> {
        let found = self.package(package)?;
        // `package/feature` means the same as `feature`.
        let own = |name: &String| name.strip_prefix(&format!("{package}/")).unwrap_or(name).to_owned();
        let asked = features.iter().map(own).chain(default.then(|| "default".to_owned()));
        let on = candidates::enabled(found, asked);
        let target = found.targets.iter().find(|target| target.is_bin() && target.name == bin);
        let required = target.map(|target| target.required_features.as_slice()).unwrap_or_default();
        // A dependency's are cargo's to check.
        let lacks = |name: &&String| !name.contains('/') && !on.contains(*name);
        match required.iter().find(lacks) {
            None => Ok(()),
            Some(name) => Err(Error::usage(format!("binary `{bin}` requires the feature `{name}`"))
                .with_hint(format!("write features = {required:?} in its table of pgo.toml"))),
        }
    }

    /// Names of the workspace's crates, as symbols have them.
    pub fn crate_names(&self) -> Vec<String> {
        let targets = self.metadata.workspace_packages().into_iter().flat_map(|package| &package.targets);
        let mut names: Vec<String> = targets.map(|target| target.name.replace('-', "_")).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The folders of `package` and of the packages that it depends on by path.
    pub fn folders_of(&self, package: &str) -> Vec<PathBuf> {
        let mut folders: Vec<PathBuf> = Vec::new();
        let mut open = vec![package.to_owned()];
        while let Some(name) = open.pop() {
            let found = self.metadata.packages.iter().find(|found| found.name.as_str() == name);
            let Some(folder) = found.and_then(|found| found.manifest_path.parent()) else { continue };
            let folder = folder.as_std_path().to_owned();
            if folders.contains(&folder) {
                continue;
            }
            folders.push(folder);
            let local = found.into_iter().flat_map(|found| &found.dependencies);
            let local = local.filter(|dependency| dependency.path.is_some());
            open.extend(local.map(|dependency| dependency.name.clone()));
        }
        folders.sort();
        folders
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

fn is_called(dependency: &cargo_metadata::Dependency, name: &str) -> bool {
    dependency.rename.as_deref().unwrap_or(&dependency.name) == name
}

/// "There is no X called Y in Z", with the closest or all of what there is.
pub(crate) fn unknown(what: &str, name: &str, place: &str, names: &[&str]) -> Error {
    let error = Error::usage(format!("there is no {what} called `{name}` in {place}"));
    match closest(name, names.iter().copied()) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => {
            error.with_hint(format!("{place} has no {what}; remove the name, or add it there"))
        }
        None => match names {
            [only] => error.with_hint(format!("there is only `{only}`")),
            _ => error.with_hint(format!("there are {}", names.join(", "))),
        },
    }
}
