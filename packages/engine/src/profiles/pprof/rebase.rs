//! Carries a profile's calls over to the functions and lines of a program of newer source.

use honing_core::{Error, ExitCode, Result, units};
use honing_gobinary::{self as gobinary, Program, Rule, Unplaced};
use honing_pprof::{self as pprof, Edge, EdgeMap};

use crate::profiles::{
    Profile, Rebased, Traces,
    pprof::{edges::Edges, matching},
};

/// Names that changed, and calls that were left behind, that are named.
const NAMED: usize = 5;
/// A name or a call with less of the weight than this is not named.
const WORTH_NAMING: f64 = 0.001;

pub(super) fn rebase(edges: Result<&EdgeMap, &pprof::Error>, traces: &Traces) -> Result<Rebased> {
    let at = |error: &dyn std::fmt::Display| Error::new(ExitCode::Profile, format!("rebase: {error}"));
    let edges = edges.map_err(|error| at(error))?;
    let program =
        Program::read(&traces.0).map_err(|error| at(&format!("the program cannot be read: {error}")))?;
    let old: Vec<gobinary::Edge<'_>> = edges.iter().map(matching::narrow).collect();
    let rebased = gobinary::rebase(&program, &old);
    let (share, words) = (rebased.share(), words(&rebased));
    let profile = if share > 0.0 {
        let new = edges.with_edges(rebased.edges.iter().map(widen)).map_err(|error| at(&error))?;
        Some(Box::new(Edges::parsed(new)) as Box<dyn Profile>)
    } else {
        None
    };
    Ok(Rebased { profile, share, words })
}

fn widen<'e>(edge: &gobinary::Edge<'e>) -> Edge<'e> {
    let gobinary::Edge { caller, callee, offset, weight } = *edge;
    Edge { caller, callee, offset: offset.into(), weight: u64::try_from(weight).unwrap_or_default() }
}

/// What was carried over by which rule, what changed its name, and what was left behind for which reason.
fn words(rebased: &gobinary::Rebased<'_>) -> Vec<String> {
    let share = |weight: u64| weight as f64 / rebased.weight.max(1) as f64;
    let rules = Rule::ALL.into_iter().map(|rule| (rule, rebased.by(rule))).filter(|(_, weight)| *weight > 0);
    let rules = rules.map(|(rule, weight)| format!("{} {}", units::share(share(weight)), rule_words(rule)));
    let rules: Vec<String> = rules.collect();
    let mut lines = vec![format!(
        "rebase: {} of the weight is carried over ({} of {} calls){}{}",
        units::share(rebased.share()),
        rebased.carried,
        rebased.count,
        if rules.is_empty() { "" } else { ": " },
        rules.join(", ")
    )];
    let renames = rebased.renames.iter().filter(|one| share(one.weight) >= WORTH_NAMING).take(NAMED);
    lines.extend(renames.map(|one| {
        let what = if one.rule == Rule::Package { "package " } else { "" };
        format!("rebase: {what}`{}` is called `{}` now", one.from, one.to)
    }));
    let heaviest =
        rebased.left.iter().map(|left| (left, share(u64::try_from(left.edge.weight).unwrap_or(0))));
    let heaviest = heaviest.filter(|(_, share)| *share >= WORTH_NAMING).take(NAMED);
    lines.extend(heaviest.map(|(left, share)| {
        let call = matching::words(left.edge.caller, left.edge.offset.into(), left.edge.callee);
        format!("rebase: left behind: {} {call} ({})", units::share(share), unplaced_words(left.why))
    }));
    lines
}

fn rule_words(rule: Rule) -> &'static str {
    match rule {
        Rule::Exact => "as it was",
        Rule::Shifted => "on other lines",
        Rule::Receiver => "with another receiver",
        Rule::Closure => "as closures with other numbers",
        Rule::Package => "with packages that moved",
        Rule::Renamed => "with functions that have another name",
    }
}

fn unplaced_words(why: Unplaced) -> &'static str {
    match why {
        Unplaced::Gone => "gone or renamed",
        Unplaced::Ambiguous => "several functions fit",
        Unplaced::NoCall => "the call is gone",
        Unplaced::AmbiguousCall => "several calls fit",
        Unplaced::OtherBody => "its name stands for other code now",
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, process::Command};

    use honing_core::applied::{Applied, MatchedBy};

    use super::*;

    const PROFILE: &str = "honing go edges 1\nunit: samples/count\nperiod: 10000000\nedges: 4\nweight: 100\n\n\
        func example.org/inn/lib/mix.Fold\n9 60 example.org/inn/lib/mix.round\n\
        func example.org/inn/lib/mix.Scatter\n3 30 example.org/inn/lib/mix.spread\n\
        func main.work\n4 8 example.org/inn/lib/mix.Fold\n5 2 example.org/inn/lib/mix.Gone\n";

    #[test]
    fn what_was_carried_over_is_told_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("inn");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../gobinary/tests/programs/inn");
        let mut go = Command::new("go");
        go.current_dir(source).args(["build", "-buildvcs=false", "-o"]).arg(&program).arg(".");
        let built = go.env("GOTOOLCHAIN", "local").env("GOWORK", "off").output();
        if !built.is_ok_and(|output| output.status.success()) {
            // libtest captures what the print macros write; this it does not.
            let _ = writeln!(std::io::stderr(), "SKIPPED: words of a rebase: needs go");
            assert!(std::env::var_os("HONING_NO_SKIP").is_none(), "needs go");
            return;
        }
        let old = Edges::of_any(PROFILE.as_bytes()).unwrap();
        let traces = Traces(std::fs::read(program).unwrap());
        // Most of it is in a package that the program does not have, and still it is no other program's.
        let built = (Traces(traces.0.clone()), MatchedBy::Program);
        let Applied::Measured(found) = old.matched(Vec::new(), Ok(built), None).applied else {
            panic!("unknown")
        };
        assert!(found.share == 0.0 && found.kin > 0.9, "{found:?}");
        let rebased = old.rebase(&traces).unwrap();
        assert_eq!(
            rebased.words,
            [
                "rebase: 98.0 % of the weight is carried over (3 of 4 calls): 98.0 % with packages that moved",
                "rebase: package `example.org/inn/lib/mix` is called `example.org/inn/internal/mix` now",
                "rebase: left behind: 2.0 % main.work:5 → example.org/inn/lib/mix.Gone (gone or renamed)",
            ]
        );
        let again = rebased.profile.unwrap().rebase(&traces).unwrap();
        assert_eq!((again.share, again.words.len()), (1.0, 1), "{:?}", again.words);
        assert_eq!(old.rebase(&Traces(Vec::new())).unwrap_err().code(), ExitCode::Profile);
    }
}
