//! Rebase: a profile's counters are carried over to the functions of a build whose
//! symbols have other names.

use honing_core::{Error, ExitCode, Result, config::Rebase, event::Event};

use crate::{
    chain::{
        merge::{MergedProfile, RebasedFrom},
        optimized::Optimized,
        session::Session,
        subject::Subject,
    },
    io::files,
    profiles::Rebased,
};

/// The rebased profile, in the program's folder.
fn file(subject: &Subject<'_>) -> String {
    format!("rebased.{}", subject.kind().extension())
}

/// Carries `profile` over to the functions of `built`, and says what was carried.
pub(crate) fn rebase(
    session: &Session,
    subject: &Subject<'_>,
    profile: &MergedProfile,
    built: &Optimized,
) -> Result<MergedProfile> {
    let traces = built.traces(subject)?.ok_or_else(|| {
        Error::preflight("rebase: this compiler cannot list the functions that it builds")
            .with_hint(honing_core::advise!("train a new profile instead: {pgo}"))
    })?;
    let Rebased { profile: rebased, share, words } = profile.read(subject)?.rebase(&traces)?;
    for text in words {
        session.sink.emit(Event::Note { text });
    }
    let rebased = rebased.ok_or_else(|| {
        Error::new(ExitCode::Stale, "rebase: nothing of the profile can be carried over")
            .with_hint(honing_core::advise!("is it the profile of another program? Train anew: {pgo}"))
    })?;
    let before = profile.rebased().map_or(1.0, |from| from.carried);
    let from = RebasedFrom { digest: profile.digest().clone(), carried: share * before };
    let path = session.folder_of(subject).join(file(subject));
    files::write_if_changed(&path, rebased.bytes())?;
    Ok(MergedProfile::of(rebased, path, Some(from)).carried_from(profile))
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
    let path = session.folder_of(subject).join(file(subject));
    let rebased = subject.kind().open(files::read(&path).ok()?);
    let rebased = MergedProfile::of(rebased, path, Some(from.clone()));
    (rebased.digest() == built.profile()).then(|| rebased.carried_from(profile))
}
