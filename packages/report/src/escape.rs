//! Texts from elsewhere (names, errors, what compilers print), fit to stand in a document.

use std::borrow::Cow;

/// What Markdown gives a meaning to.
const SPECIAL: &str = r"\`*_{}[]()<>#+!|~&$";
/// Longest text that is quoted whole.
const LONGEST: usize = 4000;

/// Without escape sequences of terminals, control characters, and marks that turn the direction of
/// writing; cut where it is very long.
pub(crate) fn clean(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let mut kept: String = plain.chars().take(LONGEST).map(visible).collect();
    if plain.chars().nth(LONGEST).is_some() {
        kept.push('…');
    }
    kept
}

fn visible(c: char) -> char {
    match c {
        '\n' => '\n',
        '\t' => ' ',
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

fn one_line(text: &str) -> String {
    clean(text).replace('\n', " ")
}

/// Words in Markdown, on one line, that mean nothing but themselves: no markup, no mention of a
/// person, no reference to an issue.
pub(crate) fn prose(text: &str) -> String {
    let mut escaped = String::new();
    for c in one_line(text).chars() {
        match c {
            // A backslash does not keep these from being links.
            '@' => escaped.push_str("@<!-- -->"),
            '#' => escaped.push_str("#<!-- -->"),
            c if SPECIAL.contains(c) && !"()+!".contains(c) => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped.replace("://", ":<!-- -->//")
}

/// A name in Markdown, verbatim, on one line. It may stand in a table.
pub(crate) fn code(text: &str) -> String {
    let text = one_line(text);
    if text.trim().is_empty() {
        return String::new();
    }
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    // In a table a pipe ends the cell, in code too.
    let text = text.replace('|', "\\|");
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Lines in Markdown, verbatim.
pub(crate) fn block(text: &str) -> String {
    let text = clean(text);
    let fence = "`".repeat((longest_run(&text, '`') + 1).max(3));
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// The first `most` characters, with a sign that there are more.
pub(crate) fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some(_) => format!("{}…", text.chars().take(most.saturating_sub(1)).collect::<String>()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_means_nothing_but_itself() {
        for (text, escaped) in [
            ("inconclusive for eval-mixed (cpu)", "inconclusive for eval-mixed (cpu)"),
            ("<script>a|b</script>", r"\<script\>a\|b\</script\>"),
            ("*a* _b_ [c](d) `e`", r"\*a\* \_b\_ \[c\](d) \`e\`"),
            ("@octocat, see #12", "@<!-- -->octocat, see #<!-- -->12"),
            ("see https://a.example", "see https:<!-- -->//a.example"),
            ("one\ntwo\r\u{1b}[31mred\u{1b}[0m", "one two\u{fffd}red"),
        ] {
            assert_eq!(prose(text), escaped, "{text}");
        }
    }

    #[test]
    fn names_stay_verbatim() {
        for (text, escaped) in [
            ("a::<T>::f", "`a::<T>::f`"),
            ("a|b", r"`a\|b`"),
            ("a`b", "``a`b``"),
            ("`", "`` ` ``"),
            ("a\nb", "`a b`"),
            (" ", ""),
        ] {
            assert_eq!(code(text), escaped, "{text}");
        }
        assert_eq!(block("a\n```\n<b>"), "````text\na\n```\n<b>\n````\n");
    }

    #[test]
    fn what_is_long_or_turns_the_text_around_is_cut() {
        assert!(clean(&"x".repeat(5000)).ends_with("x…"));
        assert_eq!(clean("a\u{202e}b"), "a\u{fffd}b");
        assert_eq!(shortened("größer", 4), "grö…");
        assert_eq!(shortened("groß", 4), "groß");
    }
}
