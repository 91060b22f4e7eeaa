//! The rustflags that cargo would use, to be extended rather than replaced.
//!
//! Cargo takes them from one source only, the first of `CARGO_ENCODED_RUSTFLAGS`,
//! `RUSTFLAGS`, `target.*.rustflags` and `build.rustflags`; setting a higher one drops
//! the lower ones in silence. So they are resolved here, extended, and handed over as
//! `CARGO_ENCODED_RUSTFLAGS`.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use honing_core::{
    Error, Result,
    cargo_profile::{self, Layer, Resolved},
};

/// Cargo's configuration, with its environment variables, for the workspace.
#[derive(Debug)]
pub(crate) struct CargoConfig(cargo_config2::Config);

/// What the compiler is told for a target apart from PGO.
#[derive(Debug, Clone, Default)]
pub(crate) struct Linking {
    /// rustflags from all sources, in cargo's order of precedence.
    pub(crate) rustflags: Vec<String>,
    /// `target.*.linker`.
    pub(crate) linker: Option<String>,
}

impl CargoConfig {
    pub(crate) fn load(root: &Path, env: &BTreeMap<OsString, OsString>, rustc: &Path) -> Result<Self> {
        let options = cargo_config2::ResolveOptions::default()
            .env(env.iter().map(|(name, value)| (name.clone(), value.clone())))
            .rustc(cargo_config2::PathAndArgs::new(rustc));
        cargo_config2::Config::load_with_options(root, options).map(Self).map_err(|error| {
            Error::usage(format!("cargo's configuration: {error:#}"))
                .with_hint("`cargo config get` (nightly) or the file named above shows what is wrong")
        })
    }

    /// `build.rustc`, if one is configured.
    pub(crate) fn rustc(root: &Path, env: &BTreeMap<OsString, OsString>) -> Option<std::path::PathBuf> {
        let options = cargo_config2::ResolveOptions::default()
            .env(env.iter().map(|(name, value)| (name.clone(), value.clone())));
        let config = cargo_config2::Config::load_with_options(root, options).ok()?;
        config.build.rustc.clone()
    }

    /// `build.rustc-wrapper`, or what a variable says instead.
    pub(crate) fn rustc_wrapper(&self) -> Option<&Path> {
        self.0.build.rustc_wrapper.as_deref().filter(|path| !path.as_os_str().is_empty())
    }

    /// `build.target`, where it is one triple.
    pub(crate) fn target(&self) -> Result<Option<String>> {
        match self.0.build.target.as_deref() {
            None | Some([]) => Ok(None),
            Some([one]) => Ok(Some(one.triple().to_owned())),
            Some(many) => Err(Error::usage(format!(
                "`build.target` of cargo's configuration names {} targets; a profile belongs to one",
                many.len()
            ))
            .with_hint("choose one with --target, or with `target` in pgo.toml")),
        }
    }

    pub(crate) fn linking(&self, triple: &str) -> Result<Linking> {
        let failed = |error: cargo_config2::Error| Error::usage(format!("rustflags of {triple}: {error:#}"));
        let rustflags =
            self.0.rustflags(triple).map_err(failed)?.map(|flags| flags.flags).unwrap_or_default();
        let linker = self.0.linker(triple).map_err(failed)?.map(|path| path.to_string_lossy().into_owned());
        Ok(Linking { rustflags, linker })
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
        self.0.env.get(variable).filter(|set| set.force).map(|set| set.value.as_os_str())
    }

    /// `build.incremental`, or what a variable says instead: it comes before all profiles.
    pub(crate) fn incremental(&self) -> Option<bool> {
        self.0.build.incremental
    }
}

/// Cargo's configuration files, the nearest first, that of its home last. cargo-config2 does not
/// expose the profiles.
fn configured_profiles(root: &Path, env: &BTreeMap<OsString, OsString>) -> Vec<Layer> {
    let home = env.get(OsStr::new("CARGO_HOME")).map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let mut folders: Vec<PathBuf> = root.ancestors().map(|dir| dir.join(".cargo")).collect();
    folders.extend(home.filter(|home| !folders.contains(home)));
    let layer = |dir: PathBuf| {
        // Where there are both, cargo reads the one without extension.
        let path = [dir.join("config"), dir.join("config.toml")].into_iter().find(|path| path.is_file())?;
        let text = std::fs::read_to_string(&path).ok()?;
        Some(Layer::configuration(path.strip_prefix(root).unwrap_or(&path).display().to_string(), text))
    };
    folders.into_iter().filter_map(layer).collect()
}
