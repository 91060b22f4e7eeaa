//! What a failed command said, as a hint quotes it.

use crate::children::Status;

/// Lines about failed tests that a hint quotes.
const SHOWN_FAILURES: usize = 30;

/// What a failed command printed last, or what to do where it printed nothing.
pub(super) fn quote(said: &str, status: Status) -> String {
    match status {
        _ if !said.is_empty() => format!("it printed:\n{said}"),
        Status::Code(code) => format!(
            "it printed nothing; run it by hand, or add {code} to `exit_codes` where that means success"
        ),
        Status::Signal(_) => "it printed nothing; run it by hand".into(),
    }
}

/// What the tests' harness says of tests that failed, from the lines of its standard output.
pub(super) fn failures(lines: &[String]) -> Option<String> {
    let start = lines.iter().position(|line| line == "failures:")?;
    Some(lines[start..].iter().take(SHOWN_FAILURES).map(String::as_str).collect::<Vec<_>>().join("\n"))
}
