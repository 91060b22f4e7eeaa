//! Merging gcc's files. What a process adds to a file is merged there by libgcov already; here workloads are,
//! with their weights, and profiles of other machines.

use std::path::{Path, PathBuf};

use honing_core::{Error, ExitCode, Result, units};
use honing_gcov::{self as gcov, Bundle, Data};

use crate::{io::files, profiles::Input};

/// A merge, and what was left out of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) bundle: Bundle,
    pub(super) losses: Vec<String>,
}

/// Merges `inputs`; at most `max_lost` percent of the weight may be lost, where a file that cannot be read weighs
/// what the others do by their size.
pub(super) fn merge(inputs: &[Input], max_lost: f64) -> Result<Outcome> {
    let (mut bundle, mut losses) = (Bundle::default(), Vec::new());
    let (mut read, mut lost) = (0_u128, 0_u128);
    for Input { path, weight, .. } in inputs {
        let bytes = files::read(path).map_err(|error| error.with_code(ExitCode::Profile))?;
        let size = bytes.len() as u128 * u128::from(*weight);
        match read_input(path, &bytes) {
            Ok(mut input) => {
                input.scale(u32::try_from(*weight).unwrap_or(u32::MAX));
                read += size;
                let files = input.files().map(|(name, data)| (name.to_owned(), data.clone()));
                for (name, data) in files {
                    bundle.add(&name, data).map_err(|error| refused(path, &name, &error))?;
                }
            }
            Err(error) => {
                lost += size;
                losses.push(format!("{}: set aside: {error}", path.display()));
            }
        }
    }
    let share = if lost == 0 { 0.0 } else { lost as f64 / (read + lost) as f64 };
    if share > max_lost / 100.0 || bundle.files().len() == 0 {
        let told: String = losses.iter().take(5).map(|loss| format!("\n{loss}")).collect();
        let message = match bundle.files().len() {
            0 => format!("merge: no profile of gcc can be read{told}"),
            _ => {
                format!("merge: {} of the weight is lost, and {max_lost} % may be{told}", units::share(share))
            }
        };
        return Err(Error::new(ExitCode::Profile, message).with_hint(
            "train again (--from train --force); or accept the loss: merge.max_lost in pgo.toml, in percent",
        ));
    }
    Ok(Outcome { bundle, losses })
}

/// A merged profile, or the file of one object file.
fn read_input(path: &Path, bytes: &[u8]) -> Result<Bundle, gcov::Error> {
    if Bundle::is_one(bytes) {
        return Bundle::read(bytes);
    }
    let mut one = Bundle::default();
    one.add(&path.file_name().unwrap_or_default().to_string_lossy(), Data::read(bytes)?)?;
    Ok(one)
}

fn refused(path: &Path, name: &str, error: &gcov::Error) -> Error {
    Error::new(ExitCode::Profile, format!("merge: {}: {name}: {error}", path.display()))
        .with_hint("merge profiles of one build only; train again: --from train --force")
}

/// One profile.
pub(super) fn read_one(path: &Path) -> Result<Bundle> {
    let bytes = files::read(path).map_err(|error| error.with_code(ExitCode::Profile))?;
    read_input(path, &bytes)
        .map_err(|error| Error::new(ExitCode::Profile, format!("{}: {error}", path.display())))
}

/// The profiles in `places`: files as they are, and in folders everything below that is called as one.
pub(super) fn find(places: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let is_profile =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "gcda" || ending == "gcdas");
    let mut found = Vec::new();
    for place in places {
        match place.is_dir() {
            true => found.extend(files::below(place)?.into_iter().filter(is_profile)),
            false => found.push(place.clone()),
        }
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(Error::new(ExitCode::Profile, "no .gcda or .gcdas was found"));
    }
    Ok(found)
}
