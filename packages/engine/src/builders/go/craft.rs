//! Where Go programs are: a module, or a workspace of modules.

use std::{path::Path, sync::Arc};

use honing_core::{Result, config::Tables};

use crate::{
    builders::{
        Around, Craft, Opened,
        go::{state::GoBuilder, tables::TABLES},
    },
    chain::session::Options,
};

/// Programs that Go builds.
#[derive(Debug)]
pub struct ByGo;

impl Craft for ByGo {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    /// The outermost folder with a `go.work`, or else the nearest with a `go.mod`. Go itself is asked when a
    /// program of it is: that it is absent need not matter.
    fn find(&self, around: &Around, options: &Options) -> Result<Option<Opened>> {
        let above = |file: &str| around.dir.ancestors().find(|dir| dir.join(file).is_file());
        let Some(root) = above("go.work").or_else(|| above("go.mod")) else { return Ok(None) };
        self.open(around, root, options).map(Some)
    }

    fn open(&self, around: &Around, root: &Path, _: &Options) -> Result<Opened> {
        Ok(Opened {
            root: root.to_owned(),
            target_dir: root.join("target"),
            builder: Arc::new(GoBuilder::new(root.to_owned(), around.env.clone())),
            passes: Vec::new(),
        })
    }
}
