//! The wrapper that every build of a pipeline calls rustc through. It names crates by what they
//! are ([`honing_cargo::pin`]), takes this machine's folders out of what rustc writes, adds the
//! flags of PGO, and notes of which files, and by which call, each unit was compiled.
//!
//! What it adds, no build script sees, and no source of rustflags has to be read and resolved
//! again: a person's own flags stay where they are. Cargo does not see it either, so that what
//! changes its work is in the name of the target directory (docs/adr/0020-flags-by-wrapper.md).

pub(crate) mod call;
pub(crate) mod record;

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, Result};
use serde::{Deserialize, Serialize};

use crate::{builders::stand_in, children::Command, io::files};

/// The name that an executable has to be called by to act as wrapper.
pub(crate) const NAME: &str = "honing-rustc";
/// The variable that names the wrapper to be called by this one.
const INNER: &str = "HONING_RUSTC_WRAPPER";
/// The orders for a target directory, in it.
const ORDERS: &str = "honing-rustc.json";
/// Raised where the wrapper does something else than before for the same orders.
pub(crate) const REVISION: u32 = 2;

/// What the wrapper is to do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Orders {
    /// What crates are called in symbols.
    #[serde(default)]
    pub(crate) names: Names,
    /// Flags for what is compiled for the target. They come last, so they have the last word.
    #[serde(default)]
    pub(crate) flags: Vec<String>,
    /// The profile to apply; relative to the store where it is in there, so that all of it can be
    /// moved.
    #[serde(default)]
    pub(crate) profile: Option<PathBuf>,
    /// The root of the workspace: what is below it is noted relative to it.
    #[serde(default)]
    pub(crate) root: PathBuf,
}

/// What crates are called in symbols.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Names {
    /// As cargo calls them.
    #[default]
    Cargo,
    /// The same, mangled so that a profile with pinned names can be carried over.
    V0,
    /// By what they are; with what tells packages apart that would be called the same, by folder.
    Pinned {
        /// Mostly empty.
        apart: BTreeMap<String, String>,
    },
}

impl Orders {
    /// Eight digits for what changes the code, but for the profile and what the names say.
    fn mark(&self) -> Option<String> {
        // Within the store, the place says nothing that the name of the target directory does not.
        let elsewhere = self.profile.as_ref().filter(|profile| profile.is_absolute());
        let elsewhere = elsewhere.map(|profile| profile.to_string_lossy().into_owned());
        let mangling = (self.names == Names::V0).then(|| "v0".to_owned());
        let parts: Vec<String> = self.flags.iter().cloned().chain(elsewhere).chain(mangling).collect();
        let digest = Digest::of(parts.join("\n").as_bytes()).to_string();
        (!parts.is_empty()).then(|| digest.chars().take(8).collect())
    }

    /// The target directory of builds with these orders: `name` in `folder`, marked.
    pub(crate) fn target_dir(&self, folder: &Path, name: &str) -> PathBuf {
        folder.join(match self.mark() {
            Some(mark) => format!("{name}-{mark}"),
            None => name.to_owned(),
        })
    }

    /// The flags as rustc gets them, for people and fingerprints.
    pub(crate) fn added(&self) -> Vec<String> {
        let profile = self.profile.iter().map(|profile| format!("-Cprofile-use={}", profile.display()));
        profile.chain(self.flags.iter().cloned()).collect()
    }
}

/// Puts the wrapper in its place in the folder of all builds, and its orders into a target directory;
/// `exe` is this executable. There is one wrapper for all, since a build script may ask cargo to
/// watch its name.
pub(crate) fn place(exe: &Path, builds: &Path, target_dir: &Path, orders: &Orders) -> Result<()> {
    files::make_dir(target_dir)?;
    let text = serde_json::to_string_pretty(orders)
        .map_err(|error| Error::internal(format!("cannot write the wrapper's orders: {error}")))?;
    files::write_if_changed(&target_dir.join(ORDERS), text.as_bytes())?;
    stand_in::place(exe, &executable(builds))
}

/// Has cargo call the wrapper, with the person's own within it.
pub(crate) fn set(command: &mut Command, builds: &Path, inner: Option<&Path>) {
    // One that `pgo exec` around this session left is not meant without its wrapper.
    command.env.remove(OsStr::new(INNER));
    command.env("RUSTC_WRAPPER", executable(builds));
    if let Some(inner) = inner {
        command.env(INNER, inner);
    }
}

fn executable(builds: &Path) -> PathBuf {
    builds.join(format!("{NAME}{}", std::env::consts::EXE_SUFFIX))
}

fn orders(target_dir: &Path) -> io::Result<Orders> {
    Ok(serde_json::from_slice(&fs::read(target_dir.join(ORDERS))?)?)
}

/// The wrapper that is meant by `configured`: below `pgo exec` that is ours, and the one within it
/// is meant.
pub(crate) fn meant(configured: PathBuf, env: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    if !call::is_called(configured.as_os_str()) {
        return Some(configured);
    }
    env.get(OsStr::new(INNER)).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_the_code_changes_the_folder() {
        let folder = Path::new("/s/build/plain.2");
        let of = |orders: Orders| orders.target_dir(folder, "optimize-p");
        let profile = |at: &str| Orders { profile: Some(at.into()), ..Orders::default() };
        let flags = |flag: &str| Orders { flags: vec![flag.into()], ..Orders::default() };
        assert_eq!(of(Orders::default()), folder.join("optimize-p"));
        // Its contents are compared apart, and its place in the store is the program's.
        assert_eq!(of(profile("build/optimize-p.profdata")), folder.join("optimize-p"));
        let others = [
            of(flags("-Ca")),
            of(flags("-Cb")),
            of(profile("/home/me/a.profdata")),
            of(Orders { names: Names::V0, ..Orders::default() }),
        ];
        let mut distinct = others.to_vec();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), others.len());
        assert!(others.iter().all(|other| *other != folder.join("optimize-p")));
    }
}
