//! docs/durability.md, out of the table's rows and what was found.

use std::fmt::Write as _;

use super::{
    events::Measured,
    result::{Found, Lost, Outcome},
    spec::{Change, Goal, Row, Spec, Subject},
};

/// What is known of the machine that the rows were run on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Machine {
    pub(super) words: String,
    pub(super) rustc: String,
}

/// What `--speed` measured.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Speed {
    /// The binary built from the stored profile.
    pub(super) stored: Vec<Measured>,
    /// The freshly trained one.
    pub(super) fresh: Vec<Measured>,
    /// What the stored profile applied.
    pub(super) share: f64,
}

const INTRO: &str = "\
# Durability

How much of a stored profile still applies after one change: the percentage of its weight (sum of counters) that
`honing check` applied, with symbols as cargo names them (unpinned), with [pinned](adr/0014-pinned-symbols.md) ones, and
after a rebase of either. Both programs have fat LTO and one codegen unit.

```sh
cargo xtask bench durability
```

writes this page, and a file for each row below `target/durability`; a row with a file runs again only with `--force`.
`--subject` and `--row` choose, `--render` only writes this page, `--speed` measures the last table.
[table.toml](../xtask/tasks/src/bench/durability/table.toml) has the rows.
";

/// The whole page.
pub(super) fn page(spec: &Spec, found: &[Found], speed: Option<&Speed>, machine: &Machine) -> String {
    let mut page = INTRO.to_owned();
    let _ = writeln!(page, "\nMachine: {}. Compiler: {}.", machine.words, machine.rustc);
    let mut others: Vec<&str> = found.iter().map(|found| found.rustc.as_str()).collect();
    others.retain(|rustc| *rustc != machine.rustc);
    others.dedup();
    if let Some(other) = others.first() {
        let _ = writeln!(page, "The other toolchain: {other}, or `--rustc`.");
    }
    for subject in &spec.subjects {
        table(&mut page, spec, subject, found);
    }
    changes(&mut page, spec);
    goals(&mut page, spec, found);
    if let Some(speed) = speed {
        self::speed(&mut page, speed);
    }
    page
}

fn find<'a>(found: &'a [Found], row: &Row, subject: &Subject) -> Option<&'a Found> {
    found.iter().find(|found| found.row == row.id && found.subject == subject.name)
}

fn table(page: &mut String, spec: &Spec, subject: &Subject, found: &[Found]) {
    let _ = writeln!(page, "\n## {}\n", subject.title);
    page.push_str(
        "| change | unpinned, % | pinned, % | unpinned, rebased, % | pinned, rebased, % |\n|---|---|---|---|---|\n",
    );
    for row in &spec.rows {
        let Some(found) = find(found, row, subject) else {
            let _ = writeln!(page, "| {} | – | – | – | – |", row.title);
            continue;
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} |",
            row.title,
            hundredths(found.unpinned.share),
            hundredths(found.pinned.share),
            hundredths(found.unpinned.rebased.share),
            hundredths(found.pinned.rebased.share)
        );
    }
}

fn percent(share: f64) -> String {
    format!("{} %", hundredths(share))
}

/// In percent, rounded down, so that 100 means all.
fn hundredths(share: f64) -> String {
    // A hundredth of a percent is finer than anything that follows from it.
    let hundredths = (share * 10_000.0 + 1e-6).floor() / 100.0;
    format!("{hundredths:.2}")
}

fn changes(page: &mut String, spec: &Spec) {
    page.push_str("\n## What was changed\n\n");
    header(page, "change", spec);
    let says_more = |row: &&Row| row.change.values().any(|change| change.what != row.title);
    for row in spec.rows.iter().filter(says_more) {
        let _ = write!(page, "| {} |", row.title);
        for subject in &spec.subjects {
            let what = row.change.get(&subject.name).map_or("–", |change| change.what.as_str());
            let _ = write!(page, " {what} |");
        }
        page.push('\n');
    }
    page.push_str("\n`cargo xtask bench durability --explain` prints what each row lost, and why.\n");
}

/// The head of a table with a column for each subject.
fn header(page: &mut String, first: &str, spec: &Spec) {
    let names: Vec<&str> = spec.subjects.iter().map(|subject| subject.name.as_str()).collect();
    let columns = first.matches('|').count() + 1 + names.len();
    let _ = writeln!(page, "| {first} | {} |\n|{}", names.join(" | "), "---|".repeat(columns));
}

fn goals(page: &mut String, spec: &Spec, found: &[Found]) {
    page.push_str("\n## Goals\n\n");
    header(page, "change | goal", spec);
    for row in &spec.rows {
        let Some(goal) = row.goal else { continue };
        let _ = write!(page, "| {} | {} |", row.title, goal_words(goal));
        for subject in &spec.subjects {
            let told = find(found, row, subject).map(|found| reached(goal, found));
            let _ = write!(page, " {} |", told.unwrap_or_else(|| "–".into()));
        }
        page.push('\n');
    }
    page.push('\n');
    page.push_str(include_str!("notes.md"));
}

fn goal_words(goal: Goal) -> String {
    match goal {
        Goal::Pinned(least) => format!("{least} % pinned"),
        Goal::Rebased(least) => format!("{least} % pinned, rebased"),
        Goal::OnlyEdited(_) => "pinned, only the edited function lost".into(),
    }
}

/// Whether a goal is reached, with a number that is missed.
fn reached(goal: Goal, found: &Found) -> String {
    let judged = |share: f64, least: f64| {
        if share * 100.0 >= least { "yes".to_owned() } else { format!("**no**: {}", percent(share)) }
    };
    match goal {
        Goal::Pinned(least) => judged(found.pinned.share, least),
        Goal::Rebased(least) => judged(found.pinned.rebased.share, least),
        Goal::OnlyEdited(most) => {
            let beyond = found.pinned.lost_elsewhere;
            let word = if beyond * 100.0 <= most { "yes" } else { "**no**" };
            format!(
                "{word}: {} of the edited function, {} of others",
                percent(1.0 - found.pinned.share - beyond),
                percent(beyond)
            )
        }
    }
}

fn speed(page: &mut String, speed: &Speed) {
    let _ = write!(
        page,
        "
## Speed

```sh
cargo xtask bench durability --speed
```

ripgrep after a version bump, built by `honing build` from the stored profile ({} of the weight applied) and
freshly trained: CPU time over that of a baseline of the same source, with its interval of {} % confidence. The
searches are not those of the training.
{}

| workload | pairs | baseline | stored profile | freshly trained |
|---|---|---|---|---|
",
        percent(speed.share),
        confidence(speed),
        alike(speed)
    );
    for (stored, fresh) in pairs(speed) {
        let baseline = stored.baseline.map_or("–".into(), |seconds| format!("{:.0} ms", seconds * 1000.0));
        let _ = writeln!(
            page,
            "| {} | {} | {baseline} | {} | {} |",
            stored.workload,
            stored.pairs,
            ratio(stored),
            fresh.map_or("–".into(), ratio)
        );
    }
}

/// What decides, of the stored profile and of the fresh one.
fn pairs(speed: &Speed) -> impl Iterator<Item = (&Measured, Option<&Measured>)> {
    let name = |measured: &Measured| (measured.workload.clone(), measured.metric.clone());
    let gated = speed.stored.iter().filter(|measured| measured.gated);
    gated.map(move |stored| (stored, speed.fresh.iter().find(|fresh| name(fresh) == name(stored))))
}

fn confidence(speed: &Speed) -> f64 {
    let ratio = speed.stored.iter().find_map(|measured| measured.ratio);
    ratio.map_or(0.0, |ratio| (ratio.confidence * 1000.0).round() / 10.0)
}

/// Whether the two can be told apart, and whether both are ahead of the baseline.
fn alike(speed: &Speed) -> String {
    let (mut overlap, mut ahead, mut all) = (0, 0, 0);
    for (stored, fresh) in pairs(speed) {
        all += 1;
        if let (Some(stored), Some(fresh)) = (stored.ratio, fresh.and_then(|fresh| fresh.ratio)) {
            overlap += u32::from(stored.low <= fresh.high && fresh.low <= stored.high);
            ahead += u32::from(stored.high < 1.0);
        }
    }
    format!(
        "The stored profile is ahead of the baseline on {ahead} of {all} workloads, and its \
         interval overlaps the fresh one's on {overlap} of {all}."
    )
}

fn ratio(measured: &Measured) -> String {
    match measured.ratio {
        Some(ratio) => format!("{ratio}, {}", measured.verdict),
        None => measured.verdict.clone(),
    }
}

/// The change of a row, for the log.
pub(super) fn told(change: &Change, found: &Found) -> String {
    let with_list = |outcome: &Outcome| outcome.rebased_with_list.map_or("–".into(), percent);
    format!(
        "{}: {} | {} | {} | {} ({} s; rebased with the recorded build's list: {} | {})",
        change.what,
        percent(found.unpinned.share),
        percent(found.pinned.share),
        percent(found.unpinned.rebased.share),
        percent(found.pinned.rebased.share),
        found.seconds,
        with_list(&found.unpinned),
        with_list(&found.pinned)
    )
}

/// Everything that is known of a row: what was lost, what a rebase carried over and what it dropped.
pub(super) fn explained(found: &Found) -> String {
    let mut text = format!("# {} {}\n", found.subject, found.row);
    for (symbols, outcome) in [("without pinning", &found.unpinned), ("with pinning", &found.pinned)] {
        let Outcome { share, rebased, .. } = outcome;
        let _ = writeln!(text, "{symbols}: {} applied", percent(*share));
        list(&mut text, &outcome.lost);
        let _ = writeln!(text, "{symbols}, rebased: {}", percent(rebased.share));
        for (rule, share) in &rebased.by_rule {
            let _ = writeln!(text, "  {:>9} by {rule}", percent(*share));
        }
        for (reason, share) in &rebased.by_reason {
            let _ = writeln!(text, "  {:>9} dropped: {reason}", percent(*share));
        }
        list(&mut text, &rebased.dropped);
        if let Some(share) = outcome.rebased_with_list {
            let _ = writeln!(text, "{symbols}, rebased with the recorded build's list: {}", percent(share));
        }
    }
    text
}

fn list(text: &mut String, lost: &[Lost]) {
    for lost in lost {
        let _ = writeln!(text, "  {:>9} {}: {}", percent(lost.weight), lost.why, lost.function);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{events::Ratio, result::Rebased, spec::spec},
        *,
    };

    fn outcome(share: f64) -> Outcome {
        let lost = Lost { function: "a::b".into(), weight: 1.0 - share, why: "gone or renamed".into() };
        Outcome {
            share,
            lost: vec![lost],
            lost_elsewhere: 0.0,
            rebased: Rebased { share: 1.0, by_rule: Vec::new(), by_reason: Vec::new(), dropped: Vec::new() },
            rebased_with_list: None,
        }
    }

    fn found() -> Found {
        Found {
            subject: "tracker".into(),
            row: "version-leaf".into(),
            rustc: "rustc 1.95.0".into(),
            seconds: 9,
            unpinned: outcome(0.0),
            pinned: outcome(0.999_99),
        }
    }

    #[test]
    fn a_row_is_rendered_rounded_down() {
        let machine = Machine { words: "2 cores".into(), rustc: "rustc 1.95.0".into() };
        let page = page(&spec().unwrap(), &[found()], None, &machine);
        let row = "| version of the program's package | 0.00 | 99.99 | 100.00 | 100.00 |";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("| yes | – |"), "{page}");
        assert!(!page.contains("## Speed"));
    }

    #[test]
    fn a_goal_that_is_missed_stands_out() {
        assert_eq!(
            reached(Goal::Pinned(99.0), &Found { pinned: outcome(0.98), ..found() }),
            "**no**: 98.00 %"
        );
        let edited = Outcome { lost_elsewhere: 0.01, ..outcome(0.9) };
        let told = reached(Goal::OnlyEdited(0.01), &Found { pinned: edited, ..found() });
        assert_eq!(told, "**no**: 9.00 % of the edited function, 1.00 % of others");
    }

    #[test]
    fn ratios_have_their_interval() {
        let ratio = Ratio { point: 0.9, low: 0.89, high: 0.914, confidence: 0.99 };
        let measured = Measured {
            workload: "w".into(),
            metric: "cpu".into(),
            gated: true,
            pairs: 40,
            baseline: Some(0.1),
            ratio: Some(ratio),
            verdict: "improved".into(),
        };
        let mut page = String::new();
        let fresh = vec![measured.clone()];
        speed(&mut page, &Speed { stored: vec![measured], fresh, share: 1.0 });
        let cell = "0.900 [0.890, 0.914], improved";
        assert!(page.contains(&format!("| w | 40 | 100 ms | {cell} | {cell} |")), "{page}");
        assert!(page.contains("ahead of the baseline on 1 of 1 workloads"), "{page}");
        assert!(page.contains("interval of 99 % confidence"), "{page}");
    }
}
