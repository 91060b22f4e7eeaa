//! Lines of a text: where they end, with what, and what belongs together.

/// The offset behind the line that `at` is in, its ending included.
pub(crate) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// The white space that the line of `at` starts with.
pub(crate) fn indent(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..at].trim_start_matches('\u{feff}');
    &line[..line.len() - line.trim_start().len()]
}

/// What lines end with around `at`: as the line before it does, or the first one, or `\n`.
pub(crate) fn newline(text: &str, at: usize) -> &'static str {
    let before = text[..at].rfind('\n').or_else(|| text.find('\n'));
    match before {
        Some(newline) if text[..newline].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// Where the comment starts that stands right above the line of `header`, back to `from` at
/// most; the line's own start where there is none.
pub(crate) fn attached(text: &str, from: usize, header: usize) -> usize {
    let mut start = from + text[from..header].rfind('\n').map_or(0, |newline| newline + 1);
    while start > from {
        let above = &text[from..start - 1];
        let line = above.rfind('\n').map_or(from, |newline| from + newline + 1);
        if !text[line..start].trim_start().starts_with('#') {
            break;
        }
        start = line;
    }
    start
}

/// The end of the last line in `from..to` that says something, or `from`.
pub(crate) fn last_line(text: &str, from: usize, to: usize) -> usize {
    let said = from + text[from..to].trim_end().len();
    if said == from { from } else { line_end(text, said).min(to) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_indents() {
        let text = "a = 1\r\n  b = 2 # c\r\n";
        assert_eq!(line_end(text, 0), 7);
        assert_eq!(line_end(text, 9), text.len());
        assert_eq!((indent(text, 9), indent(text, 0)), ("  ", ""));
        assert_eq!(newline(text, text.len()), "\r\n");
        assert_eq!((newline("", 0), newline("a = 1\nb = 2\r\n", 6)), ("\n", "\n"));
        assert_eq!(newline("a = 1\r\nb", 8), "\r\n");
    }

    #[test]
    fn comments_belong_to_what_stands_right_below() {
        let text = "x = 1\n\n# far\n\n# near\n# nearer\n[a]\n";
        let header = text.find('[').unwrap();
        assert_eq!(attached(text, 6, header), text.find("# near").unwrap());
        assert_eq!(last_line(text, 6, attached(text, 6, header)), text.find("\n# near").unwrap());
        let tight = "x = 1\n# c\n[a]\n";
        assert_eq!(attached(tight, 6, 10), 6);
        assert_eq!(attached("[a]\n", 0, 0), 0);
    }
}
