//! Which files a build read, from the dep-info that cargo leaves beside the artifact.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use honing_core::Digest;

use crate::{builders::cargo::generated::Generated, io::files};

/// The files of the workspace that `artifact` was built from, relative to `root`, with
/// their digests. Files that are gone are left out: the difference shows them. So are those that
/// builds themselves wrote, into their folders or into the sources.
pub(crate) fn source_digests(artifact: &Path, root: &Path, store: &Path) -> BTreeMap<String, Digest> {
    let text = std::fs::read_to_string(artifact.with_extension("d")).unwrap_or_default();
    let generated = Generated::load(&store.join("build"), root);
    dep_info(&text)
        .into_iter()
        // Relative to the folder that the build was told to name files from.
        .map(|path| root.join(path))
        .filter(|path| !path.starts_with(store) && !generated.has(path))
        .filter_map(|path| {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            Some((name, files::digest(&path).ok()?))
        })
        .collect()
}

/// The prerequisites of the first rule: separated by spaces, a space in a name is `\ `.
pub(crate) fn dep_info(text: &str) -> Vec<PathBuf> {
    let line = text.lines().next().unwrap_or_default();
    let Some((_, list)) = line.split_once(": ") else { return Vec::new() };
    let mut paths = vec![String::new()];
    let mut chars = list.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' => paths.push(String::new()),
            c => {
                let escaped = (c == '\\').then(|| chars.next_if_eq(&' ')).flatten();
                if let Some(last) = paths.last_mut() {
                    last.push(escaped.unwrap_or(c));
                }
            }
        }
    }
    paths.into_iter().filter(|path| !path.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_spaces_stay_whole() {
        assert_eq!(
            dep_info("/t/rel/x: /a/b.rs /c\\ d/e.rs\n"),
            [PathBuf::from("/a/b.rs"), PathBuf::from("/c d/e.rs")]
        );
        assert!(dep_info("").is_empty());
    }
}
