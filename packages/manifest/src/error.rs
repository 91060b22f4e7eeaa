//! Why a manifest is not edited.

/// Why there is no edit. Nothing is half done: the text is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not TOML.
    #[error("line {line}, column {column}: {message}")]
    NotToml {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// The parser's words.
        message: String,
    },
    /// Something else stands where a table or a value belongs.
    #[error("line {line}: `{path}` is {found} and not {wanted}")]
    Shape {
        /// Line, from 1.
        line: usize,
        /// The dotted path of the key.
        path: String,
        /// What is there.
        found: &'static str,
        /// What belongs there.
        wanted: &'static str,
    },
    /// It is there.
    #[error("line {line}: `{name}` is there already")]
    Exists {
        /// The dotted path of the key.
        name: String,
        /// Line, from 1.
        line: usize,
    },
    /// Cargo takes no profile of that name.
    #[error("`{name}` cannot be the name of a Cargo profile: {why}")]
    Name {
        /// The name.
        name: String,
        /// Cargo's reason.
        why: &'static str,
    },
    /// The text is not the one that the edit made.
    #[error("the text has changed since it was edited")]
    Changed,
    /// The new text says more, or less, than was wanted: a fault of this crate.
    #[error("editing `{0}` would change something else, too")]
    Unexpected(String),
}

impl Error {
    /// From a parser's error.
    pub(crate) fn not_toml(text: &str, error: &toml_edit::TomlError) -> Self {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.get(..at).unwrap_or_default();
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Self::NotToml { line: line_of(text, at), column, message: error.message().trim().replace('\n', "; ") }
    }
}

/// The line, from 1, of a byte offset.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
