//! Packages that have to be told apart, since their keys would be equal.

use std::collections::BTreeMap;

use honing_core::{Result, pin};

use crate::Session;

/// What tells a package apart, by its folder.
#[derive(Debug, Default)]
pub(super) struct Apart(BTreeMap<String, String>);

impl Apart {
    /// Looks into `Cargo.lock`, which is nearly always enough; where two packages of it
    /// share a key, cargo knows their folders.
    pub(super) fn find(session: &Session, triple: &str) -> Result<Self> {
        let lock = std::fs::read_to_string(session.workspace.root.join("Cargo.lock")).unwrap_or_default();
        let locked = pin::locked(&lock);
        let named = locked.iter().map(|one| (one.name.as_str(), one.version.as_str(), one.source.as_deref()));
        if pin::sharing(named).is_empty() {
            return Ok(Self::default());
        }
        let metadata = session.workspace.all_packages(session, triple)?;
        let source = |at: usize| metadata.packages[at].source.as_ref().map(|id| id.repr.as_str());
        let named = metadata.packages.iter().enumerate();
        let versions: Vec<String> = metadata.packages.iter().map(|one| one.version.to_string()).collect();
        let named = named.map(|(at, one)| (one.name.as_str(), versions[at].as_str(), source(at)));
        let apart = pin::sharing(named).into_iter().filter_map(|at| {
            let dir = metadata.packages[at].manifest_path.parent()?;
            let root = &session.workspace.root;
            Some((dir.to_string(), pin::distinction(source(at), dir.as_std_path(), root)))
        });
        Ok(Self(apart.collect()))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// For the wrapper.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }
}
