//! The time budget of a run. Builds and training end with it; measuring gets what they leave, less
//! what is still to come.

use std::time::{Duration, Instant};

use honing_core::{
    Error, ExitCode, Stage, Step,
    event::{StageCost, StageState},
    units,
};
use serde::de::IgnoredAny;

use crate::{
    chain::{Chain, plan, session::Session, subject::Subject},
    io::clock,
};

/// What record takes, amply.
const RECORD: Duration = Duration::from_secs(1);

impl Session {
    /// When the budget is used up.
    pub(crate) fn ends(&self) -> Option<Instant> {
        self.time_left().map(|left| Instant::now() + left)
    }

    fn time_left(&self) -> Option<Duration> {
        self.options.budget.map(|budget| budget.saturating_sub(self.sink.elapsed()))
    }
}

impl Chain<'_> {
    /// Time that this program may be measured for; `None` without a budget.
    pub(crate) fn time_to_measure(&self) -> Option<Duration> {
        let left = self.session.time_left()?;
        let own = if self.runs(Stage::Record) { RECORD } else { Duration::ZERO };
        let (mut later, mut benches) = (own, 1);
        for (subject, steps) in &self.later {
            for stage in plan::to_run(self.session, subject, steps) {
                benches += u32::from(stage == Stage::Bench);
                later += self.expected(subject, stage);
            }
        }
        Some(share(left, later, benches))
    }

    /// What a stage of a later program will take: as long as the last time, or as long as this
    /// program's.
    fn expected(&self, subject: &Subject<'_>, stage: Step) -> Duration {
        let last = self.session.store.load::<IgnoredAny>(subject.name, stage);
        let own = || self.costs.borrow().iter().find(|cost| cost.stage == stage).map(|cost| cost.elapsed_ms);
        match stage.stage {
            Stage::Bench => Duration::ZERO,
            Stage::Record => RECORD,
            _ => {
                let millis = last.map(|manifest| manifest.elapsed_ms).or_else(own);
                Duration::from_millis(millis.unwrap_or(0))
            }
        }
    }

    /// Says that the budget is used up where that is what ended a stage.
    pub(crate) fn late(&self, stage: Step, start: Instant, error: Error) -> Error {
        let Some(budget) = self.session.options.budget else { return error };
        if error.code() != ExitCode::Interrupted || !self.session.cancel.timed_out() {
            return error;
        }
        let took = took(&self.costs.borrow(), stage, Duration::from_millis(clock::millis_since(start)));
        let (name, budget) = (self.subject.name, units::elapsed(budget));
        Error::preflight(format!("{name}: the budget of {budget} is used up in {stage}: {took}")).with_hint(
            "what was finished stays, and the same command goes on from there; give more with --budget, or \
             share the stages out between jobs that keep target/honing, with --to and --from",
        )
    }
}

/// A program's share of what is left after what is expected later.
fn share(left: Duration, later: Duration, benches: u32) -> Duration {
    left.saturating_sub(later) / benches.max(1)
}

/// What each stage took in this run, the one that did not end last.
fn took(costs: &[StageCost], stage: Step, so_far: Duration) -> String {
    let done = costs.iter().filter(|cost| matches!(cost.state, StageState::Done) && cost.stage != stage);
    let each = |cost: &StageCost| format!("{} took {}", cost.stage, units::millis(cost.elapsed_ms));
    let mut parts: Vec<String> = done.map(each).collect();
    parts.push(format!("{stage} was not done after {}", units::elapsed(so_far)));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn measuring_gets_what_the_rest_leaves() {
        for (left, later, benches, expected) in
            [(600, 0, 1, 600), (600, 100, 1, 500), (600, 100, 2, 250), (60, 100, 1, 0), (0, 0, 1, 0)]
        {
            assert_eq!(share(s(left), s(later), benches), s(expected));
        }
    }
}
