//! The folder that a CI job uploads: `target/honing/ci`, renewed by every run with `--ci`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use honing_core::Result;

use crate::{
    chain::session::{Options, Session},
    io::files,
};

/// Where a run's files are.
#[derive(Debug, Clone)]
pub struct Places {
    /// The root of the workspace.
    pub workspace: PathBuf,
    /// The pgo.toml, as errors name it.
    pub config: PathBuf,
    store: PathBuf,
    run: Option<PathBuf>,
}

impl Places {
    /// The places of a run.
    pub fn of(session: &Session) -> Self {
        Self {
            workspace: session.root.clone(),
            config: session.config_path.clone(),
            store: session.store.root().to_owned(),
            run: Some(session.run_dir.clone()),
        }
    }

    /// The places of a run that ended before it began.
    pub(crate) fn before(options: &Options, workspace: PathBuf, target_dir: &Path) -> Self {
        let config = options.config.clone().unwrap_or_else(|| Path::new("pgo").join("pgo.toml"));
        Self { workspace, config, store: target_dir.join("honing"), run: None }
    }

    /// The folder.
    pub fn folder(&self) -> PathBuf {
        self.store.join("ci")
    }

    /// Whether the run left a file.
    pub fn has(&self, name: &str) -> bool {
        self.run.as_ref().is_some_and(|run| run.join(name).is_file())
    }
}

/// Puts together what a run left (events, reports, the stages' logs), files beside the programs that
/// it built, each with the name that it gets, and `more`, by name and content. A reader sees the
/// folder of the run before, or this one's.
///
/// # Errors
/// Preflight or internal, where the disk does not take it.
pub fn gather(places: &Places, beside: &[(PathBuf, String)], more: &[(&str, String)]) -> Result<PathBuf> {
    let folder = places.folder();
    let partial = folder.with_extension("partial");
    files::empty_dir(&partial)?;
    let left = places.run.iter().filter_map(|run| fs::read_dir(run).ok()).flatten().flatten();
    for entry in left.filter(|entry| entry.path().is_file()) {
        files::copy(&entry.path(), &partial.join(entry.file_name()))?;
    }
    for (file, name) in beside {
        files::copy(file, &partial.join(name))?;
    }
    for (name, text) in more {
        files::write_atomically(&partial.join(name), text.as_bytes())?;
    }
    files::promote(&partial, &folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_that_of_the_latest_run() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run");
        fs::create_dir_all(run.join("left alone")).unwrap();
        fs::write(run.join("events.jsonl"), "1").unwrap();
        let mut places = Places {
            workspace: dir.path().into(),
            config: "pgo/pgo.toml".into(),
            store: dir.path().join("honing"),
            run: Some(run.clone()),
        };
        assert!(places.has("events.jsonl") && !places.has("report.md"));
        let beside = [(run.join("events.jsonl"), "tiny.json".to_owned())];
        let names = |folder: &Path| {
            let mut names: Vec<_> =
                fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name()).collect();
            names.sort();
            names
        };
        let folder = gather(&places, &beside, &[("more.json", "[]".into())]).unwrap();
        assert_eq!(names(&folder), ["events.jsonl", "more.json", "tiny.json"]);
        places.run = None;
        let folder = gather(&places, &[], &[("more.json", "[]".into())]).unwrap();
        assert_eq!(names(&folder), ["more.json"]);
        assert_eq!(names(&dir.path().join("honing")), ["ci"]);
    }
}
