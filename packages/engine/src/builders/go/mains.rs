//! The programs of a module, for somebody who begins.

use std::path::{Path, PathBuf};

use honing_core::{Error, Result};
use serde::Deserialize;

use crate::builders::{
    cargo::whereabouts::{own_environment, whereabouts},
    go::ask::Go,
};

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

/// The nearest module above the current folder and its main packages; `None` where a Cargo workspace is nearer,
/// or where there is no module.
///
/// # Errors
/// Where Go cannot be asked.
pub fn find_mains() -> Result<Option<(PathBuf, Vec<Main>)>> {
    let (dir, exe) = whereabouts()?;
    let has = |dir: &Path, file: &str| dir.join(file).is_file();
    let root = dir.ancestors().find(|dir| has(dir, "go.mod") || has(dir, "Cargo.toml"));
    let Some(root) = root.filter(|root| !has(root, "Cargo.toml")) else { return Ok(None) };
    let go = Go { dir: root, env: own_environment(root, &exe, false) };
    let said = go.ask(&["list", "-json=Name,ImportPath,Dir", "./..."])?;
    let mut mains = Vec::new();
    for read in serde_json::Deserializer::from_slice(&said).into_iter::<Package>() {
        let read = read
            .map_err(|error| Error::preflight(format!("the answer of `go list` cannot be read: {error}")))?;
        if read.name == "main" {
            mains.push(read.main(root));
        }
    }
    Ok(Some((root.to_owned(), mains)))
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
