//! Where programs are that commands build: where the configuration is, which says all of it.

use std::{path::Path, sync::Arc};

use honing_core::{Result, config::Tables};

use crate::{
    builders::{
        Around, Craft, Opened,
        command::{state::CommandBuilder, tables::TABLES},
    },
    chain::session::Options,
};

/// Programs that commands build.
#[derive(Debug)]
pub struct ByCommand;

impl Craft for ByCommand {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    /// No file of a tree says that it is one: the configuration does.
    fn find(&self, _: &Around, _: &Options) -> Result<Option<Opened>> {
        Ok(None)
    }

    fn open(&self, around: &Around, root: &Path, _: &Options) -> Result<Opened> {
        Ok(Opened {
            root: root.to_owned(),
            target_dir: root.join("target"),
            builder: Arc::new(CommandBuilder::new(root.to_owned(), around.env.clone())),
            passes: Vec::new(),
        })
    }
}
