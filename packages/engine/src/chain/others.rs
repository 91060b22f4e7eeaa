//! What other programs' steps left for a program: what `needs` lists, and what placeholders name.

use std::path::PathBuf;

use honing_core::{Error, Flow, Other, Part, Result, Stage, Step, config::Needed};

use crate::{
    chain::{
        built::Built,
        merge::{MergedProfile, given},
        optimized::Optimized,
        session::{ProfileSource, Session},
        subject::{Input, Need, Subject},
    },
    io::files,
    keep::{
        handed::{self, Handed},
        stored_profile,
    },
    measure::{
        measurements::{Measurements, candidates, names},
        verdicts::{growths, judge},
    },
};

/// Whether what a build reads of a profile is written for it, or only named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profiles {
    Written,
    Named,
}

impl Session {
    /// The program, with what others' steps left for it.
    pub(crate) fn with_needs<'a>(&'a self, subject: &Subject<'a>, profiles: Profiles) -> Result<Subject<'a>> {
        let need = |needed: Needed| {
            let (name, program) = self
                .config
                .program
                .get_key_value(&needed.other.program)
                .ok_or_else(|| Error::internal(format!("no program `{}`", needed.other.program)))?;
            let other = self.subject(name, program)?;
            let step = step_of(&other.flow(), needed.other.part);
            let made = made_by(self, &other, &needed.other, profiles)?;
            Ok(Need { by: needed.by, other: needed.other, step, made })
        };
        Ok(subject.with(self.needed(subject).into_iter().map(need).collect::<Result<_>>()?))
    }

    /// What the steps of a program use of others.
    pub(crate) fn needed(&self, subject: &Subject<'_>) -> Vec<Needed> {
        let written = self.config.needed(subject.name);
        if subject.is_plain() { written } else { Needed::with_baselines(&written) }
    }
}

/// The step that a part of a program comes from.
pub(crate) fn step_of(flow: &Flow, part: Part) -> Step {
    match part {
        Part::Shipped if !flow.has(Stage::Bench) => Stage::Baseline.into(),
        part => part.step(),
    }
}

fn made_by(
    session: &Session,
    subject: &Subject<'_>,
    other: &Other,
    profiles: Profiles,
) -> Result<Option<Input>> {
    let turns = || std::iter::once(subject.clone()).chain(subject.passes());
    match other.part {
        Part::Shipped => shipped(session, subject),
        Part::Made(step) => {
            let Some(turn) = turns().find(|turn| turn.step(step.stage) == step) else { return Ok(None) };
            let built = match step.stage {
                Stage::Optimize => Optimized::load(session, &turn).map(|done| done.output.built()),
                stage => Built::load(session, &turn, stage).map(|done| done.output),
            };
            Ok(built.map(|built| built.input()))
        }
        Part::Profile(pass) => match turns().find(|turn| turn.pass() == pass) {
            Some(turn) => profile(session, &turn, profiles),
            None => Ok(None),
        },
    }
}

/// What a program ships: by the stored profile's verdict where that is asked for, else by what was measured
/// of what is there.
fn shipped(session: &Session, subject: &Subject<'_>) -> Result<Option<Input>> {
    let baseline = Built::load(session, subject, Stage::Baseline).map(|done| done.output);
    let as_baseline = || baseline.as_ref().map(Built::input);
    if subject.is_plain() {
        return Ok(as_baseline());
    }
    let stored = session.options.profile == ProfileSource::Stored;
    if stored && stored_profile::left_out(session, subject).is_some() {
        return Ok(as_baseline());
    }
    let Some(first) = Optimized::load(session, subject).map(|done| done.output) else { return Ok(None) };
    if stored {
        return Ok(Some(first.built().input()));
    }
    let mut programs = vec![first];
    for pass in subject.passes() {
        let Some(after) = Optimized::load(session, &pass).map(|done| done.output) else { break };
        if after.input() != programs.last().map(Optimized::digest) {
            break;
        }
        programs.push(after);
    }
    let names = names(&subject.flow());
    let candidates = candidates(&names, &programs);
    let measurements = Measurements::load(session, subject).map(|done| done.output);
    let measurements = measurements
        .filter(|measured| baseline.as_ref().is_some_and(|baseline| measured.are_of(baseline, &candidates)));
    let judged = judge(session, subject, &growths(baseline.as_ref(), &programs), measurements.as_ref())?;
    let choice = judged.choose(session, subject);
    let chosen = programs.get(choice.candidate).filter(|_| choice.ships);
    Ok(chosen.map(|program| program.built().input()).or_else(as_baseline))
}

/// The merged profile, as a build reads it. Build tools do not see that a profile changed: its digest is in its
/// name.
fn profile(session: &Session, turn: &Subject<'_>, profiles: Profiles) -> Result<Option<Input>> {
    let stored = match session.options.profile {
        ProfileSource::Stored if turn.pass().is_none() => stored_profile::load(session, turn)?,
        _ => None,
    };
    let handed = handed::given(session, turn)?;
    let merged = match stored {
        _ if let Some(Handed { file, .. }) = &handed => {
            Some(MergedProfile::of(given(turn, file)?.0, file.clone(), None))
        }
        Some(stored) => Some(MergedProfile::of_stored(session, turn, stored)?),
        None => MergedProfile::load(session, turn).map(|done| done.output),
    };
    let Some(merged) = merged else { return Ok(None) };
    let path = path_of(session, turn, &merged);
    if profiles == Profiles::Written && !path.is_file() {
        files::write_atomically(&path, &merged.read(turn)?.for_build())?;
    }
    Ok(Some(Input { path, digest: merged.digest().clone() }))
}

fn path_of(session: &Session, turn: &Subject<'_>, merged: &MergedProfile) -> PathBuf {
    let pass = turn.pass().map_or_else(String::new, |pass| format!("-{}", pass.name()));
    let digest = merged.digest().short();
    let name = format!("{}{pass}-{digest}.{}", turn.name, turn.kind().extension());
    session.builds().join("profiles").join(name)
}
