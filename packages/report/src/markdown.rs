//! A document as Markdown: for a step summary, or the text of a pull request.
//!
//! GitHub and GitLab cut, or refuse, what is long; so the least important parts go first, and the
//! text says so.

use honing_core::{outcome::notes, units};

use crate::{
    document::{Document, End, Program},
    escape::{block, code, prose, shortened},
    table::Table,
    tables,
};

/// Bytes that it may have: a pull request's text takes 65536 characters.
const MOST: usize = 60 * 1024;
/// Warnings that are shown.
const WARNINGS: usize = 20;
/// Longest warning.
const WARNING: usize = 600;
/// What stands where something was left out.
const CUT: &str = "\nThe rest was left out for its length: `report.html` and `report.json` have it.\n";

/// A part of the text, and whether it can go.
struct Part {
    text: String,
    long: bool,
}

/// The report as Markdown, the verdict in its first line.
pub fn markdown(document: &Document) -> String {
    let mut parts = vec![part(head(document))];
    let several = document.programs.len() > 1;
    for program in &document.programs {
        if several {
            parts.push(part(title(program)));
        }
        parts.extend(short(program));
        parts.extend(long(program, document));
    }
    if document.version.is_some() {
        parts.push(part(foot(document)));
    }
    fit(parts)
}

fn part(text: String) -> Part {
    Part { text, long: false }
}

/// Leaves out what is long, from the end; then whatever is too much.
fn fit(mut parts: Vec<Part>) -> String {
    let size = |parts: &[Part]| parts.iter().map(|part| part.text.len()).sum::<usize>();
    let mut cut = false;
    while size(&parts) + CUT.len() >= MOST {
        let last = parts.iter().rposition(|part| part.long).unwrap_or(parts.len() - 1);
        if last == 0 {
            break;
        }
        parts.remove(last);
        cut = true;
    }
    let mut text: String = parts.into_iter().map(|part| part.text).collect();
    if cut {
        text.push_str(CUT);
    }
    text
}

fn head(document: &Document) -> String {
    let several = document.programs.len() > 1;
    let of = match &document.programs[..] {
        [program] if !several => format!("{}: ", prose(&program.program)),
        _ => String::new(),
    };
    let mut text = format!("### {of}{}\n\n", prose(&shortened(&document.verdict, WARNING)));
    if let Some(End { error: Some(error), hint, .. }) = &document.end {
        text.push_str(&block(error));
        text.push('\n');
        if let Some(hint) = hint {
            text.push_str(&format!("What to do next:\n\n{}\n", block(hint)));
        }
    }
    for warning in document.warnings.iter().take(WARNINGS) {
        text.push_str(&format!("- **warning:** {}\n", prose(&shortened(warning, WARNING))));
    }
    let more = document.warnings.len().saturating_sub(WARNINGS);
    if more > 0 {
        text.push_str(&format!("- and {more} more warnings\n"));
    }
    if !document.warnings.is_empty() {
        text.push('\n');
    }
    text
}

fn title(program: &Program) -> String {
    let found = program.wording.as_deref().map(|wording| format!(": {}", prose(wording)));
    format!("#### {}{}\n\n", prose(&program.program), found.unwrap_or_default())
}

/// What everybody wants to see.
fn short(program: &Program) -> Vec<Part> {
    let mut parts = Vec::new();
    let decides = tables::measured(program, true);
    if !decides.is_empty() {
        parts.push(part(format!("{}\n", decides.markdown())));
    }
    let legend = tables::legend(&program.measured).into_iter().map(str::to_owned);
    let notes: String =
        notes(&program.measured).chain(legend).map(|note| format!("- {}\n", prose(&note))).collect();
    if !notes.is_empty() {
        parts.push(part(format!("{notes}\n")));
    }
    parts.push(part(facts(program)));
    if !program.next.is_empty() {
        let lines: String = program.next.iter().map(|line| format!("- {}\n", prose(line))).collect();
        parts.push(part(format!("What to do next:\n\n{lines}\n")));
    }
    parts
}

/// Match, size, cost and profile, a line each.
fn facts(program: &Program) -> String {
    let mut text = String::new();
    let mut fact = |name: &str, value: String| text.push_str(&format!("- {name}: {value}\n"));
    if let Some(applied) = &program.applied {
        fact("match", prose(&applied.words()));
    }
    if let (Some(before), Some(after)) = (&program.baseline, &program.optimized) {
        let change = after.change_from(before);
        let (before, after) = (units::bytes(before.bytes), units::bytes(after.bytes));
        fact("size", format!("{before} to {after} ({change})"));
    }
    if let Some(refresh) = &program.refresh {
        let (builds, all) = (refresh.builds, refresh.with_baseline);
        fact("cost of a refresh", format!("{builds:.2} plain builds, {all:.2} with the baseline"));
    }
    match (&program.recorded, &program.profile) {
        (Some(folder), _) => fact("profile", format!("recorded in {}", code(folder))),
        (None, Some(profile)) => {
            let (folder, trained) = (code(&profile.folder), prose(&profile.trained));
            fact("profile", format!("stored in {folder}, trained {trained}; not recorded by this run"));
        }
        (None, None) => {}
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// What unfolds.
fn long(program: &Program, document: &Document) -> Vec<Part> {
    let refresh = program.refresh.as_ref();
    let mut cost = vec![tables::timeline(program)];
    cost.extend(refresh.map(tables::refresh));
    let folds = [
        (
            "Metrics that inform",
            vec![tables::measured(program, false), tables::latency(&tables::percentiles(&program.measured))],
        ),
        ("The machine", vec![tables::trust(program)]),
        ("Stages and their cost", cost),
        ("Match by origin", vec![tables::origins(program), tables::lost(program)]),
        ("Stored profile, binaries", vec![tables::profile(program), tables::sizes(program)]),
        ("Earlier runs", vec![tables::history(&document.runs(program))]),
        ("Hottest functions", vec![tables::hot(program)]),
    ];
    let mut parts = Vec::new();
    for (name, grids) in folds {
        let shown: Vec<&Table> = grids.iter().filter(|grid| !grid.is_empty()).collect();
        if shown.is_empty() {
            continue;
        }
        let mut text = format!("<details><summary>{name}</summary>\n\n");
        for grid in shown {
            text.push_str(&grid.markdown());
            text.push('\n');
        }
        if let (Some(refresh), true) = (refresh, name.starts_with("Stages")) {
            text.push_str(&format!("{}\n\n", tables::refresh_source(refresh)));
        }
        text.push_str("</details>\n\n");
        parts.push(Part { text, long: true });
    }
    parts
}

fn foot(document: &Document) -> String {
    let mut said = Vec::new();
    said.extend(document.version.as_ref().map(|version| format!("Honing {}", prose(version))));
    said.extend(document.run.as_ref().map(|run| format!("run {}", code(run))));
    said.push(format!("took {}", units::millis(document.elapsed_ms)));
    said.extend(document.end.as_ref().map(|end| format!("exit code {}", end.code)));
    format!("{}\n", said.join(", "))
}
