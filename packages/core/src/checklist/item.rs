//! An item: what it is about, whether it holds, and the evidence.

use serde::Serialize;

use crate::checklist::facts::{Attempt, Facts};
use crate::error::ExitCode;

/// What an item is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// The stored profile can be used.
    Profile,
    /// It is of today's toolchain.
    Toolchain,
    /// It is not too old.
    Age,
    /// The release build applies it.
    Match,
    /// What was measured fulfils the policy.
    Verdict,
    /// Nothing became slower.
    Regressions,
    /// Git has the profile.
    Committed,
    /// Nothing else differs from the commit.
    Clean,
    /// The same inputs give the same bytes.
    Reproducible,
    /// The binary did not grow too much.
    Sizes,
    /// What refresh and release build cost.
    Cost,
}

impl Key {
    /// Every item, in order. What an earlier one finds may be the reason for a later one.
    pub const ALL: [Self; 11] = [
        Self::Profile,
        Self::Toolchain,
        Self::Age,
        Self::Match,
        Self::Verdict,
        Self::Regressions,
        Self::Committed,
        Self::Clean,
        Self::Reproducible,
        Self::Sizes,
        Self::Cost,
    ];

    /// A few words for it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Profile => "Profile stored and whole",
            Self::Toolchain => "Toolchain as recorded",
            Self::Age => "Age within policy",
            Self::Match => "The release build applies the profile",
            Self::Verdict => "Verdict on holdout workloads",
            Self::Regressions => "No workload regressed",
            Self::Committed => "Profile committed",
            Self::Clean => "Working tree clean",
            Self::Reproducible => "Build reproducible",
            Self::Sizes => "Sizes within policy",
            Self::Cost => "Cost of a refresh and of a release build",
        }
    }

    /// The command that shows the evidence.
    fn command(self, facts: &Facts) -> String {
        let folder = &facts.status.folder;
        match self {
            Self::Profile | Self::Toolchain | Self::Age => facts.command("status"),
            Self::Match => facts.command("check"),
            Self::Verdict | Self::Regressions | Self::Cost => facts.command("status --format json"),
            Self::Committed => format!("git status --short --ignored -- {folder}"),
            Self::Clean => "git status --short".into(),
            Self::Reproducible => facts.command("build --format json --target-dir $(mktemp -d)"),
            Self::Sizes => facts.command("build"),
        }
    }

    /// When the evidence is from, in UTC.
    fn date(self, facts: &Facts) -> String {
        let recorded = facts.manifest().map(|manifest| &manifest.recorded);
        let built = match &facts.build {
            Attempt::Made(built) => Some(&built.when),
            _ => None,
        };
        let date = match self {
            Self::Profile | Self::Verdict | Self::Regressions | Self::Cost => recorded,
            Self::Match | Self::Sizes => built,
            Self::Toolchain | Self::Age | Self::Committed | Self::Clean | Self::Reproducible => None,
        };
        date.unwrap_or(&facts.now).clone()
    }
}

/// Whether an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was seen to hold.
    Done,
    /// It was seen not to.
    Failed,
    /// Nobody knows, which is never the same as fine.
    Unknown,
}

/// An item with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// What it is about.
    pub item: Key,
    /// A few words for it.
    pub title: String,
    /// Whether it holds.
    pub state: State,
    /// What was found.
    pub value: String,
    /// The command that shows it.
    pub command: String,
    /// When it was found, in UTC.
    pub date: String,
    /// What to do where it does not hold.
    pub next: Option<String>,
    /// How the process ends for it; `None` where it holds.
    pub exit: Option<ExitCode>,
}

impl Item {
    pub(super) fn new(key: Key, facts: &Facts, finding: Finding) -> Self {
        let Finding { state, value, next, exit } = finding;
        let (title, command, date) = (key.title().to_owned(), key.command(facts), key.date(facts));
        Self { item: key, title, state, value, command, date, next, exit }
    }
}

/// What an item's rule says.
pub(super) struct Finding {
    state: State,
    value: String,
    next: Option<String>,
    exit: Option<ExitCode>,
}

impl Finding {
    pub(super) fn done(value: impl Into<String>) -> Self {
        Self { state: State::Done, value: value.into(), next: None, exit: None }
    }

    pub(super) fn failed(exit: ExitCode, value: impl Into<String>, next: impl Into<String>) -> Self {
        let (value, next) = (value.into(), Some(next.into()));
        Self { state: State::Failed, value, next, exit: Some(exit) }
    }

    pub(super) fn unknown(exit: ExitCode, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: State::Unknown, ..Self::failed(exit, why, next) }
    }

    /// What can be told of a usable profile alone.
    pub(super) fn without_profile() -> Self {
        Self::unknown(ExitCode::Stale, "there is no profile that can be used", "see the first item")
    }
}
