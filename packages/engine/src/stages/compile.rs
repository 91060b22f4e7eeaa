//! The three builds: baseline, instrument, optimize. One specification; only the flags
//! of PGO differ.

use std::{path::Path, time::Instant};

use honing_core::{
    Digest, Error, Fingerprint, Result, Stage,
    config::{Flush, ProgramKind},
    event::{Artifact, StageState},
};
use serde::{Deserialize, Serialize};

use super::{
    MergedProfile, Product, Ready, Step,
    step::{finish, reasons, started, stored},
};
use crate::{
    Session, cargo,
    cargo::Wanted,
    files,
    pinning::{self, Pinned},
    session::Subject,
};

/// A build's output: a copy of the binary, so that the next build cannot change it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Compiled {
    name: String,
    bytes: u64,
    digest: Digest,
}

impl Product for Compiled {
    fn files(&self) -> Vec<&str> {
        vec![&self.name]
    }
}

macro_rules! flavour {
    ($(#[$doc:meta])* $name:ident, $stage:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(Compiled, std::path::PathBuf);

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
            pub fn path(&self) -> &Path {
                &self.1
            }

            /// The digest of the binary.
            pub fn digest(&self) -> &Digest {
                &self.0.digest
            }

            /// For reports.
            pub fn artifact(&self) -> Artifact {
                Artifact {
                    path: self.1.display().to_string(),
                    bytes: self.0.bytes,
                    digest: self.0.digest.to_string(),
                }
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
flavour!(
    /// The program built with a profile.
    Optimized,
    Optimize
);

/// The build of `subject` that `stage` does, with the flags of PGO given.
pub(crate) fn wanted<'a>(
    session: &Session,
    subject: &'a Subject<'a>,
    stage: Stage,
    pgo: &[String],
) -> Result<Wanted<'a>> {
    let program = subject.program;
    // Dependencies of several programs are compiled once; a profile belongs to one.
    let folder = match stage {
        Stage::Optimize => format!("optimize-{}", subject.name),
        stage => stage.name().to_owned(),
    };
    let features = program.features.iter().chain(&session.options.features).cloned().collect();
    let pinned = pinning::pinned(session, subject)?;
    let builds =
        pinned.as_ref().map_or_else(|| pinning::builds(session), |pinned| pinned.folder().to_owned());
    Ok(Wanted {
        package: &program.package,
        kind: program.kind(),
        artifact: &subject.artifact,
        profile: &program.profile,
        features,
        default_features: program.default_features,
        target: &subject.triple,
        rustflags: subject.linking.rustflags.iter().chain(pgo).cloned().collect(),
        pinned,
        target_dir: builds.join(folder),
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
        .content("toolchain", Digest::of(session.toolchain.verbose_version.as_bytes()))
        .value("package", wanted.package)
        .value("artifact", wanted.artifact)
        .value("Cargo profile", wanted.profile)
        .value("features", wanted.features.join(","))
        .value("default features", wanted.default_features)
        .value("target", wanted.target)
        .value("symbols", wanted.pinned.as_ref().map_or_else(|| "cargo's own".into(), Pinned::words))
        .value("rustflags", wanted.rustflags.join(" "))
        .value("cargo arguments", session.options.cargo_args.join(" "));
    if let Some(profile) = profile {
        print.content("profile", profile.clone());
    }
    for name in ["Cargo.toml", "Cargo.lock"] {
        if let Ok(digest) = files::digest(&session.workspace.root.join(name)) {
            print.content(name, digest);
        }
    }
    let name = match wanted.kind {
        ProgramKind::Bin(_) => wanted.artifact.to_owned(),
        ProgramKind::Cdylib => format!("{}{}", std::env::consts::DLL_PREFIX, wanted.artifact),
    };
    let artifact = build_folder(wanted).join(name);
    for (name, digest) in cargo::source_digests(&artifact, &session.workspace.root) {
        print.content(name, digest);
    }
    print
}

/// Where cargo puts what it builds.
pub(crate) fn build_folder(wanted: &Wanted<'_>) -> std::path::PathBuf {
    wanted.target_dir.join(wanted.target).join(profile_folder(wanted.profile))
}

/// Cargo keeps `dev` in `debug`, and `bench` in `release`.
fn profile_folder(profile: &str) -> &str {
    match profile {
        "dev" | "test" => "debug",
        "bench" => "release",
        other => other,
    }
}

/// Builds the program as it ships without PGO.
pub(crate) fn baseline(session: &Session, subject: &Subject<'_>, _: &Ready) -> Result<Step<Baseline>> {
    let wanted = wanted(session, subject, Stage::Baseline, &[])?;
    let step = compile(session, subject, Stage::Baseline, &wanted, None)?;
    Ok(Baseline::step(session, subject, step))
}

/// Builds the program with counters.
pub(crate) fn instrument(session: &Session, subject: &Subject<'_>, _: &Ready) -> Result<Step<Instrumented>> {
    let wanted = wanted(session, subject, Stage::Instrument, &instrument_flags(subject.program.flush))?;
    let step = compile(session, subject, Stage::Instrument, &wanted, None)?;
    Ok(Instrumented::step(session, subject, step))
}

/// Flags that put counters in.
pub(crate) fn instrument_flags(flush: Flush) -> Vec<String> {
    let mut flags = vec!["-Cprofile-generate".to_owned()];
    if flush == Flush::Continuous {
        // Counters live in the mapped file; value profiles cannot, and a file with
        // room for them reads as truncated.
        flags.push("-Cllvm-args=-runtime-counter-relocation".to_owned());
        flags.push("-Cllvm-args=-disable-vp=true".to_owned());
    }
    flags
}

/// Builds the program with a profile.
pub(crate) fn optimize(
    session: &Session,
    subject: &Subject<'_>,
    _: &Ready,
    profile: &MergedProfile,
) -> Result<Step<Optimized>> {
    let wanted = wanted(session, subject, Stage::Optimize, &optimize_flags(session, subject))?;
    // Cargo rebuilds when the file is newer than the build: it must not be touched
    // while its contents stay the same.
    files::write_if_changed(&profile_path(session, subject), &files::read(profile.path())?)?;
    let step = compile(session, subject, Stage::Optimize, &wanted, Some(profile.digest()))?;
    Ok(Optimized::step(session, subject, step))
}

/// Flags that apply the profile of `subject`.
pub(crate) fn optimize_flags(session: &Session, subject: &Subject<'_>) -> Vec<String> {
    vec![format!("-Cprofile-use={}", profile_path(session, subject).display())]
}

/// Where optimize keeps the profile that it uses.
pub(crate) fn profile_path(session: &Session, subject: &Subject<'_>) -> std::path::PathBuf {
    pinning::builds(session).join(format!("optimize-{}.profdata", subject.name))
}

/// A difference between two sources is not one that PGO made.
pub(crate) fn check_same_source(session: &Session, subject: &Subject<'_>) -> Result<()> {
    let print = |stage| stored::<Compiled>(session, subject, stage).map(|manifest| manifest.fingerprint);
    let (Some(baseline), Some(optimized)) = (print(Stage::Baseline), print(Stage::Optimize)) else {
        return Ok(());
    };
    // The profile, and what build scripts generated, which each flavour has of its own.
    let generated = session.store.root().join("build");
    let generated = generated.strip_prefix(&session.workspace.root).unwrap_or(&generated).to_string_lossy();
    let of_pgo = |change: &String| {
        change.starts_with("rustflags ") || change.starts_with("profile ") || change.starts_with(&*generated)
    };
    let differ: Vec<String> =
        optimized.changes_since(&baseline).into_iter().filter(|change| !of_pgo(change)).collect();
    if differ.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "bench: baseline and optimized were not built from the same source: {}",
        differ.join(", ")
    ))
    .with_hint("build both from what is there now: --from baseline"))
}

fn compile(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    wanted: &Wanted<'_>,
    profile: Option<&Digest>,
) -> Result<Step<Compiled>> {
    let old = stored::<Compiled>(session, subject, stage);
    let before = build_fingerprint(session, wanted, profile);
    started(session, subject, stage, reasons(session, old.as_ref(), &before));
    let start = Instant::now();
    let built = cargo::build(session, subject.name, stage, wanted)?;
    let digest = files::digest(&built.path)?;
    // After the build, so that files that it read for the first time are in it.
    let fingerprint = build_fingerprint(session, wanted, profile);
    if let Some(old) =
        old.filter(|old| built.fresh && old.output.digest == digest && old.fingerprint == fingerprint)
    {
        return Ok(Step::of(old, StageState::UpToDate));
    }
    let attempt = session.store.begin(subject.name, stage)?;
    let name = built.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let copy = attempt.dir().join(&name);
    files::copy(&built.path, &copy)?;
    let output = Compiled { name, bytes: files::size(&copy), digest };
    finish(attempt, fingerprint, start, built.usage, output)
}
