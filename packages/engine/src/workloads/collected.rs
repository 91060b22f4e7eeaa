//! What a training left: the raw profiles of each workload, once those that cannot count are sorted out.

use std::{
    fs,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Error, ExitCode, Result, event::Event, recorded::PartEntry};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{full_disk, session::Session, subject::Subject},
    io::files,
    profiles::{Input, Sorter},
    workloads::gathering::{Gathered, Summed},
};

/// The raw profiles of one workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Collected {
    pub(crate) workload: String,
    /// Files, relative to the stage's folder.
    pub(crate) files: Vec<String>,
    pub(crate) bytes: u64,
    /// Of all files together, by content.
    pub(crate) digest: Digest,
    /// What was merged while the workload ran; the sum is one of the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) gathered: Option<Gathered>,
    /// Those of them that are from elsewhere.
    #[serde(default)]
    pub(crate) parts: Vec<PartEntry>,
}

impl Collected {
    /// Raw profiles that were written, and their bytes.
    pub(crate) fn written(&self) -> (u64, u64) {
        let files = self.files.len() as u64;
        self.gathered.as_ref().map_or((files, self.bytes), |gathered| {
            (
                files.saturating_sub(1) + gathered.files,
                self.bytes.saturating_sub(gathered.sum) + gathered.bytes,
            )
        })
    }

    /// The most bytes that there were at once.
    pub(crate) fn peak(&self) -> u64 {
        self.gathered.as_ref().map_or(self.bytes, |gathered| gathered.peak)
    }

    /// What is to be merged, from the stage's folder.
    pub(crate) fn inputs(&self, stage: &Path, weight: u64) -> Vec<Input> {
        let sum_of = |file: &String| {
            self.gathered.as_ref().filter(|gathered| gathered.file == *file).map(|gathered| gathered.bytes)
        };
        let input = |file| Input { path: stage.join(file), weight, sum_of: sum_of(file) };
        self.files.iter().map(input).collect()
    }
}

/// Lists what a workload left in `raw`, below `dir`, and refuses what cannot be a profile. The `sorter` tells
/// the program's own from another's; without it everything counts. `least` is what the disk had left meanwhile, in bytes.
pub(crate) fn collect(
    (session, subject): (&Session, &Subject<'_>),
    workload: &str,
    (raw, dir): (&Path, &Path),
    (gathered, sorter): (Option<Summed>, Option<Box<dyn Sorter>>),
    least: Option<u64>,
) -> Result<Collected> {
    let warn = |what: String| {
        let text = format!("train: workload `{workload}`: {what}");
        session.sink.emit(Event::Warning { text });
    };
    let (mut found, empty) = written(raw)?;
    let relative = |path: &PathBuf| path.strip_prefix(dir).unwrap_or(path).to_string_lossy().into_owned();
    let (gathered, sum) = gathered.unzip();
    let gathered =
        gathered.zip(sum.as_ref()).map(|(gathered, sum)| Gathered { file: relative(sum), ..gathered });
    found.retain(|path| Some(path) != sum.as_ref());
    let merged = gathered.as_ref().map_or(0, |gathered| gathered.files as usize);
    let strangers = sorter.and_then(|sorter| sorter.strangers(&found, found.len() + merged));
    if let Some((strangers, words)) = &strangers {
        found.retain(|path| !strangers.contains(path));
        warn(words.clone());
    }
    // What was not added to a sum is not whole.
    let flawed = empty > 0 || if sum.is_some() { !found.is_empty() } else { found.is_empty() };
    let largest = found.iter().chain(&sum).map(|path| files::size(path)).max().unwrap_or(0);
    full_disk::refuse(session, format!("train: workload `{workload}`"), least, (flawed, largest))?;
    if found.is_empty() && sum.is_none() {
        return Err(nothing(subject, workload, raw, strangers.is_some()));
    }
    if empty > 0 {
        let all = found.len() + merged + empty;
        warn(format!("{empty} of {all} processes were killed before they wrote a profile"));
    }
    found.extend(sum);
    let mut hasher = blake3::Hasher::new();
    let mut digests = found
        .iter()
        .map(|path| files::digest(path).map(|digest| digest.to_string()))
        .collect::<Result<Vec<_>>>()?;
    // Names carry process numbers, which say nothing.
    digests.sort();
    digests.iter().for_each(|digest| {
        hasher.update(digest.as_bytes());
    });
    Ok(Collected {
        workload: workload.to_owned(),
        files: found.iter().map(relative).collect(),
        bytes: found.iter().map(|path| files::size(path)).sum(),
        digest: hasher.finalize().into(),
        gathered,
        parts: Vec::new(),
    })
}

/// The files with something in them, sorted, and how many are empty.
fn written(raw: &Path) -> Result<(Vec<PathBuf>, usize)> {
    let failed = |cause: std::io::Error| files::error("read", raw, &cause);
    let (mut found, mut empty) = (Vec::new(), 0);
    for entry in fs::read_dir(raw).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if files::size(&path) == 0 {
            empty += 1;
            continue;
        }
        files::let_us_read(&path);
        found.push(path);
    }
    found.sort();
    Ok((found, empty))
}

fn nothing(subject: &Subject<'_>, workload: &str, raw: &Path, strangers: bool) -> Error {
    let raw = raw.display();
    if strangers {
        let message = format!("train: workload `{workload}` left no profile of the trained program in {raw}");
        return Error::new(ExitCode::Profile, message).with_hint(
            "another instrumented program wrote what is there: let the workload run the one at {program}",
        );
    }
    let message = format!("train: workload `{workload}` left no profile in {raw}");
    Error::new(ExitCode::Profile, message).with_hint(subject.kind().absence())
}
