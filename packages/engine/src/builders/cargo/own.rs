//! Target directories that are one program's alone.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the names of such folders begin with.
const FLAVOURS: [&str; 4] = ["optimize", "exec-baseline", "exec-instrument", "exec-optimize"];

/// Those of `program` below `builds`. An earlier version had them in the root of all.
pub(super) fn folders(builds: &Path, program: &str) -> Vec<PathBuf> {
    let below = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(|path| path.is_dir()).collect::<Vec<_>>()
    };
    let all = below(builds);
    let deeper: Vec<PathBuf> = all.iter().flat_map(|folder| below(folder)).collect();
    let found = all.into_iter().chain(deeper);
    found
        .filter(|path| path.file_name().is_some_and(|name| is_own(&name.to_string_lossy(), program)))
        .collect()
}

fn is_own(name: &str, program: &str) -> bool {
    FLAVOURS.iter().any(|flavour| {
        let rest = name.strip_prefix(&format!("{flavour}-{program}"));
        // A mark of eight digits stands for the flags.
        rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with('-') && rest.len() == 9))
    })
}
