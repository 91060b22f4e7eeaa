//! The stages that build, baseline and instrument: each keeps a copy of what the builder made. Optimize has a file
//! of its own.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use honing_core::{
    Digest, Error, ExitCode, Fingerprint, Result, Stage, Training,
    event::{Artifact, Event, StageState},
};
use serde::{Deserialize, Serialize};

use crate::{
    builders::{Flavour, Made, beside},
    chain::{
        ready::Ready,
        session::Session,
        step::{Done, Product, finish, reasons, started, stored},
        subject::{Input, Subject},
    },
    io::files,
    keep::store::Manifest,
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
        step.map(|compiled| Self::new(compiled, path))
    }

    pub(crate) fn new(compiled: Compiled, path: PathBuf) -> Self {
        Self { compiled, path }
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

/// What changed since the build that a stage left; `None` where it left none.
pub(crate) fn changes<T: Product>(
    session: &Session,
    subject: &Subject<'_>,
    (stage, flavour): (Stage, Flavour<'_>),
) -> Result<Option<Vec<String>>> {
    let print = subject.fingerprint(session, flavour)?;
    Ok(stored::<T>(session, subject, stage).map(|old| print.changes_since(&old.fingerprint)))
}

/// Builds the program as it ships without PGO.
pub(crate) fn baseline(session: &Session, subject: &Subject<'_>, _: &Ready) -> Result<Done<Built>> {
    build(session, subject, (Stage::Baseline, Flavour::Plain))
}

/// Builds the program with counters.
pub(crate) fn instrument(session: &Session, subject: &Subject<'_>, _: &Ready) -> Result<Done<Built>> {
    build(session, subject, (Stage::Instrument, Flavour::Instrumented))
}

fn build(session: &Session, subject: &Subject<'_>, what: (Stage, Flavour<'_>)) -> Result<Done<Built>> {
    let step = compile(session, subject, what, |compiled, _, _| Ok(compiled))?;
    Ok(Built::step(session, subject, what.0, step))
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

/// Builds again where sources changed while they were built: nobody knows which of them went into it.
fn unchanged(
    session: &Session,
    subject: &Subject<'_>,
    (stage, flavour): (Stage, Flavour<'_>),
    (made, now): (Made, Fingerprint),
    before: &Fingerprint,
) -> Result<(Made, Fingerprint)> {
    let meanwhile = |now: &Fingerprint, before| now.changes_since(before).into_iter().next();
    let Some(first) = meanwhile(&now, before).filter(|_| subject.builder().knows_its_inputs()) else {
        return Ok((made, now));
    };
    let text = format!("{stage}: {first} while it was built; building again");
    session.sink.emit(Event::Note { text });
    let mut again = subject.build(session, stage, flavour)?;
    again.usage = made.usage.and(again.usage);
    let after = subject.fingerprint(session, flavour)?;
    if let Some(still) = meanwhile(&after, &now) {
        let text = format!(
            "{stage}: {still} each time that it is built. What writes there? Let the build write elsewhere, or leave \
             that out of its inputs"
        );
        session.sink.emit(Event::Warning { text });
    }
    Ok((again, after))
}

/// Builds, and keeps a copy of what was built together with what `describe` makes of it.
pub(crate) fn compile<T: Product + AsRef<Compiled>>(
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
    let (made, fingerprint) = unchanged(session, subject, (stage, flavour), (made, fingerprint), &before)?;
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
