//! Preflight's checks for the stages that were asked for: what only the last of them
//! needs must not fail after an hour of the others.

use std::path::Path;

use honing_core::{Error, ExitCode, Result, Selection, Stage, Step, event::Event};

use crate::{
    chain::{
        built::Built,
        merge::MergedProfile,
        missing,
        session::{ProfileSource, Session},
        subject::Subject,
    },
    keep::{handed, stored_profile::folder},
    measure::pairs::asked,
    workloads::train::{RawProfiles, no_training, workloads},
};

/// Checks what the steps that were `selected` need beyond what every run needs.
pub(crate) fn check_selected(
    session: &Session,
    subject: &Subject<'_>,
    selection: &Selection,
    selected: &[Step],
) -> Result<()> {
    let (options, flow) = (&session.options, subject.flow());
    let only = selection.first().filter(|only| selection.last() == Some(*only) && !flow.has(*only));
    // A component without PGO has no part in what is asked of all.
    let named = options.programs.iter().any(|name| name == subject.name);
    if let Some(only) = only.filter(|_| named || !subject.is_plain()) {
        return Err(flow.has_no(only).at(format!("program `{}`", subject.name)));
    }
    let runs = |stage: Stage| selected.contains(&subject.step(stage));
    let trained = *handed::source(session, subject) == ProfileSource::Training;
    if runs(Stage::Train) && options.manual.is_none() && trained {
        no_training(subject, &workloads(session, subject, |workload| workload.role.trains()))?;
    }
    if runs(Stage::Merge) || runs(Stage::Optimize) {
        check_handed(session, subject, runs(Stage::Train))?;
    }
    if runs(Stage::Bench) {
        asked(session).map_or(Ok(()), check_pairs)?;
    }
    if runs(Stage::Record) {
        let folder = session.root.join(folder(session, subject));
        check_writable(&folder)?;
    }
    Ok(())
}

/// Refuses to train or build for a measurement that will lack its baseline. What the first step lacks is told by that.
pub(crate) fn check_baseline(session: &Session, subject: &Subject<'_>, selected: &[Step]) -> Result<()> {
    let runs = |stage: Stage| selected.contains(&subject.step(stage));
    let built = |stage: Stage| runs(stage) || Built::load(session, subject, stage).is_some();
    let is_last = !runs(Stage::Train) && !runs(Stage::Merge) && !runs(Stage::Optimize);
    if is_last || !runs(Stage::Bench) || built(Stage::Baseline) {
        return Ok(());
    }
    let trained = *handed::source(session, subject) == ProfileSource::Training;
    let has = |stage: Stage| match stage {
        Stage::Merge => !trained || MergedProfile::load(session, subject).is_some(),
        Stage::Train => RawProfiles::load(session, subject).is_some(),
        stage => !subject.flow().has(subject.step(stage)) || built(stage),
    };
    let uses =
        [(Stage::Train, Stage::Instrument), (Stage::Merge, Stage::Train), (Stage::Optimize, Stage::Merge)];
    let begins = uses.into_iter().all(|(user, used)| !runs(user) || runs(used) || has(used));
    if begins { Err(missing(subject.step(Stage::Baseline), subject.step(Stage::Bench))) } else { Ok(()) }
}

/// A profile that a folder was to have: one that it lacks has to be trained, or was trained here before.
fn check_handed(session: &Session, subject: &Subject<'_>, trains: bool) -> Result<()> {
    let ProfileSource::Folder(dir) = &session.options.profile else { return Ok(()) };
    let lacks = handed::lacks(session, subject, dir);
    if !lacks || !trains && MergedProfile::load(session, subject).is_none() {
        return handed::find(session, subject, dir).map(drop);
    }
    if trains {
        let text = format!("{} has no profile of `{}`: it is trained here", dir.display(), subject.name);
        session.sink.emit(Event::Note { text });
    }
    Ok(())
}

fn check_pairs(pairs: u32) -> Result<()> {
    if pairs.is_multiple_of(2) && (2..=1000).contains(&pairs) {
        return Ok(());
    }
    Err(Error::usage(format!("--pairs: {pairs} is not an even number from 2 to 1000"))
        .with_hint(format!("write --pairs {}", pairs.clamp(2, 1000).next_multiple_of(2))))
}

/// Whether a folder that need not exist yet can be written to. Nothing is written: it
/// is the person's repository.
fn check_writable(folder: &Path) -> Result<()> {
    let Some(existing) = folder.ancestors().find(|path| path.exists()) else { return Ok(()) };
    let refused = |why: String| {
        Err(Error::new(ExitCode::Preflight, format!("record: cannot write to {}: {why}", existing.display()))
            .with_hint("make it writable for this user, or stop before that: --to bench"))
    };
    if !existing.is_dir() {
        return refused("it is not a folder".into());
    }
    writable(existing).or_else(refused)
}

#[cfg(unix)]
fn writable(folder: &Path) -> Result<(), String> {
    use nix::unistd::{AccessFlags, access};
    access(folder, AccessFlags::W_OK | AccessFlags::X_OK).map_err(|errno| errno.desc().to_owned())
}

#[cfg(not(unix))]
fn writable(_: &Path) -> Result<(), String> {
    Ok(())
}
