//! What a shard of a training leaves to be fetched: one merged profile for each of its workloads, and
//! [`Handover`] about them, in one folder.

use honing_core::{
    Digest, Error, Result, Stage,
    event::Event,
    shard::{Handover, SCHEMA, Shard, Trained},
    units,
};

use crate::{
    chain::{built::Built, ready::Ready, session::Session, step::stored, subject::Subject},
    io::files,
    keep::{history, record::workload_entries},
    workloads::train::RawProfiles,
};

/// Name of the file with the [`Handover`].
pub(crate) const HANDOVER: &str = "shard.json";

/// Puts what `shard` trained together, and says where it is.
pub(crate) fn hand_over(
    session: &Session,
    subject: &Subject<'_>,
    (shard, ready): (Shard, &Ready),
    trainee: &Built,
    raw: &RawProfiles,
) -> Result<()> {
    let dir = session.store.root().join(subject.name).join("shard");
    let partial = dir.with_extension("partial");
    files::empty_dir(&partial)?;
    let mut workloads = Vec::new();
    for entry in workload_entries(session, subject)? {
        let Some(collected) = raw.collected.iter().find(|one| one.workload == entry.name) else { continue };
        let train = session.dir_of(subject, Stage::Train);
        let inputs = collected.inputs(&train, 1);
        let file = format!("{}.{}", entry.name, subject.kind().extension());
        let stage = (Stage::Train, ready);
        let (profile, _) = subject.kind().merge(session, subject, stage, &inputs, &partial.join(&file))?;
        let digest = Digest::of(profile.bytes());
        workloads.push(Trained { workload: entry, file, digest });
    }
    let names: Vec<&str> = workloads.iter().map(|found| found.workload.name.as_str()).collect();
    let names = if names.is_empty() { "no workload".into() } else { names.join(", ") };
    let manifest = stored::<RawProfiles>(session, subject, Stage::Train);
    let manifest = manifest.ok_or_else(|| Error::internal("train: what was just trained is gone"))?;
    let parts = raw.collected.iter().flat_map(|collected| &collected.parts);
    let head = history::head(session, subject);
    let (commit, dirty) = head.map_or_else(|_| ("unknown".into(), false), |head| (head.commit, head.dirty));
    let handover = Handover {
        schema: SCHEMA,
        program: subject.name.to_owned(),
        target: subject.triple.clone(),
        shard,
        account: subject.builder().account(session, subject)?,
        instrumented: trainee.digest().clone(),
        commit,
        dirty,
        // Age counts from the oldest profile.
        trained: parts.filter_map(|part| part.trained.clone()).fold(manifest.finished, String::min),
        cpu_ms: manifest.cpu_ms,
        workloads,
    };
    files::write_json(&partial.join(HANDOVER), &handover)?;
    files::promote(&partial, &dir)?;
    let (path, size) = (dir.display(), units::bytes(files::size(&dir)));
    let text = format!("shard {shard} of {}: {names}; hand over {path} ({size})", subject.name);
    session.sink.emit(Event::Note { text });
    Ok(())
}
