//! The first place where two outputs differ, in words: line and column, with what stands around it.

use std::path::Path;

/// Bytes that are shown before and after the place.
const AROUND: usize = 40;

/// Two outputs that are not the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Line, from 1.
    line: usize,
    /// Column in characters, from 1.
    column: usize,
    /// What stands around it in the first output and in the other.
    texts: [String; 2],
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { line, column, texts: [first, other] } = self;
        write!(f, "line {line}, column {column}: {first} and {other}")
    }
}

/// Where `other` first differs from `first`. That each names its own folder, or itself by its path, is no
/// difference; the folders' paths are equally long.
pub(crate) fn difference(
    (first, first_program): (&[u8], &Path),
    (other, other_program): (&[u8], &Path),
) -> Option<Difference> {
    let [first_folder, other_folder] =
        [first_program, other_program].map(|program| program.parent().unwrap_or(program).as_os_str());
    let names = (first_folder.as_encoded_bytes(), other_folder.as_encoded_bytes());
    let in_name = equal_bytes(names.0, names.1);
    // Of one and the same program there is nothing to pass over.
    let comparable = names.0.len() == names.1.len() && in_name < names.0.len();
    let mut at = 0;
    loop {
        at += equal_bytes(&first[at..], &other[at..]);
        if at == first.len() && at == other.len() {
            return None;
        }
        let start = at.checked_sub(in_name);
        let is_name = |text: &[u8], name: &[u8]| {
            start.and_then(|start| text.get(start..)).is_some_and(|text| text.starts_with(name))
        };
        if !comparable || !is_name(first, names.0) || !is_name(other, names.1) {
            break;
        }
        at += names.0.len() - in_name;
    }
    let inside = |text: &[u8], at: usize| text.get(at).is_some_and(is_inside);
    let back = (1..=3).take_while(|back| *back <= at && inside(first, at - back + 1)).count();
    let before = &first[..at - back];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    Some(Difference {
        line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        column: String::from_utf8_lossy(&before[line_start..]).chars().count() + 1,
        texts: [first, other].map(|text| around(text, line_start, at)),
    })
}

/// Whether a byte is inside of a character that began before it.
fn is_inside(byte: &u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

fn equal_bytes(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// The line that begins at `line_start`, cut around `at`.
fn around(text: &[u8], line_start: usize, at: usize) -> String {
    let line = text.get(line_start..).unwrap_or_default();
    let (line, ended) = match line.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&line[..end], false),
        None => (line, true),
    };
    if line.is_empty() {
        return if ended { "the end of the output" } else { "an empty line" }.to_owned();
    }
    let ends = match text.get(at) {
        None => " (and it ends there)",
        Some(b'\n') => " (and the line ends there)",
        Some(_) => "",
    };
    let at = (at - line_start).min(line.len());
    // Not in the middle of a character.
    let mut from = at.saturating_sub(AROUND);
    from += line[from..].iter().take(3).take_while(|byte| from > 0 && is_inside(byte)).count();
    let mut to = (at + AROUND).min(line.len());
    to += line[to..].iter().take(3).take_while(|byte| is_inside(byte)).count();
    let cut = |is_cut| if is_cut { "…" } else { "" };
    format!("`{}{}{}`{ends}", cut(from > 0), printable(&line[from..to]), cut(to < line.len()))
}

/// Text whose control characters, and whatever is no text, are spelled out.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() { text.extend(c.escape_default()) } else { text.push(c) }
        }
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(first: &[u8], other: &[u8]) -> Option<String> {
        let paths = (Path::new("/t/baseline/p"), Path::new("/t/optimize/p"));
        difference((first, paths.0), (other, paths.1)).map(|found| found.to_string())
    }

    #[test]
    fn the_first_difference_is_told_with_its_place() {
        let long = |what: &str| format!("{}{what}{}\nend\n", "ä".repeat(60), "z".repeat(60));
        let (one, two) = (long("<41>"), long("<42>"));
        let cut = format!("line 1, column 63: `…{}<41>{}…` and", "ä".repeat(19), "z".repeat(38));
        let rows: [(&[u8], &[u8], Option<&str>); 14] = [
            (b"same\n", b"same\n", None),
            (b"42\n", b"41\n", Some("line 1, column 2: `42` and `41`")),
            (b"a\nb\nc 1\nd\n", b"a\nb\nc 2\nd\n", Some("line 3, column 3: `c 1` and `c 2`")),
            (b"", b"x", Some("line 1, column 1: the end of the output and `x`")),
            (b"a\n", b"a\nb\n", Some("line 2, column 1: the end of the output and `b`")),
            (
                b"a",
                b"a\n",
                Some("line 1, column 2: `a` (and it ends there) and `a` (and the line ends there)"),
            ),
            ("ä1".as_bytes(), "ö1".as_bytes(), Some("line 1, column 1: `ä1` and `ö1`")),
            (b"a\n\nb", b"a\nb", Some("line 2, column 1: an empty line and `b`")),
            (
                b"a\x1b[1mb\r\t",
                b"a\x1b[1mc\x07",
                Some("line 1, column 6: `a\\u{1b}[1mb\\r\\t` and `a\\u{1b}[1mc\\u{7}`"),
            ),
            (b"\xff\x00a", b"\xff\x00b", Some("line 1, column 3: `\\xff\\u{0}a` and `\\xff\\u{0}b`")),
            (one.as_bytes(), two.as_bytes(), Some(&cut)),
            // A program that says what it is called.
            (b"usage: /t/baseline/p FILE\n/t/baseline/p", b"usage: /t/optimize/p FILE\n/t/optimize/p", None),
            (b"in /t/baseline: 1", b"in /t/optimize: 1", None),
            (
                b"/t/baseline/p 1",
                b"/t/optimize/p 2",
                Some("line 1, column 15: `/t/baseline/p 1` and `/t/optimize/p 2`"),
            ),
        ];
        for (first, other, expected) in rows {
            let found = told(first, other);
            match expected {
                Some(words) => assert!(
                    found.as_ref().is_some_and(|found| found.starts_with(words)),
                    "{found:?}, not {words}"
                ),
                None => assert_eq!(found, None),
            }
        }
        assert!(told(b"baseline", b"optimize").is_some(), "the words alone are no path");
        let own = Path::new("/t/baseline/p");
        let again = difference((b"in /t/baseline1", own), (b"in /t/baseline2", own)).unwrap();
        assert_eq!(again.column, 15, "a program that is compared with itself");
    }
}
