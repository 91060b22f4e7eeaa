//! Train: the instrumented program is run on every training workload.

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use honing_core::{
    Digest, Error, ExitCode, Fingerprint, Result, Stage,
    config::{Flush, Workload},
    event::Event,
};
use serde::{Deserialize, Serialize};

use super::{
    Instrumented, MergedProfile, Product, Step, build_tools,
    compile::{instrument_flags, wanted},
    step::{stored, up_to_date_or},
};
use crate::{
    Session,
    cargo::libraries,
    files,
    process::{Command, Usage},
    session::{ProfileSource, Subject},
    workload::Runner,
};

/// Keys of a workload that only judge what was measured.
const JUDGING: [&str; 3] = ["gate", "min_gain", "max_regression"];

/// Raw profiles, as the training left them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RawProfiles {
    /// By workload, in the order of `pgo.toml`.
    pub(crate) collected: Vec<Collected>,
}

/// The raw profiles of one workload.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Collected {
    pub(crate) workload: String,
    /// Files, relative to the stage's folder.
    pub(crate) files: Vec<String>,
    pub(crate) bytes: u64,
    /// Of all files together, by content.
    pub(crate) digest: Digest,
}

impl Product for RawProfiles {
    /// Raw profiles may be gone after the merge; that is the merge's concern.
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl RawProfiles {
    /// What an earlier run left.
    pub(crate) fn load(session: &Session, subject: &Subject<'_>) -> Option<Step<Self>> {
        let manifest = stored(session, subject, Stage::Train)?;
        Some(Step::of(manifest, honing_core::event::StageState::Skipped))
    }

    /// How much there is: files and bytes.
    pub(crate) fn extent(&self) -> (usize, u64) {
        let files = self.collected.iter().map(|collected| collected.files.len()).sum();
        (files, self.collected.iter().map(|collected| collected.bytes).sum())
    }
}

/// When the program was trained, in UTC, if the profile comes from that.
pub(crate) fn trained(
    session: &Session,
    subject: &Subject<'_>,
    profile: Option<&MergedProfile>,
) -> Option<String> {
    if let Some(elsewhere) = profile.and_then(MergedProfile::trained_elsewhere) {
        return Some(elsewhere);
    }
    let manifest = stored::<RawProfiles>(session, subject, Stage::Train)?;
    (session.options.profile == ProfileSource::Training).then_some(manifest.finished)
}

/// Name of the workload that stands for a person at the keyboard.
const MANUAL: &str = "manual";

/// The file name pattern: a process of its own (`%p`) for each file, so that one which
/// is killed spoils its own alone, and a module (`%m`) of its own for shared libraries.
pub(crate) fn raw_pattern(flush: Flush) -> &'static str {
    match flush {
        Flush::Exit => "%p_%m.profraw",
        Flush::Continuous => "%c%p_%m.profraw",
    }
}

/// The workloads of a role, narrowed to those that were asked for, if any of them is.
pub(crate) fn workloads<'a>(
    session: &Session,
    subject: &Subject<'a>,
    role: impl Fn(&Workload) -> bool,
) -> Vec<(&'a str, &'a Workload)> {
    let of_role: Vec<_> = subject
        .program
        .workload
        .iter()
        .filter(|(_, workload)| role(workload))
        .map(|(name, workload)| (name.as_str(), workload))
        .collect();
    let asked: Vec<_> = of_role
        .iter()
        .copied()
        .filter(|(name, _)| session.options.workloads.iter().any(|wanted| wanted == name))
        .collect();
    if asked.is_empty() { of_role } else { asked }
}

/// The workloads that this machine trains.
pub(crate) fn training<'a>(session: &Session, subject: &Subject<'a>) -> Vec<(&'a str, &'a Workload)> {
    let all = workloads(session, subject, |workload| workload.role.trains());
    let Some(shard) = session.options.shard else { return all };
    all.into_iter().enumerate().filter(|(at, _)| shard.takes(*at)).map(|(_, workload)| workload).collect()
}

/// Adds what a workload's run depends on, except for the keys in `apart`.
///
/// What judges is never part of it.
pub(crate) fn add_workload(
    session: &Session,
    print: &mut Fingerprint,
    name: &str,
    workload: &Workload,
    apart: &[&str],
) -> Result<()> {
    let failed = |error: toml::ser::Error| Error::internal(format!("workload `{name}`: {error}"));
    let table = toml::Table::try_from(workload).map_err(failed)?;
    let read = |key: &str| !apart.contains(&key) && !JUDGING.contains(&key);
    for (key, value) in table.iter().filter(|(key, _)| read(key)) {
        match value {
            toml::Value::Table(inner) => inner.iter().for_each(|(sub, value)| {
                print.value(format!("workload `{name}` {key}.{sub}"), value);
            }),
            value => {
                print.value(format!("workload `{name}` {key}"), value);
            }
        }
    }
    for input in &workload.inputs {
        let digest = files::digest(&session.workspace.root.join(input))?;
        print.content(format!("workload `{name}` input {input}"), digest);
    }
    Ok(())
}

/// What the training reads.
pub(crate) fn train_fingerprint(
    session: &Session,
    subject: &Subject<'_>,
    instrumented: &Digest,
    tools: &BTreeMap<String, String>,
) -> Result<Fingerprint> {
    let mut print = Fingerprint::new();
    print.content("instrumented program", instrumented.clone());
    print.value("flush", raw_pattern(subject.program.flush));
    for (name, value) in &subject.program.env {
        print.value(format!("env {name}"), value);
    }
    if let Some(args) = &session.options.manual {
        print.value("manual session", args.join(" "));
        return Ok(print);
    }
    for (name, workload) in training(session, subject) {
        // What only a measurement reads does not make a profile stale.
        let apart = ["role", "weight", "work", "metric", "timeout", "retries", "compare_output", "answer"];
        add_workload(session, &mut print, name, workload, &apart)?;
    }
    for (name, path) in tools {
        if let Ok(digest) = files::digest(Path::new(path)) {
            print.content(format!("tool `{name}`"), digest);
        }
    }
    Ok(print)
}

/// Refuses to train on nothing.
pub(super) fn no_training(subject: &Subject<'_>, chosen: &[(&str, &Workload)]) -> Result<()> {
    if !chosen.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!("train: program `{}` has no workload with role = \"train\"", subject.name))
        .with_hint("add one to pgo.toml, or train by hand: `cargo xtask pgo train --manual`"))
}

/// Runs every training workload.
pub(crate) fn train(
    session: &Session,
    subject: &Subject<'_>,
    instrumented: &Instrumented,
) -> Result<Step<RawProfiles>> {
    let chosen = training(session, subject);
    // A shard may have none; that there is one at all was checked.
    if session.options.manual.is_none() && session.options.shard.is_none() {
        no_training(subject, &chosen)?;
    }
    let start = Instant::now();
    let tools = build_tools(session, subject, Stage::Train, &chosen)?;
    let print = train_fingerprint(session, subject, instrumented.digest(), &tools.paths)?;
    up_to_date_or(session, subject, Stage::Train, print, start, |dir| {
        if let Some(args) = &session.options.manual {
            return manual(session, subject, instrumented, args, dir);
        }
        let flags = instrument_flags(subject.program.flush);
        let runner = Runner {
            session,
            subject,
            stage: Stage::Train,
            program: instrumented.path(),
            tools: &tools.paths,
            cargo: Some(wanted(session, subject, Stage::Instrument, &flags)?),
            raw_pattern: Some(raw_pattern(subject.program.flush)),
        };
        let mut usage = tools.cost;
        let mut collected = Vec::new();
        for (at, (name, workload)) in chosen.iter().enumerate() {
            session.sink.emit(Event::Progress {
                program: subject.name.to_owned(),
                stage: Stage::Train,
                done: at as u64,
                total: Some(chosen.len() as u64),
                unit: "workloads".into(),
                at: (*name).to_owned(),
            });
            let ran = runner.run(name, workload, &dir.join(name))?;
            files::remove_dir(&dir.join(name).join("scratch"))?;
            usage.user += ran.usage.user;
            usage.system += ran.usage.system;
            collected.push(collect(session, name, &ran.raw, dir)?);
        }
        Ok((RawProfiles { collected }, usage))
    })
}

/// Lists what a workload left, and refuses what cannot be a profile.
fn collect(session: &Session, workload: &str, raw: &Path, dir: &Path) -> Result<Collected> {
    let failed = |cause: std::io::Error| files::error("read", raw, &cause);
    let mut found = Vec::new();
    let (mut bytes, mut empty) = (0, 0);
    let mut hasher = blake3::Hasher::new();
    let mut digests = Vec::new();
    for entry in fs::read_dir(raw).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let size = files::size(&path);
        if size == 0 {
            empty += 1;
            continue;
        }
        bytes += size;
        digests.push(files::digest(&path)?.to_string());
        found.push(path.strip_prefix(dir).unwrap_or(&path).to_string_lossy().into_owned());
    }
    // Names carry process numbers, which say nothing.
    digests.sort();
    digests.iter().for_each(|digest| {
        hasher.update(digest.as_bytes());
    });
    found.sort();
    if found.is_empty() {
        return Err(Error::new(
            ExitCode::Profile,
            format!("train: workload `{workload}` left no profile in {}", raw.display()),
        )
        .with_hint(
            "the instrumented program never ran, or was ended by a signal, _exit or abort before it could write; \
             let it return from main, or set flush = \"continuous\"",
        ));
    }
    if empty > 0 {
        let text = format!(
            "train: workload `{workload}`: {empty} of {} processes were killed before they wrote a profile",
            found.len() + empty
        );
        session.sink.emit(Event::Warning { text });
    }
    Ok(Collected { workload: workload.to_owned(), files: found, bytes, digest: hasher.finalize().into() })
}

/// Starts the instrumented program on the person's terminal and waits until it ends.
fn manual(
    session: &Session,
    subject: &Subject<'_>,
    instrumented: &Instrumented,
    args: &[String],
    dir: &Path,
) -> Result<(RawProfiles, Usage)> {
    let raw = dir.join(MANUAL).join("raw");
    files::make_dir(&raw)?;
    let pattern = raw.join(raw_pattern(subject.program.flush));
    session.sink.emit(Event::Note {
        text: format!(
            "use {} as your users would, then stop it; its profile is taken when it ends",
            subject.artifact
        ),
    });
    // The person's own terminal and Ctrl-C: no launcher, no process group, no log.
    let mut command = Command::new(instrumented.path(), &session.env, &session.dir);
    for (name, value) in &subject.program.env {
        command.env(name, value);
    }
    libraries::find_first(&mut command, &[instrumented.path()]);
    let status = std::process::Command::new(instrumented.path())
        .args(args)
        .env_clear()
        .envs(&command.env)
        .env("LLVM_PROFILE_FILE", pattern)
        .status()
        .map_err(|error| {
            Error::preflight(format!("cannot run {}: {error}", instrumented.path().display()))
        })?;
    session.cancel.forgive();
    let text = format!("{} ended: {status}; go on with --from merge", subject.artifact);
    session.sink.emit(if status.success() { Event::Note { text } } else { Event::Warning { text } });
    Ok((RawProfiles { collected: vec![collect(session, MANUAL, &raw, dir)?] }, Usage::default()))
}

/// Removes the raw profiles once they are merged: they are numerous and large.
pub(crate) fn discard_raw(session: &Session, subject: &Subject<'_>, raw: &RawProfiles) -> Result<()> {
    let dir = session.store.dir(subject.name, Stage::Train);
    raw.collected.iter().try_for_each(|collected| files::remove_dir(&dir.join(&collected.workload)))
}
