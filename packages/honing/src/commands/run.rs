//! `run`, and the stages as commands of their own.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use honing_core::{
    Error, ExitCode, Result, Selection, Stage,
    applied::Applied,
    event::{Event, Summary},
    shard::Shard,
};
use honing_engine::{Given, Options, ProfileSource, ReleaseOptions};

use super::execute::execute;
use crate::cli::Shared;

pub(crate) fn run(shared: &Shared, selection: Result<Selection>, manual: bool) -> ExitCode {
    let options = shared.options(manual);
    let asks = manual && shared.job.ci;
    execute(shared, options, |session| match selection {
        Ok(_) if asks => Err(Error::usage("train --manual needs a person, and --ci says that there is none")
            .with_hint("leave --ci out, or train with workloads")),
        selection => honing_engine::run(session, &selection?),
    })
}

/// `train --shard`: the instrumented program is part of it, since each shard has a machine of its own.
pub(crate) fn shard(shared: &Shared, shard: Shard) -> ExitCode {
    let options = Options { shard: Some(shard), ..shared.options(false) };
    execute(shared, options, |session| {
        honing_engine::run(
            session,
            &Selection::new(Some(Stage::Instrument.into()), Some(Stage::Train.into()))?,
        )
    })
}

/// `merge --from`: the stage, with what other machines left.
pub(crate) fn gather(shared: &Shared, from: &[OsString]) -> ExitCode {
    let given: Result<Vec<Given>> = from.iter().map(|word| Given::parse(word)).collect();
    let profile = ProfileSource::Parts(given.clone().unwrap_or_default());
    let options = Options { profile, ..shared.options(false) };
    execute(shared, options, |session| {
        given?;
        honing_engine::run(session, &Selection::only(Stage::Merge))
    })
}

/// `check`: one compile with the stored profile. To check is to be strict.
pub(crate) fn check(shared: &Shared) -> ExitCode {
    let profile = ProfileSource::Stored;
    let options = Options { profile, strict: true, ..shared.options(false) };
    execute(shared, options, |session| {
        let finished = honing_engine::run(session, &Selection::only(Stage::Optimize))?;
        // The last line is what was asked for, after all that cargo and the builds said.
        for Summary { program, applied, .. } in &finished.summaries {
            let words = applied.as_ref().map(Applied::words).unwrap_or_default();
            let cost = applied.as_ref().and_then(Applied::likely_cost);
            let cost = cost.map(|cost| format!("; {cost}")).unwrap_or_default();
            let text = format!("check: {program}: the stored profile fits: the build applied {words}{cost}");
            session.sink.emit(Event::Answer { text });
        }
        Ok(finished)
    })
}

/// `build`: what ships.
pub(crate) fn build(shared: &Shared, no_pgo: bool, accept_stale: bool, output: Option<PathBuf>) -> ExitCode {
    let options = shared.options(false);
    let options = Options {
        // Without PGO no profile is looked for.
        profile: if no_pgo { ProfileSource::Training } else { ProfileSource::Stored },
        ships: !accept_stale,
        strict: options.strict && !accept_stale,
        ..options
    };
    execute(shared, options, |session| honing_engine::release(session, &ReleaseOptions { no_pgo, output }))
}

/// `bench --aa`.
pub(crate) fn qualify(shared: &Shared) -> ExitCode {
    execute(shared, shared.options(false), honing_engine::qualify)
}

/// `bench --shares`.
pub(crate) fn shares(shared: &Shared) -> ExitCode {
    execute(shared, shared.options(false), honing_engine::shares)
}

/// `rebase`, and `import` where a file is given.
pub(crate) fn rebase(shared: &Shared, file: Option<PathBuf>) -> ExitCode {
    let profile = file.map_or(ProfileSource::Stored, ProfileSource::File);
    execute(shared, Options { profile, ..shared.options(false) }, honing_engine::rebase)
}

/// `export --unpinned`: takes a build.
pub(crate) fn export_unpinned(shared: &Shared, output: &Path) -> ExitCode {
    let profile = ProfileSource::Stored;
    let options = Options { profile, unpinned: true, ..shared.options(false) };
    execute(shared, options, |session| honing_engine::export_rebased(session, output))
}
