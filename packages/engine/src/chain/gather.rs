//! Merge, where the training was elsewhere: the shards of one training, and profiles that something
//! else wrote, such as an instrumented program in production.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use honing_core::{
    Digest, Error, ExitCode, Fingerprint, Result, Stage,
    event::Event,
    recorded::PartEntry,
    shard::{self, Expected, Handover},
    units,
};

use crate::{
    chain::{
        merge::{MergedProfile, merge_in},
        ready::Ready,
        session::Session,
        step::{Done, up_to_date_or},
        subject::Subject,
    },
    io::files,
    keep::{hand_over::HANDOVER, record::workload_entries},
    profiles::{Given, Input, given_part},
};

/// A shard, and where it is.
struct Fetched {
    dir: PathBuf,
    handover: Handover,
}

/// Profiles that no shard has.
struct Foreign {
    given: Given,
    files: Vec<PathBuf>,
    digest: Digest,
}

/// Merges what was `given`, once it is seen to be one whole training of this program.
pub(crate) fn gather(
    session: &Session,
    subject: &Subject<'_>,
    ready: &Ready,
    given: &[Given],
) -> Result<Done<MergedProfile>> {
    let start = Instant::now();
    let (mut shards, foreign) = find(session, subject, given)?;
    if session.subjects()?.len() > 1 && !foreign.is_empty() {
        let path = foreign[0].given.path.display();
        return Err(Error::usage(format!(
            "merge: {path} is a profile of one program, and there are several"
        ))
        .with_hint(format!("choose one: --program {}", subject.name)));
    }
    shards.retain(|one| one.handover.program == subject.name);
    if shards.is_empty() && foreign.is_empty() {
        let message = format!("merge: no shard of `{}` is in what was given", subject.name);
        return Err(Error::new(ExitCode::Profile, message)
            .with_hint("give the folders that `train --shard` named, or choose another program"));
    }
    shards.sort_by_key(|one| one.handover.shard);
    check(session, subject, &shards)?;
    let inputs = inputs(subject, &shards, &foreign);
    check_kin((session, subject), ready, &shards, &inputs)?;
    let mut print = Fingerprint::new();
    print.value("merged by", ready).value("max_lost", session.config.merge.max_lost);
    for (name, digest, input) in &inputs {
        print.content(name, digest.clone()).value(format!("weight of {name}"), input.weight);
    }
    let parts: Vec<PartEntry> = shards
        .iter()
        .map(|one| one.handover.part())
        .chain(foreign.iter().map(|one| {
            let weight = Some(one.given.weight.unwrap_or(1));
            let given = (&*one.given.path, one.digest.clone());
            given_part(given, weight, one.files.iter().map(|file| subject.kind().recorded(file)))
        }))
        .collect();
    let step = up_to_date_or(session, subject, Stage::Merge, print, start, |dir| {
        let inputs: Vec<Input> = inputs.into_iter().map(|(_, _, input)| input).collect();
        let (merged, usage) = merge_in(session, subject, ready, &inputs, dir)?;
        Ok((merged.with_parts(parts), usage))
    })?;
    Ok(MergedProfile::step(session, subject, step))
}

/// What is in the places that were given.
fn find(session: &Session, subject: &Subject<'_>, given: &[Given]) -> Result<(Vec<Fetched>, Vec<Foreign>)> {
    let (mut shards, mut foreign) = (Vec::<Fetched>::new(), Vec::new());
    for one in given {
        // What runs is asked now; where it is from then on is nothing for a repository.
        let fetched = subject.kind().fetch(session, &one.path, &session.run_dir.join("fetched"));
        if let Some(file) = fetched {
            let file = file.map_err(|error| error.at("merge"))?;
            let name = file.file_name().unwrap_or_default().into();
            let digest = files::digest(&file)?;
            foreign.push(Foreign {
                given: Given { path: name, weight: one.weight },
                files: vec![file],
                digest,
            });
            continue;
        }
        let path = session.around.dir.join(&one.path);
        let mut handovers = if path.is_dir() { files::below(&path)? } else { Vec::new() };
        handovers.retain(|file| file.file_name().is_some_and(|name| name == HANDOVER));
        if handovers.is_empty() {
            let files = subject
                .kind()
                .find(std::slice::from_ref(&path))
                .map_err(|error| error.at("merge").with_hint("--from takes profiles, or folders of them"))?;
            foreign.push(Foreign { given: one.clone(), files, digest: files::digest(&path)? });
            continue;
        }
        if one.weight.is_some() {
            let message = format!("merge: {} has shards, whose weights are in pgo.toml", one.path.display());
            return Err(Error::usage(message).with_hint("give it without a weight"));
        }
        let mut named = Vec::new();
        for file in handovers {
            let handover = Handover::parse(&files::read(&file)?, &file)?;
            let dir = file.parent().unwrap_or(Path::new("")).to_owned();
            named.extend(handover.workloads.iter().map(|found| dir.join(&found.file)));
            let known = |shard: &&Fetched| shard.dir.canonicalize().ok() == dir.canonicalize().ok();
            if shards.iter().find(known).is_none() {
                shards.push(Fetched { dir, handover });
            }
        }
        let stray = subject.kind().find(std::slice::from_ref(&path)).unwrap_or_default();
        if let Some(stray) = stray.iter().find(|file| !named.contains(file)) {
            let message = format!("merge: {} is in no shard", stray.display());
            return Err(Error::new(ExitCode::Profile, message)
                .with_hint("to merge it too, put it elsewhere and give it with a --from of its own"));
        }
    }
    Ok((shards, foreign))
}

/// Whether the shards are one whole training of what is here, and arrived as they were sent.
fn check(session: &Session, subject: &Subject<'_>, shards: &[Fetched]) -> Result<()> {
    let handovers: Vec<Handover> = shards.iter().map(|one| one.handover.clone()).collect();
    let account = subject.builder().account(session, subject)?;
    let workloads = workload_entries(session, subject)?;
    shard::check(
        &handovers,
        &Expected {
            program: subject.name,
            target: &subject.triple,
            account: &account,
            workloads: &workloads,
        },
    )?;
    for one in shards {
        for trained in &one.handover.workloads {
            let path = one.dir.join(&trained.file);
            let arrived = files::digest(&path).is_ok_and(|digest| digest == trained.digest);
            if !arrived {
                let message =
                    format!("merge: {} is not the profile that {HANDOVER} beside it names", path.display());
                return Err(Error::new(ExitCode::Profile, message)
                    .with_hint("fetch the shard's folder again, whole and as it is"));
            }
        }
        if one.handover.dirty {
            let text = format!(
                "merge: shard {} was trained with changes that its commit has not",
                one.handover.shard
            );
            session.sink.emit(Event::Warning { text });
        }
    }
    Ok(())
}

/// Every file with its name in fingerprints, in the order of pgo.toml; the weights are pgo.toml's.
fn inputs(subject: &Subject<'_>, shards: &[Fetched], foreign: &[Foreign]) -> Vec<(String, Digest, Input)> {
    let mut inputs = Vec::new();
    for (name, workload) in &subject.program.workload {
        for one in shards {
            let trained = one.handover.workloads.iter().filter(|found| &found.workload.name == name);
            inputs.extend(trained.map(|found| {
                let path = one.dir.join(&found.file);
                let input = Input { path, weight: u64::from(workload.weight), sum_of: None };
                (format!("profile of `{name}`"), found.digest.clone(), input)
            }));
        }
    }
    for one in foreign {
        let weight = u64::from(one.given.weight.unwrap_or(1));
        for path in &one.files {
            let name = format!("profile {}", path.display());
            inputs.push((name, one.digest.clone(), Input { path: path.clone(), weight, sum_of: None }));
        }
    }
    inputs
}

/// Whether all profiles are of one program: the weight of each has to be in functions that the first
/// one has, too, with the same control flow.
fn check_kin(
    (session, subject): (&Session, &Subject<'_>),
    ready: &Ready,
    shards: &[Fetched],
    inputs: &[(String, Digest, Input)],
) -> Result<()> {
    let same = shards.windows(2).all(|pair| pair[0].handover.instrumented == pair[1].handover.instrumented);
    let of_shards: usize = shards.iter().map(|one| one.handover.workloads.len()).sum();
    let Some(((_, _, first), others)) = inputs.split_first() else { return Ok(()) };
    // What a tool has to read, nothing here can.
    if same && of_shards == inputs.len() || ready.merger.tool.is_some() {
        return Ok(());
    }
    let least = session.config.policy.min_match;
    for (_, _, other) in others {
        let shared = subject.kind().shared(&first.path, &other.path)?;
        if shared * 100.0 < least {
            let message = format!(
                "merge: {} is of another program than {}: {} of its weight is in functions that that one has, \
                 less than policy.min_match = {least} %",
                other.path.display(),
                first.path.display(),
                units::share(shared)
            );
            return Err(Error::new(ExitCode::Profile, message)
                .with_hint("merge profiles of one version of one program, built with the same toolchain"));
        }
    }
    Ok(())
}
