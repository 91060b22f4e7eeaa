//! The Rust toolchain, and the LLVM tools that may fit it.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use honing_core::{Error, Result, account::Entries, release::Compiler};

use crate::io::programs::on_path;

/// The oldest toolchain that compiles Honing, and is supported.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// What compiles.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// cargo's executable.
    pub cargo: PathBuf,
    /// rustc's executable.
    pub rustc: PathBuf,
    /// All of `rustc -vV`.
    pub verbose_version: String,
    /// The host's triple.
    pub host: String,
    /// Release, as in `1.95.0`.
    pub release: String,
    /// Major version of the LLVM inside.
    pub llvm_major: u32,
}

impl Toolchain {
    /// Asks `rustc` about itself.
    ///
    /// # Errors
    /// Preflight, where it cannot be run or is too old.
    pub fn load(cargo: &Path, rustc: &Path, env: &BTreeMap<OsString, OsString>, dir: &Path) -> Result<Self> {
        let shell = shell(dir)?;
        let verbose_version =
            xshell::cmd!(shell, "{rustc} -vV").env_clear().envs(env).quiet().read().map_err(|error| {
                Error::preflight(format!("cannot run rustc: {error}")).with_hint(
                    "install a stable Rust toolchain; where RUSTC or `build.rustc` names another, mend that",
                )
            })?;
        let field = |name: &str| {
            let line = verbose_version.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim_start_matches(':').trim().to_owned()).ok_or_else(|| {
                Error::preflight(format!("`{} -vV` names no {name}", rustc.display()))
                    .with_hint("is it a rustc? RUSTC, `build.rustc` and PATH decide which one is run")
            })
        };
        let (host, release, llvm) = (field("host")?, field("release")?, field("LLVM version")?);
        let llvm_major = llvm.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
        if version(&release) < version(OLDEST) {
            return Err(Error::preflight(format!(
                "rustc {release} is older than {OLDEST}, the oldest that is supported"
            ))
            .with_hint("rustup update stable, or choose a newer toolchain in rust-toolchain.toml"));
        }
        Ok(Self {
            cargo: cargo.to_owned(),
            rustc: rustc.to_owned(),
            verbose_version,
            host,
            release,
            llvm_major,
        })
    }

    /// What an account says about it.
    pub(crate) fn entries(&self) -> Entries {
        let commit: String = self.field("commit-hash").chars().take(9).collect();
        let rustc = format!("{} ({commit})", self.release);
        [("rustc".to_owned(), rustc), ("LLVM".to_owned(), self.field("LLVM version"))].into()
    }

    /// What a provenance says about it.
    pub(crate) fn compiler(&self) -> Compiler {
        Compiler {
            name: "rustc".into(),
            version: self.release.clone(),
            commit: self.field("commit-hash"),
            host: self.host.clone(),
        }
    }

    /// A field of `rustc -vV`; empty where there is none.
    fn field(&self, name: &str) -> String {
        let line = self.verbose_version.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim_start_matches(':').trim().to_owned()
    }

    /// Executables that may be able to merge what this toolchain's programs write, the
    /// likeliest first: the toolchain's own `llvm-tools`, the same major version, then
    /// whatever is called `llvm-profdata`, then newer ones.
    pub(crate) fn llvm_profdata(&self, env: &BTreeMap<OsString, OsString>) -> Vec<PathBuf> {
        let name = format!("llvm-profdata{}", std::env::consts::EXE_SUFFIX);
        let mut found = Vec::new();
        if let Some(sysroot) = self.sysroot(env) {
            found.push(sysroot.join("lib/rustlib").join(&self.host).join("bin").join(&name));
        }
        let newer = self.llvm_major..=self.llvm_major + 3;
        let mut names = vec![format!("llvm-profdata-{}", self.llvm_major), name];
        names.extend(newer.skip(1).map(|major| format!("llvm-profdata-{major}")));
        found.extend(names.iter().filter_map(|name| on_path(OsStr::new(name), env)));
        found.retain(|path| path.is_file());
        found
    }

    fn sysroot(&self, env: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
        let (shell, rustc) = (xshell::Shell::new().ok()?, &self.rustc);
        let output = xshell::cmd!(shell, "{rustc} --print sysroot").env_clear().envs(env).quiet();
        output.read().ok().map(PathBuf::from)
    }
}

/// `1.95.0-nightly` as (1, 95).
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(['.', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// A shell for short commands in `dir`.
pub(super) fn shell(dir: &Path) -> Result<xshell::Shell> {
    let shell = xshell::Shell::new().map_err(|error| Error::preflight(error.to_string()))?;
    shell.change_dir(dir);
    Ok(shell)
}

#[cfg(test)]
mod tests {
    use crate::builders::cargo::toolchain::version;

    #[test]
    fn reads_releases() {
        assert_eq!(version("1.95.0"), Some((1, 95)));
        assert_eq!(version("1.97.0-nightly"), Some((1, 97)));
        assert_eq!(version(super::OLDEST), Some((1, 88)));
        assert_eq!(version("unknown"), None);
    }
}
