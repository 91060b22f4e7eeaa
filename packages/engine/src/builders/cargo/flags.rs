//! What has to be known of cargo's configuration before it can be asked ([`super::ask`]), or what it
//! does not tell: the compiler, Cargo profiles.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use honing_cargo::cargo_profile::{self, Layer, Resolved};
use honing_core::{Error, Result};

/// What counts of cargo's configuration, with its environment variables, for the workspace.
#[derive(Debug)]
pub(crate) struct CargoConfig {
    targets: Vec<String>,
    /// What `[env]` sets whatever it is set to already.
    forced: BTreeMap<String, OsString>,
    incremental: Option<bool>,
}

impl CargoConfig {
    pub(crate) fn load(root: &Path, env: &BTreeMap<OsString, OsString>, rustc: &Path) -> Result<Self> {
        let options = cargo_config2::ResolveOptions::default()
            .env(env.iter().map(|(name, value)| (name.clone(), value.clone())))
            .rustc(cargo_config2::PathAndArgs::new(rustc));
        let config = cargo_config2::Config::load_with_options(root, options).map_err(|error| {
            Error::usage(format!("cargo's configuration: {error:#}"))
                .with_hint("`cargo config get` (nightly) or the file named above shows what is wrong")
        })?;
        let forced = config.env.iter().filter(|(_, set)| set.force);
        Ok(Self {
            targets: config.build.target.iter().flatten().map(|one| one.triple().to_owned()).collect(),
            forced: forced.map(|(name, set)| (name.clone(), set.value.clone())).collect(),
            incremental: config.build.incremental,
        })
    }

    /// `build.rustc`, if one is configured.
    pub(crate) fn rustc(root: &Path, env: &BTreeMap<OsString, OsString>) -> Option<std::path::PathBuf> {
        let options = cargo_config2::ResolveOptions::default()
            .env(env.iter().map(|(name, value)| (name.clone(), value.clone())));
        let config = cargo_config2::Config::load_with_options(root, options).ok()?;
        config.build.rustc.clone()
    }

    /// `build.target`, where it is one triple.
    pub(crate) fn target(&self) -> Result<Option<String>> {
        one_target(self.targets.iter().map(String::as_str))
    }

    /// Whether a configuration file defines the Cargo profile.
    pub(crate) fn has_profile(&self, root: &Path, env: &BTreeMap<OsString, OsString>, name: &str) -> bool {
        configured_profiles(root, env).iter().any(|layer| layer.names().any(|known| known == name))
    }

    /// The Cargo profiles of the root manifest, whose text is `manifest`, and of configuration
    /// files, the more important ones later.
    pub(crate) fn profile_layers(
        root: &Path,
        env: &BTreeMap<OsString, OsString>,
        manifest: &str,
    ) -> Vec<Layer> {
        let mut layers = vec![Layer::manifest("Cargo.toml", manifest)];
        layers.extend(configured_profiles(root, env).into_iter().rev());
        layers
    }

    /// A Cargo profile, the environment included.
    pub(crate) fn resolve_profile(
        name: &str,
        layers: &[Layer],
        env: &BTreeMap<OsString, OsString>,
    ) -> Resolved {
        let variable = |name: &str| env.get(OsStr::new(name))?.to_str().map(str::to_owned);
        cargo_profile::resolve(name, layers, &variable)
    }

    /// What the Cargo profile sets, as plain values.
    pub(crate) fn profile_settings(
        &self,
        root: &Path,
        env: &BTreeMap<OsString, OsString>,
        name: &str,
    ) -> BTreeMap<String, String> {
        let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
        let resolved = Self::resolve_profile(name, &Self::profile_layers(root, env, &manifest), env);
        resolved.settings.into_iter().map(|(key, found)| (key, found.value)).collect()
    }

    /// What `[env]` sets a variable to, whatever it is set to already.
    pub(crate) fn forced(&self, variable: &str) -> Option<&OsStr> {
        self.forced.get(variable).map(OsString::as_os_str)
    }

    /// `build.incremental`, or what a variable says instead: it comes before all profiles.
    pub(crate) fn incremental(&self) -> Option<bool> {
        self.incremental
    }
}

/// The one target that builds are for.
pub(crate) fn one_target<'a>(mut targets: impl Iterator<Item = &'a str>) -> Result<Option<String>> {
    let (one, more) = (targets.next().map(str::to_owned), targets.count());
    if more == 0 {
        return Ok(one);
    }
    Err(Error::usage(format!(
        "`build.target` of cargo's configuration names {} targets; a profile belongs to one",
        more + 1
    ))
    .with_hint("choose one with --target, or with `target` in pgo.toml"))
}

/// Cargo's configuration file that has `text` in it.
pub(crate) fn configuration_with(
    root: &Path,
    env: &BTreeMap<OsString, OsString>,
    text: &str,
) -> Option<PathBuf> {
    let has = |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|found| found.contains(text));
    configuration_files(root, env).into_iter().find(has)
}

/// Cargo's configuration files, the nearest first, that of its home last. cargo-config2 does not
/// expose the profiles.
fn configured_profiles(root: &Path, env: &BTreeMap<OsString, OsString>) -> Vec<Layer> {
    let layer = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        Some(Layer::configuration(path.strip_prefix(root).unwrap_or(&path).display().to_string(), text))
    };
    configuration_files(root, env).into_iter().filter_map(layer).collect()
}

fn configuration_files(root: &Path, env: &BTreeMap<OsString, OsString>) -> Vec<PathBuf> {
    let home = env.get(OsStr::new("CARGO_HOME")).map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let mut folders: Vec<PathBuf> = root.ancestors().map(|dir| dir.join(".cargo")).collect();
    folders.extend(home.filter(|home| !folders.contains(home)));
    // Where there are both, cargo reads the one without extension.
    let file = |dir: PathBuf| {
        ["config", "config.toml"].map(|name| dir.join(name)).into_iter().find(|path| path.is_file())
    };
    folders.into_iter().filter_map(file).collect()
}
