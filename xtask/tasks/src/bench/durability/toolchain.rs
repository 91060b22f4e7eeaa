//! Other toolchains: rustup's nightly, and Debian's, unpacked beside the results rather than installed, as its
//! packages conflict with rustup's.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use duct::cmd;

use crate::ci::say;

/// Compiler and standard library. They need the library of LLVM that the system has.
const PACKAGES: [&str; 3] = ["rustc-web", "libstd-rust-web-dev", "libstd-rust-web-1.96"];

/// A toolchain that is not the one that runs this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::bench) enum Other {
    Debian,
    Nightly,
}

impl Other {
    /// Its rustc; Debian's is unpacked below `dir`.
    pub(in crate::bench) fn rustc(self, dir: &Path) -> Result<PathBuf> {
        match self {
            Self::Debian => debian(&dir.join("rustc-web")),
            Self::Nightly => {
                let path = cmd!("rustup", "which", "rustc", "--toolchain", "nightly").read();
                path.map(PathBuf::from).context("rustup which rustc")
            }
        }
    }
}

/// The other rustc: `given`, or Debian's below `dir`, or rustup's nightly.
pub(super) fn other(given: Option<&Path>, dir: &Path) -> Result<PathBuf> {
    if let Some(given) = given {
        return given.canonicalize().with_context(|| given.display().to_string());
    }
    Other::Debian.rustc(dir).or_else(|error| {
        say(&format!("no rustc from Debian ({error:#}); the toolchain will be rustup's nightly"));
        Other::Nightly.rustc(dir)
    })
}

/// `rustc -V`.
pub(in crate::bench) fn version(rustc: &Path) -> Result<String> {
    // As text: duct would look for a path of one word in this folder instead of in PATH.
    cmd!(rustc.as_os_str(), "-V").read().with_context(|| rustc.display().to_string())
}

fn debian(dir: &Path) -> Result<PathBuf> {
    let launcher = dir.join("rustc");
    if !launcher.exists() {
        let packed = dir.join("packages");
        fs::create_dir_all(&packed)?;
        let args = std::iter::once("download").chain(PACKAGES);
        cmd("apt-get", args).dir(&packed).stdout_null().stderr_null().run().context("apt-get download")?;
        for entry in fs::read_dir(&packed)? {
            cmd!("dpkg", "-x", entry?.path(), dir).run().context("dpkg -x")?;
        }
        let libraries = dir.join("usr/lib/x86_64-linux-gnu");
        let rustc = dir.join("usr/bin/rustc");
        let script = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH='{}' exec '{}' \"$@\"\n",
            libraries.display(),
            rustc.display()
        );
        fs::write(&launcher, script)?;
        fs::set_permissions(&launcher, fs::Permissions::from_mode(0o755))?;
    }
    let said = version(&launcher)?;
    if !said.starts_with("rustc 1.96") {
        bail!("{} is {said}", launcher.display());
    }
    Ok(launcher)
}
