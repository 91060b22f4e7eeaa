//! Profiles that are carried over from one set of symbol names to another: `rebase`,
//! `import` and `export`.

use std::path::Path;

use honing_core::{
    Error, ExitCode, Result, Selection, Stage,
    applied::Applied,
    config::Policy,
    event::{Event, Summary},
    outcome::{Asked, Came, Evidence, Outcome, Standing, next},
    recorded::Source,
    staleness,
};

use crate::{
    chain::{
        Chain, merge::MergedProfile, need, optimized::Optimized, pipeline::Finished, programs, ready::Ready,
        rebase::rebase as carry_over, selected::check_selected, session::Session,
    },
    io::files,
    keep::{
        history,
        record::{self, Findings},
        stored_profile,
    },
};

/// A rebase that gains less than this share of the weight is none.
const WORTH_IT: f64 = 0.001;

/// Carries the profile of the session (the stored one, or a file) over to what the
/// program's functions are called now, and records it.
///
/// # Errors
/// As for a run; stale, where nothing of the profile can be carried over.
pub fn rebase(session: &Session) -> Result<Finished> {
    programs::each_program(session, &|_| Selection::only(Stage::Optimize), |mut chain, ready| {
        check_selected(session, chain.subject, &Selection::only(Stage::Record), &[Stage::Record.into()])?;
        let Carried { profile, built, rebased } = carried_over(&mut chain, ready)?;
        let imports = profile.is_from_elsewhere();
        refuse_too_little(&chain, built.applied())?;
        if !rebased && !imports {
            let text = format!("nothing to rebase: the build applied {}", built.applied().words());
            session.sink.emit(Event::Answer { text });
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
    programs::each_program(session, &|_| Selection::only(Stage::Optimize), |mut chain, ready| {
        let Carried { profile, built, .. } = carried_over(&mut chain, ready)?;
        files::write_named(output, profile.read(chain.subject)?.bytes())?;
        let by_hand = chain.subject.builder().by_hand(chain.subject, output);
        let text = format!("exported {}; build with it: {by_hand}", output.display());
        session.sink.emit(Event::Answer { text });
        Ok((summary(chain, &built, None), ExitCode::Success))
    })
}

/// Writes the stored profile as it is to `output`, and says how large that is in bytes.
///
/// # Errors
/// Stale, where none is stored; usage, where there are several programs.
pub fn export(session: &Session, output: &Path) -> Result<u64> {
    let subject = one_program(session)?;
    let profile = stored_profile::need(session, &subject)?.open(&subject)?;
    files::write_named(output, profile.bytes())?;
    Ok(profile.bytes().len() as u64)
}

fn one_program(session: &Session) -> Result<crate::Subject<'_>> {
    match <[_; 1]>::try_from(session.subjects()?) {
        Ok([subject]) => Ok(subject),
        Err(subjects) => Err(Error::usage("a file holds the profile of one program")
            .with_hint(format!("choose one: --program {}", subjects.first().map_or("", |first| first.name)))),
    }
}

/// What carrying over came to.
struct Carried {
    profile: MergedProfile,
    built: Optimized,
    /// Whether the profile is another one than before.
    rebased: bool,
}

/// Builds with the profile, and once more with the rebased one where that carries more.
fn carried_over(chain: &mut Chain<'_>, ready: &Ready) -> Result<Carried> {
    let profile = chain.profile(ready, None)?;
    let profile = need(&profile, Stage::Merge, Stage::Optimize)?.clone();
    let built = chain.build_with(ready, &profile)?;
    if built.applied().is_of_another_program() {
        let message = "hardly any of the profile's functions are in packages that this program has";
        let exit = Standing::NoKin.exit(Asked::Use, true);
        return Err(Error::new(exit, format!("{}: {message}", chain.subject.name)).with_hint(
            "is it the profile of another program, or was the package renamed? That is not carried over",
        ));
    }
    let before = built.applied().share().unwrap_or(0.0);
    if matches!(built.applied(), Applied::Measured(found) if found.share >= 1.0) {
        return Ok(Carried { profile, built, rebased: false });
    }
    let rebased = carry_over(chain.session, chain.subject, &profile, &built)?;
    if rebased.rebased().is_none_or(|from| from.carried < before + WORTH_IT) {
        return Ok(Carried { profile, built, rebased: false });
    }
    let built = chain.build_with(ready, &rebased)?;
    Ok(Carried { profile: rebased, built, rebased: true })
}

/// Counters that are stored without those of most functions look like a training that
/// never ran them.
fn refuse_too_little(chain: &Chain<'_>, applied: &Applied) -> Result<()> {
    let (session, name) = (chain.session, chain.subject.name);
    match staleness::below(applied, &session.config.policy) {
        Some(why) if !session.options.accept_poorer => Err(Error::new(
            Standing::BelowMatch.exit(Asked::Store, true),
            format!("{name}: carried over as far as possible, {why}"),
        )
        .with_hint(honing_core::advise!(
            "the stored profile stays as it is; train anew: {pgo} --program {name}; or store \
                 what is left of it all the same: --accept-poorer"
        ))),
        _ => Ok(()),
    }
}

fn record(chain: &mut Chain<'_>, profile: &MergedProfile, built: &Optimized) -> Result<Option<String>> {
    let (session, subject) = (chain.session, chain.subject);
    let from_file = profile.is_from_elsewhere();
    let stored = if from_file { None } else { stored_profile::load(session, subject)? };
    let outcome = Outcome::NotMeasured;
    let mut consequence = outcome.consequence(&Policy::default(), subject.program, &Evidence::default());
    if let Some(stored) = &stored {
        let (when, outcome) = (&stored.manifest.trained, &stored.manifest.verdict.outcome);
        consequence.wording = format!("not measured since the rebase; trained {when}, then: {outcome}");
    }
    let costs = chain.costs.borrow().clone();
    // A rebased profile keeps the origin that its manifest had.
    let of_manifest = stored.as_ref().map(|stored| stored.manifest.part.as_slice());
    let parts = of_manifest.unwrap_or(profile.parts()).to_vec();
    let findings = Findings {
        source: if from_file { Source::Imported } else { Source::Rebased },
        // Only who made a foreign profile knows when.
        trained: Some(stored.map_or_else(|| "unknown".into(), |stored| stored.manifest.trained)),
        carried: profile.rebased().map(|from| from.carried),
        parts: &parts,
        applied: Some(built.applied()),
        outcome: &outcome,
        consequence: &consequence,
        measured: &[],
        costs: &costs,
        size: None,
    };
    let recorded = chain.stage(
        Stage::Record,
        || record::record(session, subject, profile, &findings),
        |recorded| recorded.path.clone().unwrap_or_else(|| "not recorded".into()),
    )?;
    Ok(recorded.path)
}

fn summary(chain: Chain<'_>, built: &Optimized, recorded: Option<String>) -> Summary {
    let program = chain.subject.name;
    let commit = recorded.as_deref().and_then(|recorded| history::to_commit(chain.session, recorded));
    let came = Came { program, recorded: recorded.as_deref(), commit: commit.as_deref(), ..Came::default() };
    Summary {
        program: program.to_owned(),
        target: chain.subject.triple.clone(),
        costs: chain.costs.borrow().clone(),
        optimized: Some(built.artifact()),
        ships: None,
        applied: Some(built.applied().clone()),
        next: next(&came),
        recorded,
        ..Summary::default()
    }
}
