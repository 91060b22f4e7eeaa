//! The stages that build: baseline, instrument and optimize. Each keeps a copy of what the builder made.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use honing_core::{
    Digest, Error, ExitCode, Fingerprint, Result, Stage, Step, Training,
    applied::{Applied, HotFunction, Match, MatchedBy},
    event::{Artifact, StageState},
};
use serde::{Deserialize, Serialize};

use crate::{
    builders::{Flavour, Made, beside},
    chain::{
        merge::{MergedProfile, RebasedFrom},
        preflight::Ready,
        session::Session,
        step::{Done, Product, finish, reasons, started, stored},
        subject::{Input, Subject},
    },
    io::files,
    keep::store::Manifest,
    profiles::{Matched, Traces},
};

/// A build's output: a copy of the binary, so that the next build cannot change it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Compiled {
    name: String,
    bytes: u64,
    /// Of the binary, and of its libraries where it has some.
    digest: Digest,
    /// Its shared libraries, relative to the stage's folder.
    #[serde(default)]
    libraries: Vec<String>,
    /// Its debug information, likewise, where that is in files of its own.
    #[serde(default)]
    debug_info: Vec<String>,
}

impl Product for Compiled {
    fn files(&self) -> Vec<&str> {
        [&self.name].into_iter().chain(&self.libraries).map(String::as_str).collect()
    }
}

impl AsRef<Self> for Compiled {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl Compiled {
    /// Name of the file in the stage's folder.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Its debug information, where that is in files of its own.
    pub(crate) fn debug_info(&self) -> &[String] {
        &self.debug_info
    }

    /// For reports; `path` is where it is.
    pub(crate) fn artifact(&self, path: &Path) -> Artifact {
        let digest = self.digest.to_string();
        Artifact { path: path.display().to_string(), bytes: self.bytes, digest }
    }
}

/// A program that a stage built.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    compiled: Compiled,
    path: PathBuf,
}

impl Built {
    /// What an earlier run of `stage` left.
    pub(crate) fn load(session: &Session, subject: &Subject<'_>, stage: Stage) -> Option<Done<Self>> {
        let manifest = stored::<Compiled>(session, subject, stage)?;
        Some(Self::step(session, subject, stage, Done::of(manifest, StageState::Skipped)))
    }

    fn step(session: &Session, subject: &Subject<'_>, stage: Stage, step: Done<Compiled>) -> Done<Self> {
        let path = session.dir_of(subject, stage).join(step.output.name());
        step.map(|compiled| Self { compiled, path })
    }

    /// The binary.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The digest of the binary.
    pub(crate) fn digest(&self) -> &Digest {
        self.compiled.digest()
    }

    /// Files of its debug information, beside it.
    pub(crate) fn debug_info(&self) -> &[String] {
        self.compiled.debug_info()
    }

    /// For reports.
    pub(crate) fn artifact(&self) -> Artifact {
        self.compiled.artifact(&self.path)
    }

    /// As what another step works on.
    pub(crate) fn input(&self) -> Input {
        Input { path: self.path.clone(), digest: self.digest().clone() }
    }
}

/// The program that a step left, be it of a pass.
pub(crate) fn made_by(session: &Session, subject: &Subject<'_>, step: Step) -> Option<Input> {
    let of_step = |turn: &Subject<'_>| turn.step(step.stage) == step;
    let turn = std::iter::once(subject.clone()).chain(subject.passes()).find(of_step)?;
    let built = match step.stage {
        Stage::Optimize => Optimized::load(session, &turn)?.output.built(),
        stage => Built::load(session, &turn, stage)?.output,
    };
    Some(built.input())
}

/// What changed since the build that a stage left; `None` where it left none.
fn changes<T: Product>(
    session: &Session,
    subject: &Subject<'_>,
    (stage, flavour): (Stage, Flavour<'_>),
) -> Result<Option<Vec<String>>> {
    let print = subject.fingerprint(session, flavour)?;
    Ok(stored::<T>(session, subject, stage).map(|old| print.changes_since(&old.fingerprint)))
}

/// Builds the program as it ships without PGO.
pub(crate) fn baseline(session: &Session, subject: &Subject<'_>, _: &Ready) -> Result<Done<Built>> {
    let build = (Stage::Baseline, Flavour::Plain);
    let step = compile(session, subject, build, |compiled, _, _| Ok(compiled))?;
    Ok(Built::step(session, subject, Stage::Baseline, step))
}

/// Builds the program with counters.
pub(crate) fn instrument(session: &Session, subject: &Subject<'_>, _: &Ready) -> Result<Done<Built>> {
    let build = (Stage::Instrument, Flavour::Instrumented);
    let step = compile(session, subject, build, |compiled, _, _| Ok(compiled))?;
    Ok(Built::step(session, subject, Stage::Instrument, step))
}

/// The flavour that is trained.
pub(crate) fn trained_flavour(subject: &Subject<'_>) -> Flavour<'static> {
    match subject.kind().training() {
        Training::Instrumented => Flavour::Instrumented,
        Training::Sampled => Flavour::Plain,
    }
}

/// What changed since the program that is trained was built; `None` where it was not.
pub(crate) fn trained_changes(session: &Session, subject: &Subject<'_>) -> Result<Option<Vec<String>>> {
    match (subject.kind().training(), subject.pass()) {
        (Training::Instrumented, _) => {
            changes::<Compiled>(session, subject, (Stage::Instrument, Flavour::Instrumented))
        }
        (Training::Sampled, None) => changes::<Compiled>(session, subject, (Stage::Baseline, Flavour::Plain)),
        // It is trained on what was just built.
        (Training::Sampled, Some(_)) => Ok(None),
    }
}

/// A difference between two sources is not one that PGO made.
pub(crate) fn check_same_source(session: &Session, subject: &Subject<'_>) -> Result<()> {
    let print = |stage| stored::<Compiled>(session, subject, stage).map(|manifest| manifest.fingerprint);
    let (Some(baseline), Some(optimized)) = (print(Stage::Baseline), print(Stage::Optimize)) else {
        return Ok(());
    };
    let differ = optimized.changes_beside_flavour(&baseline);
    if differ.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "bench: baseline and optimized were not built from the same source: {}",
        differ.join(", ")
    ))
    .with_hint("build both from what is there now: --from baseline"))
}

/// The builder's witness, beside the binary.
const WITNESS: &str = "calls.json";

/// What two flavours were built with differs by what PGO adds and by nothing else.
fn check_alike(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    fingerprint: &Fingerprint,
    witness: &[u8],
) -> Result<()> {
    let Some(baseline) = stored::<Compiled>(session, subject, Stage::Baseline) else { return Ok(()) };
    // One of another source, or with other settings, may differ.
    if stage == Stage::Baseline
        || subject.pass().is_some()
        || !fingerprint.changes_beside_flavour(&baseline.fingerprint).is_empty()
    {
        return Ok(());
    }
    let file = session.dir_of(subject, Stage::Baseline).join(WITNESS);
    let Ok(theirs) = std::fs::read(file) else { return Ok(()) };
    let Some(difference) = subject.builder().difference(witness, &theirs) else { return Ok(()) };
    Err(Error::new(ExitCode::Build, format!("{stage}: {difference}")).with_hint(
        "what changes flags from build to build, a variable that Honing is called with or a build script? \
         Build both from what is there now: --from baseline",
    ))
}

/// Builds, and keeps a copy of what was built together with what `describe` makes of it.
fn compile<T: Product + AsRef<Compiled>>(
    session: &Session,
    subject: &Subject<'_>,
    (stage, flavour): (Stage, Flavour<'_>),
    describe: impl FnOnce(Compiled, &Made, &Path) -> Result<T>,
) -> Result<Done<T>> {
    let old = stored::<T>(session, subject, stage);
    let before = subject.fingerprint(session, flavour)?;
    started(session, subject, stage, reasons(session, old.as_ref(), &before));
    let start = Instant::now();
    let made = subject.build(session, stage, flavour)?;
    // After the build, so that files that it read for the first time are in it.
    let fingerprint = subject.fingerprint(session, flavour)?;
    check_alike(session, subject, stage, &fingerprint, &made.witness)?;
    let same =
        |old: &Manifest<T>| old.output.as_ref().digest == made.digest && old.fingerprint == fingerprint;
    if let Some(old) = old.filter(|old| made.fresh && same(old)) {
        return Ok(Done::of(old, StageState::UpToDate));
    }
    let attempt = session.begin(subject, stage)?;
    let name = made.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let copy = attempt.dir().join(&name);
    files::copy(&made.path, &copy)?;
    let libraries = beside::copy_libraries(&made.libraries, attempt.dir())?;
    let debug_info = beside::copy_files(&made.debug_info, attempt.dir())?;
    let digest = made.digest.clone();
    let compiled = Compiled { name, bytes: files::size(&copy), digest, libraries, debug_info };
    files::write_atomically(&attempt.dir().join(WITNESS), &made.witness)?;
    let output = describe(compiled, &made, attempt.dir())?;
    finish(attempt, fingerprint, start, made.usage, Some(made.full), output)
}

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

    /// The digest of the profile, as the compiler read it.
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
        Built { compiled: self.0.compiled.clone(), path: self.1.clone() }
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

    /// The functions that the compiler built; `None` where it cannot list them.
    ///
    /// # Errors
    /// Where the list that the stage left cannot be read.
    pub(crate) fn traces(&self) -> Result<Option<Traces>> {
        if !self.0.functions {
            return Ok(None);
        }
        let bytes = files::read(&self.1.with_file_name(FUNCTIONS))?;
        Ok(Some(Traces(String::from_utf8_lossy(&bytes).into_owned())))
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
    // Builders rebuild when the file is newer than the build: it must not be touched
    // while its contents stay the same.
    if !files::digest(&path).is_ok_and(|there| &there == digest) {
        files::write_atomically(&path, profile.read(subject)?.bytes())?;
    }
    let flavour = Flavour::Optimized { profile: &path, digest: Some(digest), traced: ready.traces };
    let step = compile(session, subject, (Stage::Optimize, flavour), |compiled, built, dir| {
        if let Some(Traces(text)) = &built.traces {
            files::write_atomically(&dir.join(FUNCTIONS), text.as_bytes())?;
        }
        let functions = match &built.traces {
            Some(traces) => Ok((traces.clone(), MatchedBy::Trace)),
            None => declared(session, subject).map(|traces| (traces, MatchedBy::Instrumented)),
        };
        let own_code = subject.builder().own_code();
        let Matched { applied, hottest } = profile.read(subject)?.matched(own_code, functions);
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
    session.builds().join(format!("optimize-{pass}{}.profdata", subject.name))
}
