//! Which files a build read, from the dep-info that cargo leaves beside the artifact.

use std::{collections::BTreeMap, path::Path};

use honing_cargo::dep_info::dep_info;
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
