//! Rebase: a profile's counters are carried over to the functions of a build whose
//! symbols have other names.

use honing_core::{Error, ExitCode, Result, config::Rebase, event::Event, units};
use honing_profdata::{IndexedVersion, RebaseReport, Rule, Unpaired};

use crate::{
    chain::{
        built::Optimized,
        session::{Session, Subject},
    },
    io::files,
    profiles::llvm::{
        matching,
        merge::{MergedProfile, RebasedFrom},
    },
};

/// The rebased profile, in the program's folder.
const FILE: &str = "rebased.profdata";
/// Heaviest dropped functions that are named.
const NAMED: usize = 5;

/// Carries `profile` over to the functions of `built`, and says what was carried.
pub(crate) fn rebase(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
    built: &Optimized,
) -> Result<MergedProfile> {
    let traces = built.traces()?.ok_or_else(|| {
        Error::preflight("rebase: this compiler cannot list the functions that it builds")
            .with_hint(honing_core::advise!("train a new profile instead: {pgo}"))
    })?;
    let functions = matching::read(&traces)?;
    let at = |error: honing_profdata::Error| Error::new(ExitCode::Profile, format!("rebase: {error}"));
    let old = honing_profdata::read(&files::read(profile.path())?).map_err(at)?;
    let rebased = honing_profdata::rebase(&old.profile, None, &functions);
    for text in words(&rebased.report) {
        session.sink.emit(Event::Note { text });
    }
    let carried = rebased.report.share();
    if carried <= 0.0 {
        return Err(Error::new(ExitCode::Stale, "rebase: nothing of the profile can be carried over")
            .with_hint(honing_core::advise!("is it the profile of another program? Train anew: {pgo}")));
    }
    let before = profile.rebased().map_or(1.0, |from| from.carried);
    let from = RebasedFrom { digest: profile.digest().clone(), carried: carried * before };
    let bytes = rebased.profile.to_indexed(IndexedVersion::Lowest).map_err(at)?;
    let path = session.store.root().join(subject.name).join(FILE);
    files::write_if_changed(&path, &bytes)?;
    Ok(MergedProfile::of_file(&path, Some(from))?.with_parts(profile.parts()))
}

/// What an earlier run made of `profile`, if the latest build was made with that.
pub(crate) fn rebased_before(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
) -> Option<MergedProfile> {
    if session.config.policy.rebase != Rebase::Auto {
        return None;
    }
    let (_, built) = Optimized::last(session, subject)?;
    let from = built.rebased().filter(|from| &from.digest == profile.digest())?;
    let path = session.store.root().join(subject.name).join(FILE);
    let rebased = MergedProfile::of_file(&path, Some(from.clone())).ok()?;
    (rebased.digest() == built.profile()).then(|| rebased.with_parts(profile.parts()))
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
