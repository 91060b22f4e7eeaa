//! Packages that have to be told apart, since their keys would be equal.

use std::collections::BTreeMap;

use honing_cargo::pin;
use honing_core::{Digest, Result};

use crate::builders::cargo::state::Here;

/// Packages with what tells them apart.
#[derive(Debug, Default)]
pub(super) struct Namesakes(Vec<Package>);

#[derive(Debug)]
struct Package {
    name: String,
    dir: String,
    distinction: String,
}

impl Namesakes {
    /// Looks into `Cargo.lock`, which is nearly always enough; where two packages of it
    /// share a key, cargo knows their folders.
    pub(super) fn find(session: &Here<'_>, triple: &str) -> Result<Self> {
        let lock = std::fs::read_to_string(session.root.join("Cargo.lock")).unwrap_or_default();
        let locked = pin::locked(&lock);
        let named = locked.iter().map(|one| (one.name.as_str(), one.version.as_str(), one.source.as_deref()));
        if pin::sharing(named).is_empty() {
            return Ok(Self::default());
        }
        let metadata = session.cargo.workspace.all_packages(session, triple)?;
        let source = |at: usize| metadata.packages[at].source.as_ref().map(|id| id.repr.as_str());
        let named = metadata.packages.iter().enumerate();
        let versions: Vec<String> = metadata.packages.iter().map(|one| one.version.to_string()).collect();
        let named = named.map(|(at, one)| (one.name.as_str(), versions[at].as_str(), source(at)));
        let apart = pin::sharing(named).into_iter().filter_map(|at| {
            let (package, root) = (&metadata.packages[at], &session.root);
            let dir = package.manifest_path.parent()?;
            let distinction = pin::distinction(source(at), dir.as_std_path(), root);
            Some(Package { name: package.name.to_string(), dir: dir.to_string(), distinction })
        });
        Ok(Self(apart.collect()))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Of what reaches keys; folders of this machine do not.
    pub(super) fn digest(&self) -> Digest {
        let mut lines: Vec<String> =
            self.0.iter().map(|package| format!("{}\n{}\n", package.name, package.distinction)).collect();
        lines.sort();
        Digest::of(lines.concat().as_bytes())
    }

    /// For the wrapper, which knows a package by its folder.
    pub(super) fn into_table(self) -> BTreeMap<String, String> {
        self.0.into_iter().map(|package| (package.dir, package.distinction)).collect()
    }
}
