//! Edits of text files: pure, from text to text. Every edit has to find what it changes.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use serde::Deserialize;

/// One edit of one file, relative to the workspace.
#[derive(Debug, Deserialize)]
pub(super) struct Edit {
    pub(super) file: PathBuf,
    #[serde(flatten)]
    pub(super) how: How,
}

/// How a file is edited.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum How {
    /// Replaces the only occurrence of a text.
    Replace { from: String, to: String },
    /// Replaces every occurrence, of which there has to be one at least.
    ReplaceAll { from: String, to: String },
    /// Adds a text to the end.
    Append { text: String },
    /// Cuts from the only `from` up to the next `until`, and puts it before the only `before`.
    Cut { from: String, until: String, before: String },
    /// Gives the file another name.
    Rename { to: PathBuf },
}

impl How {
    /// The edited text; the text itself where the edit is of the file's name.
    pub(super) fn apply(&self, text: &str) -> Result<String> {
        match self {
            Self::Replace { from, to } => {
                let at = only(text, from)?;
                Ok([&text[..at], to, &text[at + from.len()..]].concat())
            }
            Self::ReplaceAll { from, to } => {
                ensure!(text.contains(from.as_str()), "there is no {from:?}");
                Ok(text.replace(from.as_str(), to))
            }
            Self::Append { text: more } => Ok([text, more].concat()),
            Self::Cut { from, until, before } => {
                let start = only(text, from)?;
                let after = start + from.len();
                let Some(length) = text[after..].find(until.as_str()) else {
                    bail!("there is no {until:?} after {from:?}");
                };
                let end = after + length;
                let rest = [&text[..start], &text[end..]].concat();
                let at = only(&rest, before)?;
                Ok([&rest[..at], &text[start..end], &rest[at..]].concat())
            }
            Self::Rename { .. } => Ok(text.to_owned()),
        }
    }
}

fn only(text: &str, what: &str) -> Result<usize> {
    let mut found = text.match_indices(what);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (None, _) => bail!("there is no {what:?}"),
        (Some(_), Some(_)) => bail!("{what:?} is there more than once"),
    }
}

#[cfg(test)]
mod tests {
    use super::How;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    #[test]
    fn replaces_what_is_there_once() {
        let edit = How::Replace { from: text("b"), to: text("x") };
        assert_eq!(edit.apply("abc").unwrap(), "axc");
        assert!(edit.apply("abcb").is_err() && edit.apply("ac").is_err());
        let all = How::ReplaceAll { from: text("b"), to: text("x") };
        assert_eq!(all.apply("abcb").unwrap(), "axcx");
        assert!(all.apply("ac").is_err());
    }

    #[test]
    fn moves_a_stretch() {
        let edit = How::Cut { from: text("fn b"), until: text("fn c"), before: text("fn a") };
        assert_eq!(edit.apply("fn a; fn b; fn c;").unwrap(), "fn b; fn a; fn c;");
        assert!(edit.apply("fn a; fn b;").is_err());
    }

    #[test]
    fn edits_read_as_toml() {
        let edit: super::Edit =
            toml::from_str("file = \"a\"\nreplace = { from = \"x\", to = \"y\" }").unwrap();
        assert!(matches!(edit.how, How::Replace { .. }));
    }
}
