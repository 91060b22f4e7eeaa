//! A key, and how it is written.

use std::{fmt, str::FromStr};

use crossterm::event::{KeyCode, KeyModifiers};
use honing_core::{Error, Result};

/// A key with its modifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The key.
    pub code: KeyCode,
    /// Whether Ctrl is held.
    pub ctrl: bool,
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
pub(super) fn parse(word: &str) -> Result<Key> {
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
