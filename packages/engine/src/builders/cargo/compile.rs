//! What the three builds have in common, and the two that need no profile: baseline and
//! instrument. One specification; only the flags of PGO differ, and what a light
//! instrumented build leaves out.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use honing_core::{
    Digest, Error, ExitCode, Fingerprint, Result, Stage,
    calls::Calls,
    config::{Flush, Instrumenting, ProgramKind},
    event::{Artifact, StageState},
};
use serde::{Deserialize, Serialize};

use crate::{
    builders::cargo::{self, Built, Wanted, libraries::Parts, pinning, wrapper::Orders},
    chain::{
        preflight::Ready,
        session::{Session, Subject},
        step::{Product, Step, finish, reasons, started, stored},
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

macro_rules! flavour {
    ($(#[$doc:meta])* $name:ident, $stage:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $name(Compiled, std::path::PathBuf);

        impl $name {
            /// What an earlier run left.
            pub(crate) fn load(session: &Session, subject: &Subject<'_>) -> Option<Step<Self>> {
                let manifest = stored::<Compiled>(session, subject, Stage::$stage)?;
                Some(Self::step(session, subject, Step::of(manifest, StageState::Skipped)))
            }

            fn step(session: &Session, subject: &Subject<'_>, step: Step<Compiled>) -> Step<Self> {
                let path = session.store.dir(subject.name, Stage::$stage).join(&step.output.name);
                step.map(|compiled| Self(compiled, path))
            }

            /// The binary.
            pub(crate) fn path(&self) -> &Path {
                &self.1
            }

            /// The digest of the binary.
            pub(crate) fn digest(&self) -> &Digest {
                &self.0.digest
            }

            /// Files of its debug information, beside it.
            #[allow(dead_code, reason = "not every flavour is shipped")]
            pub(crate) fn debug_info(&self) -> &[String] {
                self.0.debug_info()
            }

            /// For reports.
            pub(crate) fn artifact(&self) -> Artifact {
                self.0.artifact(&self.1)
            }
        }
    };
}

flavour!(
    /// The program as it ships without PGO.
    Baseline,
    Baseline
);
flavour!(
    /// The program with counters.
    Instrumented,
    Instrument
);

/// What PGO adds to a build.
#[derive(Debug, Clone, Default)]
pub(crate) struct Added {
    /// Flags for rustc.
    pub(crate) flags: Vec<String>,
    /// The profile to apply.
    pub(crate) profile: Option<PathBuf>,
}

/// How rustc is called in a build of `subject`, and the folder of its target directory.
pub(crate) fn orders(
    session: &Session,
    subject: &Subject<'_>,
    added: Added,
) -> Result<(Orders, pinning::Naming)> {
    let naming = pinning::naming(session, subject)?;
    let within = |profile: PathBuf| match profile.strip_prefix(session.store.root()) {
        Ok(within) => within.to_owned(),
        Err(_) => profile,
    };
    let orders = Orders {
        names: naming.names.clone(),
        flags: added.flags,
        profile: added.profile.map(within),
        root: session.root.clone(),
    };
    Ok((orders, naming))
}

/// The build of `subject` that `stage` does, with what PGO adds.
pub(crate) fn wanted<'a>(
    session: &Session,
    subject: &'a Subject<'a>,
    stage: Stage,
    mut added: Added,
) -> Result<Wanted<'a>> {
    let program = subject.program;
    // Dependencies of several programs are compiled once; a profile belongs to one.
    let folder = match stage {
        Stage::Optimize => format!("optimize-{}", subject.name),
        stage => stage.name().to_owned(),
    };
    let features = program.features.iter().chain(&session.options.features).cloned().collect();
    if stage == Stage::Instrument && instrumenting(session, subject)? == Instrumenting::Light {
        added.flags.extend(LIGHT.iter().map(|flag| (*flag).to_owned()));
    }
    let (orders, naming) = orders(session, subject, added)?;
    let answer = cargo::ask(session, &subject.triple)?;
    Ok(Wanted {
        package: subject.package,
        kind: program.kind(),
        artifact: &subject.artifact,
        profile: &program.profile,
        features,
        default_features: program.default_features,
        target: &subject.triple,
        target_dir: orders.target_dir(&naming.folder, &folder),
        rustflags: answer.rustflags.clone(),
        inner: answer.rustc_wrapper.clone(),
        symbols: naming.words,
        orders,
    })
}

/// What a build reads, as far as it can be told before cargo looks: the specification,
/// the toolchain, and the files that it read the last time.
pub(crate) fn build_fingerprint(
    session: &Session,
    wanted: &Wanted<'_>,
    profile: Option<&Digest>,
) -> Fingerprint {
    let mut print = Fingerprint::new();
    print
        .content("toolchain", Digest::of(session.cargo.toolchain.verbose_version.as_bytes()))
        .value("package", &wanted.package.name)
        .value("artifact", wanted.artifact)
        .value("Cargo profile", wanted.profile)
        .value("features", wanted.features.join(","))
        .value("default features", wanted.default_features)
        .value("target", wanted.target)
        .value("symbols", &wanted.symbols)
        .value("rustflags", wanted.rustflags.join(" "))
        .value(ADDED, wanted.orders.added().join(" "))
        .value("cargo arguments", session.options.cargo_args.join(" "));
    if let Some(profile) = profile {
        print.content("profile", profile.clone());
    }
    for name in ["Cargo.toml", "Cargo.lock"] {
        if let Ok(digest) = files::digest(&session.root.join(name)) {
            print.content(name, digest);
        }
    }
    let name = match wanted.kind {
        ProgramKind::Bin(_) => wanted.artifact.to_owned(),
        ProgramKind::Cdylib => format!("{}{}", std::env::consts::DLL_PREFIX, wanted.artifact),
    };
    let artifact = wanted.folder().join(name);
    for (name, digest) in cargo::source_digests(&artifact, &session.root, session.store.root()) {
        print.content(name, digest);
    }
    print
}

/// What changed since the build that a stage left; `None` where it left none.
pub(crate) fn changes<T: Product>(
    session: &Session,
    subject: &Subject<'_>,
    (stage, added): (Stage, Added),
    profile: Option<&Digest>,
) -> Result<Option<Vec<String>>> {
    let print = build_fingerprint(session, &wanted(session, subject, stage, added)?, profile);
    Ok(stored::<T>(session, subject, stage).map(|old| print.changes_since(&old.fingerprint)))
}

/// What changed since the instrumented build that is there.
pub(crate) fn instrumented_changes(session: &Session, subject: &Subject<'_>) -> Result<Option<Vec<String>>> {
    let added = instrument_flags(subject.program.flush);
    changes::<Compiled>(session, subject, (Stage::Instrument, added), None)
}

/// Builds the program as it ships without PGO.
pub(crate) fn baseline(session: &Session, subject: &Subject<'_>, _: &Ready) -> Result<Step<Baseline>> {
    let wanted = wanted(session, subject, Stage::Baseline, Added::default())?;
    let step = compile(session, subject, Stage::Baseline, &wanted, None, |compiled, _, _| Ok(compiled))?;
    Ok(Baseline::step(session, subject, step))
}

/// Builds the program with counters.
pub(crate) fn instrument(session: &Session, subject: &Subject<'_>, _: &Ready) -> Result<Step<Instrumented>> {
    let wanted = wanted(session, subject, Stage::Instrument, instrument_flags(subject.program.flush))?;
    let step = compile(session, subject, Stage::Instrument, &wanted, None, |compiled, _, _| Ok(compiled))?;
    Ok(Instrumented::step(session, subject, step))
}

/// What takes LTO, debug info and stripping out of a light instrumented build. Codegen units stay: local
/// functions carry theirs in the name. As flags and not as a change of the Cargo profile, which would
/// reach build scripts and macros, so that these were compiled once more.
const LIGHT: [&str; 5] =
    ["-Clto=off", "-Clinker-plugin-lto=no", "-Cembed-bitcode=no", "-Cdebuginfo=0", "-Cstrip=none"];

/// How the instrumented program is built. Without pinned symbols LTO and debug info are
/// part of every symbol, and once a light build's profile did not fit, none does.
///
/// # Errors
/// Preflight, where cargo cannot be asked for its flags.
pub(crate) fn instrumenting(session: &Session, subject: &Subject<'_>) -> Result<Instrumenting> {
    // The linker's own LTO is a matter between it and what else it links.
    let rustflags = &cargo::ask(session, &subject.triple)?.rustflags;
    let linkers = rustflags.iter().any(|flag| flag.contains("linker-plugin-lto"));
    if linkers || !pinning::pins(session, subject) || too_light(session, subject).is_file() {
        return Ok(Instrumenting::Same);
    }
    Ok(subject.program.instrument)
}

/// Remembers that a light build's profile did not fit, until `clean`.
pub(crate) fn instrument_fully(session: &Session, subject: &Subject<'_>, why: &str) -> Result<()> {
    files::write_atomically(&too_light(session, subject), why.as_bytes())
}

fn too_light(session: &Session, subject: &Subject<'_>) -> std::path::PathBuf {
    session.store.root().join(subject.name).join("instrument-same")
}

/// Flags that put counters in.
pub(crate) fn instrument_flags(flush: Flush) -> Added {
    // With a value: tools that read rustc's flags stop at one without. Where LLVM_PROFILE_FILE says
    // nothing else, profiles are left in the folder that the program runs in.
    let mut flags = vec!["-Cprofile-generate=.".to_owned()];
    if flush == Flush::Continuous {
        // Counters live in the mapped file; value profiles cannot, and a file with
        // room for them reads as truncated.
        flags.push("-Cllvm-args=-runtime-counter-relocation".to_owned());
        flags.push("-Cllvm-args=-disable-vp=true".to_owned());
    }
    Added { flags, profile: None }
}

/// What PGO adds, in a fingerprint.
const ADDED: &str = "flags of PGO";

/// A difference between two sources is not one that PGO made.
pub(crate) fn check_same_source(session: &Session, subject: &Subject<'_>) -> Result<()> {
    let print = |stage| stored::<Compiled>(session, subject, stage).map(|manifest| manifest.fingerprint);
    let (Some(baseline), Some(optimized)) = (print(Stage::Baseline), print(Stage::Optimize)) else {
        return Ok(());
    };
    let differ: Vec<String> = beside_pgo(&optimized, &baseline).collect();
    if differ.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "bench: baseline and optimized were not built from the same source: {}",
        differ.join(", ")
    ))
    .with_hint("build both from what is there now: --from baseline"))
}

/// How cargo called the compiler, beside the binary.
const CALLS: &str = "calls.json";

/// The flags of two flavours, as rustc gets them, differ by what Honing adds and by nothing else.
fn check_same_calls(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    fingerprint: &Fingerprint,
    calls: &Calls,
) -> Result<()> {
    let Some(baseline) = stored::<Compiled>(session, subject, Stage::Baseline) else { return Ok(()) };
    // One of another source, or with other settings, may differ.
    if stage == Stage::Baseline || beside_pgo(fingerprint, &baseline.fingerprint).next().is_some() {
        return Ok(());
    }
    let file = session.store.dir(subject.name, Stage::Baseline).join(CALLS);
    let Ok(text) = std::fs::read(file) else { return Ok(()) };
    let theirs: Calls = serde_json::from_slice(&text).unwrap_or_default();
    let Some(difference) = calls.difference(&theirs).filter(|_| !theirs.is_empty()) else { return Ok(()) };
    let message = format!("{stage}: cargo does not call rustc as it did for the baseline: {difference}");
    Err(Error::new(ExitCode::Build, message).with_hint(
        "what changes flags from build to build, a variable that Honing is called with or a build script? \
         Build both from what is there now: --from baseline",
    ))
}

/// What changed since another flavour's build, but for what PGO adds.
fn beside_pgo(new: &Fingerprint, old: &Fingerprint) -> impl Iterator<Item = String> {
    let of_pgo =
        |change: &String| [ADDED, "profile"].iter().any(|name| change.starts_with(&format!("{name} ")));
    new.changes_since(old).into_iter().filter(move |change| !of_pgo(change))
}

/// Builds, and keeps a copy of what was built together with what `describe` makes of it.
pub(crate) fn compile<T: Product + AsRef<Compiled>>(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    wanted: &Wanted<'_>,
    profile: Option<&Digest>,
    describe: impl FnOnce(Compiled, &Built, &Path) -> Result<T>,
) -> Result<Step<T>> {
    let old = stored::<T>(session, subject, stage);
    let before = build_fingerprint(session, wanted, profile);
    started(session, subject, stage, reasons(session, old.as_ref(), &before));
    let start = Instant::now();
    let built = cargo::build(session, subject.name, stage, wanted)?;
    let parts = Parts::of(session, wanted.target, &built)?;
    let digest = parts.digest(&built.path)?;
    // After the build, so that files that it read for the first time are in it.
    let fingerprint = build_fingerprint(session, wanted, profile);
    check_same_calls(session, subject, stage, &fingerprint, &built.calls)?;
    let same = |old: &Manifest<T>| old.output.as_ref().digest == digest && old.fingerprint == fingerprint;
    if let Some(old) = old.filter(|old| built.fresh && same(old)) {
        return Ok(Step::of(old, StageState::UpToDate));
    }
    let attempt = session.store.begin(subject.name, stage)?;
    let name = built.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let copy = attempt.dir().join(&name);
    files::copy(&built.path, &copy)?;
    let (libraries, debug_info) = parts.copy(attempt.dir())?;
    let compiled = Compiled { name, bytes: files::size(&copy), digest, libraries, debug_info };
    let calls =
        serde_json::to_vec(&built.calls).map_err(|error| Error::internal(format!("{stage}: {error}")))?;
    files::write_atomically(&attempt.dir().join(CALLS), &calls)?;
    let output = describe(compiled, &built, attempt.dir())?;
    finish(attempt, fingerprint, start, built.usage, Some(built.full), output)
}
