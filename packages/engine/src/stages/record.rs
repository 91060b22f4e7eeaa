//! Record: the profile and what is known about it go into the repository.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use honing_core::{
    Digest, Error, Fingerprint, Result, Stage,
    event::Event,
    outcome::{Consequence, Measured, Outcome},
};
use serde::{Deserialize, Serialize};

use super::{
    MergedProfile, Product, Step,
    step::{reasons, started, stored, up_to_date_or},
};
use crate::{Session, clock, files, process::Usage, session::Subject, toolchain::shell};

/// Name of the profile beside its manifest.
const PROFILE: &str = "profile.profdata";
/// Name of the manifest.
const MANIFEST: &str = "manifest.toml";

/// Where a profile was recorded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recorded {
    /// The folder, relative to the workspace; `None` where the verdict forbids it.
    pub path: Option<String>,
}

impl Product for Recorded {
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// What a person reviews in a diff.
#[derive(Debug, Serialize)]
struct Manifest<'a> {
    schema: u32,
    program: &'a str,
    target: &'a str,
    recorded: String,
    commit: String,
    dirty: bool,
    rustc: String,
    cargo_profile: &'a str,
    features: &'a [String],
    profile: ProfileEntry,
    verdict: VerdictEntry<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    measured: Vec<MeasuredEntry>,
}

#[derive(Debug, Serialize)]
struct ProfileEntry {
    file: &'static str,
    bytes: u64,
    blake3: String,
}

#[derive(Debug, Serialize)]
struct VerdictEntry<'a> {
    outcome: &'a str,
    wording: &'a str,
}

#[derive(Debug, Serialize)]
struct MeasuredEntry {
    workload: String,
    metric: String,
    verdict: &'static str,
    change: String,
    pairs: u32,
}

/// Records the profile if the verdict allows it.
pub(crate) fn record(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
    (outcome, consequence): (&Outcome, &Consequence),
    measured: &[Measured],
) -> Result<Step<Recorded>> {
    let folder = folder(session, subject);
    let print = record_fingerprint(session, subject, profile, consequence, measured)?;
    if !consequence.record {
        return up_to_date_or(session, subject, Stage::Record, print, Instant::now(), |_| {
            Ok((Recorded { path: None }, Usage::default()))
        });
    }
    let old = stored::<Recorded>(session, subject, Stage::Record);
    let why = reasons(session, old.as_ref(), &print);
    if let (Some(old), true) = (old, why.is_empty()) {
        return Ok(Step::of(old, honing_core::event::StageState::UpToDate));
    }
    started(session, subject, Stage::Record, why);
    let start = Instant::now();
    let (commit, dirty) = commit(session);
    let manifest = Manifest {
        schema: 1,
        program: subject.name,
        target: &subject.triple,
        recorded: clock::utc_now(),
        commit,
        dirty,
        rustc: session.toolchain.release.clone(),
        cargo_profile: &subject.program.profile,
        features: &subject.program.features,
        profile: ProfileEntry { file: PROFILE, bytes: profile.bytes(), blake3: profile.digest().to_string() },
        verdict: VerdictEntry { outcome: outcome.word(), wording: &consequence.wording },
        measured: measured.iter().map(entry).collect(),
    };
    let text =
        toml::to_string_pretty(&manifest).map_err(|error| Error::internal(format!("record: {error}")))?;
    let dir = session.workspace.root.join(&folder);
    // The manifest last: it names the digest of the profile that it belongs to.
    files::write_if_changed(&dir.join(PROFILE), &files::read(profile.path())?)?;
    files::write_atomically(&dir.join(MANIFEST), text.as_bytes())?;
    let attempt = session.store.begin(subject.name, Stage::Record)?;
    // Read again: what was just written is part of it.
    let print = record_fingerprint(session, subject, profile, consequence, measured)?;
    let output = Recorded { path: Some(folder.display().to_string()) };
    super::step::finish(attempt, print, start, Usage::default(), output)
}

fn entry(measured: &Measured) -> MeasuredEntry {
    MeasuredEntry {
        workload: measured.workload.clone(),
        metric: measured.metric.clone(),
        verdict: measured.verdict.word(),
        change: measured.ratio.map(|ratio| ratio.as_change()).unwrap_or_default(),
        pairs: measured.pairs,
    }
}

/// `pgo/profiles/<program>/<triple>`, beside `pgo.toml`, relative to the workspace.
pub(super) fn folder(session: &Session, subject: &Subject<'_>) -> PathBuf {
    let beside = session.config_path.parent().unwrap_or(Path::new(""));
    beside.join("profiles").join(subject.name).join(&subject.triple)
}

/// What a record reads.
pub(crate) fn record_fingerprint(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
    consequence: &Consequence,
    measured: &[Measured],
) -> Result<Fingerprint> {
    let folder = folder(session, subject);
    let mut print = Fingerprint::new();
    let json = |error: serde_json::Error| Error::internal(format!("record: {error}"));
    let policy = &session.config.policy;
    print
        .content("profile", profile.digest().clone())
        .content("measurement", Digest::of(&serde_json::to_vec(measured).map_err(json)?))
        .value("verdict", &consequence.wording)
        .value("policy", serde_json::to_string(policy).map_err(json)?);
    for name in [PROFILE, MANIFEST] {
        if let Ok(digest) = files::digest(&session.workspace.root.join(&folder).join(name)) {
            print.content(format!("recorded {name}"), digest);
        }
    }
    Ok(print)
}

/// The commit that is checked out, and whether anything is changed on top of it.
fn commit(session: &Session) -> (String, bool) {
    let git = |args: &[&str]| -> Option<String> {
        let shell = shell(&session.workspace.root).ok()?;
        let command = xshell::cmd!(shell, "git {args...}").env_clear().envs(&session.env);
        command.quiet().ignore_stderr().read().ok()
    };
    match git(&["rev-parse", "HEAD"]) {
        Some(commit) => {
            let changes = git(&["status", "--porcelain", "--untracked-files=no"]);
            (commit, changes.is_some_and(|changes| !changes.is_empty()))
        }
        None => {
            session.sink.emit(Event::Warning {
                text: "record: no git commit here (no git, no repository, or nothing committed yet); \
                       the manifest says \"unknown\", and the profile's age in commits cannot be told"
                    .into(),
            });
            ("unknown".into(), false)
        }
    }
}
