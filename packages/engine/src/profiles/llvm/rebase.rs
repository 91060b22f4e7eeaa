//! Carries a profile's counters over to the functions of a build whose symbols have other names.

use honing_core::{Error, ExitCode, Result, units};
use honing_match::{RebaseReport, Rule, Unpaired};
use honing_profdata as profdata;

use crate::profiles::{
    Profile, Rebased, Traces,
    llvm::{counts::Counts, matching},
};

/// Heaviest dropped functions that are named.
const NAMED: usize = 5;

pub(super) fn rebase(
    profile: Result<&profdata::Profile, &profdata::Error>,
    traces: &Traces,
) -> Result<Rebased> {
    let at = |error: &profdata::Error| Error::new(ExitCode::Profile, format!("rebase: {error}"));
    let functions = matching::read(traces)?;
    let rebased = honing_match::rebase(profile.map_err(at)?, None, &functions);
    let (share, words) = (rebased.report.share(), words(&rebased.report));
    // Nothing of it is a profile that cannot be written.
    let profile = if share > 0.0 {
        Some(Box::new(Counts::parsed(rebased.profile).map_err(|error| at(&error))?) as Box<dyn Profile>)
    } else {
        None
    };
    Ok(Rebased { profile, share, words })
}

/// What was carried over by which rule, and what was left behind for which reason.
fn words(report: &RebaseReport) -> Vec<String> {
    let whole = report.all.weight.max(1) as f64;
    let share = |weight: u128| units::share(weight as f64 / whole);
    let by_rule = report.by_rule.iter().filter(|(_, part)| part.weight > 0);
    let by_rule = by_rule.map(|(rule, part)| format!("{} {}", share(part.weight), rule_words(*rule)));
    let mut lines = vec![format!(
        "rebase: {} of the weight is carried over ({} of {} functions): {}",
        units::share(report.share()),
        report.carried.functions,
        report.all.functions,
        by_rule.collect::<Vec<_>>().join(", ")
    )];
    let replaced = report.replacements.iter();
    lines.extend(replaced.map(|one| format!("rebase: `{}` is called `{}` now", one.from, one.to)));
    let heaviest =
        report.heaviest.iter().filter(|dropped| dropped.weight as f64 >= whole / 1000.0).take(NAMED);
    lines.extend(heaviest.map(|dropped| {
        let why = unpaired_words(dropped.why);
        format!("rebase: left behind: {} {} ({why})", share(dropped.weight), dropped.name)
    }));
    lines
}

fn rule_words(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "under the same name",
        Rule::Meaning => "by meaning and control flow",
        Rule::Alike => "where several have the same counters",
        Rule::Shape => "by meaning and shape",
        Rule::Renamed => "after a rename",
        Rule::Mangling => "by path, across manglings",
    }
}

fn unpaired_words(why: Unpaired) -> &'static str {
    match why {
        Unpaired::Gone => "gone or renamed",
        Unpaired::ControlFlow => "control flow changed",
        Unpaired::Ambiguous => "several fit",
    }
}
