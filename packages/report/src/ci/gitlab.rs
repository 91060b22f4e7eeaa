//! GitLab CI: sections of the log, and a Code Quality report.
//!
//! There are no commands for annotations; what a merge request shows of a job comes from the report,
//! as with linters. Source: docs.gitlab.com, "CI/CD job logs" and "Code Quality".

use std::borrow::Cow;

use honing_core::Digest;
use serde::Serialize;

use super::{Annotation, Level, Roots};

/// Name of the report, as GitLab's documentation has it.
pub const CODE_QUALITY: &str = "gl-code-quality-report.json";

/// The name of the `count`th section, in the characters that names may have.
pub fn section_name(count: u32, title: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    format!("honing_{count}_{}", title.chars().map(allowed).collect::<String>())
}

/// Opens a section that is shown closed; `now` in seconds of the Unix epoch.
pub fn section_start(now: u64, name: &str, title: &str) -> String {
    let title: String = title.chars().filter(|c| !c.is_control()).collect();
    format!("\x1b[0Ksection_start:{now}:{name}[collapsed=true]\r\x1b[0K{title}")
}

/// Closes it.
pub fn section_end(now: u64, name: &str) -> String {
    format!("\x1b[0Ksection_end:{now}:{name}\r\x1b[0K")
}

/// Breaks up what GitLab would take for the beginning or the end of a section.
pub fn guard(text: &str) -> Cow<'_, str> {
    if !text.contains("section_start:") && !text.contains("section_end:") {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace("section_start:", "section_start :").replace("section_end:", "section_end :"))
}

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// Warnings and errors as a Code Quality report. What has no place of its own stands at the top of
/// `config`, the pgo.toml.
///
/// # Errors
/// Where it cannot be written as JSON.
pub fn code_quality(annotations: &[Annotation], config: &str, roots: &Roots) -> serde_json::Result<String> {
    let issue = |annotation: &Annotation| {
        let severity = match annotation.level {
            Level::Notice => return None,
            Level::Warning => "minor",
            Level::Error => "critical",
        };
        let place = annotation.place.as_ref();
        let path = place.map_or_else(|| config.to_owned(), |place| roots.shown(&place.file));
        let begin = place.and_then(|place| place.position).map_or(1, |(line, _)| line);
        let description = annotation.message.replace('\n', "; ");
        // What stays the same from run to run: GitLab tells new issues from known ones by it.
        let fingerprint = Digest::of(format!("{path}\n{description}").as_bytes()).to_string();
        let location = Location { path, lines: Lines { begin } };
        let check_name = "honing".to_owned();
        Some(Issue { description, check_name, fingerprint, severity, location })
    };
    let mut issues: Vec<Issue> = annotations.iter().filter_map(issue).collect();
    // GitLab refuses a report in which two have the same.
    let mut seen = std::collections::BTreeSet::new();
    issues.retain(|issue| seen.insert(issue.fingerprint.clone()));
    serde_json::to_string_pretty(&issues).map(|text| text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_names_that_gitlab_takes() {
        let name = section_name(3, "my program: optimize");
        assert_eq!(name, "honing_3_my_program__optimize");
        assert_eq!(
            section_start(7, &name, "my program: optimize"),
            "\u{1b}[0Ksection_start:7:honing_3_my_program__optimize[collapsed=true]\r\u{1b}[0Kmy program: optimize"
        );
        assert_eq!(section_end(9, &name), "\u{1b}[0Ksection_end:9:honing_3_my_program__optimize\r\u{1b}[0K");
    }

    #[test]
    fn sections_of_others_are_broken_up() {
        let theirs = format!("{}\n", section_end(9, "honing_1"));
        assert_eq!(guard(&theirs), "\u{1b}[0Ksection_end :9:honing_1\r\u{1b}[0K\n");
        assert!(matches!(guard("section_startle"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_report_has_what_went_wrong_once() {
        let place = honing_core::Place { file: "pgo/pgo.toml".into(), position: Some((3, 5)) };
        let error = Annotation {
            level: Level::Error,
            title: "Honing".into(),
            message: "wrong\nhint: mend it".into(),
            place: Some(place),
        };
        let warning =
            Annotation { level: Level::Warning, message: "look".into(), place: None, ..error.clone() };
        let notice = Annotation { level: Level::Notice, ..warning.clone() };
        let all = [warning.clone(), notice, warning, error];
        let roots = Roots { repository: Some("/b".into()), workspace: Some("/b/sub".into()) };
        let report = code_quality(&all, "sub/pgo/pgo.toml", &roots).unwrap();
        insta::assert_snapshot!(report);
    }
}
