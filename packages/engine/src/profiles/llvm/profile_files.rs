//! Merges files of profiles with our own engine.

use std::path::{Path, PathBuf};

use honing_core::{Error, ExitCode, Result};
use honing_profdata::{self as profdata, InputError, Policy};

use crate::{
    io::files,
    profiles::{Profile, given::Input, llvm::counts::Counts},
};

/// A merge, and what was lost on the way.
#[derive(Debug)]
pub struct Outcome {
    /// The profile.
    pub(super) counts: Counts,
    /// Functions in it.
    pub functions: usize,
    /// A line for each thing that was left out.
    pub losses: Vec<String>,
}

/// Why a merge came to nothing.
#[derive(Debug)]
pub enum Failure {
    /// A toolchain newer than this: LLVM's tool may read it.
    NewerFormat(Error),
    /// Anything else.
    Other(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NewerFormat(error) | Failure::Other(error) => error,
        }
    }
}

/// Merges `inputs`; at most `max_lost` percent of the weight may be lost.
///
/// # Errors
/// Profile, where nothing can be read or too much was lost.
pub fn merge_files(inputs: &[Input], max_lost: f64) -> std::result::Result<Outcome, Failure> {
    let policy = Policy { max_lost_share: max_lost / 100.0, ..Policy::default() };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut run = profdata::merge_all(inputs.len(), threads, policy, |at| {
        files::read(&inputs[at].path).map(|bytes| (bytes, inputs[at].weight))
    });
    for Input { path, weight, sum_of } in inputs {
        if let Some(written) = sum_of {
            run.merger.stands_for(files::size(path), *written, *weight);
        }
    }
    let mut losses = Vec::new();
    for (input, report) in inputs.iter().zip(&run.reports) {
        let path = input.path.display();
        match report {
            Ok(report) => losses.extend(report.losses.iter().map(|loss| {
                let share = report.share_lost() * 100.0;
                format!(
                    "{path}: {} ({} functions; {share:.3} % of the file's weight lost)",
                    loss.kind, loss.functions
                )
            })),
            Err(InputError::Read(error @ profdata::Error::RawVersion { .. })) => {
                return Err(Failure::NewerFormat(refused(format!("{path}: {error}"))));
            }
            Err(InputError::Read(error)) => losses.push(format!("{path}: set aside: {error}")),
            Err(InputError::Load(error)) => return Err(Failure::Other(error.clone())),
        }
    }
    let merged = run.merger.finish().map_err(|error| {
        let mut message = format!("merge: {error}");
        losses.iter().take(5).for_each(|loss| message.push_str(&format!("\n{loss}")));
        Failure::Other(refused(message))
    })?;
    let dropped = merged.summary.dropped.iter();
    losses.extend(dropped.map(|loss| format!("{} ({} functions)", loss.kind, loss.functions)));
    let functions = merged.profile.len();
    let counts =
        Counts::parsed(merged.profile).map_err(|error| Failure::Other(refused(error.to_string())))?;
    Ok(Outcome { counts, functions, losses })
}

impl Outcome {
    /// The profile, as the compiler reads it.
    pub fn bytes(&self) -> &[u8] {
        self.counts.bytes()
    }
}

fn refused(message: String) -> Error {
    Error::new(ExitCode::Profile, message).with_hint(
        "train again (--from train --force); or accept the loss: merge.max_lost in pgo.toml, in percent",
    )
}

/// Reads one profile, whatever its format.
///
/// # Errors
/// Profile, with the file's name.
pub fn read_profile(path: &Path) -> Result<profdata::Read> {
    let bytes = files::read(path).map_err(|error| error.with_code(ExitCode::Profile))?;
    profdata::read(&bytes)
        .map_err(|error| Error::new(ExitCode::Profile, format!("{}: {error}", path.display())))
}

/// The profiles in `places`: files as they are, and in folders everything below that is
/// called `*.profraw` or `*.profdata`, sorted.
///
/// # Errors
/// Profile, where there is none.
pub fn find_profiles(places: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for place in places {
        if place.is_dir() {
            found.extend(files::below(place)?.into_iter().filter(|path| is_profile(path)));
        } else if place.is_file() {
            found.push(place.clone());
        } else {
            return Err(Error::new(ExitCode::Profile, format!("there is no {}", place.display())));
        }
    }
    if found.is_empty() {
        let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        return Err(Error::new(
            ExitCode::Profile,
            format!("no .profraw or .profdata in {}", places.join(", ")),
        ));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn is_profile(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("profraw" | "profdata" | "proftext"))
}
