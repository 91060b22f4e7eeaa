//! Train: the instrumented program is run on every training workload.

use std::{collections::BTreeMap, time::Instant};

use honing_core::{
    Digest, Error, Fingerprint, Result, Stage, Training,
    config::{Reader, Workload},
    event::Event,
    units,
};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{
        built::{Built, trained_flavour},
        session::Session,
        step::{Done, Product, stored, up_to_date_or},
        subject::Subject,
    },
    io::{files, tree::Tree},
    workloads::{
        collected::{Collected, collect},
        elsewhere,
        inputs::Inputs,
        manual,
        run::Runner,
        sorting::Sorting,
        tools::{add_tools, build_tools},
    },
};

/// Raw profiles, as the training left them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RawProfiles {
    /// By workload, in the order of `pgo.toml`.
    pub(crate) collected: Vec<Collected>,
}

impl Product for RawProfiles {
    /// Raw profiles may be gone after the merge; that is the merge's concern.
    fn files(&self) -> Vec<&str> {
        Vec::new()
    }
}

impl RawProfiles {
    /// What an earlier run left.
    pub(crate) fn load(session: &Session, subject: &Subject<'_>) -> Option<Done<Self>> {
        let manifest = stored(session, subject, Stage::Train)?;
        Some(Done::of(manifest, honing_core::event::StageState::Skipped))
    }

    /// How much was written, and how much of it was on the disk at once, in words.
    pub(crate) fn describe(&self) -> String {
        let (mut files, mut bytes, mut kept, mut peak) = (0, 0, 0, 0);
        for collected in &self.collected {
            let (its_files, its_bytes) = collected.written();
            files += its_files;
            bytes += its_bytes;
            peak = peak.max(kept + collected.peak());
            kept += collected.bytes;
        }
        let text =
            format!("{files} raw profile{}, {}", if files == 1 { "" } else { "s" }, units::bytes(bytes));
        // Of a few files there is nothing to tell.
        match peak < bytes / 2 {
            true => format!("{text} written, at most {} on the disk at once", units::bytes(peak)),
            false => text,
        }
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

/// The contents of a workload's inputs, by their names in pgo.toml.
pub(crate) fn input_digests<'a>(session: &Session, workload: &'a Workload) -> Result<Vec<(&'a str, Digest)>> {
    let digest = |input: &'a String| {
        let tree = Tree::read(&session.root.join(input), Some(&session.cancel))?;
        Ok((input.as_str(), tree.digest))
    };
    workload.inputs.iter().map(digest).collect()
}

/// Adds what `reader` reads of a workload, the contents of its `inputs` included.
pub(crate) fn add_workload(
    print: &mut Fingerprint,
    (name, workload): (&str, &Workload),
    reader: Reader,
    inputs: &[(&str, Digest)],
) -> Result<()> {
    let failed = |error: toml::ser::Error| Error::internal(format!("workload `{name}`: {error}"));
    let mut table = toml::Table::try_from(workload).map_err(failed)?;
    for own in workload.own.iter() {
        table.extend(
            own.table.iter().map(|(key, value)| (format!("{}_{key}", own.name), without_queries(value))),
        );
    }
    for (key, value) in table.iter().filter(|(key, _)| reader.reads(key)) {
        match value {
            toml::Value::Table(inner) => inner.iter().for_each(|(sub, value)| {
                print.value(format!("workload `{name}` {key}.{sub}"), value);
            }),
            value => {
                print.value(format!("workload `{name}` {key}"), value);
            }
        }
    }
    for (input, digest) in inputs {
        print.content(format!("workload `{name}` input {input}"), digest.clone());
    }
    Ok(())
}

/// A list with digests of what stands behind the `?` of URLs in it, which may be secret.
fn without_queries(value: &toml::Value) -> toml::Value {
    let toml::Value::Array(all) = value else { return value.clone() };
    let plain = |value: &toml::Value| match value.as_str().and_then(|text| text.split_once('?')) {
        Some((url, query)) if url.contains("://") => format!("{url}?{}", Digest::of(query.as_bytes())).into(),
        _ => value.clone(),
    };
    all.iter().map(plain).collect::<Vec<_>>().into()
}

/// What the training reads.
pub(crate) fn train_fingerprint(
    session: &Session,
    subject: &Subject<'_>,
    trainee: &Digest,
    tools: &BTreeMap<String, String>,
) -> Result<Fingerprint> {
    let mut print = Fingerprint::new();
    let what = match subject.kind().training() {
        Training::Instrumented => "instrumented program",
        Training::Sampled => "trained program",
    };
    print.content(what, trainee.clone());
    subject.kind().fingerprint(subject, &mut print);
    for (name, value) in &subject.program.env {
        print.value(format!("env {name}"), value);
    }
    if let Some(args) = &session.options.manual {
        print.value("manual session", args.join(" "));
        return Ok(print);
    }
    for (name, workload) in training(session, subject) {
        let inputs = input_digests(session, workload)?;
        add_workload(&mut print, (name, workload), Reader::Training, &inputs)?;
        for place in elsewhere::places(session, subject, workload)? {
            if let Some(digest) = place.digest()? {
                print.content(format!("workload `{name}` profiles {}", place.named), digest);
            }
        }
    }
    add_tools(&mut print, subject, tools);
    Ok(print)
}

/// Refuses to train on nothing.
pub(crate) fn no_training(subject: &Subject<'_>, chosen: &[(&str, &Workload)]) -> Result<()> {
    if !chosen.is_empty() {
        return Ok(());
    }
    Err(Error::usage(format!("train: program `{}` has no workload with role = \"train\"", subject.name))
        .with_hint(honing_core::advise!("add one to pgo.toml, or train by hand: `{pgo} train --manual`")))
}

/// Runs every training workload.
pub(crate) fn train(session: &Session, subject: &Subject<'_>, trainee: &Built) -> Result<Done<RawProfiles>> {
    if let Some(args) = &session.options.manual {
        return manual::train(session, subject, trainee, args);
    }
    let chosen = training(session, subject);
    // A shard may have none; that there is one at all was checked.
    if session.options.shard.is_none() {
        no_training(subject, &chosen)?;
    }
    let start = Instant::now();
    let tools = build_tools(session, subject, Stage::Train, &chosen)?;
    let print = train_fingerprint(session, subject, trainee.digest(), &tools.paths)?;
    up_to_date_or(session, subject, Stage::Train, print, start, |dir| {
        let sorting = Sorting { session, subject, trainee };
        let runner = Runner {
            session,
            subject,
            stage: Stage::Train,
            program: trainee.path(),
            tools: &tools.paths,
            harness: Some(trained_flavour(subject)),
            collects: Some(subject.kind()),
            gathers: session.options.gather.then_some(&sorting),
        };
        let mut usage = tools.cost;
        let mut collected = Vec::new();
        for (at, (name, workload)) in chosen.iter().enumerate() {
            session.sink.emit(Event::Progress {
                program: subject.name.to_owned(),
                stage: subject.step(Stage::Train),
                done: at as u64,
                total: Some(chosen.len() as u64),
                unit: "workloads".into(),
                at: (*name).to_owned(),
                left_ms: None,
            });
            let inputs = Inputs::before(session, Stage::Train, (name, workload))?;
            let ran = runner.run(name, workload, &dir.join(name))?;
            inputs.are_unchanged()?;
            let scratch = dir.join(name).join("scratch");
            subject.kind().take_from(&scratch, &ran.raw)?;
            files::remove_dir(&scratch)?;
            usage.user += ran.usage.user;
            usage.system += ran.usage.system;
            let sorter = sorting.of(workload)?;
            let found =
                collect((session, subject), name, (&ran.raw, dir), (ran.gathered, sorter), ran.least)?;
            collected.push(Collected { parts: ran.parts, ..found });
        }
        Ok((RawProfiles { collected }, usage))
    })
}

/// Removes the raw profiles once they are merged: they are numerous and large.
pub(crate) fn discard_raw(session: &Session, subject: &Subject<'_>, raw: &RawProfiles) -> Result<()> {
    let dir = session.dir_of(subject, Stage::Train);
    raw.collected.iter().try_for_each(|collected| files::remove_dir(&dir.join(&collected.workload)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use honing_core::config::Config;

    use super::*;

    /// Profiles that were stored before the table `cargo` was there stay valid.
    #[test]
    fn what_a_craft_runs_is_named_as_it_was() {
        let text = "[program.p.cargo]\npackage = \"p\"\n[program.p.workload.w]\nrole = \"train\"\n\
                    cargo.bench = { package = \"q\", args = [\"--bench\", \"b\"] }\n";
        let config = Config::parse(text, Path::new("pgo.toml"), crate::CRAFTS).unwrap();
        let (mut now, mut before) = (Fingerprint::new(), Fingerprint::new());
        add_workload(&mut now, ("w", &config.program["p"].workload["w"]), Reader::Training, &[]).unwrap();
        before
            .value("workload `w` cargo_bench.package", "\"q\"")
            .value("workload `w` cargo_bench.args", "[\"--bench\", \"b\"]")
            .value("workload `w` exit_codes", "[0]");
        assert_eq!(now, before);
    }
}
