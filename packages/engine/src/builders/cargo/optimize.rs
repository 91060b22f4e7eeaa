//! Optimize: the build with a profile, and how much of the profile it applied.

use std::path::{Path, PathBuf};

use honing_core::{
    Digest, Error, Result, Stage,
    applied::{Applied, MatchedBy},
    event::{Artifact, StageState},
};
use honing_profdata::BuildFunctions;
use serde::{Deserialize, Serialize};

use crate::{
    builders::cargo::{
        compile::{Added, Compiled, Instrumented, changes, compile, instrumented_changes, wanted},
        pinning,
    },
    chain::{
        preflight::Ready,
        session::{Session, Subject},
        step::{Product, Step, stored},
    },
    io::files,
    profiles::llvm::{
        matching,
        merge::{MergedProfile, RebasedFrom},
    },
};

/// Makes LLVM list every function that it builds, with the hash of its control flow. The
/// pattern that names have to contain is empty: `_` would miss `main`.
pub(crate) const TRACE_FLAG: &str = "-Cllvm-args=-pgo-trace-func-hash=";
/// The functions of the build, beside the binary.
const FUNCTIONS: &str = "functions.txt";

#[derive(Debug, Clone, Serialize, Deserialize)]
struct OptimizedBuild {
    #[serde(flatten)]
    compiled: Compiled,
    profile: Digest,
    rebased: Option<RebasedFrom>,
    applied: Applied,
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
    pub(crate) fn load(session: &Session, subject: &Subject<'_>) -> Option<Step<Self>> {
        let manifest = stored::<OptimizedBuild>(session, subject, Stage::Optimize)?;
        Some(Self::step(session, subject, Step::of(manifest, StageState::Skipped)))
    }

    /// The same, with when it was finished, in UTC.
    pub(crate) fn last(session: &Session, subject: &Subject<'_>) -> Option<(String, Self)> {
        let manifest = stored::<OptimizedBuild>(session, subject, Stage::Optimize)?;
        let when = manifest.finished.clone();
        Some((when, Self::step(session, subject, Step::of(manifest, StageState::Skipped)).output))
    }

    fn step(session: &Session, subject: &Subject<'_>, step: Step<OptimizedBuild>) -> Step<Self> {
        let path = session.store.dir(subject.name, Stage::Optimize).join(step.output.compiled.name());
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

    /// How much of the profile was applied.
    pub(crate) fn applied(&self) -> &Applied {
        &self.0.applied
    }

    /// For reports.
    pub(crate) fn artifact(&self) -> Artifact {
        self.0.compiled.artifact(&self.1)
    }

    /// The functions that the compiler built; `None` where it cannot list them.
    ///
    /// # Errors
    /// Where the list that the stage left cannot be read.
    pub(crate) fn functions(&self) -> Result<Option<BuildFunctions>> {
        if !self.0.functions {
            return Ok(None);
        }
        matching::read_functions(&self.1.with_file_name(FUNCTIONS)).map(Some)
    }
}

/// Builds the program with a profile.
pub(crate) fn optimize(
    session: &Session,
    subject: &Subject<'_>,
    ready: &Ready,
    profile: &MergedProfile,
) -> Result<Step<Optimized>> {
    let wanted = wanted(session, subject, Stage::Optimize, optimize_flags(session, subject, ready.traces))?;
    let bytes = files::read(profile.path())?;
    // Cargo rebuilds when the file is newer than the build: it must not be touched
    // while its contents stay the same.
    files::write_if_changed(&profile_path(session, subject), &bytes)?;
    let digest = profile.digest();
    let step = compile(session, subject, Stage::Optimize, &wanted, Some(digest), |compiled, built, dir| {
        let functions = (!built.functions.is_empty()).then_some(&built.functions);
        if let Some(functions) = functions {
            matching::write_functions(functions, &dir.join(FUNCTIONS))?;
        }
        let applied = match functions {
            Some(functions) => matching::applied(session, &bytes, functions, MatchedBy::Trace),
            None => without_trace(session, subject, &bytes),
        };
        Ok(OptimizedBuild {
            compiled,
            profile: digest.clone(),
            rebased: profile.rebased().cloned(),
            applied: matching::of_original(applied, profile.rebased()),
            functions: functions.is_some(),
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
    let build = (Stage::Optimize, optimize_flags(session, subject, ready.traces));
    let changes = changes::<OptimizedBuild>(session, subject, build, Some(profile.digest()))?;
    match changes.unwrap_or_default().first() {
        Some(change) => refused(&format!("the optimized build is out of date: {change}")),
        None => Ok(()),
    }
}

/// What the records of an instrumented build of the same source say.
fn without_trace(session: &Session, subject: &Subject<'_>, profile: &[u8]) -> Applied {
    let unknown = |why: &str| Applied::Unknown { why: why.to_owned() };
    let Some(built) = Instrumented::load(session, subject) else {
        return unknown("this compiler cannot list its functions, and there is no instrumented build");
    };
    let changes = instrumented_changes(session, subject).ok().flatten();
    if changes.is_none_or(|changes| !changes.is_empty()) {
        return unknown("this compiler cannot list its functions, and the instrumented build is out of date");
    }
    match matching::instrumented_functions(built.output.path()) {
        Ok(functions) => matching::applied(session, profile, &functions, MatchedBy::Instrumented),
        Err(error) => unknown(&error.to_string()),
    }
}

/// Flags that apply the profile of `subject`.
pub(crate) fn optimize_flags(session: &Session, subject: &Subject<'_>, traces: bool) -> Added {
    let flags = if traces { vec![TRACE_FLAG.to_owned()] } else { Vec::new() };
    Added { flags, profile: Some(profile_path(session, subject)) }
}

/// Where the compiler finds the profile.
pub(crate) fn profile_path(session: &Session, subject: &Subject<'_>) -> PathBuf {
    pinning::builds(session).join(format!("optimize-{}.profdata", subject.name))
}
