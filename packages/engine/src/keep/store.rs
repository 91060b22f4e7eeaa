//! What stages leave on disk: a folder for each, promoted whole or not at all.
//!
//! `<root>/<program>/<stage>/`, or `<root>/<program>/<pass>/<stage>/`, holds a stage's output and its `manifest.json`. A stage
//! works in `<stage>.partial`; the folder gets its name only once it is complete, so
//! that a run which was killed at any moment leaves nothing that looks finished.

use std::{
    fs,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, ExitCode, Fingerprint, Result, Step};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::io::{clock, files};

/// Version of the manifests; a manifest of another version is as good as none.
const SCHEMA: u32 = 1;

/// What a stage read, made and cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest<T> {
    schema: u32,
    /// When it was finished, in UTC.
    pub finished: String,
    /// What it read.
    pub fingerprint: Fingerprint,
    /// Milliseconds of wall time.
    pub elapsed_ms: u64,
    /// Milliseconds of CPU time of its children.
    pub cpu_ms: u64,
    /// For a build: whether every crate was compiled for it.
    #[serde(default)]
    pub full: Option<bool>,
    /// What it made.
    pub output: T,
}

/// What a stage cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Milliseconds of wall time.
    pub elapsed_ms: u64,
    /// Milliseconds of CPU time of its children.
    pub cpu_ms: u64,
    /// For a build: whether every crate was compiled for it.
    pub full: Option<bool>,
}

/// The folders of all programs' stages.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
}

/// In a store: the root of the workspace whose it is.
const CLAIM: &str = "workspace";

impl Store {
    /// The store of the workspace in `root` in a target directory. Worktrees may share one
    /// (`CARGO_TARGET_DIR`): the one that it is in, or else the first, has the plain name, others have
    /// stores of their own.
    pub fn of_workspace(target_dir: &Path, root: &Path) -> Self {
        let plain = target_dir.join("honing");
        match claimed(&plain) {
            // One that was copied with its target directory names the original.
            _ if target_dir.starts_with(root) => Self::new(plain),
            Some(other) if other != root && other.is_dir() => {
                let digest = Digest::of(root.as_os_str().as_encoded_bytes()).to_string();
                Self::new(target_dir.join(format!("honing-{}", &digest[..8])))
            }
            _ => Self::new(plain),
        }
    }

    /// Says that the store is the workspace's in `root`; the caller has locked it.
    ///
    /// # Errors
    /// Interrupted, where another workspace was faster.
    pub fn claim(&self, root: &Path) -> Result<()> {
        let target_dir = self.root.parent().unwrap_or(Path::new(""));
        if Self::of_workspace(target_dir, root).root != self.root {
            return Err(Error::new(
                ExitCode::Interrupted,
                format!("another workspace has begun to use {}", self.root.display()),
            )
            .with_hint("run it again: this workspace then gets a folder of its own"));
        }
        files::write_if_changed(&self.root.join(CLAIM), root.as_os_str().as_encoded_bytes()).map(drop)
    }

    /// The store in `root`, which need not exist yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where everything is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a stage's output is, once it is finished.
    pub fn dir(&self, program: &str, step: impl Into<Step>) -> PathBuf {
        let step = step.into();
        let program = self.root.join(program);
        step.pass.map_or(program.clone(), |pass| program.join(pass.name())).join(step.stage.name())
    }

    /// What a stage left, if it was finished. An unreadable manifest counts as none:
    /// the stage is then run again.
    pub fn load<T: DeserializeOwned>(&self, program: &str, step: impl Into<Step>) -> Option<Manifest<T>> {
        let manifest: Manifest<T> = files::read_json(&self.dir(program, step).join("manifest.json"))?;
        (manifest.schema == SCHEMA).then_some(manifest)
    }

    /// Begins an attempt in an empty folder.
    ///
    /// # Errors
    /// Preflight or internal, where the folder cannot be made.
    pub fn begin(&self, program: &str, step: impl Into<Step>) -> Result<Attempt> {
        let finished = self.dir(program, step);
        let partial = finished.with_extension("partial");
        files::empty_dir(&partial)?;
        Ok(Attempt { partial, finished })
    }
}

fn claimed(store: &Path) -> Option<PathBuf> {
    Some(PathBuf::from(fs::read_to_string(store.join(CLAIM)).ok()?))
}

/// A stage's output in the making.
#[derive(Debug)]
pub struct Attempt {
    partial: PathBuf,
    finished: PathBuf,
}

impl Attempt {
    /// Where to put the output.
    pub fn dir(&self) -> &Path {
        &self.partial
    }

    /// Gives the folder its name, in place of what an earlier attempt left.
    ///
    /// # Errors
    /// Preflight or internal, where the disk does not take it.
    pub fn promote<T: Serialize>(
        self,
        fingerprint: Fingerprint,
        cost: Cost,
        output: T,
    ) -> Result<Manifest<T>> {
        let finished = clock::utc_now();
        let Cost { elapsed_ms, cpu_ms, full } = cost;
        let manifest = Manifest { schema: SCHEMA, finished, fingerprint, elapsed_ms, cpu_ms, full, output };
        files::write_json(&self.partial.join("manifest.json"), &manifest)?;
        let failed = |cause: std::io::Error| files::error("move into place", &self.finished, &cause);
        let replaced = self.finished.with_extension("replaced");
        files::remove_dir(&replaced)?;
        if self.finished.exists() {
            match fs::rename(&self.finished, &replaced) {
                // A folder of an overlay's lower layer, as of a container image, cannot be renamed.
                // Without its manifest it counts as none, should this be the last that is done.
                Err(cause) if cause.kind() == std::io::ErrorKind::CrossesDevices => {
                    // It may lack one already.
                    let _ = fs::remove_file(self.finished.join("manifest.json"));
                    files::remove_dir(&self.finished)?;
                }
                moved => moved.map_err(failed)?,
            }
        }
        fs::rename(&self.partial, &self.finished).map_err(failed)?;
        files::remove_dir(&replaced)?;
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use honing_core::Stage;

    use super::*;

    #[test]
    fn only_a_promoted_attempt_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path().to_owned());
        let attempt = store.begin("p", Stage::Merge).unwrap();
        fs::write(attempt.dir().join("x"), "1").unwrap();
        assert!(store.load::<u32>("p", Stage::Merge).is_none());
        drop(attempt);
        assert!(store.load::<u32>("p", Stage::Merge).is_none());
        let attempt = store.begin("p", Stage::Merge).unwrap();
        assert!(!attempt.dir().join("x").exists());
        attempt.promote(Fingerprint::new(), Cost::default(), 3_u32).unwrap();
        assert_eq!(store.load::<u32>("p", Stage::Merge).unwrap().output, 3);
        let again = store.begin("p", Stage::Merge).unwrap();
        again.promote(Fingerprint::new(), Cost::default(), 4_u32).unwrap();
        assert_eq!(store.load::<u32>("p", Stage::Merge).unwrap().output, 4);
        assert_eq!(fs::read_dir(dir.path().join("p")).unwrap().count(), 1);
    }

    /// One rename gives the folder its name: nothing is copied, which could be cut short, and a result that
    /// is there stays until it is replaced.
    #[test]
    #[cfg(unix)]
    fn a_folder_is_promoted_in_one_step() {
        use std::os::unix::fs::MetadataExt;
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path().to_owned());
        let finished = store.dir("p", Stage::Merge);
        let id = |path: &Path| fs::metadata(path).unwrap().ino();
        let promoted = |output: u32| {
            let attempt = store.begin("p", Stage::Merge).unwrap();
            fs::write(attempt.dir().join("x"), output.to_string()).unwrap();
            let made = [id(attempt.dir()), id(&attempt.dir().join("x"))];
            // An attempt under way leaves what is finished alone.
            assert_eq!(store.load("p", Stage::Merge).map(|old| old.output), output.checked_sub(1));
            attempt.promote(Fingerprint::new(), Cost::default(), output).unwrap();
            assert_eq!([id(&finished), id(&finished.join("x"))], made);
        };
        promoted(0);
        promoted(1);
        assert_eq!(store.load::<u32>("p", Stage::Merge).unwrap().output, 1);
    }

    #[test]
    fn worktrees_that_share_a_target_directory_have_stores_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let root = |name: &str| {
            let root = dir.path().join(name);
            fs::create_dir_all(&root).unwrap();
            root
        };
        let (target, first, second) = (dir.path().join("t"), root("first"), root("second"));
        let of = |root: &Path| Store::of_workspace(&target, root);
        // Both begin at once.
        let late = of(&second);
        of(&first).claim(&first).unwrap();
        assert!(late.claim(&second).is_err());
        assert_eq!(of(&first).root(), target.join("honing"));
        assert_ne!(of(&second).root(), of(&first).root());
        of(&second).claim(&second).unwrap();
        of(&first).claim(&first).unwrap();
        // The target directory is another's own.
        assert_eq!(Store::of_workspace(&target, dir.path()).root(), target.join("honing"));
        // The first is gone, or was moved.
        fs::remove_dir_all(&first).unwrap();
        assert_eq!(of(&second).root(), target.join("honing"));
    }

    #[test]
    fn a_torn_manifest_is_no_manifest() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path().to_owned());
        store.begin("p", Stage::Train).unwrap().promote(Fingerprint::new(), Cost::default(), 3_u32).unwrap();
        fs::write(store.dir("p", Stage::Train).join("manifest.json"), "{\"schema\": 1, \"fin").unwrap();
        assert!(store.load::<u32>("p", Stage::Train).is_none());
    }
}
