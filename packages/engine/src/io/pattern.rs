//! Names of files with `*` and `?`, as a shell expands them.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use honing_core::Result;

use crate::io::files;

/// What is at `pattern`, relative to `root`, sorted. A name that begins with a dot is only found by one that does.
///
/// # Errors
/// Where a folder cannot be read.
pub(crate) fn matches(root: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
    let mut found = vec![root.to_owned()];
    for component in Path::new(pattern).components() {
        let name = component.as_os_str().to_string_lossy();
        let is_pattern = matches!(component, Component::Normal(_)) && name.contains(['*', '?']);
        let mut next = Vec::new();
        for folder in found {
            if !is_pattern {
                next.push(folder.join(component));
            } else if folder.is_dir() {
                next.extend(named(&folder, &name)?);
            }
        }
        found = next;
    }
    found.retain(|path| path.exists());
    found.sort();
    Ok(found)
}

/// What in `folder` is called so.
fn named(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>> {
    let failed = |cause: std::io::Error| files::error("read", folder, &cause);
    let pattern: Vec<char> = pattern.chars().collect();
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name: Vec<char> = entry.file_name().to_string_lossy().chars().collect();
        let hidden = name.first() == Some(&'.') && pattern.first() != Some(&'.');
        if !hidden && is_like(&pattern, &name) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// In time of at most the product of both lengths: of several `*` only the last one is tried again.
fn is_like(pattern: &[char], name: &[char]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(letter) = name.get(read) {
        match (pattern.get(at), star) {
            (Some('*'), _) => {
                star = Some((at, read));
                at += 1;
            }
            (Some(wanted), _) if *wanted == '?' || wanted == letter => {
                at += 1;
                read += 1;
            }
            (_, Some((before, taken))) => {
                star = Some((before, taken + 1));
                at = before + 1;
                read = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.iter().skip(at).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_a_shell_does() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a/1.pprof", "a/2.pprof", "a/.3.pprof", "b/10.pprof", "b/note.txt"] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let found = matches(folder.path(), pattern).unwrap();
            found.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string()).collect()
        };
        for (pattern, names) in [
            ("a/*.pprof", &["a/1.pprof", "a/2.pprof"][..]),
            ("*/?.pprof", &["a/1.pprof", "a/2.pprof"]),
            ("?/*0.pp*f", &["b/10.pprof"]),
            ("b/**", &["b/10.pprof", "b/note.txt"]),
            ("./a/.*", &["a/.3.pprof"]),
            ("b", &["b"]),
            ("b/note.txt/*", &[]),
            ("c/*", &[]),
            ("no", &[]),
        ] {
            assert_eq!(found(pattern), names, "{pattern}");
        }
        let (pattern, name) = ("*a".repeat(2000), "a".repeat(100_000));
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        assert!(!is_like(&chars(&format!("{pattern}b")), &chars(&name)));
    }
}
