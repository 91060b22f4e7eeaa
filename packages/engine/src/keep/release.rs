//! `pgo build`: the program that ships, built with the stored profile or, where that was asked for,
//! without PGO; put where it was wanted, with its provenance beside it.

use std::path::{Path, PathBuf};

use honing_core::{
    Error, ExitCode, Result, Selection, Stage,
    applied::Applied,
    event::{Artifact, Event, Summary},
    release::{Binary, Checkout, Companion, CompanionKind, Input, Release, Used},
    staleness,
};

use crate::{
    builders::beside as parts_beside,
    chain::{
        Chain, built::Built, optimized::Optimized, pipeline::Finished, programs, ready::Ready,
        session::Session, subject::Subject,
    },
    io::files,
    keep::{history, status, stored_profile},
};

/// What `build` was asked for beyond the options of a session.
#[derive(Debug, Clone, Default)]
pub struct ReleaseOptions {
    /// Build without PGO.
    pub no_pgo: bool,
    /// File or folder that the binary is to be put in.
    pub output: Option<PathBuf>,
}

/// Builds every selected program as it ships: one compile each.
///
/// # Errors
/// As for a run; stale, where the stored profile is missing or below policy; usage, where one file
/// is to be the output of several programs.
pub fn release(session: &Session, wanted: &ReleaseOptions) -> Result<Finished> {
    if let Some(output) = &wanted.output {
        check_output(session, output)?;
    }
    let without = |subject: &Subject<'_>| match wanted.no_pgo {
        true => Some("--no-pgo".to_owned()),
        false if subject.is_plain() => Some("it is built without PGO".to_owned()),
        false => stored_profile::left_out(session, subject),
    };
    let selection = |subject: &Subject<'_>| match without(subject) {
        Some(_) => Selection::only(Stage::Baseline),
        None => Selection::only(Stage::Optimize),
    };
    programs::each_program(session, &selection, |chain, ready| {
        let without = without(chain.subject);
        one(chain, ready, wanted, without).map_err(|error| without_pgo(error, wanted.no_pgo))
    })
}

fn one(
    chain: Chain<'_>,
    ready: &Ready,
    wanted: &ReleaseOptions,
    without: Option<String>,
) -> Result<(Summary, ExitCode)> {
    let (session, subject) = (chain.session, chain.subject);
    let (mut summary, exit) = chain.run(ready)?;
    let missing = || Error::internal("build: the binary is gone");
    let (path, profile, debug_info) = if without.is_some() {
        let built = Built::load(session, subject, Stage::Baseline).ok_or_else(missing)?.output;
        (built.path().to_owned(), None, built.debug_info().to_vec())
    } else {
        let built = Optimized::load(session, subject).ok_or_else(missing)?.output;
        (built.path().to_owned(), Some(used(session, subject, &built)?), built.debug_info().to_vec())
    };
    let mut release = describe(session, subject, &path, (profile, without))?;
    let parts = parts(&path, &debug_info);
    release.beside = parts.iter().map(|(from, kind)| beside(from, *kind)).collect::<Result<_>>()?;
    write_provenance(&mut release, &path)?;
    if let Some(output) = &wanted.output {
        let placed = place(session, &path, output)?;
        release.binary.path = placed.display().to_string();
        let names = (file_name(&path), file_name(&placed));
        for ((from, kind), beside) in parts.iter().zip(&mut release.beside) {
            let to = placed.with_file_name(name_beside(from, *kind, (&names.0, &names.1)));
            parts_beside::copy_whole(from, &to)?;
            beside.path = to.display().to_string();
        }
        write_provenance(&mut release, &placed)?;
    }
    if let Some(optimized) = &mut summary.optimized {
        *optimized = Artifact { path: release.binary.path.clone(), ..optimized.clone() };
    }
    session.sink.emit(Event::Built { release: Box::new(release) });
    Ok((summary, exit))
}

/// What belongs to the binary in a stage's folder: debug information, and the libraries that it cannot
/// start without.
fn parts(binary: &Path, debug_info: &[String]) -> Vec<(PathBuf, CompanionKind)> {
    let debug_info = debug_info.iter().map(|name| (binary.with_file_name(name), CompanionKind::DebugInfo));
    let libraries = parts_beside::needed(binary).into_iter().map(|path| (path, CompanionKind::SharedLibrary));
    debug_info.chain(libraries).collect()
}

fn beside(path: &Path, kind: CompanionKind) -> Result<Companion> {
    let sha256 = if path.is_file() { Some(sha256(&files::read(path)?)) } else { None };
    Ok(Companion { path: path.display().to_string(), kind, bytes: files::size(path), sha256 })
}

/// What a part is called beside the binary's new name: debuggers look for debug information by the name
/// of the binary, the loader for libraries by their own.
fn name_beside(part: &Path, kind: CompanionKind, (old, new): (&str, &str)) -> String {
    let name = file_name(part);
    match name.strip_prefix(old).filter(|_| kind == CompanionKind::DebugInfo) {
        Some(end) => format!("{new}{end}"),
        None => name,
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Names the way out that is always open.
fn without_pgo(error: Error, no_pgo: bool) -> Error {
    if no_pgo || !matches!(error.code(), ExitCode::Stale | ExitCode::Profile) {
        return error;
    }
    let hint = error.hint().map(|hint| format!("{hint}; or ")).unwrap_or_default();
    error.with_hint(honing_core::advise!("{hint}ship without PGO: `{pgo} build --no-pgo`"))
}

/// The stored profile, and what became of it in the build.
fn used(session: &Session, subject: &Subject<'_>, built: &Optimized) -> Result<Used> {
    let stored = stored_profile::need(session, subject)?;
    let applied: Applied = built.applied().clone();
    let facts = status::facts(session, subject, &stored)?;
    let facts = staleness::Facts { applied: Some(applied.clone()), ..facts };
    let manifest = &stored.manifest;
    Ok(Used {
        file: stored.folder.join(&manifest.profile.file).display().to_string(),
        digest: manifest.profile.digest.clone(),
        indexed_digest: built.profile().clone(),
        trained: manifest.trained.clone(),
        commit: manifest.commit.clone(),
        outcome: manifest.verdict.outcome.clone(),
        applied,
        stale: staleness::reasons(&facts, &session.config.policy),
    })
}

fn describe(
    session: &Session,
    subject: &Subject<'_>,
    path: &Path,
    (profile, without): (Option<Used>, Option<String>),
) -> Result<Release> {
    let bytes = files::read(path)?;
    let config = session.config_path.strip_prefix(&session.root).unwrap_or(&session.config_path);
    let config = config.display().to_string();
    let locks = subject.builder().locks().iter().copied();
    let read = locks.chain([config.as_str()]).chain(profile.as_ref().map(|used| used.file.as_str()));
    let input = |file: &str| {
        // Without dependencies there may be no lockfile.
        let bytes = std::fs::read(session.root.join(file)).ok()?;
        Some(Input { file: file.to_owned(), sha256: sha256(&bytes) })
    };
    Ok(Release {
        program: subject.name.to_owned(),
        target: subject.triple.clone(),
        read: read.filter_map(input).collect(),
        profile,
        without,
        source: source(session, subject),
        compiler: subject.builder().compiler(session, subject)?,
        account: subject.builder().account(session, subject)?,
        arguments: session.options.arguments.clone(),
        honing: env!("CARGO_PKG_VERSION").into(),
        binary: Binary {
            path: path.display().to_string(),
            bytes: bytes.len() as u64,
            sha256: sha256(&bytes),
            digest: honing_core::Digest::of(&bytes),
        },
        beside: Vec::new(),
        provenance: String::new(),
    })
}

/// What is checked out. Without git, as in a release's archive, it is no word's worth; where git
/// refuses, it is.
fn source(session: &Session, subject: &Subject<'_>) -> Option<Checkout> {
    let head = history::head(session, subject);
    if let Some(error) = head.as_ref().err().and_then(history::Silent::failure) {
        let text = format!("build: the provenance names no commit: {}", error.words());
        session.sink.emit(Event::Warning { text });
    }
    head.ok()
}

fn sha256(bytes: &[u8]) -> String {
    hmac_sha256::Hash::hash(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes the provenance beside the binary.
fn write_provenance(release: &mut Release, binary: &Path) -> Result<()> {
    let name = binary.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let path = binary.with_file_name(format!("{name}.provenance.json"));
    let text = serde_json::to_string_pretty(&release.provenance(&name))
        .map_err(|error| Error::internal(format!("build: cannot write the provenance: {error}")))?;
    files::write_atomically(&path, format!("{text}\n").as_bytes())?;
    release.provenance = path.display().to_string();
    Ok(())
}

/// Whether `output` means a folder: it is one, or its name ends as one.
fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

fn check_output(session: &Session, output: &Path) -> Result<()> {
    let several = session.subjects()?.len() > 1;
    if several && !is_folder(&session.around.dir.join(output)) {
        let message = format!("build: --output {} is to be one file of several programs", output.display());
        return Err(Error::usage(message)
            .with_hint("name a folder, with a `/` at its end; or choose one program with --program"));
    }
    Ok(())
}

/// Copies the binary to where it was wanted; whoever runs the old one there keeps it.
fn place(session: &Session, binary: &Path, output: &Path) -> Result<PathBuf> {
    let output = session.around.dir.join(output);
    let path = match is_folder(&output) {
        true => output.join(binary.file_name().unwrap_or_default()),
        false => output,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    files::make_dir(path.parent().unwrap_or(Path::new(".")))?;
    let part = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    files::copy(binary, &part)?;
    std::fs::rename(&part, &path).map_err(|error| {
        let _ = std::fs::remove_file(&part);
        files::error("write", &path, &error)
    })?;
    // Without the `..` of what was asked for.
    Ok(path.canonicalize().unwrap_or(path))
}
