//! What build scripts read and wrote. Cargo runs a script again when a file that it names is newer
//! than its last run; here, too, contents decide ([`super::units`]). What a script writes into the
//! sources is its own, and no change of the person's.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

use honing_core::Result;
use serde::{Deserialize, Serialize};

use super::units::{self, Stale};
use crate::{
    Session, files,
    wrapper::record::{Source, changed},
};

/// What a run read, beside what it printed.
const INPUTS: &str = "honing-inputs.json";
/// What a script printed in its last run; without it, cargo runs it again. Its time is that of the call.
const OUTPUT: &str = "output";
/// Files that builds of a target directory write.
const GENERATED: &str = "honing-generated.json";

/// A script that cargo says it ran, now or earlier.
#[derive(Debug, Clone)]
pub(super) struct Executed {
    pub(super) out_dir: PathBuf,
    /// The folder of its package, where that is one of the person's own.
    pub(super) package_dir: PathBuf,
}

/// One run.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    at: SystemTime,
    read: Vec<Source>,
}

/// Notes what was read by the scripts that have run since they were last noted.
pub(super) fn note(session: &Session, executed: &[Executed]) -> Result<()> {
    for script in executed {
        let Some(dir) = script.out_dir.parent() else { continue };
        let Some(at) = modified(&dir.join(OUTPUT)) else { continue };
        if noted(dir).is_some_and(|run| run.at == at) {
            continue;
        }
        let said = fs::read_to_string(dir.join(OUTPUT)).unwrap_or_default();
        let named = watched(&said).unwrap_or_else(|| package_files(session, &script.package_dir));
        let named = named.into_iter().map(|name| script.package_dir.join(name));
        // Cargo looks at all of such a folder, and so at what it writes itself.
        let named = named.filter(|path| !session.store.root().starts_with(path));
        let files = named.flat_map(|path| match path.is_dir() {
            true => files::below(&path).unwrap_or_default(),
            false => vec![path],
        });
        // One that is not there has cargo run the script each time, and so has one that was written
        // since the script was called: it wrote that itself.
        let read = files.map(|path| Source::see(path, at)).filter(Source::is_known).collect();
        let run = serde_json::to_vec(&Run { at, read }).unwrap_or_default();
        files::write_atomically(&dir.join(INPUTS), &run)?;
    }
    Ok(())
}

fn noted(dir: &Path) -> Option<Run> {
    serde_json::from_slice(&fs::read(dir.join(INPUTS)).ok()?).ok()
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

/// The files of a package, as cargo takes them where a script does not say.
fn package_files(session: &Session, dir: &Path) -> Vec<PathBuf> {
    let mut command = std::process::Command::new(&session.toolchain.cargo);
    command.args(["package", "--list", "--allow-dirty", "--quiet"]).current_dir(dir);
    let output = command.env_clear().envs(&session.env).stdin(std::process::Stdio::null()).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().map(PathBuf::from).collect()
}

/// Runs of scripts that read something else than what is there now.
pub(super) fn stale(target_dir: &Path) -> Vec<Stale> {
    let of_run = |dir: PathBuf| {
        let run = noted(&dir).filter(|run| modified(&dir.join(OUTPUT)) == Some(run.at))?;
        let generated = generated(target_dir);
        let differs = run.read.iter().find(|file| !generated.contains(&file.path) && !file.is_same())?;
        Some(Stale::new(vec![dir.join(OUTPUT), dir.join(INPUTS)], differs.path.clone()))
    };
    runs(target_dir).into_iter().filter_map(of_run).collect()
}

/// The folders of scripts' runs.
fn runs(target_dir: &Path) -> Vec<PathBuf> {
    let builds =
        units::profiles(target_dir).into_iter().flat_map(|profile| units::folders(&profile.join("build")));
    builds.filter(|dir| dir.join(OUTPUT).is_file()).collect()
}

/// The files that builds of this target directory write into the sources.
pub(crate) fn generated(target_dir: &Path) -> BTreeSet<PathBuf> {
    let text = fs::read(target_dir.join(GENERATED)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Finds them: files that a unit was compiled from, and that were written while a script ran.
pub(super) fn find_generated(target_dir: &Path) -> Result<()> {
    let times = |dir: PathBuf| Some((modified(&dir.join(OUTPUT))?, changed(&dir.join(OUTPUT))?));
    let spans: Vec<(SystemTime, SystemTime)> = runs(target_dir).into_iter().filter_map(times).collect();
    if spans.is_empty() {
        return Ok(());
    }
    let mut found = generated(target_dir);
    let before = found.len();
    for record in units::records(target_dir).into_iter().filter_map(|(_, record)| record) {
        let meanwhile = |path: &Path| {
            modified(path).is_some_and(|at| spans.iter().any(|(from, to)| *from <= at && at <= *to))
        };
        found.extend(record.files.into_iter().map(|file| file.path).filter(|path| meanwhile(path)));
    }
    if found.len() == before {
        return Ok(());
    }
    let text = serde_json::to_vec_pretty(&found).unwrap_or_default();
    files::write_atomically(&target_dir.join(GENERATED), &text)
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
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
