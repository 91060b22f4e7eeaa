//! A unified diff of two texts.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};

/// Lines around a change that are shown.
const CONTEXT: usize = 3;

/// Writes what makes `new` of `old`, both of the file called `name`; nothing where they are
/// equal. Line endings are shown as the terminal's own.
///
/// # Errors
/// Where `out` does not take it.
pub fn diff(name: &str, old: &str, new: &str, out: &mut dyn Write) -> io::Result<()> {
    if old == new {
        return Ok(());
    }
    let bold = Style::new().bold();
    writeln!(out, "{bold}--- {name}{bold:#}\n{bold}+++ {name}{bold:#}")?;
    let diff = TextDiff::from_lines(old, new);
    let cyan = AnsiColor::Cyan.on_default();
    for hunk in diff.unified_diff().context_radius(CONTEXT).iter_hunks() {
        writeln!(out, "{cyan}{}{cyan:#}", hunk.header())?;
        for change in hunk.iter_changes() {
            let style = match change.tag() {
                ChangeTag::Delete => AnsiColor::Red.on_default(),
                ChangeTag::Insert => AnsiColor::Green.on_default(),
                ChangeTag::Equal => Style::new(),
            };
            let line = format!("{}{}", change.tag(), change.value().trim_end_matches(['\r', '\n']));
            writeln!(out, "{style}{line}{style:#}")?;
            if change.missing_newline() {
                writeln!(out, "\\ No newline at end of file")?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::diff;

    fn plain(old: &str, new: &str) -> String {
        let mut out = Vec::new();
        diff("Cargo.toml", old, new, &mut anstream::StripStream::new(&mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn lines_that_differ_with_three_around() {
        let old = "a\r\nb\r\nc\r\nd\r\ne\r\nf";
        let new = "a\r\nb\r\nc\r\nd\r\nE\r\nf\r\ng";
        insta::assert_snapshot!(plain(old, new), @r"
        --- Cargo.toml
        +++ Cargo.toml
        @@ -2,5 +2,6 @@
         b
         c
         d
        -e
        -f
        \ No newline at end of file
        +E
        +f
        +g
        \ No newline at end of file
        ");
        assert_eq!(plain(old, old), "");
    }
}
