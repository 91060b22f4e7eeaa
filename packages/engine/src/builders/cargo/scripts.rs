//! What build scripts read. Cargo runs a script again when a file that it names is newer than its last
//! run; here, too, contents decide ([`super::units`]).

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use honing_core::{Digest, Result};
use serde::{Deserialize, Serialize};

use crate::{
    builders::cargo::{
        generated::Generated,
        state::Here,
        units::{self, Stale},
        wrapper::record::{Source, modified},
    },
    io::files,
};

/// What a run read, beside what it printed.
const INPUTS: &str = "honing-inputs.json";
/// What a script printed in its last run; without it, cargo runs it again. Cargo sets its time back to
/// that of the call.
const OUTPUT: &str = "output";
/// Is written after that, and keeps its time.
const END: &str = "root-output";

/// One run.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    at: SystemTime,
    read: Vec<Source>,
    folders: Vec<Folder>,
    /// Packages whose script leaves it to cargo what is watched.
    #[serde(default)]
    packages: Vec<Folder>,
}

/// A folder that is watched, and the names of the files below it: one may join them that is older.
#[derive(Debug, Serialize, Deserialize)]
struct Folder {
    path: PathBuf,
    names: Digest,
}

/// Whether runs that nobody has noted yet are those of the build that has just ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// It was killed, or cargo was called by somebody else.
    Before,
    /// They are; what was written since a script was called, it wrote itself.
    After,
}

/// Notes what was read by the scripts that have run since they were last noted. Returns those whose
/// inputs may be others by now.
pub(super) fn note(session: &Here<'_>, target_dir: &Path, when: When) -> Result<Vec<Stale>> {
    let mut unsure = Vec::new();
    let unnoted: Vec<PathBuf> = runs(target_dir).into_iter().filter(|dir| noted(dir).is_none()).collect();
    if unnoted.is_empty() {
        return Ok(unsure);
    }
    let packages = packages(session, target_dir);
    for dir in unnoted {
        let Some(at) = modified(&dir.join(OUTPUT)) else { continue };
        let mut run = see(session, &dir, at, &packages);
        let late = run.read.iter().find(|file| when == When::Before && !file.is_known());
        if let Some(file) = late {
            unsure.push(Stale::new(vec![dir.join(OUTPUT)], file.place(&session.root)));
            continue;
        }
        run.read.retain(Source::is_known);
        files::write_atomically(&dir.join(INPUTS), &serde_json::to_vec(&run).unwrap_or_default())?;
    }
    Ok(unsure)
}

/// The folders of packages with build scripts, by name.
fn packages(session: &Here<'_>, target_dir: &Path) -> BTreeSet<(String, PathBuf)> {
    let records = units::records(target_dir).into_iter().filter_map(|(_, record)| record);
    let scripts = records.filter(|record| record.crate_name.starts_with("build_script_"));
    scripts.map(|record| (record.package, session.root.join(record.package_dir))).collect()
}

/// What a run read.
fn see(session: &Here<'_>, dir: &Path, at: SystemTime, packages: &BTreeSet<(String, PathBuf)>) -> Run {
    let said = fs::read_to_string(dir.join(OUTPUT)).unwrap_or_default();
    let own = dir.file_name().unwrap_or_default().to_string_lossy();
    let name = own.rsplit_once('-').map_or("", |(name, _)| name);
    let mut run = Run { at, read: Vec::new(), folders: Vec::new(), packages: Vec::new() };
    // Of two versions of a package, both: more is watched than has to be.
    for (_, package_dir) in packages.iter().filter(|(package, _)| package == name) {
        let named = watched(&said).unwrap_or_else(|| {
            let files = package_files(session, package_dir);
            run.packages.push(Folder { path: package_dir.clone(), names: names(&files) });
            files
        });
        // One that is not there has cargo run the script each time.
        let named = named.into_iter().map(|name| package_dir.join(name)).filter(|path| path.exists());
        // Cargo looks at all of such a folder, and so at what it writes itself.
        for path in named.filter(|path| !session.store.root().starts_with(path)) {
            let mut files = vec![path.clone()];
            if path.is_dir() {
                files = files::below(&path).unwrap_or_default();
                run.folders.push(Folder { names: names(&files), path });
            }
            let seen = files.iter().map(|file| Source::see(file, at, &session.root));
            run.read.extend(seen);
        }
    }
    run
}

fn names(files: &[PathBuf]) -> Digest {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    Digest::of(names.join("\n").as_bytes())
}

/// The note of a folder's last run.
fn noted(dir: &Path) -> Option<Run> {
    let run: Run = files::read_json(&dir.join(INPUTS))?;
    (modified(&dir.join(OUTPUT)) == Some(run.at)).then_some(run)
}

/// The files that a script asks to be watched; `None` where it leaves the choice to cargo.
fn watched(said: &str) -> Option<Vec<PathBuf>> {
    let word = |line: &str, key: &str| {
        let line = line.strip_prefix("cargo::").or(line.strip_prefix("cargo:"))?;
        Some(line.strip_prefix(key)?.strip_prefix('=')?.to_owned())
    };
    let files: Vec<PathBuf> =
        said.lines().filter_map(|line| word(line, "rerun-if-changed")).map(PathBuf::from).collect();
    let chosen = !files.is_empty() || said.lines().any(|line| word(line, "rerun-if-env-changed").is_some());
    chosen.then_some(files)
}

/// The files of a package, as cargo takes them where a script does not say. A registry's do not change.
fn package_files(session: &Here<'_>, dir: &Path) -> Vec<PathBuf> {
    let home = session.around.env.get(std::ffi::OsStr::new("CARGO_HOME")).map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default();
    if dir.starts_with(home.join("registry")) || dir.starts_with(home.join("git")) {
        return Vec::new();
    }
    let mut command = std::process::Command::new(&session.cargo.toolchain.cargo);
    command.args(["package", "--list", "--allow-dirty", "--quiet"]).current_dir(dir);
    let output = command.env_clear().envs(&session.around.env).stdin(std::process::Stdio::null()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().map(PathBuf::from).collect()
}

/// Runs of scripts that read something else than what is there now.
pub(super) fn stale(session: &Here<'_>, target_dir: &Path, generated: &Generated) -> Vec<Stale> {
    let root = &session.root;
    let of_run = |dir: PathBuf| {
        let run = noted(&dir)?;
        let mut changed = run.read.iter().filter(|file| !file.is_same(root)).map(|file| file.place(root));
        let file = changed.find(|file| !generated.has(file));
        let joined =
            |folder: &&Folder| names(&files::below(&folder.path).unwrap_or_default()) != folder.names;
        let grown = |package: &&Folder| names(&package_files(session, &package.path)) != package.names;
        let other = || run.folders.iter().find(joined).or_else(|| run.packages.iter().find(grown));
        let differs = file.or_else(|| Some(other()?.path.clone()))?;
        Some(Stale::new(vec![dir.join(OUTPUT), dir.join(INPUTS)], differs))
    };
    runs(target_dir).into_iter().filter_map(of_run).collect()
}

/// When scripts ran.
pub(super) fn spans(target_dir: &Path) -> Vec<(SystemTime, SystemTime)> {
    let of_run = |dir: PathBuf| Some((modified(&dir.join(OUTPUT))?, modified(&dir.join(END))?));
    runs(target_dir).into_iter().filter_map(of_run).collect()
}

/// The folders of scripts' runs.
fn runs(target_dir: &Path) -> Vec<PathBuf> {
    let profiles = units::profiles(target_dir).into_iter();
    let builds = profiles.flat_map(|profile| units::folders(&profile.join("build")));
    builds.filter(|dir| dir.join(OUTPUT).is_file()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_watches_is_read() {
        let files = |said: &str| watched(said).map(|files| files.len());
        assert_eq!(files("cargo:rerun-if-changed=a\nnoise\ncargo::rerun-if-changed=b c\n"), Some(2));
        assert_eq!(files("cargo::rerun-if-env-changed=CC\n"), Some(0));
        assert_eq!(files("cargo:rustc-cfg=x\n"), None);
        assert_eq!(files("say cargo:rerun-if-changed=a"), None);
    }
}
