//! The workspace's root manifest, and the Cargo profiles that programs are built with.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use honing_cargo::cargo_profile::{Found, Origin, Resolved};
use honing_core::{Error, Result, unknown};

use crate::{
    builders::cargo::{flags::CargoConfig, state::Here},
    chain::{lock::RunLock, session::Session},
    io::files,
};

/// The root manifest as it was read.
#[derive(Debug)]
pub struct RootManifest {
    /// The file itself: what a link leads to.
    path: PathBuf,
    /// The folder whose lock runs hold that read it.
    store: PathBuf,
    /// Its text.
    pub text: String,
}

impl RootManifest {
    /// Reads it.
    ///
    /// # Errors
    /// Preflight, where it cannot be read.
    pub fn read(session: &Session) -> Result<Self> {
        let path = session.root.join("Cargo.toml");
        if !path.exists() {
            return Err(Error::usage(format!("{} has no Cargo.toml", session.root.display()))
                .with_hint("Cargo profiles are settings of Rust programs alone"));
        }
        let failed = |error: io::Error| files::error("read", &path, &error);
        let text = fs::read_to_string(&path).map_err(failed)?;
        // A link stays a link.
        let path = fs::canonicalize(&path).map_err(failed)?;
        Ok(Self { path, store: session.store.root().to_owned(), text })
    }

    /// Writes `new` in its place, whole or not at all, with the same permissions.
    ///
    /// # Errors
    /// Preflight, where it is read-only, is no longer as it was read, or a run works: it would build
    /// its programs with different profiles.
    pub fn replace(&self, new: &str) -> Result<()> {
        let failed = |error: io::Error| files::error("write", &self.path, &error);
        if RunLock::is_taken(&self.store) {
            return Err(Error::preflight(format!("a run works, and reads {}", self.path.display()))
                .with_hint("nothing was written; try again when the run has ended"));
        }
        let permissions = fs::metadata(&self.path).map_err(failed)?.permissions();
        if permissions.readonly() {
            return Err(Error::preflight(format!("{} is read-only", self.path.display()))
                .with_hint("nothing was written; make it writable, and try again"));
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(new.as_bytes()).map_err(failed)?;
        file.as_file().set_permissions(permissions).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        // As late as possible. Nothing keeps an editor from saving between this and the rename.
        if fs::read(&self.path).map_err(failed)? != self.text.as_bytes() {
            return Err(Error::preflight(format!("{} has changed since it was read", self.path.display()))
                .with_hint("nothing was written; look at it again to see what it is about now"));
        }
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// The Cargo profile `name` as cargo would build with it, if the root manifest were `manifest`.
///
/// # Errors
/// Usage, where there is no such profile, or cargo would not build with it.
pub fn cargo_profile(session: &Session, manifest: &str, name: &str) -> Result<Resolved> {
    let layers = CargoConfig::profile_layers(&session.root, &session.around.env, manifest);
    let mut names = vec!["dev", "release", "test", "bench"];
    names.extend(layers.iter().flat_map(|layer| layer.names()));
    if !names.contains(&name) {
        names.sort_unstable();
        names.dedup();
        return Err(unknown("Cargo profile", name, "this workspace", &names));
    }
    let mut resolved = CargoConfig::resolve_profile(name, &layers, &session.around.env);
    if !matches!(resolved.chain.last().map(String::as_str), Some("dev" | "release")) {
        let message = format!("the Cargo profile `{name}` inherits from neither `dev` nor `release`");
        return Err(Error::usage(message)
            .with_hint(format!("cargo needs that: add inherits = \"release\" to [profile.{name}]")));
    }
    if let Some(incremental) = Here::of(session)?.cargo.config.incremental() {
        let variables = ["CARGO_INCREMENTAL", "CARGO_BUILD_INCREMENTAL"];
        let set =
            variables.into_iter().find(|name| session.around.env.contains_key(std::ffi::OsStr::new(name)));
        let origin = match set {
            Some(name) => Origin::Variable(name.into()),
            None => Origin::Configuration("build.incremental of cargo's configuration".into()),
        };
        resolved.settings.insert("incremental".into(), Found { value: incremental.to_string(), origin });
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(folder: &Path, text: &str) -> RootManifest {
        let path = folder.join("Cargo.toml");
        fs::write(&path, text).unwrap();
        RootManifest { path, store: folder.join("target/honing"), text: text.into() }
    }

    #[test]
    fn what_has_changed_meanwhile_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let old = manifest(dir.path(), "a = 1\n");
        fs::write(&old.path, "a = 2\n").unwrap();
        let error = old.replace("a = 3\n").unwrap_err();
        assert!(error.to_string().contains("has changed since"), "{error}");
        assert_eq!(fs::read_to_string(&old.path).unwrap(), "a = 2\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn it_stays_while_a_run_works() {
        let dir = tempfile::tempdir().unwrap();
        let old = manifest(dir.path(), "a = 1\n");
        let (sink, cancel) = (crate::chain::sink::Sink::new(Vec::new()), crate::children::Cancel::default());
        let lock = RunLock::take(&old.store, &sink, &cancel).unwrap();
        let error = old.replace("a = 2\n").unwrap_err();
        assert!(error.to_string().starts_with("a run works, and reads"), "{error}");
        assert_eq!(fs::read_to_string(&old.path).unwrap(), "a = 1\n");
        drop(lock);
        old.replace("a = 2\n").unwrap();
        assert_eq!(fs::read_to_string(&old.path).unwrap(), "a = 2\n");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_stay_and_are_respected() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let old = manifest(dir.path(), "a = 1\n");
        fs::set_permissions(&old.path, fs::Permissions::from_mode(0o640)).unwrap();
        old.replace("a = 2\n").unwrap();
        assert_eq!(fs::metadata(&old.path).unwrap().permissions().mode() & 0o777, 0o640);
        let old = manifest(dir.path(), "a = 3\n");
        fs::set_permissions(&old.path, fs::Permissions::from_mode(0o440)).unwrap();
        let error = old.replace("a = 4\n").unwrap_err();
        assert!(error.to_string().ends_with("is read-only"), "{error}");
        assert_eq!(fs::read_to_string(&old.path).unwrap(), "a = 3\n");
    }
}
