//! The summary of a job's step, in Markdown.

use std::borrow::Cow;

use honing_core::{Error, ExitCode, event::Summary};

/// GitHub takes this much in a step, in bytes, and shows nothing of what is larger.
const LIMIT: usize = 1024 * 1024;

/// What is added to a summary that has `before` bytes already: the whole text, or as many of its
/// lines as fit, and that they are not all.
pub fn step_summary<'a>(text: &'a str, before: usize, whole: &str) -> Cow<'a, str> {
    let left = LIMIT.saturating_sub(before);
    if text.len() <= left {
        return Cow::Borrowed(text);
    }
    let cut =
        format!("\n\n**Cut here**: more than the 1 MiB that a summary may have. The whole: `{whole}`\n");
    let Some(most) = left.checked_sub(cut.len()) else { return Cow::Borrowed("") };
    let end = text.as_bytes()[..most].iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    Cow::Owned(format!("{}{cut}", &text[..end]))
}

/// A summary of a run that left no report: what ended it, or how much of the profile applied.
pub fn fallback(exit: ExitCode, error: Option<&Error>, programs: &[Summary]) -> String {
    let mut text = format!("### Honing: {}\n\n", exit.meaning());
    if let Some(error) = error {
        text.push_str(&fenced(&error.to_string()));
        if let Some(hint) = error.hint() {
            text.push_str(&format!("\nWhat to do next:\n\n{}", fenced(hint)));
        }
    }
    for summary in programs {
        let wording = summary.wording.clone().or_else(|| summary.applied.as_ref().map(|one| one.words()));
        let wording = wording.unwrap_or_else(|| "done".into());
        text.push_str(&format!("- `{}` ({}): {wording}\n", summary.program, summary.target));
    }
    text
}

/// Text of others as it is, whatever it has in it.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}
