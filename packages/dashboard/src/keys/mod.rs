//! Keys, declared once: the table makes the dispatch, the footer and the help.

mod table;

use std::{collections::BTreeMap, fmt, str::FromStr};

use crossterm::event::{KeyCode, KeyModifiers};
use honing_core::{Error, Result, closest};

pub(crate) use table::{Action, BINDINGS, Binding, Where};

use crate::state::State;

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Whether Ctrl is held.
    pub ctrl: bool,
}

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

    /// The action of a key, where something is done by it now.
    pub(crate) fn action(&self, key: Key, state: &State) -> Option<Action> {
        self.bindings(state).find(|(_, keys)| keys.contains(&key)).map(|(binding, _)| binding.action)
    }

    /// What can be done now, with its keys.
    pub(crate) fn bindings<'a>(
        &'a self,
        state: &'a State,
    ) -> impl Iterator<Item = (&'static Binding, &'a [Key])> {
        self.all().filter(|(binding, _)| works(binding.place, state) && (binding.now)(state))
    }

    /// Everything, for the help.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static Binding, &[Key])> {
        BINDINGS.iter().zip(self.0.iter().map(Vec::as_slice))
    }
}

use Where::{Always, Anywhere, In, Proposal, Question, Text};

fn works(place: Where, state: &State) -> bool {
    match place {
        Always => true,
        Question => state.asks(),
        Text => state.reads_text() && !state.proposes(),
        Proposal => state.proposes(),
        Anywhere => !state.asks() && !state.reads_text(),
        In(pane) => !state.asks() && !state.reads_text() && state.pane() == pane,
    }
}

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

const NAMED: [(&str, KeyCode); 14] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("space", KeyCode::Char(' ')),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("delete", KeyCode::Delete),
];

/// Reads `ctrl-l`, `pageup`, `f5`, `x`.
fn parse(word: &str) -> Result<Key> {
    let (ctrl, name) = match word.strip_prefix("ctrl-") {
        Some(name) => (true, name),
        None => (false, word),
    };
    let mut chars = name.chars();
    let code = match (chars.next(), chars.next()) {
        (Some(char), None) => Some(KeyCode::Char(char)),
        (Some('f'), Some(_)) if name[1..].parse::<u8>().is_ok() => name[1..].parse().ok().map(KeyCode::F),
        _ => NAMED.iter().find(|(named, _)| *named == name).map(|(_, code)| *code),
    };
    code.map(|code| Key { code, ctrl }).ok_or_else(|| {
        Error::usage(format!("keys: `{word}` is no key")).with_hint(
            "write a character, `ctrl-` and one, `f5`, or a name such as `pageup`, `enter`, `space`",
        )
    })
}

impl Key {
    /// From what the terminal reports.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let ctrl = modifiers.contains(KeyModifiers::CONTROL);
        let code = match code {
            KeyCode::Char(char) if ctrl => KeyCode::Char(char.to_ascii_lowercase()),
            code => code,
        };
        Self { code, ctrl }
    }
}

impl FromStr for Key {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        parse(word)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("ctrl-")?;
        }
        let named = NAMED.iter().find(|(_, code)| *code == self.code).map(|(name, _)| *name);
        match (named, self.code) {
            (Some(name), _) => f.write_str(name),
            (None, KeyCode::Char(char)) => write!(f, "{char}"),
            (None, KeyCode::F(number)) => write!(f, "f{number}"),
            (None, _) => f.write_str("?"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
