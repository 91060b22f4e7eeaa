//! docs/decay.md.

use std::fmt::Write as _;

use super::{
    super::durability::events::Ratio,
    commit::{BUILDS, Built, Found},
    spec::Program,
};

const HEAD: &str = "\
# How long a profile lasts

Programs of other people. A profile is recorded at a commit of some months ago, and used at a later one, with the same
toolchain: the match in the one compile of `honing build`, the match after `honing rebase`, and the CPU time of what
came out, against a baseline of the same commit, beside a freshly trained binary. All four run in shared blocks; the
measured runs are not those of the training.

```sh
cargo xtask bench decay --sources DIR
```

writes this page, and a file for each commit below `target/decay`; what has a file runs again only with `--force`. `DIR`
holds the git repositories that [table.toml](../xtask/tasks/src/bench/decay/table.toml) names. What single changes cost
is in [durability.md](durability.md).

";

const ACROSS: &str = "
## Another compiler

The commit of the profile, built with another compiler. Nothing applies before `honing rebase`.

| program | rustc | match | rebased | rebased | fresh | of the fresh gain |
|---|---|---|---|---|---|---|
";

/// The whole page.
pub(super) fn page(programs: &[(&Program, Vec<Found>)], machine: &str) -> String {
    let mut page = format!(
        "{HEAD}Machine: {machine}. Intervals have 95 % confidence over the three binaries together.\n\n"
    );
    page += "| program | trained at | later | match | rebased | stored | rebased | fresh | of the fresh gain, stored | rebased |\n";
    page += "|---|---|---|---|---|---|---|---|---|---|\n";
    let mut shares = Vec::new();
    let rows =
        || programs.iter().flat_map(|(program, found)| found.iter().map(move |found| (program, found)));
    for (program, found) in rows().filter(|(_, found)| found.rustc.is_none()) {
        let _ = writeln!(page, "| {} | {} {} |", program.name, program.base, row(found));
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
    if rows().any(|(_, found)| found.rustc.is_some()) {
        page += ACROSS;
        for (program, found) in rows() {
            if let Some(rustc) = &found.rustc {
                let _ = writeln!(page, "| {} | {} |", program.name, across(found, rustc));
            }
        }
    }
    page += "\n## The programs\n\n";
    for (program, _) in programs {
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
fn across(found: &Found, rustc: &str) -> String {
    let version = rustc.split(' ').nth(1).unwrap_or(rustc);
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let changes: Vec<String> = found.ratios.iter().skip(1).map(change).collect();
    let Built { matched, rebased } = found.built;
    let kept = share(found, 1);
    format!("{version} | {} | {} | {} | {kept}", percent(matched), percent(rebased), changes.join(" | "))
}

fn share(found: &Found, build: usize) -> String {
    kept(found, build).map_or("-".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// The cells of a commit.
pub(super) fn row(found: &Found) -> String {
    let changes: Vec<String> = found.ratios.iter().map(change).collect();
    format!(
        "| {} {}, {} commits | {:.1} % | {:.1} % | {} | {} | {}",
        found.commit,
        found.date,
        found.since,
        found.built.matched * 100.0,
        found.built.rebased * 100.0,
        changes.join(" | "),
        share(found, 0),
        share(found, 1)
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
        format!("{:+.1} % [{:+.1}, {:+.1}]", percent(ratio.point), percent(ratio.low), percent(ratio.high))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_only_told_of_a_gain_that_is_sure() {
        let ratio = |point: f64, high: f64| Some(Ratio { point, low: point - 0.01, high, confidence: 0.95 });
        let mut found = Found {
            commit: "b".into(),
            date: "2026-08-01".into(),
            since: 9,
            rustc: None,
            built: Built { matched: 0.8, rebased: 0.9 },
            pairs: 20,
            ratios: vec![ratio(0.92, 0.93), ratio(0.91, 0.92), ratio(0.9, 0.91)],
        };
        assert_eq!(
            row(&found),
            "| b 2026-08-01, 9 commits | 80.0 % | 90.0 % | -8.0 % [-9.0, -7.0] | -9.0 % [-10.0, -8.0] | \
             -10.0 % [-11.0, -9.0] | 80 % | 90 %"
        );
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
