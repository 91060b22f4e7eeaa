//! What the stored profile itself tells.

use std::time::Duration;

use crate::checklist::{facts::Facts, item::Finding};
use crate::{
    account,
    config::{Policy, ToolchainChange},
    error::ExitCode,
    recorded::Source,
    units,
};

/// There is one, and it is what its manifest says.
pub(super) fn profile(facts: &Facts) -> Finding {
    let status = &facts.status;
    let Some(manifest) = facts.manifest() else {
        let why = status.error.clone().unwrap_or_else(|| "nothing is stored".into());
        let next = status.hint.clone().unwrap_or_else(|| facts.run(""));
        return Finding::failed(status.exit.unwrap_or(ExitCode::Stale), why, next);
    };
    let source = match manifest.source {
        Source::Trained => "trained",
        Source::Imported => "imported",
        Source::Rebased => "rebased",
    };
    let profile = &manifest.profile;
    Finding::done(format!(
        "{source}, {}, BLAKE3 {}, {} of {} functions ran",
        units::bytes(profile.bytes),
        super::release::short(&profile.digest),
        profile.functions_run,
        profile.functions
    ))
}

/// It was recorded with the toolchain of today, or the policy lets the match decide.
pub(super) fn toolchain(facts: &Facts, policy: &Policy) -> Finding {
    let Some(manifest) = facts.manifest() else { return Finding::without_profile() };
    if facts.toolchain.is_empty() {
        return Finding::done(account::words(&manifest.account.toolchain));
    }
    let value = facts.toolchain.join(", ");
    match policy.toolchain_change {
        ToolchainChange::Warn => {
            Finding::done(format!("{value}; policy.toolchain_change lets the match decide"))
        }
        ToolchainChange::Stale => Finding::failed(ExitCode::Stale, value, facts.run("")),
    }
}

/// It is younger than the policy's limit. What changed since is told beside it.
pub(super) fn age(facts: &Facts, policy: &Policy) -> Finding {
    let Some(manifest) = facts.manifest() else { return Finding::without_profile() };
    let status = &facts.status;
    let mut value = match status.age_s {
        Some(age) => format!("{} old", units::age(Duration::from_secs(age))),
        None => "of unknown age".into(),
    };
    value.push_str(&format!(", trained {}", manifest.trained));
    if let Some(since) = status.since {
        let (commits, lines) =
            (units::count(since.commits, "commit"), units::count(since.lines, "changed line"));
        value.push_str(&format!("; since then {commits}, {lines}"));
    }
    if !status.differences.is_empty() {
        value.push_str(&format!("; {}", status.differences.join(", ")));
    }
    let Some(most) = policy.max_age else {
        return Finding::done(format!("{value}; no policy.max_age"));
    };
    let limit = format!("policy.max_age = {}", units::age(most.0));
    match status.age_s {
        Some(age) if Duration::from_secs(age) <= most.0 => Finding::done(format!("{value}; {limit}")),
        Some(_) => Finding::failed(ExitCode::Stale, format!("{value}, more than {limit}"), facts.run("")),
        None => Finding::unknown(ExitCode::Stale, format!("{value}, and {limit}"), facts.run("")),
    }
}
