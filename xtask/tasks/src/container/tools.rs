//! buildah, podman and debootstrap, and where they keep what they make.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use duct::{Expression, cmd};

const NEEDED: [&str; 4] = ["buildah", "podman", "runc", "debootstrap"];

pub(super) struct Tools {
    pub(super) folder: PathBuf,
}

impl Tools {
    pub(super) fn find(folder: &Path) -> Result<Self> {
        let there = |tool: &&str| cmd!(*tool, "--version").stdout_null().stderr_null().run().is_ok();
        if let Some(missing) = NEEDED.iter().find(|tool| !there(tool)) {
            bail!("{missing} is missing (Debian: apt-get install {})", NEEDED.join(" "));
        }
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        Ok(Self { folder: folder.to_owned() })
    }

    pub(super) fn buildah(&self, args: &[&str]) -> Expression {
        self.with_storage("buildah", args)
    }

    /// With runc, which also runs where two versions of cgroups are mounted, and without systemd's
    /// timers: who wants to know asks.
    pub(super) fn podman(&self, args: &[&str]) -> Expression {
        let args = [&["--runtime", "runc"], args].concat();
        self.with_storage("podman", &args).env("DISABLE_HC_SYSTEMD", "true")
    }

    /// Images of this workspace alone, in a folder that can be deleted.
    fn with_storage(&self, tool: &str, args: &[&str]) -> Expression {
        let of =
            |option: &str, name: &str| -> [OsString; 2] { [option.into(), self.folder.join(name).into()] };
        let storage = [of("--root", "storage"), of("--runroot", "run")].concat();
        cmd(tool, storage.into_iter().chain(args.iter().map(Into::into)))
    }

    /// Containers and images; mounts have to be gone before files can go.
    pub(super) fn remove_everything(&self) -> Result<()> {
        self.buildah(&["rm", "--all"]).stdout_null().run()?;
        self.buildah(&["rmi", "--all", "--force"]).stdout_null().run()?;
        fs::remove_dir_all(&self.folder).with_context(|| self.folder.display().to_string())
    }
}
