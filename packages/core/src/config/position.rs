//! Where a key stands in the text of `pgo.toml`.

use toml_edit::{Document, Item};

/// The keys of a TOML text, with line and column.
pub struct Positions<'a> {
    text: &'a str,
    document: Option<Document<&'a str>>,
}

impl<'a> Positions<'a> {
    /// Indexes `text`. A text that is not TOML has no positions.
    pub fn new(text: &'a str) -> Self {
        Self { text, document: Document::parse(text).ok() }
    }

    /// Line and column, from 1, of the key at `path`, or of its nearest parent that
    /// is written out.
    pub fn nearest(&self, path: &[&str]) -> (usize, usize) {
        (1..=path.len()).rev().find_map(|depth| self.exact(&path[..depth])).unwrap_or((1, 1))
    }

    /// Line and column, from 1, of the key at `path`, if it is written out.
    pub fn exact(&self, path: &[&str]) -> Option<(usize, usize)> {
        let (last, parents) = path.split_last()?;
        let mut item: &Item = self.document.as_ref()?.as_item();
        for key in parents {
            item = item.get(key)?;
        }
        let (key, value) = item.as_table_like()?.get_key_value(last)?;
        let span = key.span().or_else(|| value.span())?;
        Some(line_and_column(self.text, span.start))
    }
}

/// Line and column (in characters), from 1, of a byte offset.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_keys_in_headers_dotted_and_inline_tables() {
        let text = "[a.b]\nx = 1\ny = { z = 2 }\nq.r = 3\n";
        let positions = Positions::new(text);
        assert_eq!(positions.exact(&["a", "b", "x"]), Some((2, 1)));
        assert_eq!(positions.exact(&["a", "b", "y", "z"]), Some((3, 7)));
        assert_eq!(positions.exact(&["a", "b", "q", "r"]), Some((4, 3)));
        assert_eq!(positions.exact(&["a", "b", "nope"]), None);
        assert_eq!(positions.nearest(&["a", "b", "nope"]), (1, 4));
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(line_and_column("ä = 1\nöö = 2", 7), (2, 1));
        assert_eq!(line_and_column("öö = 2", 4), (1, 3));
    }
}
