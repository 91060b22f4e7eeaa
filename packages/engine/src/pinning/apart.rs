//! Packages that have to be told apart, since their keys would be equal.

use std::collections::BTreeMap;

use cargo_metadata::Metadata;
use honing_core::{Result, pin};

use crate::Session;

/// What tells a package apart, by its folder.
#[derive(Debug, Default)]
pub(super) struct Apart(BTreeMap<String, String>);

impl Apart {
    /// Looks into `Cargo.lock`, which is nearly always enough; where two packages of it
    /// share a key, cargo knows their folders.
    pub(super) fn find(session: &Session, triple: &str) -> Result<Self> {
        let all_packages = || session.workspace.all_packages(session, triple);
        let Ok(lock) = std::fs::read_to_string(session.workspace.root.join("Cargo.lock")) else {
            // The build writes it, too late for us; why that fails, the build says best.
            return Ok(all_packages().map_or_else(|_| Self::default(), |all| Self::of(session, &all)));
        };
        let locked = pin::locked(&lock);
        let named = locked.iter().map(|one| (one.name.as_str(), one.version.as_str(), one.source.as_deref()));
        if pin::sharing(named).is_empty() {
            return Ok(Self::default());
        }
        Ok(Self::of(session, &all_packages()?))
    }

    fn of(session: &Session, metadata: &Metadata) -> Self {
        let source = |at: usize| metadata.packages[at].source.as_ref().map(|id| id.repr.as_str());
        let named = metadata.packages.iter().enumerate();
        let versions: Vec<String> = metadata.packages.iter().map(|one| one.version.to_string()).collect();
        let named = named.map(|(at, one)| (one.name.as_str(), versions[at].as_str(), source(at)));
        let apart = pin::sharing(named).into_iter().filter_map(|at| {
            let dir = metadata.packages[at].manifest_path.parent()?;
            let root = &session.workspace.root;
            Some((dir.to_string(), pin::distinction(source(at), dir.as_std_path(), root)))
        });
        Self(apart.collect())
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
