//! The programs of a module, for somebody who begins.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use honing_core::Result;
use serde::Deserialize;

use crate::builders::go::ask::{Go, parse};

/// A main package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Main {
    /// As for `go build`, relative to the root: `./cmd/server`.
    pub package: String,
    /// A name for it.
    pub name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Package {
    name: String,
    import_path: String,
    dir: PathBuf,
}

/// The main packages of the module in `root`.
pub(crate) fn mains(root: &Path, env: &BTreeMap<OsString, OsString>) -> Result<Vec<Main>> {
    let said = Go { dir: root, env: env.clone() }.ask(&["list", "-json=Name,ImportPath,Dir", "./..."])?;
    let mut mains = Vec::new();
    for read in parse::<Package>(&said, "go list")? {
        if read.name == "main" {
            mains.push(read.main(root));
        }
    }
    Ok(mains)
}

impl Package {
    fn main(self, root: &Path) -> Main {
        let below = self.dir.strip_prefix(root).unwrap_or(&self.dir);
        let package =
            if below.as_os_str().is_empty() { ".".into() } else { format!("./{}", below.display()) };
        let name = self.import_path.rsplit('/').next().unwrap_or_default().to_owned();
        Main { package, name }
    }
}
