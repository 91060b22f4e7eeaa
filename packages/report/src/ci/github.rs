//! GitHub Actions: workflow commands, and text that must not be one.
//!
//! The runner reads both streams line by line. A line is a command where, but for white space, it
//! begins with `::name`, or where it has `##[name` anywhere (the first form of commands, which it
//! still takes). A carriage return ends a line, too. Source: docs.github.com, "Workflow commands
//! for GitHub Actions"; `ActionCommand.cs` of actions/runner.

use std::{borrow::Cow, fmt::Write as _};

use super::{Annotation, Level, Roots};

/// Closes the group that is open.
pub const END_GROUP: &str = "::endgroup::";

/// Opens a group; groups do not nest.
pub fn group(title: &str) -> String {
    format!("::group::{}", escape_data(title))
}

/// An annotation as a workflow command, on one line.
pub fn annotation(annotation: &Annotation, roots: &Roots) -> String {
    let name = match annotation.level {
        Level::Notice => "notice",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    let mut line = format!("::{name} title={}", escape_property(&annotation.title));
    if let Some(place) = &annotation.place {
        let _ = write!(line, ",file={}", escape_property(&roots.shown(&place.file)));
        if let Some((row, column)) = place.position {
            let _ = write!(line, ",line={row},col={column}");
        }
    }
    let _ = write!(line, "::{}", escape_data(&annotation.message));
    line
}

/// What stands behind the second `::`.
pub fn escape_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
pub fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Breaks up what the runner would take for a command, by a space that is seen.
///
/// Not by `::stop-commands::`: that is a state of the whole step, which the two streams share, and
/// which a run that is killed would leave behind.
pub fn guard(text: &str) -> Cow<'_, str> {
    if !text.contains("::") && !text.contains("##[") {
        return Cow::Borrowed(text);
    }
    let mut guarded = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive(['\n', '\r']) {
        // What the runner skips before a command is never a letter or a digit; whether it skips
        // control and zero-width characters as well is its libraries' choice.
        match line.find("::").filter(|at| !line[..*at].contains(char::is_alphanumeric)) {
            Some(at) => {
                let (before, after) = line.split_at(at + 1);
                guarded.push_str(before);
                guarded.push(' ');
                guarded.push_str(after);
            }
            None => guarded.push_str(line),
        }
    }
    Cow::Owned(guarded.replace("##[", "## ["))
}

/// The same for a line of JSON, which stays the same value.
pub fn guard_json(line: &str) -> Cow<'_, str> {
    if line.contains("##[") { Cow::Owned(line.replace("##[", "#\\u0023[")) } else { Cow::Borrowed(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the runner reads a value: `%` last.
    fn unescape(text: &str) -> String {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    }

    #[test]
    fn values_are_escaped() {
        for (text, data, property) in [
            ("plain", "plain", "plain"),
            ("100 %", "100 %25", "100 %25"),
            ("a\nb\r\nc", "a%0Ab%0D%0Ac", "a%0Ab%0D%0Ac"),
            ("a: b, c", "a: b, c", "a%3A b%2C c"),
            ("%0A", "%250A", "%250A"),
            ("::error::x", "::error::x", "%3A%3Aerror%3A%3Ax"),
        ] {
            assert_eq!((escape_data(text).as_str(), escape_property(text).as_str()), (data, property));
        }
    }

    #[test]
    fn commands_of_others_are_broken_up() {
        for (text, guarded) in [
            ("plain\n", "plain\n"),
            ("::error::x\n", ": :error::x\n"),
            ("   ::set-output name=a::b\n", "   : :set-output name=a::b\n"),
            ("ok\r::add-mask::x\r\n", "ok\r: :add-mask::x\r\n"),
            ("\u{200b}::error::x", "\u{200b}: :error::x"),
            ("::::error::x", ": :::error::x"),
            ("in honing::xtask\n", "in honing::xtask\n"),
            ("a ##[set-output name=a]b\n", "a ## [set-output name=a]b\n"),
            ("###[group]x\n", "### [group]x\n"),
            ("#[derive(Debug)] ##\n", "#[derive(Debug)] ##\n"),
        ] {
            assert_eq!(guard(text), guarded, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_text_a_command_is_one_line_and_reads_back(
            title in ".{0,20}|[\\r\\n%:,A0D25C ]{0,20}",
            message in "(?s).{0,40}|[\\r\\n%:,A0D25C ]{0,40}",
            file in "[a-z%:, /]{1,20}",
        ) {
            let place = honing_core::Place { file: file.clone().into(), position: Some((3, 7)) };
            let level = Level::Error;
            let told = Annotation { level, title: title.clone(), message: message.clone(), place: Some(place) };
            let line = annotation(&told, &Roots::default());
            assert!(!line.contains(['\n', '\r']), "{line:?}");
            // As the runner takes it apart.
            let rest = line.strip_prefix("::error ").unwrap();
            let (properties, data) = rest.split_once("::").unwrap();
            let properties: Vec<(&str, String)> = properties
                .split(',')
                .map(|one| one.split_once('=').map(|(name, value)| (name, unescape(value))).unwrap())
                .collect();
            let expected =
                [("title", title), ("file", file), ("line", "3".into()), ("col", "7".into())];
            assert_eq!(properties, expected);
            assert_eq!(unescape(data), message);
        }

        #[test]
        fn nothing_that_is_guarded_is_a_command(text in "(?s)[ \\t\\r\\n:#\\[\\]a\u{200b}\u{7}]{0,40}|(?s).{0,40}") {
            let guarded = guard(&text);
            for line in guarded.split(['\n', '\r']) {
                let visible = line.trim_start_matches(|c: char| !c.is_alphanumeric() && c != ':' && c != '#');
                assert!(!visible.starts_with("::") && !line.contains("##["), "{line:?}");
            }
            // Nothing but spaces was added.
            let without = |text: &str| text.replace(' ', "");
            assert_eq!(without(&guarded), without(&text));
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let line = serde_json::json!({ "line": "x ##[set-output name=a]b ###[" }).to_string();
        let guarded = guard_json(&line);
        assert!(!guarded.contains("##["));
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&guarded), value(&line));
    }
}
