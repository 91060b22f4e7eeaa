//! What is known about a stored profile without compiling: for `status`.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use honing_core::{
    Error, Result,
    forecast::Course,
    recorded::{Manifest, workload_changes},
    staleness::{self, Facts},
    status::{LastMatch, Since, Status},
    units,
};

use crate::{
    chain::{optimized::Optimized, session::Session, subject::Subject},
    io::clock,
    keep::{
        history,
        record::{eval_entries, workload_entries},
        stored_profile::{self, Stored},
    },
};

/// The status of every selected program.
///
/// # Errors
/// Usage, where a name is wrong.
pub fn status(session: &Session) -> Result<Vec<Status>> {
    let subjects = session.subjects()?;
    subjects.iter().filter(|subject| !subject.is_plain()).map(|subject| one(session, subject)).collect()
}

/// How the profile of `subject` stands.
pub(crate) fn one(session: &Session, subject: &Subject<'_>) -> Result<Status> {
    let whole = |stored: Stored| stored.bytes().map(|_| stored);
    let (stored, error) = match stored_profile::need(session, subject).and_then(whole) {
        Ok(stored) => (Some(stored), None),
        Err(error) => (None, Some(error)),
    };
    let mut status = Status {
        program: subject.name.to_owned(),
        target: subject.triple.clone(),
        folder: stored_profile::folder(session, subject).display().to_string(),
        error: error.as_ref().map(ToString::to_string),
        hint: error.as_ref().and_then(Error::hint).map(str::to_owned),
        exit: error.as_ref().map(Error::code),
        ..Status::default()
    };
    let Some(stored) = stored else { return Ok(status) };
    let facts = facts(session, subject, &stored)?;
    status.age_s = facts.age.map(|age| age.as_secs());
    status.stale = staleness::reasons(&facts, &session.config.policy);
    let folders = folders_of(session, subject);
    let since = history::since(session, subject, &stored.manifest.commit, &folders);
    status.git = since.as_ref().err().and_then(history::Silent::failure).map(Error::words);
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
    status.forecast = course(&stored.manifest, &last, status.since.as_ref(), facts.age)
        .and_then(|course| course.forecast(session.config.policy.min_match));
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

/// What the policy judges, but for the match, which takes a build.
pub(crate) fn facts(session: &Session, subject: &Subject<'_>, stored: &Stored) -> Result<Facts> {
    let now = subject.builder().account(session, subject)?;
    let changes = stored.manifest.account.toolchain_changes(&now);
    let toolchain = changes.iter().map(ToString::to_string).collect();
    Ok(Facts { age: clock::age(&stored.manifest.trained), toolchain, applied: None })
}

/// The match at recording, which is the same for everybody; of a later build with this profile, where there is one.
fn last_match(session: &Session, subject: &Subject<'_>, stored: &Stored) -> LastMatch {
    let manifest = &stored.manifest;
    let built = Optimized::last(session, subject);
    let of_this = built.filter(|(when, built)| {
        built.profile() == &manifest.profile.indexed_digest && *when >= manifest.recorded
    });
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

/// How the match went since `manifest` was recorded.
fn course(
    manifest: &Manifest,
    last: &LastMatch,
    since: Option<&Since>,
    age: Option<Duration>,
) -> Option<Course> {
    let age = age?;
    Some(Course {
        recorded: manifest.matched.percent?,
        measured: 100.0 - last.staleness?,
        until: age.saturating_sub(clock::age(&last.when)?),
        age,
        commits: since.map(|since| since.commits),
    })
}

fn differences(session: &Session, subject: &Subject<'_>, manifest: &Manifest) -> Result<Vec<String>> {
    let mut found = manifest.account.differences(&subject.builder().account(session, subject)?);
    let trained = workload_entries(session, subject)?;
    let measured = eval_entries(session, subject)?;
    found.extend(workload_changes(&manifest.workload, &trained));
    for change in workload_changes(&manifest.eval, &measured) {
        // One that trains as well was named.
        if !found.contains(&change) {
            found.push(change);
        }
    }
    Ok(found)
}
