//! The stage optimize: the program built with a profile, and what it applied of that.

use std::path::{Path, PathBuf};

use honing_core::{
    Digest, Error, Result, Stage,
    applied::{Applied, HotFunction, Match, MatchedBy},
    event::{Artifact, Event, StageState},
};
use serde::{Deserialize, Serialize};

use crate::{
    builders::Flavour,
    chain::{
        built::{Built, Compiled, changes, compile, trained_changes},
        merge::{MergedProfile, RebasedFrom},
        ready::Ready,
        session::Session,
        step::{Done, Product, stored},
        subject::Subject,
    },
    io::files,
    profiles::{Matched, Traces},
};

/// How a build's profile is made of a merged one, with a version: made anew where that changes.
const FORM: &str = "units-2";
/// The functions of the build, beside the binary.
const FUNCTIONS: &str = "functions.txt";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OptimizedBuild {
    #[serde(flatten)]
    compiled: Compiled,
    profile: Digest,
    /// What a pass worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<Digest>,
    rebased: Option<RebasedFrom>,
    applied: Applied,
    /// Its heaviest functions; empty where an older Honing built.
    #[serde(default)]
    hottest: Vec<HotFunction>,
    /// Whether the compiler listed the functions that it built.
    functions: bool,
}

impl Product for OptimizedBuild {
    fn files(&self) -> Vec<&str> {
        let functions = self.functions.then_some(FUNCTIONS);
        self.compiled.files().into_iter().chain(functions).collect()
    }
}

impl AsRef<Compiled> for OptimizedBuild {
    fn as_ref(&self) -> &Compiled {
        &self.compiled
    }
}

/// The program built with a profile.
#[derive(Debug, Clone)]
pub(crate) struct Optimized(OptimizedBuild, PathBuf);

impl Optimized {
    /// What an earlier run left.
    pub(crate) fn load(session: &Session, subject: &Subject<'_>) -> Option<Done<Self>> {
        let manifest = stored::<OptimizedBuild>(session, subject, Stage::Optimize)?;
        Some(Self::step(session, subject, Done::of(manifest, StageState::Skipped)))
    }

    /// The same, with when it was finished, in UTC.
    pub(crate) fn last(session: &Session, subject: &Subject<'_>) -> Option<(String, Self)> {
        let manifest = stored::<OptimizedBuild>(session, subject, Stage::Optimize)?;
        let when = manifest.finished.clone();
        Some((when, Self::step(session, subject, Done::of(manifest, StageState::Skipped)).output))
    }

    fn step(session: &Session, subject: &Subject<'_>, step: Done<OptimizedBuild>) -> Done<Self> {
        let path = session.dir_of(subject, Stage::Optimize).join(step.output.compiled.name());
        step.map(|built| Self(built, path))
    }

    /// The binary.
    pub(crate) fn path(&self) -> &Path {
        &self.1
    }

    /// The digest of the binary.
    pub(crate) fn digest(&self) -> &Digest {
        self.0.compiled.digest()
    }

    /// Files of its debug information, beside it.
    pub(crate) fn debug_info(&self) -> &[String] {
        self.0.compiled.debug_info()
    }

    /// The digest of the merged profile; what the compiler read is made of that alone.
    pub(crate) fn profile(&self) -> &Digest {
        &self.0.profile
    }

    /// What the profile was carried over from, if it was.
    pub(crate) fn rebased(&self) -> Option<&RebasedFrom> {
        self.0.rebased.as_ref()
    }

    /// The digest of what the pass worked on.
    pub(crate) fn input(&self) -> Option<&Digest> {
        self.0.input.as_ref()
    }

    /// As what another step works on.
    pub(crate) fn built(&self) -> Built {
        Built::new(self.0.compiled.clone(), self.1.clone())
    }

    /// How much of the profile was applied.
    pub(crate) fn applied(&self) -> &Applied {
        &self.0.applied
    }

    /// The heaviest functions of the profile, and what became of each.
    pub(crate) fn hottest(&self) -> &[HotFunction] {
        &self.0.hottest
    }

    /// For reports.
    pub(crate) fn artifact(&self) -> Artifact {
        self.0.compiled.artifact(&self.1)
    }

    /// The functions that were built; `None` where nothing tells them.
    ///
    /// # Errors
    /// Where the list that the stage left, or the program, cannot be read.
    pub(crate) fn traces(&self, subject: &Subject<'_>) -> Result<Option<Traces>> {
        if subject.kind().is_read_from_programs() {
            return subject.kind().declared(&self.1).map(Some);
        }
        if !self.0.functions {
            return Ok(None);
        }
        files::read(&self.1.with_file_name(FUNCTIONS)).map(|bytes| Some(Traces(bytes)))
    }
}

/// Builds the program with a profile.
pub(crate) fn optimize(
    session: &Session,
    subject: &Subject<'_>,
    ready: &Ready,
    profile: &MergedProfile,
) -> Result<Done<Optimized>> {
    let path = profile_path(session, subject);
    let digest = profile.digest();
    write_for_build(subject, profile, &path)?;
    let flavour = Flavour::Optimized { profile: &path, digest: Some(digest), traced: ready.traces };
    let step = compile(session, subject, (Stage::Optimize, flavour), |compiled, built, dir| {
        if let Some(Traces(text)) = &built.traces {
            files::write_atomically(&dir.join(FUNCTIONS), text)?;
        }
        let kind = subject.kind();
        let functions = match &built.traces {
            Some(traces) => Ok((traces.clone(), MatchedBy::Trace)),
            None if kind.is_read_from_programs() => kind
                .declared(&dir.join(compiled.name()))
                .map(|traces| (traces, MatchedBy::Program))
                .map_err(|error| error.to_string()),
            None => declared(session, subject).map(|traces| (traces, MatchedBy::Instrumented)),
        };
        // Of another source, a baseline says nothing about this build.
        let baseline = (Stage::Baseline, Flavour::Plain);
        let current =
            changes::<Compiled>(session, subject, baseline)?.is_some_and(|changes| changes.is_empty());
        let before = Built::load(session, subject, Stage::Baseline).filter(|_| current);
        let before = before.as_ref().map(|baseline| baseline.output.path());
        let own_code = subject.builder().own_code();
        let Matched { applied, hottest, did } = profile.read(subject)?.matched(own_code, functions, before);
        did.into_iter().for_each(|text| session.sink.emit(Event::Note { text }));
        Ok(OptimizedBuild {
            compiled,
            profile: digest.clone(),
            input: subject.input.as_ref().map(|input| input.digest.clone()),
            rebased: profile.rebased().cloned(),
            applied: of_original(applied, profile.rebased()),
            hottest,
            functions: built.traces.is_some(),
        })
    })?;
    Ok(Optimized::step(session, subject, step))
}

/// Writes what a build reads of a profile. Builders rebuild when the file is newer than the build: it must
/// not be touched while its contents stay the same. What it is made of, and what came of that, is noted
/// beside it, so that it is not made again to see whether it is the same.
pub(crate) fn write_for_build(subject: &Subject<'_>, profile: &MergedProfile, path: &Path) -> Result<()> {
    let note = path.with_extension("of");
    let known = |made: &Digest| format!("{FORM} {} {made}", profile.digest());
    let there = files::digest(path).ok();
    if there
        .as_ref()
        .is_some_and(|there| files::read(&note).is_ok_and(|text| text == known(there).as_bytes()))
    {
        return Ok(());
    }
    let bytes = profile.read(subject)?.for_build();
    files::write_if_changed(path, &bytes)?;
    files::write_atomically(&note, known(&Digest::of(&bytes)).as_bytes())
}

/// Refuses to record a profile together with another profile's, or other sources', build.
pub(crate) fn check_current(
    session: &Session,
    subject: &Subject<'_>,
    ready: &Ready,
    profile: Option<&MergedProfile>,
    optimized: Option<&Optimized>,
) -> Result<()> {
    let (Some(profile), Some(optimized)) = (profile, optimized) else { return Ok(()) };
    let refused = |why: &str| {
        Err(Error::usage(format!("record: {why}"))
            .with_hint("build and measure with it first: --from optimize"))
    };
    if profile.digest() != optimized.profile() {
        return refused("the optimized build was made with another profile than the one to be recorded");
    }
    let path = profile_path(session, subject);
    let flavour = Flavour::Optimized { profile: &path, digest: Some(profile.digest()), traced: ready.traces };
    let changes = changes::<OptimizedBuild>(session, subject, (Stage::Optimize, flavour))?;
    match changes.unwrap_or_default().first() {
        Some(change) => refused(&format!("the optimized build is out of date: {change}")),
        None => Ok(()),
    }
}

/// What the records of an instrumented build of the same source say; or why nothing does.
fn declared(session: &Session, subject: &Subject<'_>) -> Result<Traces, String> {
    let unlisted = |why| format!("this compiler cannot list its functions, and {why}");
    let built = Built::load(session, subject, Stage::Instrument)
        .ok_or_else(|| unlisted("there is no instrumented build"))?;
    let changes = trained_changes(session, subject).ok().flatten();
    if changes.is_none_or(|changes| !changes.is_empty()) {
        return Err(unlisted("the instrumented build is out of date"));
    }
    subject.kind().declared(built.output.path()).map_err(|error| error.to_string())
}

/// A rebased profile's match counts what the rebase dropped as lost.
fn of_original(applied: Applied, rebased: Option<&RebasedFrom>) -> Applied {
    match applied {
        Applied::Measured(found) => {
            Applied::Measured(Match { carried: rebased.map(|from| from.carried), ..found })
        }
        unknown @ Applied::Unknown { .. } => unknown,
    }
}

/// Where the compiler finds the profile.
pub(crate) fn profile_path(session: &Session, subject: &Subject<'_>) -> PathBuf {
    let pass = subject.pass().map_or_else(String::new, |pass| format!("{}-", pass.name()));
    session.builds().join(format!("optimize-{pass}{}.{}", subject.name, subject.kind().extension()))
}
