//! The crafts of a session: each looks at what is there once, when a program asks for it.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use honing_core::{Error, Result, config::Tables};

use crate::{
    builders::{Around, Craft, Opened},
    chain::session::Options,
};

#[derive(Debug)]
pub(crate) struct Crafts(Vec<(Arc<dyn Craft>, OnceLock<Opened>)>);

impl Crafts {
    /// The crafts, and the root of what is to be built: where a craft sees it; or where the nearest
    /// `pgo/pgo.toml` is, unless that is outside of it.
    pub(crate) fn find(
        crafts: &[Arc<dyn Craft>],
        around: &Around,
        options: &Options,
    ) -> Result<(Self, PathBuf)> {
        let all = Self(crafts.iter().map(|craft| (Arc::clone(craft), OnceLock::new())).collect());
        for (craft, known) in &all.0 {
            let Some(found) = craft.find(around, options)? else { continue };
            let root = match configured(&around.dir) {
                Some(nearer) if nearer.starts_with(&found.root) && !has_config(&found.root) => nearer,
                _ => found.root.clone(),
            };
            if found.root == root {
                let _ = known.set(found);
            }
            return Ok((all, root));
        }
        let root = configured(&around.dir).ok_or_else(|| {
            Error::usage(format!("neither {} nor a folder above it is a workspace", around.dir.display()))
                .with_hint("call it in one that can be built, or say where that is with --manifest-path")
        })?;
        Ok((all, root))
    }

    /// What they read of pgo.toml.
    pub(crate) fn tables(&self) -> Vec<&'static Tables> {
        self.0.iter().map(|(craft, _)| craft.tables()).collect()
    }

    /// The crafts themselves.
    pub(crate) fn all(&self) -> Vec<Arc<dyn Craft>> {
        self.0.iter().map(|(craft, _)| Arc::clone(craft)).collect()
    }

    /// What the craft of that name finds in `root`.
    pub(crate) fn opened(
        &self,
        name: &str,
        around: &Around,
        root: &Path,
        options: &Options,
    ) -> Result<&Opened> {
        let named = self.0.iter().find(|(craft, _)| craft.tables().name == name);
        let (craft, known) = named.ok_or_else(|| Error::internal(format!("no craft is called `{name}`")))?;
        match known.get() {
            Some(opened) => Ok(opened),
            None => {
                let opened = craft.open(around, root, options)?;
                Ok(known.get_or_init(|| opened))
            }
        }
    }
}

/// The nearest folder with a configuration, from `dir` up.
fn configured(dir: &Path) -> Option<PathBuf> {
    dir.ancestors().find(|dir| has_config(dir)).map(Path::to_owned)
}

fn has_config(root: &Path) -> bool {
    // Whatever it is: what is no file is refused by its name when it is read.
    root.join("pgo/pgo.toml").symlink_metadata().is_ok()
}
