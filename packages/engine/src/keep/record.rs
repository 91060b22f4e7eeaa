//! Record: the profile and what is known about it go into the repository.

use std::time::Instant;

use honing_core::{
    Digest, Error, Fingerprint, Flow, Result, Stage,
    applied::Applied,
    config::{Reader, Workload},
    event::{Event, StageCost},
    outcome::{Asked, Consequence, Measured, Outcome, Standing},
    recorded::{
        self, CostEntry, HotEntry, Manifest, MatchEntry, MeasuredEntry, PartEntry, SizeEntry, Source,
        VerdictEntry, WorkloadEntry,
    },
    release::Checkout,
};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{
        merge::MergedProfile,
        session::Session,
        step::{Done, Product, reasons, started, stored, up_to_date_or},
        subject::Subject,
    },
    children::Usage,
    io::{clock, files},
    keep::{
        committed, history,
        stored_profile::{MANIFEST, folder, load, save},
    },
    profiles::{Profile, Weighed},
    workloads::train::{add_workload, input_digests, workloads},
};

/// Heaviest functions that a manifest names.
const HOT: usize = 20;

/// Where a profile was recorded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// The folder, relative to the workspace; `None` where the verdict forbids it.
    pub path: Option<String>,
}

impl Product for Recorded {
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// What is known about a profile when it is recorded.
pub(crate) struct Findings<'a> {
    pub(crate) source: Source,
    /// When it was trained, in UTC, if that was before now.
    pub(crate) trained: Option<String>,
    /// For a rebased profile: the share of the trained one's weight that it has.
    pub(crate) carried: Option<f64>,
    /// Where it came from, where that is not a training here.
    pub(crate) parts: &'a [PartEntry],
    pub(crate) applied: Option<&'a Applied>,
    pub(crate) outcome: &'a Outcome,
    pub(crate) consequence: &'a Consequence,
    pub(crate) measured: &'a [Measured],
    pub(crate) costs: &'a [StageCost],
    pub(crate) size: Option<SizeEntry>,
}

/// Records the profile if the verdict allows it.
pub(crate) fn record(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
    findings: &Findings<'_>,
) -> Result<Done<Recorded>> {
    let print = record_fingerprint(session, subject, profile, findings)?;
    if !findings.consequence.record {
        return up_to_date_or(session, subject, Stage::Record, print, Instant::now(), |_| {
            Ok((Recorded { path: None }, Usage::default()))
        });
    }
    let old = stored::<Recorded>(session, subject, Stage::Record);
    let why = reasons(session, old.as_ref(), &print);
    if let (Some(old), true) = (old, why.is_empty()) {
        return Ok(Done::of(old, honing_core::event::StageState::UpToDate));
    }
    started(session, subject, Stage::Record, why);
    let start = Instant::now();
    let holds = profile.read(subject)?;
    // A rebase loses what it cannot carry; that it is better than nothing was seen.
    if findings.source != Source::Rebased && profile.stored().is_none() {
        refuse_poorer(session, subject, holds)?;
    }
    let (file, bytes) = holds.pack()?;
    let weighed = holds.weigh().unwrap_or_default();
    let entry = profile_entry((file, &bytes), profile, &weighed);
    let hot = hot(&weighed);
    let mut manifest = manifest(session, subject, findings, entry, hot)?;
    if let Some(stored) = profile.stored() {
        take_over(&mut manifest, stored.manifest.clone(), &subject.flow());
    }
    save(&session.root.join(folder(session, subject)), &manifest, &bytes, subject.kind().stored_names())?;
    if let Some(text) = committed::ignored(session, &folder(session, subject).join(file)) {
        session.sink.emit(Event::Warning { text });
    }
    let attempt = session.begin(subject, Stage::Record)?;
    // Read again: what was just written is part of it.
    let print = record_fingerprint(session, subject, profile, findings)?;
    let output = Recorded { path: Some(folder(session, subject).display().to_string()) };
    crate::chain::step::finish(attempt, print, start, Usage::default(), None, output)
}

/// What stays true of the stored profile that this one is, or was carried over from.
fn take_over(manifest: &mut Manifest, stored: Manifest, flow: &Flow) {
    let again = |cost: &CostEntry| manifest.cost.iter().any(|new| new.stage == cost.stage);
    let earlier: Vec<CostEntry> = stored.cost.into_iter().filter(|cost| !again(cost)).collect();
    manifest.cost.extend(earlier);
    manifest.cost.sort_by_key(|cost| flow.steps().position(|step| step.to_string() == cost.stage));
    // The same profile, measured again.
    if manifest.profile.indexed_digest == stored.profile.indexed_digest {
        manifest.source = stored.source;
        manifest.carried = stored.carried;
        manifest.workload = stored.workload;
        manifest.part = stored.part;
    }
}

fn manifest(
    session: &Session,
    subject: &Subject<'_>,
    findings: &Findings<'_>,
    profile: recorded::Profile,
    hot: Vec<HotEntry>,
) -> Result<Manifest> {
    let checkout = history::head(session, subject).unwrap_or_else(|silent| {
        let text = format!(
            "record: no git commit here: {}; the manifest says \"unknown\", and the profile's age in \
             commits cannot be told",
            silent.words()
        );
        session.sink.emit(Event::Warning { text });
        Checkout { commit: "unknown".into(), dirty: false, beside: Vec::new() }
    });
    if checkout.dirty {
        let text = "record: the working tree has uncommitted changes, so the profile is of no commit; the manifest says so";
        session.sink.emit(Event::Note { text: text.into() });
    }
    let unknown = Applied::Unknown { why: "nothing was built with it".into() };
    let second = |ms: u64| ms.div_ceil(1000);
    Ok(Manifest {
        schema: recorded::SCHEMA,
        program: subject.name.to_owned(),
        target: subject.triple.clone(),
        recorded: clock::utc_now(),
        trained: findings.trained.clone().unwrap_or_else(clock::utc_now),
        commit: checkout.commit,
        dirty: checkout.dirty,
        source: findings.source,
        carried: findings.carried.map(|share| (share * 10_000.0).floor() / 100.0),
        account: subject.builder().account(session, subject)?,
        profile,
        matched: MatchEntry::of(findings.applied.unwrap_or(&unknown)),
        verdict: VerdictEntry {
            outcome: findings.outcome.word().into(),
            wording: findings.consequence.wording.clone(),
        },
        size: findings.size,
        measured: findings.measured.iter().map(MeasuredEntry::of).collect(),
        workload: match findings.source {
            Source::Trained => workload_entries(session, subject)?,
            Source::Imported | Source::Rebased => Vec::new(),
        },
        eval: match findings.measured {
            [] => Vec::new(),
            _ => eval_entries(session, subject)?,
        },
        part: findings.parts.to_vec(),
        cost: findings
            .costs
            .iter()
            .filter(|cost| cost.cpu_ms > 0)
            .map(|cost| CostEntry {
                stage: cost.stage.to_string(),
                wall_s: second(cost.elapsed_ms),
                cpu_s: second(cost.cpu_ms),
            })
            .collect(),
        hot,
    })
}

fn profile_entry(
    (file, bytes): (&str, &[u8]),
    profile: &MergedProfile,
    weighed: &Weighed,
) -> recorded::Profile {
    recorded::Profile {
        file: file.to_owned(),
        bytes: bytes.len() as u64,
        digest: Digest::of(bytes),
        indexed_bytes: profile.bytes(),
        indexed_digest: profile.digest().clone(),
        weight: weighed.weight.to_string(),
        functions: weighed.functions,
        functions_run: weighed.functions_run,
    }
}

fn hot(weighed: &Weighed) -> Vec<HotEntry> {
    let entry = |(function, share): &(String, f64)| HotEntry {
        percent: (share * 10_000.0).round() / 100.0,
        function: function.clone(),
    };
    weighed.hottest.iter().take(HOT).map(entry).collect()
}

/// The training workloads of today, for manifests.
pub(crate) fn workload_entries(session: &Session, subject: &Subject<'_>) -> Result<Vec<WorkloadEntry>> {
    entries(session, subject, |workload| workload.role.trains(), Reader::Training)
}

/// The eval workloads of today, by what a measurement reads of them.
pub(crate) fn eval_entries(session: &Session, subject: &Subject<'_>) -> Result<Vec<WorkloadEntry>> {
    entries(session, subject, |workload| workload.role.evaluates(), Reader::Measurement)
}

fn entries(
    session: &Session,
    subject: &Subject<'_>,
    role: impl Fn(&Workload) -> bool,
    reader: Reader,
) -> Result<Vec<WorkloadEntry>> {
    let entry = |(name, workload): (&str, &Workload)| {
        let inputs = input_digests(session, workload)?;
        let digest = |reader| {
            let mut print = Fingerprint::new();
            add_workload(&mut print, (name, workload), reader, &inputs)?;
            let json =
                serde_json::to_vec(&print).map_err(|error| Error::internal(format!("record: {error}")))?;
            Ok::<_, Error>(Digest::of(&json))
        };
        let earlier = match reader {
            Reader::Training => Some(digest(Reader::Anyone)?),
            _ => None,
        };
        Ok(WorkloadEntry { name: name.to_owned(), weight: workload.weight, digest: digest(reader)?, earlier })
    };
    workloads(session, subject, role).into_iter().map(entry).collect()
}

/// A training that missed what an earlier one reached must not replace its profile.
fn refuse_poorer(session: &Session, subject: &Subject<'_>, new: &dyn Profile) -> Result<()> {
    if session.options.accept_poorer {
        return Ok(());
    }
    let unreadable = |error: Error| {
        error.at("record: the stored profile cannot be compared").with_hint(
            "restore it from version control (after a merge: manifest and profile of one side), or replace \
             it unseen: --accept-poorer",
        )
    };
    let Some(stored) = load(session, subject).map_err(unreadable)? else { return Ok(()) };
    let old = stored.open(subject).map_err(unreadable)?;
    let Some(why) = new.lacks(&*old) else { return Ok(()) };
    Err(Error::new(
        Standing::Poorer.exit(Asked::Store, true),
        format!("record: the new profile is poorer than the one in {}: {why}", stored.folder.display()),
    )
    .with_hint(
        "did a training workload do less than before? If it is right so (a function was removed, a workload \
         was dropped): --accept-poorer",
    ))
}

/// What a record reads.
pub(crate) fn record_fingerprint(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
    findings: &Findings<'_>,
) -> Result<Fingerprint> {
    let folder = folder(session, subject);
    let mut print = Fingerprint::new();
    let json = |error: serde_json::Error| Error::internal(format!("record: {error}"));
    let policy = &session.config.policy;
    print
        .content("profile", profile.digest().clone())
        .content("measurement", Digest::of(&serde_json::to_vec(findings.measured).map_err(json)?))
        .value("match", findings.applied.map(Applied::words).unwrap_or_default())
        .value("verdict", &findings.consequence.wording)
        .value("policy", serde_json::to_string(policy).map_err(json)?);
    for name in subject.kind().stored_names().iter().chain(&[MANIFEST]) {
        if let Ok(digest) = files::digest(&session.root.join(&folder).join(name)) {
            print.content(format!("recorded {name}"), digest);
        }
    }
    Ok(print)
}
