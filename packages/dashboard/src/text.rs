//! Text in columns: widths as a terminal counts them, cuts, wraps, and lines of children
//! made fit to be shown.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What stands for the part that was cut off.
const CUT: char = '…';

/// Columns that `text` takes: wide characters take two, combining ones none.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The beginning of `text` in at most `columns`; what is cut off shows as `…`.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(1) else { return String::new() };
    let mut kept: String = text[..fitting(text, room)].to_owned();
    kept.push(CUT);
    kept
}

/// Beginning and end of `text` in at most `columns`, more of the end: in a path that says what it is.
pub(crate) fn cut_inside(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut end = String::new();
    for letter in text.chars().rev() {
        if width(&end) + letter.width().unwrap_or(0) > columns * 2 / 3 {
            break;
        }
        end.insert(0, letter);
    }
    cut(text, columns - width(&end)) + &end
}

/// The same, filled up to exactly `columns`.
pub(crate) fn left(text: &str, columns: usize) -> String {
    let mut text = cut(text, columns);
    text.extend(std::iter::repeat_n(' ', columns - width(&text)));
    text
}

/// The same, with what fills it up in front.
pub(crate) fn right(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    " ".repeat(columns - width(&text)) + &text
}

/// `text` in lines of at most `columns`, broken between words where there are any.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrap_line(line, columns.max(1))).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = line;
    while width(rest) > columns {
        // A character that is wider than the line still has to go somewhere.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let fits = fitting(rest, columns).max(first);
        let at = match rest[..fits].rfind(' ') {
            _ if rest[fits..].starts_with(' ') => fits,
            Some(space) if space > 0 => space,
            _ => fits,
        };
        lines.push(rest[..at].trim_end().to_owned());
        rest = rest[at..].trim_start_matches(' ');
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(rest.to_owned());
    }
    lines
}

/// How many bytes of `text` fit into `columns`.
fn fitting(text: &str, columns: usize) -> usize {
    let mut taken = 0;
    for (at, char) in text.char_indices() {
        taken += char.width().unwrap_or(0);
        if taken > columns {
            return at;
        }
    }
    text.len()
}

/// A line that a child printed, without escape sequences and control characters; a tab
/// goes to the next multiple of eight.
pub(crate) fn plain(line: &str) -> String {
    let stripped = anstream::adapter::strip_str(line).to_string();
    if !stripped.contains(|char: char| char.is_control()) {
        return stripped;
    }
    let mut plain = String::with_capacity(stripped.len());
    for char in stripped.chars() {
        match char {
            '\t' => plain.extend(std::iter::repeat_n(' ', 8 - width(&plain) % 8)),
            char if char.is_control() => {}
            char => plain.push(char),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_at_columns_not_bytes() {
        assert_eq!(cut("crates/größe", 9), "crates/g…");
        assert_eq!(cut("日本語", 5), "日本…");
        assert_eq!(left("日本語", 4), "日… ");
        assert_eq!(right("e\u{301}", 3), "  e\u{301}");
        assert_eq!(cut("anything", 0), "");
        let path = "<hexyl::Printer<BufWriter<File>>>::print_all";
        assert_eq!(cut_inside(path, 25), "<hexyl::…le>>>::print_all");
    }

    #[test]
    fn wraps_between_words_and_inside_long_ones() {
        assert_eq!(wrap("merge: no raw profile", 11), ["merge: no", "raw profile"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
        assert_eq!(wrap("a\n\nb", 9), ["a", "", "b"]);
    }

    #[test]
    fn lines_of_children_carry_no_controls() {
        assert_eq!(plain("\u{1b}[32mok\u{1b}[0m\tx\u{7}"), "ok      x");
        assert_eq!(plain("plain"), "plain");
    }

    proptest! {
        #[test]
        fn columns_are_kept(text in "\\PC*", columns in 0_usize..30) {
            prop_assert!(width(&cut(&text, columns)) <= columns);
            prop_assert!(width(&cut_inside(&text, columns)) <= columns);
            prop_assert_eq!(width(&left(&text, columns)), columns);
            prop_assert_eq!(width(&right(&text, columns)), columns);
            if columns > 1 {
                prop_assert!(wrap(&text, columns).iter().all(|line| width(line) <= columns));
            }
        }
    }
}
