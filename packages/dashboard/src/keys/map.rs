//! Which key does what: the default, and what a person has changed.

use std::collections::BTreeMap;

use honing_core::{Error, Result, closest};

use super::{
    key::{Key, parse},
    table::{BINDINGS, Binding, Where},
};

/// Which key does what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap(Vec<Vec<Key>>);

impl Default for Keymap {
    fn default() -> Self {
        Self(BINDINGS.iter().map(|binding| keys(binding.keys).unwrap_or_default()).collect())
    }
}

impl Keymap {
    /// The default keys with some replaced: names of actions, and keys as in `ctrl-l`,
    /// `pageup`, `x`.
    ///
    /// # Errors
    /// Usage, where a name or a key is unknown, or a key is taken twice.
    pub fn with(changes: &BTreeMap<String, Vec<String>>) -> Result<Self> {
        let mut map = Self::default();
        for (name, words) in changes {
            if !Self::names().any(|known| known == name) {
                let error = Error::usage(format!("keys: no action is called `{name}`"));
                return Err(match closest(name, Self::names()) {
                    Some(near) => error.with_hint(format!("did you mean `{near}`?")),
                    None => error.with_hint("docs/dashboard.md lists them"),
                });
            }
            let chosen = words.iter().map(|word| parse(word)).collect::<Result<Vec<_>>>()?;
            for (binding, keys) in BINDINGS.iter().zip(&mut map.0) {
                if binding.name == name {
                    keys.clone_from(&chosen);
                }
            }
        }
        map.check()?;
        Ok(map)
    }

    fn check(&self) -> Result<()> {
        let each = || BINDINGS.iter().zip(&self.0);
        for (at, (one, keys)) in each().enumerate() {
            for (other, others) in each().skip(at + 1).filter(|(other, _)| overlap(one.place, other.place)) {
                if let Some(key) = keys.iter().find(|key| others.contains(key)) {
                    return Err(Error::usage(format!(
                        "keys: `{key}` is taken twice, by `{}` and `{}`",
                        one.name, other.name
                    ))
                    .with_hint("give one of them another key"));
                }
            }
        }
        Ok(())
    }

    /// Names of all actions, as in the configuration file.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BINDINGS.iter().map(|binding| binding.name)
    }

    /// Everything, for the help.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static Binding, &[Key])> {
        BINDINGS.iter().zip(self.0.iter().map(Vec::as_slice))
    }
}

use Where::{Always, Anywhere, In};

/// Whether two places can be the same one.
fn overlap(one: Where, other: Where) -> bool {
    match (one, other) {
        (Always, _) | (_, Always) | (Anywhere, In(_)) | (In(_), Anywhere) => true,
        (one, other) => one == other,
    }
}

fn keys(words: &str) -> Result<Vec<Key>> {
    words.split(' ').map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::table::Action, *};

    #[test]
    fn every_default_key_is_one_and_taken_once() {
        for binding in BINDINGS {
            let parsed = keys(binding.keys).unwrap();
            let shown: Vec<String> = parsed.iter().map(ToString::to_string).collect();
            assert_eq!(shown.join(" "), binding.keys);
            assert!(!binding.help.is_empty());
        }
        Keymap::default().check().unwrap();
    }

    #[test]
    fn keys_can_be_replaced_and_slips_are_named() {
        let with = |name: &str, keys: &[&str]| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            Keymap::with(&[(name.to_owned(), keys)].into())
        };
        let map = with("cancel", &["ctrl-x", "f9"]).unwrap();
        let (_, keys) = map.all().find(|(binding, _)| binding.action == Action::Cancel).unwrap();
        assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ctrl-x", "f9"]);
        let said = |name: &str, keys: &[&str]| with(name, keys).unwrap_err();
        assert_eq!(said("cancle", &["x"]).hint(), Some("did you mean `cancel`?"));
        assert_eq!(said("cancel", &["hyper-x"]).to_string(), "keys: `hyper-x` is no key");
        let twice = said("cancel", &["q"]).to_string();
        assert_eq!(twice, "keys: `q` is taken twice, by `cancel` and `quit`");
        with("cancel", &["y"]).unwrap();
    }
}
