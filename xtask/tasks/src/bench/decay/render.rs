//! docs/decay.md.

use std::fmt::Write as _;

use super::{
    super::durability::events::Ratio,
    commit::{BUILDS, Built, Found},
    spec::Program,
};

const HEAD: &str = "\
# How long a profile lasts

A profile is recorded at a commit of a public program, and used some months later, with the same toolchain. *Match* is
how much of it the one compile of `honing build` applies, first as stored, then after `honing rebase`. *Stored*,
*rebased* and *fresh* (trained anew) are changes of CPU time over a baseline of the same commit. All four binaries run
in shared blocks, with other inputs than in the training.

```sh
cargo xtask bench decay --sources DIR
```

writes this page from [measured.jsonl](../xtask/tasks/src/bench/decay/measured.jsonl); what has a line there runs again
only with `--force`. `DIR` holds the git repositories that
[table.toml](../xtask/tasks/src/bench/decay/table.toml) names. [durability.md](durability.md) has single changes.

Machines: 2 cores, AMD EPYC, linux, other work beside. Numbers are percentages, with intervals of 95 % confidence over
the three binaries together. *The same*: nothing was rebased, so both profiles make the same bytes.

";

const ACROSS: &str = "
## Another compiler

The commit of the profile, built with another compiler. Nothing applies before `honing rebase`.

| program | rustc | match | rebased | rebased | fresh | of the fresh gain |
|---|---|---|---|---|---|---|
";

/// The whole page.
pub(super) fn page(programs: &[Program], known: &[Found]) -> String {
    let mut page = HEAD.to_owned();
    page += "| program | trained at | later | match | rebased | stored | rebased | fresh | of the fresh gain, stored | rebased |\n";
    page += "|---|---|---|---|---|---|---|---|---|---|\n";
    let mut shares = Vec::new();
    // In the order of the table, and then of time.
    let place = |found: &Found| {
        let is_of = |program: &Program| program.name == found.of.program && program.base == found.of.base;
        programs.iter().position(is_of)
    };
    let mut rows: Vec<&Found> = known.iter().filter(|found| place(found).is_some()).collect();
    rows.sort_by_key(|found| (place(found), found.since, found.of.rustc.clone()));
    for found in rows.iter().filter(|found| found.of.rustc.is_none()) {
        let _ = writeln!(page, "| {} | {} {} |", found.of.program, found.of.base, row(found));
        shares.extend(kept(found, 0));
    }
    shares.sort_by(f64::total_cmp);
    if let Some(median) = median(&shares) {
        let _ = writeln!(
            page,
            "\nWhere the fresh profile is clearly faster, the stored one keeps {:.0} % of its gain in the median of {}.",
            median * 100.0,
            shares.len()
        );
    }
    let compilers = rows.iter().filter_map(|found| Some((*found, found.of.rustc.as_deref()?)));
    let compilers: Vec<String> = compilers
        .map(|(found, rustc)| format!("| {} | {} |\n", found.of.program, across(found, rustc)))
        .collect();
    if !compilers.is_empty() {
        page += ACROSS;
        page.extend(compilers);
    }
    page += "\n## The programs\n\n";
    for program in programs {
        let _ = writeln!(page, "- **{}**: {}", program.name, program.title);
    }
    page
}

/// Of sorted values: the middle one, or the mean of the two in the middle.
fn median(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get((sorted.len() - 1) / 2)?;
    Some((lower + upper) / 2.0)
}

/// The cells of a compiler.
fn across(found: &Found, version: &str) -> String {
    let percent = |share: f64| format!("{:.1}", share * 100.0);
    let changes: Vec<String> = found.ratios.iter().skip(1).map(change).collect();
    let Built { matched, rebased, .. } = found.built;
    let kept = share(found, 1);
    format!("{version} | {} | {} | {} | {kept}", percent(matched), percent(rebased), changes.join(" | "))
}

fn share(found: &Found, build: usize) -> String {
    kept(found, build).map_or("-".to_owned(), |share| format!("{:.0}", share * 100.0))
}

/// The cells of a commit.
pub(super) fn row(found: &Found) -> String {
    let same = |build: usize| build == 1 && found.built.same;
    let one = |(build, ratio)| if same(build) { "the same".to_owned() } else { change(ratio) };
    let changes: Vec<String> = found.ratios.iter().enumerate().map(one).collect();
    format!(
        "| {} {}, {} commits | {:.1} | {:.1} | {} | {} | {}",
        found.of.commit,
        found.date,
        found.since,
        found.built.matched * 100.0,
        found.built.rebased * 100.0,
        changes.join(" | "),
        share(found, 0),
        if same(1) { "the same".to_owned() } else { share(found, 1) }
    )
}

/// How much of the fresh profile's gain a build has, where there is one for sure.
fn kept(found: &Found, build: usize) -> Option<f64> {
    let fresh = found.ratios.get(BUILDS.len() - 1).copied().flatten().filter(|fresh| fresh.high < 1.0)?;
    let this = found.ratios.get(build).copied().flatten()?;
    Some((1.0 - this.point) / (1.0 - fresh.point))
}

fn change(ratio: &Option<Ratio>) -> String {
    let percent = |value: f64| (value - 1.0) * 100.0;
    ratio.map_or("too few runs".into(), |ratio| {
        format!("{:+.1} [{:+.1}, {:+.1}]", percent(ratio.point), percent(ratio.low), percent(ratio.high))
    })
}

#[cfg(test)]
mod tests {
    use super::{super::commit::Of, *};

    #[test]
    fn a_share_is_only_told_of_a_gain_that_is_sure() {
        let ratio = |point: f64, high: f64| Some(Ratio { point, low: point - 0.01, high, confidence: 0.95 });
        let mut found = Found {
            of: Of { program: "p".into(), base: "a".into(), commit: "b".into(), rustc: None },
            date: "2026-08-01".into(),
            since: 9,
            built: Built { matched: 0.8, rebased: 0.9, same: false },
            pairs: Some(20),
            ratios: vec![ratio(0.92, 0.93), ratio(0.91, 0.92), ratio(0.9, 0.91)],
        };
        assert_eq!(
            row(&found),
            "| b 2026-08-01, 9 commits | 80.0 | 90.0 | -8.0 [-9.0, -7.0] | -9.0 [-10.0, -8.0] | \
             -10.0 [-11.0, -9.0] | 80 | 90"
        );
        found.built.same = true;
        assert!(row(&found).ends_with("| the same | -10.0 [-11.0, -9.0] | 80 | the same"));
        found.built.same = false;
        found.ratios[2] = ratio(0.9, 1.01);
        assert!(row(&found).ends_with("| - | -"));
    }

    #[test]
    fn a_median_of_an_even_number_is_between_two() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, 3.0, 9.0]), Some(3.0));
        assert_eq!(median(&[-9.0, 1.0, 3.0, 9.0]), Some(2.0));
    }
}
