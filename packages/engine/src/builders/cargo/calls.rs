//! The calls of rustc that a build is made of, from the records that the wrapper left: for the units
//! that cargo names, compiled now or earlier.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use honing_cargo::calls::Calls;
use honing_core::{Error, ExitCode, Result};

use crate::builders::cargo::{units, wrapper::record::Record};

/// A unit that cargo has built, or found as it is to be.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    /// For people: `serde 1.0.2 (lib)`.
    pub(super) name: String,
    /// The name of its crate.
    pub(super) crate_name: String,
    pub(super) files: Vec<PathBuf>,
}

/// The calls of `units`.
///
/// # Errors
/// Build, where the wrapper was not called for one.
pub(super) fn calls(target_dir: &Path, units: &[Unit]) -> Result<Calls> {
    let records: BTreeMap<PathBuf, Record> = units::records(target_dir)
        .into_iter()
        .filter_map(|(path, record)| Some((path, record?)))
        .filter(|(_, record)| record.for_target)
        .collect();
    let mut calls = Calls::default();
    for unit in units {
        let (path, record) = find(&records, unit).ok_or_else(|| {
            let message = format!("{} was not compiled through Honing's wrapper", unit.name);
            Error::new(ExitCode::Build, message).with_hint(honing_core::advise!(
                "does a `--config` after `--` set `build.rustc-wrapper` or folders of builds? Take it out \
                     there. If files below target/honing/build were removed: `{pgo} clean`"
            ))
        })?;
        let there = target_dir_then(&record.args, path, target_dir);
        calls.add(&unit.name, &record.args, there.unwrap_or(target_dir).to_string_lossy().as_ref());
    }
    Ok(calls)
}

/// The target directory that a unit was compiled into. It may have been moved since, with its workspace or by a
/// cache of CI, and cargo goes on with units of other packages there.
fn target_dir_then<'a>(args: &'a [String], record: &Path, target_dir: &Path) -> Option<&'a Path> {
    let at = args.iter().position(|arg| arg == "--out-dir")?;
    let out_dir = Path::new(args.get(at + 1)?);
    let below = record.parent()?.strip_prefix(target_dir).ok()?;
    out_dir.ends_with(below).then(|| out_dir.ancestors().nth(below.components().count()))?
}

/// By the stem that the unit's files share with its record. What cargo only shows under a plain name
/// (`release/tool`) is the same file as one with a stem.
fn find<'a>(records: &'a BTreeMap<PathBuf, Record>, unit: &Unit) -> Option<(&'a PathBuf, &'a Record)> {
    let by_name = unit.files.iter().find_map(|file| {
        let stem = file.file_stem()?.to_str()?;
        let stem = if file.extension().is_some() { stem.strip_prefix("lib").unwrap_or(stem) } else { stem };
        records.get_key_value(
            &file.with_file_name(format!("{stem}.{}", crate::builders::cargo::wrapper::record::SUFFIX)),
        )
    });
    by_name.or_else(|| {
        let named = || records.iter().filter(|(_, record)| record.crate_name == unit.crate_name);
        let is_it = |path: &Path| unit.files.iter().any(|file| is_same(file, &path.with_extension("")));
        // A file system without hard links has a copy.
        named().find(|(path, _)| is_it(path)).or_else(|| named().next())
    })
}

#[cfg(unix)]
fn is_same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(one), Ok(other)) = (one.metadata(), other.metadata()) else { return false };
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_target_directory_is_no_difference() {
        let args = |out_dir: &str| ["rustc", "--crate-name", "x", "--out-dir", out_dir].map(str::to_owned);
        let record = Path::new("/new/target/t/release/deps/x-1.honing");
        let then =
            |args: &[String]| target_dir_then(args, record, Path::new("/new/target")).map(Path::to_path_buf);
        assert_eq!(then(&args("/old/target/t/release/deps")), Some(PathBuf::from("/old/target")));
        assert_eq!(then(&args("/new/target/t/release/deps")), Some(PathBuf::from("/new/target")));
        assert_eq!((then(&args("/elsewhere")), then(&[])), (None, None));
    }
}
