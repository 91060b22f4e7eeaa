//! How a program is built, as its builder tells it: values by name, for a person to read, and to compare
//! then with now. Which names there are is the builder's business. What they mean to the policy is told
//! by the part of the account that they stand in.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// Values by name, in the builder's order. What is empty may as well be absent.
pub type Entries = IndexMap<String, String>;

/// What a builder says about how it builds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// How functions are named: a profile with other names does not fit.
    pub symbols: String,
    /// What builds. Another one is what `policy.toolchain_change` is about.
    pub toolchain: Entries,
    /// What it is told to build.
    pub build: Entries,
    /// BLAKE3 of files that decide what is built, the sources apart, by path relative to the workspace.
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub read: Entries,
}

/// Something that is another one now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// What.
    pub name: &'a str,
    /// What it was; empty where it was not there.
    pub then: &'a str,
    /// What it is; empty where it is gone.
    pub now: &'a str,
}

impl Account {
    /// What became of the toolchain.
    pub fn toolchain_changes<'a>(&'a self, now: &'a Self) -> Vec<Change<'a>> {
        changes(&self.toolchain, &now.toolchain)
    }

    /// What became of the symbols' names.
    pub fn symbols_change<'a>(&'a self, now: &'a Self) -> Option<Change<'a>> {
        let change = Change { name: "symbols", then: &self.symbols, now: &now.symbols };
        (change.then != change.now).then_some(change)
    }

    /// All that is different `now`, in words.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let told = self.toolchain_changes(now).into_iter().chain(changes(&self.build, &now.build));
        let told = told.chain(self.symbols_change(now)).map(|change| change.to_string());
        // Nobody compares digests by eye.
        let read = changes(&self.read, &now.read);
        told.chain(read.iter().map(|change| format!("{} changed", change.name))).collect()
    }
}

/// `rustc 1.95.0, LLVM 22.1.2`.
pub fn words(entries: &Entries) -> String {
    let words = entries.iter().map(|(name, value)| format!("{name} {value}"));
    words.collect::<Vec<_>>().join(", ")
}

fn changes<'a>(then: &'a Entries, now: &'a Entries) -> Vec<Change<'a>> {
    let new = now.keys().filter(|name| !then.contains_key(*name));
    let value = |of: &'a Entries, name| of.get(name).map_or("", String::as_str);
    let all =
        then.keys().chain(new).map(|name| Change { name, then: value(then, name), now: value(now, name) });
    all.filter(|change| change.then != change.now).collect()
}

impl std::fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = |text| if str::is_empty(text) { "(none)" } else { text };
        write!(f, "{} {} -> {}", self.name, word(self.then), word(self.now))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn entries(all: &[(&str, &str)]) -> Entries {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Of a craft that there is not.
    pub(crate) fn account() -> Account {
        Account {
            symbols: "plain".into(),
            toolchain: entries(&[("weaver", "1.95.0 (a)"), ("loom", "22.1.2")]),
            build: entries(&[("cloth", "linen"), ("colour", "blue")]),
            read: entries(&[("pattern", "0a"), ("yarn", "0b")]),
        }
    }

    #[test]
    fn differences_name_what_was_and_what_is() {
        let then = account();
        assert_eq!(then.differences(&then), Vec::<String>::new());
        let now = Account {
            symbols: "short".into(),
            toolchain: entries(&[("weaver", "1.96.0 (b)"), ("loom", "22.1.2")]),
            build: entries(&[("width", "2"), ("cloth", "linen"), ("empty", "")]),
            read: entries(&[("pattern", "0c"), ("yarn", "0b")]),
        };
        let told = [
            "weaver 1.95.0 (a) -> 1.96.0 (b)",
            "colour blue -> (none)",
            "width (none) -> 2",
            "symbols plain -> short",
            "pattern changed",
        ];
        assert_eq!(then.differences(&now), told);
        assert_eq!(words(&then.toolchain), "weaver 1.95.0 (a), loom 22.1.2");
    }
}
