//! What stages can mend, and what is left to a person.

use crate::checklist::item::{Item, Key, State};
use crate::error::ExitCode;

/// Something that running stages does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// Train, measure and record anew.
    Refresh,
    /// Carry the stored profile over to what functions are called now.
    Rebase,
    /// Measure what is stored, and record that.
    Measure,
}

impl Mend {
    /// The words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Refresh => "refresh the profile",
            Self::Rebase => "rebase the profile",
            Self::Measure => "measure the stored profile",
        }
    }
}

/// The next thing to do, and the item that is the reason. Nothing is tried twice; what a person has
/// to do (commit, clean up, decide) is none of it.
pub fn mend<'a>(items: &'a [Item], tried: &[Mend]) -> Option<(Mend, &'a Item)> {
    let of = |keys: &[Key]| items.iter().find(|item| keys.contains(&item.item) && item.state != State::Done);
    let new = |mend: Mend| !tried.contains(&mend);
    if let Some(item) = of(&[Key::Profile, Key::Toolchain, Key::Age]) {
        return new(Mend::Refresh).then_some((Mend::Refresh, item));
    }
    // What cargo cannot build, no profile mends.
    if let Some(item) = of(&[Key::Match]) {
        let stale = item.exit == Some(ExitCode::Stale);
        let next = [Mend::Rebase, Mend::Refresh].into_iter().find(|mend| new(*mend));
        return next.filter(|_| stale).map(|mend| (mend, item));
    }
    let unknown = of(&[Key::Verdict, Key::Regressions, Key::Sizes, Key::Cost])
        .filter(|item| item.state == State::Unknown);
    // A refresh has measured already.
    unknown.filter(|_| new(Mend::Measure) && new(Mend::Refresh)).map(|item| (Mend::Measure, item))
}
