//! The other toolchain of the row `toolchain`: Debian's, unpacked beside the results rather than
//! installed, as its packages conflict with rustup's.

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
/// Where that cannot be had.
const FALLBACK: &str = "nightly";

/// The other rustc: `given`, or Debian's below `dir`, or rustup's nightly.
pub(super) fn other(given: Option<&Path>, dir: &Path) -> Result<PathBuf> {
    if let Some(given) = given {
        return given.canonicalize().with_context(|| given.display().to_string());
    }
    match debian(&dir.join("rustc-web")) {
        Ok(rustc) => Ok(rustc),
        Err(error) => {
            say(&format!("no rustc from Debian ({error:#}); the toolchain will be rustup's {FALLBACK}"));
            let path = cmd!("rustup", "which", "rustc", "--toolchain", FALLBACK).read();
            path.map(PathBuf::from).context("rustup which rustc")
        }
    }
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
