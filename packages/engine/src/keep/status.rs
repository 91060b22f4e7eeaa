//! What is known about a stored profile without compiling: for `status`.

use std::{collections::BTreeSet, path::PathBuf};

use honing_core::{
    Error, Result,
    recorded::{Build, Manifest, workload_changes},
    staleness::{self, Facts},
    status::{LastMatch, Status},
    units,
};

use crate::{
    chain::{built::Optimized, session::Session, subject::Subject},
    io::clock,
    keep::{
        history,
        record::{eval_entries, workload_entries},
        recorded::{self, Stored},
    },
};

/// The status of every selected program.
///
/// # Errors
/// Usage, where a name is wrong.
pub fn status(session: &Session) -> Result<Vec<Status>> {
    session.subjects()?.iter().map(|subject| one(session, subject)).collect()
}

/// How the profile of `subject` stands.
pub(crate) fn one(session: &Session, subject: &Subject<'_>) -> Result<Status> {
    let whole = |stored: Stored| stored.bytes().map(|_| stored);
    let (stored, error) = match recorded::need(session, subject).and_then(whole) {
        Ok(stored) => (Some(stored), None),
        Err(error) => (None, Some(error)),
    };
    let mut status = Status {
        program: subject.name.to_owned(),
        target: subject.triple.clone(),
        folder: recorded::folder(session, subject).display().to_string(),
        manifest: None,
        age_s: None,
        since: None,
        git: None,
        differences: Vec::new(),
        last_match: None,
        stale: Vec::new(),
        error: error.as_ref().map(ToString::to_string),
        hint: error.as_ref().and_then(Error::hint).map(str::to_owned),
        exit: error.as_ref().map(Error::code),
    };
    let Some(stored) = stored else { return Ok(status) };
    let facts = facts(subject, &stored);
    status.age_s = facts.age.map(|age| age.as_secs());
    status.stale = staleness::reasons(&facts, &session.config.policy);
    let folders = folders_of(session, subject);
    let since = history::since(session, &stored.manifest.commit, &folders);
    status.git = since.as_ref().err().and_then(history::Silent::failure).map(git_words);
    status.since = since.ok().flatten();
    status.differences = differences(session, subject, &stored.manifest)?;
    let last = last_match(session, subject, &stored);
    if let Some(lost) = last.staleness.filter(|lost| 100.0 - lost < session.config.policy.min_match) {
        let least = session.config.policy.min_match;
        status.stale.push(format!(
            "when last measured, a build applied {} of its weight, less than policy.min_match = {least} %",
            units::share(1.0 - lost / 100.0)
        ));
    }
    status.last_match = Some(last);
    status.manifest = Some(stored.manifest);
    Ok(status)
}

/// The folders of the program's package and of all that it is built of.
fn folders_of(session: &Session, subject: &Subject<'_>) -> Vec<PathBuf> {
    let local = subject.builder().local_packages(session, subject);
    let folders: BTreeSet<PathBuf> = local.into_iter().map(|(_, folder)| folder).collect();
    folders.into_iter().collect()
}

fn git_words(error: &Error) -> String {
    error.hint().map_or_else(|| error.to_string(), |hint| format!("{error} ({hint})"))
}

/// What the policy judges, but for the match, which takes a build.
pub(crate) fn facts(subject: &Subject<'_>, stored: &Stored) -> Facts {
    Facts {
        age: clock::age(&stored.manifest.trained),
        recorded_with: stored.manifest.toolchain.rustc.clone(),
        toolchain: subject.builder().toolchain().rustc,
        applied: None,
    }
}

/// The latest build's match where it had this profile, or else that at recording.
fn last_match(session: &Session, subject: &Subject<'_>, stored: &Stored) -> LastMatch {
    let manifest = &stored.manifest;
    let built = Optimized::last(session, subject);
    let of_this = built.filter(|(_, built)| built.profile() == &manifest.profile.indexed_digest);
    match of_this {
        Some((when, built)) => LastMatch {
            words: built.applied().words(),
            when,
            staleness: built.applied().share().map(|share| (1.0 - share) * 100.0),
        },
        None => LastMatch {
            words: manifest.matched.words.clone(),
            when: manifest.recorded.clone(),
            staleness: manifest.matched.percent.map(|percent| 100.0 - percent),
        },
    }
}

fn differences(session: &Session, subject: &Subject<'_>, manifest: &Manifest) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut compare = |what: &str, before: String, now: String| {
        if before != now {
            let word = |text: String| if text.is_empty() { "(none)".to_owned() } else { text };
            found.push(format!("{what} {} -> {}", word(before), word(now)));
        }
    };
    let toolchain = subject.builder().toolchain();
    compare("rustc", manifest.toolchain.rustc.clone(), toolchain.rustc);
    compare("LLVM", manifest.toolchain.llvm.clone(), toolchain.llvm);
    let (then, now) = (&manifest.build, &subject.builder().account(session, subject)?);
    compare("Cargo profile", then.cargo_profile.clone(), now.cargo_profile.clone());
    let keys =
        then.settings.keys().chain(now.settings.keys().filter(|key| !then.settings.contains_key(*key)));
    for key in keys {
        let of = |build: &Build| build.settings.get(key).cloned().unwrap_or_default();
        compare(key, of(then), of(now));
    }
    compare("features", then.features.join(","), now.features.join(","));
    compare("default features", then.default_features.to_string(), now.default_features.to_string());
    compare("rustflags", then.rustflags.join(" "), now.rustflags.join(" "));
    compare("symbols", then.symbols.clone(), now.symbols.clone());
    let trained = workload_entries(session, subject)?;
    let measured = eval_entries(session, subject)?;
    found.extend(workload_changes(&manifest.workload, &trained));
    for change in workload_changes(&manifest.eval, &measured) {
        // One that trains as well was named.
        if !found.contains(&change) {
            found.push(change);
        }
    }
    if then.lockfile != now.lockfile {
        found.push("Cargo.lock changed".into());
    }
    Ok(found)
}
