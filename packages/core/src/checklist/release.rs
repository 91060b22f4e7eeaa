//! What the repository and the release build itself tell.

use std::path::Path;

use crate::checklist::{
    facts::{Attempt, Facts},
    item::Finding,
};
use crate::{
    config::{Policy, Rebase},
    error::{Error, ExitCode},
    fingerprint::Digest,
    staleness, units,
};

/// Changes that are named.
const NAMED: usize = 5;

/// A build of what is checked out applies as much of the profile as the policy wants.
pub(super) fn matched(facts: &Facts, policy: &Policy) -> Finding {
    let built = match &facts.build {
        Attempt::Made(built) => built,
        Attempt::Failed(error) => {
            let next = error.hint().map_or_else(|| facts.run("check"), str::to_owned);
            return Finding::failed(error.code(), error.to_string(), next);
        }
        Attempt::Spared(why) => {
            return Finding::unknown(ExitCode::Stale, format!("not built: {why}"), "see the first item");
        }
    };
    let Some(applied) = &built.applied else {
        let what = if facts.version.is_empty() { "it".into() } else { format!("version {}", facts.version) };
        return Finding::done(format!("{what} is built without PGO: see the verdict"));
    };
    // Not every craft has versions.
    let version =
        if facts.version.is_empty() { String::new() } else { format!("version {}: ", facts.version) };
    let value = format!("{version}{}", applied.words());
    let Some(why) = staleness::below(applied, policy) else {
        return Finding::done(format!("{value}; policy.min_match = {} %", policy.min_match));
    };
    let rebases = policy.rebase == Rebase::Never && applied.may_be_carried(policy.min_match);
    let next = if rebases {
        format!("{}, and where that does not suffice {}", facts.run("rebase"), facts.run(""))
    } else {
        facts.run("")
    };
    Finding::failed(ExitCode::Stale, format!("{value}; {why}"), next)
}

/// Git has both files, as they are.
pub(super) fn committed(facts: &Facts) -> Finding {
    if facts.manifest().is_none() {
        return Finding::without_profile();
    }
    let repository = match &facts.repository {
        Ok(repository) => repository,
        Err(error) => return without_git(error),
    };
    let folder = &facts.status.folder;
    // The folder of all profiles, whose .gitattributes belong to them.
    let all = Path::new(folder).ancestors().nth(2).unwrap_or(Path::new(folder)).display();
    let commit =
        format!("commit it: `git add {all} && git commit -m \"Profile of {}\"`", facts.status.program);
    if !repository.untracked.is_empty() {
        let value = format!("git does not have {}", repository.untracked.join(", "));
        return Finding::failed(ExitCode::Stale, value, commit);
    }
    if !repository.profile.is_empty() {
        let value = format!("not as committed: {}", few(&repository.profile));
        return Finding::failed(ExitCode::Stale, value, commit);
    }
    let head: String = repository.commit.chars().take(9).collect();
    Finding::done(format!("{folder} is as in commit {head}"))
}

/// Nothing else differs from the commit.
pub(super) fn clean(facts: &Facts) -> Finding {
    let repository = match &facts.repository {
        Ok(repository) => repository,
        Err(error) => return without_git(error),
    };
    if !repository.changes.is_empty() {
        let next = "commit what belongs to the release, and ignore, stash or remove the rest";
        return Finding::failed(ExitCode::Stale, few(&repository.changes), next);
    }
    let head: String = repository.commit.chars().take(9).collect();
    let mut value = format!("no changes, no unknown files at commit {head}");
    for beside in &repository.beside {
        let commit: String = beside.commit.iter().flat_map(|commit| commit.chars().take(9)).collect();
        value.push_str(&format!("; {} at commit {commit} of another repository", beside.packages.join(", ")));
    }
    Finding::done(value)
}

/// A second build, from nothing and in another folder, is the same byte by byte.
pub(super) fn reproducible(facts: &Facts) -> Finding {
    let Attempt::Made(built) = &facts.build else {
        return Finding::unknown(ExitCode::Stale, "there is no release build", "see the match");
    };
    let again = match &facts.again {
        Attempt::Made(again) => again,
        Attempt::Failed(error) => {
            let next = error.hint().map_or_else(|| facts.run("build"), str::to_owned);
            return Finding::failed(error.code(), format!("the second build failed: {error}"), next);
        }
        Attempt::Spared(why) => {
            return Finding::unknown(ExitCode::Stale, format!("not built again: {why}"), "see the match");
        }
    };
    let digests = (short(&built.digest), short(&again.digest));
    if built.digest == again.digest {
        return Finding::done(format!(
            "built twice from this checkout, the second time from nothing in another target directory: \
             {} bytes, BLAKE3 {} both times",
            built.bytes, digests.0
        ));
    }
    let value = format!(
        "{} is {} bytes, BLAKE3 {}; built once more, from nothing in another target directory, {} is {} bytes, \
         BLAKE3 {}",
        built.path, built.bytes, digests.0, again.path, again.bytes, digests.1
    );
    let next =
        "compare the two (diffoscope, cmp): a build script, a macro or a dependency takes in paths or times";
    Finding::failed(ExitCode::Stale, value, next)
}

/// The binary grew by no more than the policy allows.
pub(super) fn sizes(facts: &Facts, policy: &Policy) -> Finding {
    let Some(manifest) = facts.manifest() else { return Finding::without_profile() };
    let Some(size) = manifest.size else {
        let next = format!("measure and record: {}", facts.run("checklist --fix"));
        return Finding::unknown(ExitCode::Regression, "no build without PGO is recorded", next);
    };
    let growth = size.optimized as f64 / size.baseline.max(1) as f64;
    let mut value = format!(
        "binary {} -> {} ({}) when recorded",
        units::bytes(size.baseline),
        units::bytes(size.optimized),
        units::change(growth)
    );
    if let Attempt::Made(built) = &facts.build {
        value.push_str(&format!(", {} now", units::bytes(built.bytes)));
    }
    value.push_str(&format!("; profile {}", units::bytes(manifest.profile.bytes)));
    match policy.max_growth {
        None => Finding::done(format!("{value}; no policy.max_growth")),
        Some(most) if (growth - 1.0) * 100.0 > most => Finding::failed(
            ExitCode::Regression,
            format!("{value}; more than policy.max_growth = {most} %"),
            format!("relax the policy, or ship without PGO: {}", facts.run("build --no-pgo")),
        ),
        Some(most) => Finding::done(format!("{value}; policy.max_growth = {most} %")),
    }
}

fn without_git(why: &Error) -> Finding {
    Finding::unknown(ExitCode::Stale, why.to_string(), why.hint().unwrap_or_default())
}

fn few(changes: &[String]) -> String {
    let shown = changes.iter().take(NAMED).map(|change| change.trim()).collect::<Vec<_>>().join(", ");
    match changes.len().saturating_sub(NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The first digits of a digest.
pub(super) fn short(digest: &Digest) -> String {
    digest.to_string().chars().take(12).collect()
}
