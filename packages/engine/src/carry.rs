//! Profiles that are carried over from one set of symbol names to another: `rebase`,
//! `import` and `export`.

use std::path::Path;

use honing_core::{
    Error, ExitCode, Result, Selection, Stage,
    config::Policy,
    event::{Event, Summary},
    outcome::Outcome,
    recorded::Source,
    units,
};

use crate::{
    Finished, Session,
    chain::{Chain, need},
    files, pipeline, recorded,
    session::ProfileSource,
    stages::{self, Findings, MergedProfile, Optimized, Ready},
};

/// Carries the profile of the session (the stored one, or a file) over to what the
/// program's functions are called now, and records it.
///
/// # Errors
/// As for a run; stale, where nothing of the profile can be carried over.
pub fn rebase(session: &Session) -> Result<Finished> {
    pipeline::each_program(session, Selection::only(Stage::Optimize), |mut chain, ready| {
        stages::check_selected(session, chain.subject, Selection::only(Stage::Record))?;
        let (profile, built) = carried_over(&mut chain, ready)?;
        let imports = matches!(session.options.profile, ProfileSource::File(_));
        if profile.rebased().is_none() && !imports {
            let text = format!("nothing to rebase: the build applied {}", built.applied().words());
            session.sink.emit(Event::Note { text });
            return Ok((summary(chain, &built, None), ExitCode::Success));
        }
        let recorded = record(&mut chain, &profile, &built)?;
        Ok((summary(chain, &built, recorded), ExitCode::Success))
    })
}

/// Writes the stored profile, carried over to the names that this session builds with,
/// to `output`.
///
/// # Errors
/// As for a run; usage, where there are several programs.
pub fn export_rebased(session: &Session, output: &Path) -> Result<Finished> {
    one_program(session)?;
    pipeline::each_program(session, Selection::only(Stage::Optimize), |mut chain, ready| {
        let (profile, built) = carried_over(&mut chain, ready)?;
        files::write_atomically(output, &files::read(profile.path())?)?;
        Ok((summary(chain, &built, None), ExitCode::Success))
    })
}

/// Writes the stored profile as it is to `output`, and says how large that is in bytes.
///
/// # Errors
/// Stale, where none is stored; usage, where there are several programs.
pub fn export(session: &Session, output: &Path) -> Result<u64> {
    let bytes = recorded::need(session, &one_program(session)?)?.indexed()?;
    files::write_atomically(output, &bytes)?;
    Ok(bytes.len() as u64)
}

fn one_program(session: &Session) -> Result<crate::Subject<'_>> {
    match <[_; 1]>::try_from(session.subjects()?) {
        Ok([subject]) => Ok(subject),
        Err(subjects) => Err(Error::usage("a file holds the profile of one program")
            .with_hint(format!("choose one: --program {}", subjects.first().map_or("", |first| first.name)))),
    }
}

/// Builds with the profile, and once more with the rebased one where that applies more.
fn carried_over(chain: &mut Chain<'_>, ready: &Ready) -> Result<(MergedProfile, Optimized)> {
    let profile = chain.profile(ready)?;
    let profile = need(&profile, Stage::Merge, Stage::Optimize)?.clone();
    let built = chain.build_with(ready, &profile)?;
    let before = built.applied().share().unwrap_or(0.0);
    if before >= 1.0 {
        return Ok((profile, built));
    }
    let (rebased, rebuilt) = chain.rebase(ready, profile.clone(), built.clone())?;
    let after = rebuilt.applied().share().unwrap_or(0.0);
    if after <= before {
        // Back to what applies more.
        let built = chain.build_with(ready, &profile)?;
        return Ok((profile, built));
    }
    let gain = format!(
        "{}: the rebased profile applies {} of the original's weight, {} without",
        chain.subject.name,
        units::share(after),
        units::share(before)
    );
    chain.session.sink.emit(Event::Note { text: gain });
    Ok((rebased, rebuilt))
}

fn record(chain: &mut Chain<'_>, profile: &MergedProfile, built: &Optimized) -> Result<Option<String>> {
    let (session, subject) = (chain.session, chain.subject);
    let from_file = matches!(session.options.profile, ProfileSource::File(_));
    let stored = if from_file { None } else { recorded::load(session, subject)? };
    let before =
        stored.as_ref().and_then(|stored| stored.manifest.carried).map_or(1.0, |percent| percent / 100.0);
    let outcome = Outcome::NotMeasured;
    let mut consequence = outcome.consequence(&Policy::default(), &[]);
    if let Some(stored) = &stored {
        let (when, outcome) = (&stored.manifest.trained, &stored.manifest.verdict.outcome);
        consequence.wording = format!("not measured since the rebase; trained {when}, then: {outcome}");
    }
    let costs = chain.costs.clone();
    let findings = Findings {
        source: if from_file { Source::Imported } else { Source::Rebased },
        trained: stored.map(|stored| stored.manifest.trained),
        carried: profile.rebased().map(|from| from.carried * before),
        applied: Some(built.applied()),
        outcome: &outcome,
        consequence: &consequence,
        measured: &[],
        costs: &costs,
    };
    let recorded = chain.stage(
        Stage::Record,
        || stages::record(session, subject, profile, &findings),
        |recorded| recorded.path.clone().unwrap_or_else(|| "not recorded".into()),
    )?;
    Ok(recorded.path)
}

fn summary(chain: Chain<'_>, built: &Optimized, recorded: Option<String>) -> Summary {
    Summary {
        program: chain.subject.name.to_owned(),
        target: chain.subject.triple.clone(),
        measured: Vec::new(),
        outcome: None,
        wording: None,
        costs: chain.costs,
        baseline: None,
        optimized: Some(built.artifact()),
        applied: Some(built.applied().clone()),
        recorded,
    }
}
