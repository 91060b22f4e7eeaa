//! The rustflags that cargo would use, to be extended rather than replaced.
//!
//! Cargo takes them from one source only, the first of `CARGO_ENCODED_RUSTFLAGS`,
//! `RUSTFLAGS`, `target.*.rustflags` and `build.rustflags`; setting a higher one drops
//! the lower ones in silence. So they are resolved here, extended, and handed over as
//! `CARGO_ENCODED_RUSTFLAGS`.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::Path,
};

use honing_core::{Error, Result};

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
    pub(crate) fn has_profile(&self, root: &Path, name: &str) -> bool {
        configured_profiles(root).iter().any(|profiles| profiles.contains_key(name))
    }

    /// What the Cargo profile sets, with configuration files and environment.
    pub(crate) fn profile_settings(
        &self,
        root: &Path,
        env: &BTreeMap<OsString, OsString>,
        name: &str,
    ) -> BTreeMap<String, String> {
        let mut layers: Vec<toml::Table> = profiles_of(&root.join("Cargo.toml")).into_iter().collect();
        // The nearest file comes before the others, and so last.
        layers.extend(configured_profiles(root).into_iter().rev());
        let variable = |name: &str| env.get(OsStr::new(name))?.to_str().map(str::to_owned);
        honing_core::cargo_profile::settings(name, &layers, &variable)
    }
}

/// The profiles of cargo's configuration files, the nearest first. cargo-config2 does not
/// expose them.
fn configured_profiles(root: &Path) -> Vec<toml::Table> {
    std::iter::successors(Some(root), |dir| dir.parent())
        .flat_map(|dir| [dir.join(".cargo/config.toml"), dir.join(".cargo/config")])
        .filter_map(|path| profiles_of(&path))
        .collect()
}

fn profiles_of(path: &Path) -> Option<toml::Table> {
    let table = std::fs::read_to_string(path).ok()?.parse::<toml::Table>().ok()?;
    table.get("profile")?.as_table().cloned()
}
