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

    /// The first 16 digits, for names of files.
    pub fn short(&self) -> &str {
        self.0.get(..16).unwrap_or(&self.0)
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
    /// Flags that one flavour has and others have not. As a value where an older Honing wrote it.
    Flags(String),
    /// The profile that one flavour has. As content where an older Honing wrote it.
    Profile(Digest),
}

impl Input {
    /// What it says, whatever it is.
    fn said(&self) -> &str {
        match self {
            Self::Value(text) | Self::Flags(text) => text,
            Self::Content(digest) | Self::Profile(digest) => &digest.0,
        }
    }

    /// As a person can read it, where that is short.
    fn shown(&self) -> Option<&str> {
        let brief = |text: &&str| text.chars().count() <= 60 && !text.contains('\n');
        let shown = |text| if str::is_empty(text) { "(none)" } else { text };
        match self {
            Self::Value(text) | Self::Flags(text) => Some(text.as_str()).filter(brief).map(shown),
            Self::Content(_) | Self::Profile(_) => None,
        }
    }

    fn is_of_flavour(&self) -> bool {
        matches!(self, Self::Flags(_) | Self::Profile(_))
    }
}

/// The first `shown` reasons, and how many more there are: `Cargo.lock changed and 2 more`.
pub fn because(reasons: &[String], shown: usize) -> String {
    let first = reasons.iter().take(shown).map(String::as_str).collect::<Vec<_>>().join(", ");
    match reasons.len().saturating_sub(shown) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
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

    /// Adds flags that other flavours have not.
    pub fn flags(&mut self, name: impl Into<String>, flags: impl Into<String>) -> &mut Self {
        self.0.insert(name.into(), Input::Flags(flags.into()));
        self
    }

    /// Adds the profile of a flavour.
    pub fn profile(&mut self, name: impl Into<String>, digest: Digest) -> &mut Self {
        self.0.insert(name.into(), Input::Profile(digest));
        self
    }

    /// What changed since `old`, another flavour's, but for what makes them two.
    pub fn changes_beside_flavour(&self, old: &Self) -> Vec<String> {
        let of_flavour = |name: &String| {
            [self, old].iter().any(|print| print.0.get(name).is_some_and(Input::is_of_flavour))
        };
        let beside =
            |print: &Self| Self(print.0.clone().into_iter().filter(|(name, _)| !of_flavour(name)).collect());
        beside(self).changes_since(&beside(old))
    }

    /// What changed since `old`, a line for each: `seed 7 -> 8`, `Cargo.lock changed`.
    /// Empty where nothing did.
    pub fn changes_since(&self, old: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for (key, new) in &self.0 {
            let name = plain(key);
            match old.0.get(key) {
                Some(before) if before.said() == new.said() => {}
                Some(before) => lines.push(match (before.shown(), new.shown()) {
                    (Some(before), Some(after)) => format!("{name} {before} -> {after}"),
                    _ => format!("{name} changed"),
                }),
                None => lines.push(match new.shown() {
                    Some(after) => format!("{name} (none) -> {after}"),
                    None => format!("{name} is new"),
                }),
            }
        }
        let gone = old.0.iter().filter(|(name, _)| !self.0.contains_key(*name));
        lines.extend(gone.map(|(key, before)| match before.shown() {
            Some(before) => format!("{} {before} -> (none)", plain(key)),
            None => format!("{} is gone", plain(key)),
        }));
        lines
    }
}

/// A name as a person reads it, where it was stored as a worse one.
fn plain(name: &str) -> &str {
    match name {
        "merged by" => "what merges",
        "merges" => "whether anything is merged",
        "max_lost" => "merge.max_lost",
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_changed() {
        let mut old = Fingerprint::new();
        old.value("workload `udp` seed", 7).value("merged by", 1).content("Cargo.lock", Digest::of(b"a"));
        let mut new = Fingerprint::new();
        new.value("workload `udp` seed", 8).value("new", 1).content("Cargo.lock", Digest::of(b"b"));
        assert_eq!(
            new.changes_since(&old),
            [
                "Cargo.lock changed",
                "new (none) -> 1",
                "workload `udp` seed 7 -> 8",
                "what merges 1 -> (none)"
            ]
        );
        assert!(new.changes_since(&new).is_empty());
        assert_ne!(new, old);
    }

    #[test]
    fn the_first_reasons_stand_for_the_rest() {
        let reasons = |count: usize| (1..=count).map(|at| format!("r{at}")).collect::<Vec<_>>();
        for (count, shown, said) in [
            (0, 1, ""),
            (1, 1, "r1"),
            (3, 3, "r1, r2, r3"),
            (3, 1, "r1 and 2 more"),
            (4, 3, "r1, r2, r3 and 1 more"),
        ] {
            assert_eq!(because(&reasons(count), shown), said);
        }
    }

    #[test]
    fn flavours_differ_by_flags_and_profile_alone() {
        let (mut plain, mut optimized) = (Fingerprint::new(), Fingerprint::new());
        plain.value("Cargo.toml", 1).flags("flags of PGO", "");
        optimized.value("Cargo.toml", 1).flags("flags of PGO", "-C").profile("profile", Digest::of(b"a"));
        assert_eq!(optimized.changes_beside_flavour(&plain), [""; 0]);
        assert_eq!(optimized.changes_since(&plain), ["flags of PGO (none) -> -C", "profile is new"]);
        plain.value("Cargo.toml", 2);
        assert_eq!(optimized.changes_beside_flavour(&plain), ["Cargo.toml 2 -> 1"]);
    }

    #[test]
    fn what_an_older_one_wrote_is_read_and_means_the_same() {
        let digest = Digest::of(b"a");
        let text = format!(r#"{{"flags":{{"value":"-C"}},"profile":{{"content":"{digest}"}}}}"#);
        let old: Fingerprint = serde_json::from_str(&text).unwrap();
        let mut new = Fingerprint::new();
        new.flags("flags", "-C").profile("profile", digest);
        assert_eq!(new.changes_since(&old), [""; 0]);
        assert_eq!(Fingerprint::new().flags("flags", "").changes_beside_flavour(&old), ["profile is gone"]);
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
