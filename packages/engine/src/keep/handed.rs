//! Profiles of all programs and passes in one folder, to be handed over:
//! `<program>/<kind>/<version>-<toolchain>-<digest>.<ext>`, each with its manifest beside it. The kind is what
//! the file's name ends with, or the pass.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use honing_core::{Digest, Error, ExitCode, Result, Stage, event::Event};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{
        lock::RunLock,
        merge::{MergedProfile, awaits_merge, merge},
        ready::Ready,
        session::{ProfileSource, Session},
        step::{Done, stored},
        subject::Subject,
    },
    io::files,
    keep::{store, stored_profile},
    workloads::train::{RawProfiles, discard_raw},
};

/// Version of the manifests.
const SCHEMA: u32 = 1;

/// What is said of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Manifest {
    schema: u32,
    program: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pass: Option<String>,
    /// The target triple.
    target: String,
    /// The program's version.
    version: String,
    /// What compiled it, with its version.
    toolchain: String,
    digest: Digest,
    /// When it was trained, in UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trained: Option<String>,
}

/// A profile that was found.
#[derive(Debug)]
pub(crate) struct Handed {
    /// Where it is.
    pub(crate) file: PathBuf,
    /// When it was trained, in UTC, where that is known.
    pub(crate) trained: Option<String>,
}

/// Writes the merged profile of every program and pass below `dir`: what was trained here, else what is stored.
/// A training that a run finished, and was ended before its merge, is merged. Where each is.
///
/// # Errors
/// Stale, where there is none at all.
pub fn export_all(session: &Session, dir: &Path) -> Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    for subject in session.subjects()?.iter().filter(|subject| !subject.is_plain()) {
        for turn in std::iter::once(subject.clone()).chain(subject.passes()) {
            match export(session, &turn, dir)? {
                Some(path) => written.push(path),
                None => {
                    let text = format!("{} has no profile", name_of(&turn));
                    session.sink.emit(Event::Warning { text });
                }
            }
        }
    }
    if written.is_empty() {
        return Err(Error::new(ExitCode::Stale, "no program has a profile")
            .with_hint(honing_core::advise!("train them: `{pgo} --to merge`")));
    }
    Ok(written)
}

fn export(session: &Session, turn: &Subject<'_>, dir: &Path) -> Result<Option<PathBuf>> {
    let recorded = || match turn.pass() {
        None => stored_profile::load(session, turn),
        Some(_) => Ok(None),
    };
    let unmerged = merge_finished(session, turn)?;
    let merged = match unmerged.or_else(|| MergedProfile::load(session, turn).map(|done| done.output)) {
        Some(merged) => Some(merged),
        None => recorded()?.map(|stored| MergedProfile::of_stored(session, turn, stored)).transpose()?,
    };
    let Some(merged) = merged else { return Ok(None) };
    let manifest = Manifest {
        digest: merged.digest().clone(),
        trained: merged.trained(session, turn).filter(|when| when != "unknown"),
        ..now(session, turn)?
    };
    let digest = manifest.digest.short();
    let version = Some(&manifest.version).filter(|version| !version.is_empty());
    let version = version.map(|version| format!("{version}-")).unwrap_or_default();
    let name = plain(&format!("{version}{}-{digest}", manifest.toolchain));
    let folder = folder(turn, dir);
    let path = folder.join(format!("{name}.{}", turn.kind().extension()));
    files::write_named(&path, merged.read(turn)?.bytes())?;
    // Last: without it the file counts as none.
    files::write_named_json(&folder.join(format!("{name}.json")), &manifest)?;
    Ok(Some(path))
}

/// Whether a run works here. A child that was just begun has its lock for a moment, too, also when the run was killed.
fn is_at_work(session: &Session) -> bool {
    let is_taken = |_| {
        let taken = RunLock::is_taken(session.store.root());
        if taken {
            std::thread::sleep(Duration::from_millis(20));
        }
        taken
    };
    (0..20).all(is_taken)
}

/// Merges a training that is finished and not merged, where it is whole. What a run is at work on is its own.
fn merge_finished(session: &Session, turn: &Subject<'_>) -> Result<Option<MergedProfile>> {
    let (ready, raw) = (stored::<Ready>(session, turn, Stage::Preflight), RawProfiles::load(session, turn));
    let (Some(store::Manifest { output: ready, .. }), Some(Done { output: raw, .. })) = (ready, raw) else {
        return Ok(None);
    };
    if is_at_work(session) || !awaits_merge(session, turn, &ready) {
        return Ok(None);
    }
    let _lock = session.lock()?;
    session.prepare_run_dir()?;
    let merged = merge(session, turn, &ready, &raw)?.output;
    if !session.options.keep_raw {
        discard_raw(session, turn, &raw)?;
    }
    Ok(Some(merged))
}

/// The profile of a program, or of a pass over it, in a folder that was handed over: of several one of this
/// version, of those one of this toolchain, and of those the youngest.
///
/// # Errors
/// Profile, where there is none for this target, or it is damaged.
pub(crate) fn find(session: &Session, turn: &Subject<'_>, dir: &Path) -> Result<Handed> {
    let (now, dir) = (now(session, turn)?, session.around.dir.join(dir));
    let folder = folder(turn, &dir);
    let mut found: Vec<(Manifest, PathBuf)> = Vec::new();
    let all = if folder.is_dir() { files::below(&folder)? } else { Vec::new() };
    for path in all.into_iter().filter(|path| path.extension().is_some_and(|end| end == "json")) {
        found.push((read(&path)?, path.with_extension(turn.kind().extension())));
    }
    found.retain(|(one, _)| (&one.program, &one.pass, &one.target) == (&now.program, &now.pass, &now.target));
    let best = found.into_iter().max_by_key(|(one, _)| {
        let same = one.version == now.version;
        (same, same && one.toolchain == now.toolchain, one.trained.clone())
    });
    let Some((manifest, file)) = best else {
        let text = if dir.is_dir() {
            format!("{} has no profile for {} in {}", name_of(turn), now.target, dir.display())
        } else {
            format!("--profiles: there is no folder {}", dir.display())
        };
        return Err(Error::new(ExitCode::Profile, text)
            .with_hint(honing_core::advise!("name a folder that `{pgo} export --all DIR` wrote")));
    };
    if files::digest(&file).map_err(|error| error.with_code(ExitCode::Profile))? != manifest.digest {
        let text = format!("{} is not what its manifest says", file.display());
        return Err(Error::new(ExitCode::Profile, text).with_hint("copy the folder again"));
    }
    Ok(Handed { file, trained: manifest.trained })
}

/// The profile that a session's folder has, where it was given one that does not lack it.
pub(crate) fn given(session: &Session, turn: &Subject<'_>) -> Result<Option<Handed>> {
    match source(session, turn) {
        ProfileSource::Folder(dir) => find(session, turn, dir).map(Some),
        _ => Ok(None),
    }
}

/// Where the profile of a program, or of a pass over it, comes from. A pass is trained here, unless a folder was
/// given. What such a folder lacks is trained, too: a run that was ended had not come to it.
pub(crate) fn source<'s>(session: &'s Session, turn: &Subject<'_>) -> &'s ProfileSource {
    match &session.options.profile {
        ProfileSource::Folder(dir) if lacks(session, turn, dir) => &ProfileSource::Training,
        source if turn.pass().is_none() || matches!(source, ProfileSource::Folder(_)) => source,
        _ => &ProfileSource::Training,
    }
}

/// Whether a folder with profiles has none of this program, or of this pass over it. One without any is not such
/// a folder.
pub(crate) fn lacks(session: &Session, turn: &Subject<'_>, dir: &Path) -> bool {
    let dir = session.around.dir.join(dir);
    let has = |folder: &Path| {
        let all = if folder.is_dir() { files::below(folder).unwrap_or_default() } else { Vec::new() };
        all.iter().any(|path| path.extension().is_some_and(|end| end == "json"))
    };
    !turn.is_plain() && !has(&folder(turn, &dir)) && has(&dir)
}

fn read(path: &Path) -> Result<Manifest> {
    let failed = |why: String| {
        Error::new(ExitCode::Profile, format!("cannot read {}: {why}", path.display()))
            .with_hint("copy the folder again, or remove the file")
    };
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
    match manifest.schema {
        SCHEMA => Ok(manifest),
        other => Err(failed(format!("it has version {other}, and this Honing knows {SCHEMA}"))),
    }
}

/// What a manifest would say of a profile that is made now.
fn now(session: &Session, turn: &Subject<'_>) -> Result<Manifest> {
    let compiler = turn.builder().compiler(session, turn)?;
    Ok(Manifest {
        schema: SCHEMA,
        program: turn.name.to_owned(),
        pass: turn.pass().map(|pass| pass.name().to_owned()),
        target: turn.triple.clone(),
        version: turn.builder().version(turn),
        toolchain: format!("{}-{}", compiler.name, compiler.version),
        digest: Digest::of(b""),
        trained: None,
    })
}

fn folder(turn: &Subject<'_>, dir: &Path) -> PathBuf {
    let kind = turn.pass().map_or_else(|| turn.kind().extension(), |pass| pass.name());
    dir.join(turn.name).join(kind)
}

/// As a file's name.
fn plain(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    text.chars().map(|c| if fits(c) { c } else { '-' }).collect()
}

fn name_of(turn: &Subject<'_>) -> String {
    let pass = turn.pass().map_or_else(String::new, |pass| format!(" for {}", pass.name()));
    format!("program `{}`{pass}", turn.name)
}
