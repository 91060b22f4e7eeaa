//! What a stage read: named inputs, compared by content, that can say what changed.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// A BLAKE3 digest, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).to_hex().to_string())
    }
}

impl From<blake3::Hash> for Digest {
    fn from(hash: blake3::Hash) -> Self {
        Self(hash.to_hex().to_string())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Input {
    /// A value short enough to be shown.
    Value(String),
    /// Something that only its digest stands for.
    Content(Digest),
}

/// Everything that a stage read, by name. Two equal fingerprints mean that running
/// the stage again would do the same work on the same inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(BTreeMap<String, Input>);

impl Fingerprint {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a value that a person can read, such as a seed.
    pub fn value(&mut self, name: impl Into<String>, value: impl fmt::Display) -> &mut Self {
        self.0.insert(name.into(), Input::Value(value.to_string()));
        self
    }

    /// Adds something that its digest stands for, such as a file.
    pub fn content(&mut self, name: impl Into<String>, digest: Digest) -> &mut Self {
        self.0.insert(name.into(), Input::Content(digest));
        self
    }

    /// The same without some inputs.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let kept = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        Self(kept.map(|(name, input)| (name.clone(), input.clone())).collect())
    }

    /// What changed since `old`, a line for each: `seed 7 -> 8`, `Cargo.lock changed`.
    /// Empty where nothing did.
    pub fn changes_since(&self, old: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, new) in &self.0 {
            match (old.0.get(name), new) {
                (Some(before), _) if before == new => {}
                (Some(Input::Value(before)), Input::Value(after)) if brief(before) && brief(after) => {
                    lines.push(format!("{name} {} -> {}", shown(before), shown(after)));
                }
                (Some(_), _) => lines.push(format!("{name} changed")),
                (None, _) => lines.push(format!("{name} is new")),
            }
        }
        lines.extend(
            old.0.keys().filter(|name| !self.0.contains_key(*name)).map(|name| format!("{name} is gone")),
        );
        lines
    }
}

fn brief(value: &str) -> bool {
    value.chars().count() <= 60 && !value.contains('\n')
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "(none)" } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_changed() {
        let mut old = Fingerprint::new();
        old.value("workload `udp` seed", 7).value("gone", 1).content("Cargo.lock", Digest::of(b"a"));
        let mut new = Fingerprint::new();
        new.value("workload `udp` seed", 8).value("new", 1).content("Cargo.lock", Digest::of(b"b"));
        assert_eq!(
            new.changes_since(&old),
            ["Cargo.lock changed", "new is new", "workload `udp` seed 7 -> 8", "gone is gone"]
        );
        assert!(new.changes_since(&new).is_empty());
        assert_ne!(new, old);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn no_change_means_the_same(entries: Vec<(String, String)>, other: Vec<(String, String)>) {
            let make = |entries: &[(String, String)]| {
                let mut print = Fingerprint::new();
                for (name, value) in entries { print.value(name.as_str(), value); }
                print
            };
            let (a, b) = (make(&entries), make(&other));
            assert_eq!(a.changes_since(&b).is_empty(), a == b);
        }
    }
}
