//! What a row found. Kept is what the builds said ([`Built`]) and the functions that they had; the rest
//! is worked out from these each time, so that a better rebase needs no build.

use serde::{Deserialize, Serialize};

use super::events::Applied;

/// The builds of a row of one subject, as its file keeps them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Built {
    /// `rustc -V` of the builds.
    pub(super) rustc: String,
    pub(super) seconds: u64,
    pub(super) unpinned: Applied,
    pub(super) pinned: Applied,
}

/// A row of one subject.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) subject: String,
    pub(super) row: String,
    /// `rustc -V` of the builds.
    pub(super) rustc: String,
    pub(super) seconds: u64,
    pub(super) unpinned: Outcome,
    pub(super) pinned: Outcome,
}

/// A profile and a build of one flavour.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// Share of the weight that the build applied, by the `matched` event.
    pub(super) share: f64,
    /// What was lost, the heaviest first.
    pub(super) lost: Vec<Lost>,
    /// Share of the weight lost in functions that the row did not edit.
    pub(super) lost_elsewhere: f64,
    /// As `honing rebase` does it.
    pub(super) rebased: Rebased,
    /// Share of the weight that it would carry over if the functions of the recorded build had been kept.
    pub(super) rebased_with_list: Option<f64>,
}

/// A function whose counters were not applied.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Lost {
    pub(super) function: String,
    pub(super) weight: f64,
    pub(super) why: String,
}

/// What a rebase carries over to the build.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rebased {
    pub(super) share: f64,
    /// Share of the weight by rule.
    pub(super) by_rule: Vec<(String, f64)>,
    /// Share of the weight that was dropped, by reason.
    pub(super) by_reason: Vec<(String, f64)>,
    /// What was dropped, the heaviest first.
    pub(super) dropped: Vec<Lost>,
}
