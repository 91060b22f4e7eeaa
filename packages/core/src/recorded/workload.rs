//! The workloads of a profile, and what became of them since.

use serde::{Deserialize, Serialize};

use crate::fingerprint::Digest;

/// A workload that a profile was trained or measured on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadEntry {
    /// Its name.
    pub name: String,
    /// How much it counted.
    pub weight: u32,
    /// Digest of its definition and of its inputs.
    pub digest: Digest,
    /// The digest that an older Honing would have written of the same, where that is another one.
    #[serde(skip)]
    pub earlier: Option<Digest>,
}

impl WorkloadEntry {
    /// Whether `then`, which may be an older Honing's, has this definition and these inputs.
    pub fn is_as(&self, then: &Self) -> bool {
        self.digest == then.digest || self.earlier.as_ref() == Some(&then.digest)
    }
}

/// What became of workloads since, a line each. Empty where nothing did, and where nothing is known of
/// `then`.
pub fn workload_changes(then: &[WorkloadEntry], now: &[WorkloadEntry]) -> Vec<String> {
    let find = |of: &[WorkloadEntry], name: &str| of.iter().find(|one| one.name == name).cloned();
    let known = then.iter().filter_map(|one| match find(now, &one.name) {
        Some(today) if today.is_as(one) => None,
        Some(_) => Some(format!("workload `{}` changed", one.name)),
        None => Some(format!("workload `{}` is gone", one.name)),
    });
    let new = now.iter().filter(|one| !then.is_empty() && find(then, &one.name).is_none());
    known.chain(new.map(|one| format!("workload `{}` is new", one.name))).collect()
}
