//! Profile: how old it is and what speaks against it, what it holds, and how much of it
//! applies.

use std::time::Duration;

use honing_core::{account, applied::Applied, recorded::Manifest, status::Status, units};
use ratatui::prelude::{Line, Span, Style};

use crate::{
    screen,
    state::{Program, State},
    text::{left, wrap},
};

/// Columns of the names.
const NAME: usize = 11;

pub(super) fn lines(state: &State, width: usize) -> Vec<Line<'static>> {
    let Some(program) = state.program() else { return Vec::new() };
    let mut entries = Entries { lines: Vec::new(), width };
    if let Some(applied) = &program.applied {
        matched(&mut entries, program, applied);
    }
    match &program.status {
        None => entries.add("stored", "not looked at yet", screen::dim()),
        Some(status) => stored(&mut entries, program, status),
    }
    entries.lines
}

struct Entries {
    lines: Vec<Line<'static>>,
    width: usize,
}

impl Entries {
    fn add(&mut self, name: &str, text: &str, style: Style) {
        for (at, line) in wrap(text, self.width.saturating_sub(NAME)).into_iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(left(name, NAME), screen::dim()),
                Span::styled(line, style),
            ]));
        }
    }
}

/// The match of the last build, and of which run that was.
fn matched(entries: &mut Entries, program: &Program, applied: &Applied) {
    let of = program.from_run.as_ref().map(|run| format!(" ({run})")).unwrap_or_default();
    let whole = applied.share().is_some_and(|share| share >= 1.0);
    entries.add(
        "match",
        &format!("{}{of}", applied.words()),
        if whole { screen::good() } else { screen::warn() },
    );
    if let Applied::Measured(found) = applied {
        let origins = found.origins.iter().filter(|origin| origin.functions > 0);
        let words = origins.map(|one| format!("{} {}", one.origin.words(), units::share(one.share)));
        entries.add("", &words.collect::<Vec<_>>().join(", "), Style::new());
    }
}

fn stored(entries: &mut Entries, program: &Program, status: &Status) {
    if let Some(error) = &status.error {
        entries.add("stored", error, screen::warn());
        if let Some(hint) = &status.hint {
            entries.add("hint", hint, Style::new());
        }
        return;
    }
    let Some(manifest) = &status.manifest else { return };
    entries.add("age", &age(program, status, manifest), Style::new());
    for (at, difference) in status.differences.iter().enumerate() {
        entries.add(if at == 0 { "changed" } else { "" }, difference, screen::warn());
    }
    if status.stale.is_empty() {
        entries.add("policy", "fulfilled, as far as can be told without a build", screen::good());
    } else {
        entries.add("policy", &format!("stale: {}", status.stale.join("; ")), screen::warn());
    }
    entries.add("toolchain", &account::words(&manifest.account.toolchain), Style::new());
    if let (None, Some(last)) = (&program.applied, &status.last_match) {
        entries.add("match", &format!("{}, measured {}", last.words, last.when), Style::new());
    }
    if let Some(forecast) = &status.forecast {
        entries.add("forecast", &forecast.words(), Style::new());
    }
    let profile = &manifest.profile;
    entries.add("coverage", &profile.coverage(), Style::new());
    let sizes = (units::bytes(profile.bytes), units::bytes(profile.indexed_bytes));
    entries.add("size", &format!("{} stored, {} for the compiler", sizes.0, sizes.1), Style::new());
    entries.add("stored", &status.folder, Style::new());
    let verdict = &manifest.verdict;
    entries.add("verdict", &verdict.wording, Style::new());
}

/// `12 days, 34 commits, 120 lines changed, 2 of 41 hot functions changed`.
fn age(program: &Program, status: &Status, manifest: &Manifest) -> String {
    let mut parts = Vec::new();
    parts.push(status.age_s.map_or_else(|| "unknown".into(), |age| units::age(Duration::from_secs(age))));
    match status.since {
        Some(since) => {
            parts.push(units::count(since.commits, "commit"));
            parts.push(format!("{} changed", units::count(since.lines, "line")));
        }
        None if status.git.is_some() => {
            parts.push(honing_core::advise!("git does not tell (see `{pgo} status`)"))
        }
        None if manifest.commit == "unknown" => parts.push("recorded without git".into()),
        None => parts.push("history does not reach back to its commit".into()),
    }
    let lost = program.hot.iter().filter(|hot| hot.applied == Some(false)).count();
    if lost > 0 {
        parts.push(format!("{lost} of {} hot functions changed", program.hot.len()));
    }
    parts.join(", ")
}
