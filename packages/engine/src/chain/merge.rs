//! Merge: the raw profiles of the training become one; or one comes from elsewhere.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Instant,
};

use honing_core::{Digest, Error, ExitCode, Fingerprint, Result, Stage, event::Event, recorded::PartEntry};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{
        ready::Ready,
        session::Session,
        step::{Done, Product, stored, up_to_date_or},
        subject::Subject,
    },
    children::Usage,
    io::files,
    keep::stored_profile::Stored,
    profiles::{Flaw, Input, Profile, given_part},
    workloads::train::RawProfiles,
};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Merged {
    file: String,
    bytes: u64,
    digest: Digest,
    /// Where it came from, where that is not a training here.
    #[serde(default)]
    parts: Vec<PartEntry>,
    /// What was read of it, in this run.
    #[serde(skip)]
    read: Arc<OnceLock<Box<dyn Profile>>>,
}

impl Merged {
    /// One that was just made; the file has its bytes.
    fn of(profile: Box<dyn Profile>, file: String) -> Self {
        let (bytes, digest) = (profile.bytes().len() as u64, Digest::of(profile.bytes()));
        Self { file, bytes, digest, parts: Vec::new(), read: Arc::new(OnceLock::from(profile)) }
    }

    pub(crate) fn with_parts(self, parts: Vec<PartEntry>) -> Self {
        Self { parts, ..self }
    }
}

impl Product for Merged {
    fn files(&self) -> Vec<&str> {
        vec![&self.file]
    }
}

/// A merged profile: what `-Cprofile-use` reads.
#[derive(Debug, Clone)]
pub(crate) struct MergedProfile {
    merged: Merged,
    path: PathBuf,
    rebased: Option<RebasedFrom>,
    /// What is stored in the repository, where it is that, or was carried over from that.
    stored: Option<Stored>,
}

/// What a rebased profile was carried over from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RebasedFrom {
    /// The digest of that profile.
    pub(crate) digest: Digest,
    /// Share of the trained profile's weight that is left after it and all before, 0 to 1.
    pub(crate) carried: f64,
}

impl MergedProfile {
    /// What an earlier run left.
    pub(crate) fn load(session: &Session, subject: &Subject<'_>) -> Option<Done<Self>> {
        let manifest = stored::<Merged>(session, subject, Stage::Merge)?;
        Some(Self::step(session, subject, Done::of(manifest, honing_core::event::StageState::Skipped)))
    }

    pub(crate) fn step(session: &Session, subject: &Subject<'_>, step: Done<Merged>) -> Done<Self> {
        let path = session.dir_of(subject, Stage::Merge).join(&step.output.file);
        step.map(|merged| Self { merged, path, rebased: None, stored: None })
    }

    /// The profile that is stored in the repository, unpacked.
    pub(crate) fn of_stored(session: &Session, subject: &Subject<'_>, stored: Stored) -> Result<Self> {
        let path = session.folder_of(subject).join(format!("stored.{}", subject.kind().extension()));
        let profile = stored.open(subject)?;
        files::write_if_changed(&path, profile.bytes())?;
        let carried = stored.manifest.carried.map(|percent| percent / 100.0);
        let from =
            carried.map(|carried| RebasedFrom { digest: stored.manifest.profile.digest.clone(), carried });
        Ok(Self { stored: Some(stored), ..Self::of(profile, path, from) })
    }

    /// A profile whose bytes are in the file `path`, too.
    pub(crate) fn of(profile: Box<dyn Profile>, path: PathBuf, rebased: Option<RebasedFrom>) -> Self {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { merged: Merged::of(profile, file), path, rebased, stored: None }
    }

    /// What it holds: read when that is first asked for, and no more in this run.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) fn read(&self, subject: &Subject<'_>) -> Result<&dyn Profile> {
        let read = &self.merged.read;
        if read.get().is_none() {
            let opened = subject.kind().open(files::read(&self.path)?);
            let _ = read.set(opened);
        }
        read.get().map(|profile| &**profile).ok_or_else(|| Error::internal("a profile was read, and is gone"))
    }

    /// Its digest.
    pub(crate) fn digest(&self) -> &Digest {
        &self.merged.digest
    }

    /// Its size in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.merged.bytes
    }

    /// The same, carried over from `other`: it comes from where that does.
    pub(crate) fn carried_from(mut self, other: &Self) -> Self {
        self.merged.parts.clone_from(&other.merged.parts);
        self.stored.clone_from(&other.stored);
        self
    }

    /// Where it came from, where that is not a training here.
    pub(crate) fn parts(&self) -> &[PartEntry] {
        &self.merged.parts
    }

    /// Whether no part of it is a training of pgo.toml's workloads.
    pub(crate) fn is_from_elsewhere(&self) -> bool {
        !self.merged.parts.is_empty() && self.merged.parts.iter().all(|part| part.workloads.is_empty())
    }

    /// What is stored in the repository, where it is that, or was carried over from that.
    pub(crate) fn stored(&self) -> Option<&Stored> {
        self.stored.as_ref()
    }

    /// Whether all of it was trained here.
    pub(crate) fn is_trained_here(&self) -> bool {
        self.stored.is_none() && self.merged.parts.is_empty()
    }

    /// When it was trained, in UTC, where that is known: of several machines the first counts. Only who made a
    /// foreign profile knows.
    pub(crate) fn trained(&self, session: &Session, subject: &Subject<'_>) -> Option<String> {
        let here = || stored::<RawProfiles>(session, subject, Stage::Train).map(|manifest| manifest.finished);
        let first = self.merged.parts.iter().filter_map(|part| part.trained.clone()).min();
        let of_parts = first.or_else(|| self.is_from_elsewhere().then(|| "unknown".into()));
        self.stored.as_ref().map(|stored| stored.manifest.trained.clone()).or(of_parts).or_else(here)
    }

    /// What this one was carried over from, if it was.
    pub(crate) fn rebased(&self) -> Option<&RebasedFrom> {
        self.rebased.as_ref()
    }
}

/// What stands before a workload's name in a fingerprint.
const RAW: &str = "raw profiles of";

/// What the merge reads.
pub(crate) fn merge_fingerprint(
    session: &Session,
    subject: &Subject<'_>,
    ready: &Ready,
    raw: &RawProfiles,
) -> Fingerprint {
    let mut print = Fingerprint::new();
    print.value("merged by", ready);
    print.value("max_lost", session.config.merge.max_lost);
    for collected in &raw.collected {
        let name = &collected.workload;
        print.content(format!("{RAW} `{name}`"), collected.digest.clone());
        print.value(format!("weight of `{name}`"), weight(subject, name));
    }
    print
}

/// What was trained, where its raw profiles are no longer there.
fn gone(session: &Session, subject: &Subject<'_>) -> Option<RawProfiles> {
    let raw = stored::<RawProfiles>(session, subject, Stage::Train)?.output;
    let dir = session.dir_of(subject, Stage::Train);
    let mut files = raw.collected.iter().flat_map(|collected| &collected.files);
    (!files.all(|file| dir.join(file).is_file())).then_some(raw)
}

/// Why the training has to run again although it is up to date: its raw profiles were
/// removed after a merge, and now another merge needs them.
pub(crate) fn spent(session: &Session, subject: &Subject<'_>, ready: &Ready) -> Option<String> {
    let raw = gone(session, subject)?;
    let print = merge_fingerprint(session, subject, ready, &raw);
    let merged = stored::<Merged>(session, subject, Stage::Merge);
    let stale = merged.is_none_or(|merged| !print.changes_since(&merged.fingerprint).is_empty());
    stale.then(|| "its raw profiles were removed after a merge, and another merge needs them".into())
}

/// Whether a whole training is finished that no merge has come to: a run was ended between the two. A shard is no
/// whole one.
pub(crate) fn awaits_merge(session: &Session, subject: &Subject<'_>, ready: &Ready) -> bool {
    let Some(trained) = stored::<RawProfiles>(session, subject, Stage::Train) else { return false };
    let raw = &trained.output;
    let is_trained = |name: &str| raw.collected.iter().any(|collected| collected.workload == name);
    let mut wanted = subject.program.workload.iter().filter(|(_, workload)| workload.role.trains());
    if gone(session, subject).is_some() || !wanted.all(|(name, _)| is_trained(name)) {
        return false;
    }
    let print = merge_fingerprint(session, subject, ready, raw);
    stored::<Merged>(session, subject, Stage::Merge).is_none_or(|merged| {
        let changes = print.changes_since(&merged.fingerprint);
        merged.finished <= trained.finished && changes.iter().any(|change| change.starts_with(RAW))
    })
}

/// Makes the training run again where that is so; for a shard, whose raw profiles are always needed,
/// where they are gone.
pub(crate) fn forget_spent(session: &Session, subject: &Subject<'_>, ready: &Ready) -> Result<()> {
    let why = match session.options.shard {
        Some(_) => gone(session, subject).map(|_| "its raw profiles were removed after a merge".to_owned()),
        None => spent(session, subject, ready),
    };
    let Some(why) = why else { return Ok(()) };
    session.sink.emit(Event::Note { text: format!("train: {why}") });
    files::remove_dir(&session.dir_of(subject, Stage::Train))
}

fn weight(subject: &Subject<'_>, workload: &str) -> u32 {
    subject.program.workload.get(workload).map_or(1, |workload| workload.weight)
}

/// Merges what the training left.
pub(crate) fn merge(
    session: &Session,
    subject: &Subject<'_>,
    ready: &Ready,
    raw: &RawProfiles,
) -> Result<Done<MergedProfile>> {
    let print = merge_fingerprint(session, subject, ready, raw);
    let step = up_to_date_or(session, subject, Stage::Merge, print, Instant::now(), |dir| {
        let (merged, usage) = merge_in(session, subject, ready, &inputs(session, subject, raw)?, dir)?;
        let parts = raw.collected.iter().flat_map(|collected| &collected.parts).cloned();
        let weighed = |part: PartEntry| {
            let weight = part.workloads.first().map(|name| weight(subject, name));
            PartEntry { weight, ..part }
        };
        Ok((merged.with_parts(parts.map(weighed).collect()), usage))
    })?;
    Ok(MergedProfile::step(session, subject, step))
}

/// Merges `inputs` in the folder of an attempt.
pub(crate) fn merge_in(
    session: &Session,
    subject: &Subject<'_>,
    ready: &Ready,
    inputs: &[Input],
    dir: &Path,
) -> Result<(Merged, Usage)> {
    let file = file_name(subject);
    let (kind, stage) = (subject.kind(), (Stage::Merge, ready));
    let (profile, usage) = kind.merge(session, subject, stage, inputs, &dir.join(&file))?;
    Ok((Merged::of(profile, file), usage))
}

fn file_name(subject: &Subject<'_>) -> String {
    format!("{}.{}", subject.name, subject.kind().extension())
}

fn inputs(session: &Session, subject: &Subject<'_>, raw: &RawProfiles) -> Result<Vec<Input>> {
    let dir = session.dir_of(subject, Stage::Train);
    let mut inputs = Vec::new();
    for collected in &raw.collected {
        for input in collected.inputs(&dir, u64::from(weight(subject, &collected.workload))) {
            let path = &input.path;
            if !path.is_file() {
                return Err(Error::new(ExitCode::Profile, format!("merge: {} is gone", path.display())).with_hint(
                    "raw profiles are removed after a merge unless --keep-raw is given; train again: --from train --force",
                ));
            }
            inputs.push(input);
        }
    }
    Ok(inputs)
}

/// A merged profile that was made elsewhere, once it is seen to be one, and the digest of what was given.
pub(crate) fn given(subject: &Subject<'_>, file: &Path) -> Result<(Box<dyn Profile>, Digest)> {
    if file.to_str().is_some_and(|name| name.contains("://")) {
        return Err(Error::usage("a URL is no file of a profile").with_hint(honing_core::advise!(
            "ask a running instance with `{pgo} merge --from URL`, then go on with `{pgo} --from optimize`"
        )));
    }
    let bytes = files::read(file).map_err(|error| {
        error.with_code(ExitCode::Profile).at("--profile").with_hint("name a merged profile")
    })?;
    let digest = Digest::of(&bytes);
    let profile = subject.kind().take(bytes).map_err(|Flaw { words, hint }| {
        Error::new(ExitCode::Profile, format!("--profile: {} {words}", file.display())).with_hint(hint)
    })?;
    Ok((profile, digest))
}

/// What an import reads.
pub(crate) fn import_fingerprint(profile: &dyn Profile) -> Fingerprint {
    let mut print = Fingerprint::new();
    print.content("profile from elsewhere", Digest::of(profile.bytes()));
    print
}

/// Takes a merged profile that was made elsewhere.
pub(crate) fn import(
    session: &Session,
    subject: &Subject<'_>,
    (file, trained): (&Path, Option<String>),
) -> Result<Done<MergedProfile>> {
    let (profile, digest) = given(subject, file)?;
    let print = import_fingerprint(&*profile);
    let step = up_to_date_or(session, subject, Stage::Merge, print, Instant::now(), |dir| {
        let name = file_name(subject);
        files::write_atomically(&dir.join(&name), profile.bytes())?;
        let part = given_part((file, digest), None, [subject.kind().recorded(file)]);
        let parts = vec![PartEntry { trained: trained.or_else(|| part.trained.clone()), ..part }];
        Ok((Merged::of(profile, name).with_parts(parts), Usage::default()))
    })?;
    Ok(MergedProfile::step(session, subject, step))
}

/// The command that merges, for display.
pub(crate) fn merge_command(session: &Session, subject: &Subject<'_>, ready: &Ready) -> String {
    let dir = session.dir_of(subject, Stage::Merge);
    let output = dir.join(file_name(subject));
    match &ready.merger.tool {
        // Weights are in pgo.toml; only the stage itself knows them.
        None => honing_core::advise!("{pgo} merge --program {}", subject.name),
        Some(tool) => {
            subject.kind().merge_command(session, tool, &dir.join("inputs.txt"), &output).to_string()
        }
    }
}
