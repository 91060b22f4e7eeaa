//! What a program goes through: its steps, and which of them uses what another one makes.

use crate::Stage;

/// The steps of a program, as a graph. They stand in an order in which each comes after all that it uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow(Vec<Node>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Node {
    step: Stage,
    uses: Vec<Stage>,
}

impl Flow {
    /// A program of its own is trained, built to leave a profile.
    pub fn instrumented() -> Self {
        Self::trained_on(Some(Stage::Instrument))
    }

    /// The program that ships is trained.
    pub fn sampled() -> Self {
        Self::trained_on(None)
    }

    fn trained_on(instrument: Option<Stage>) -> Self {
        use Stage::{Baseline, Bench, Merge, Optimize, Preflight, Record, Train};
        let node = |step, uses: &[Stage]| Node { step, uses: uses.to_vec() };
        let mut nodes = vec![node(Preflight, &[]), node(Baseline, &[])];
        nodes.extend(instrument.map(|step| node(step, &[])));
        nodes.extend([
            node(Train, &[instrument.unwrap_or(Baseline)]),
            node(Merge, &[Train]),
            node(Optimize, &[Merge]),
            node(Bench, &[Baseline, Optimize]),
            node(Record, &[Merge, Bench]),
        ]);
        Self(nodes)
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl Iterator<Item = Stage> {
        self.0.iter().map(|node| node.step)
    }

    /// Whether it has a step.
    pub fn has(&self, step: Stage) -> bool {
        self.steps().any(|one| one == step)
    }

    /// The steps whose output a step uses.
    pub fn uses(&self, step: Stage) -> &[Stage] {
        self.0.iter().find(|node| node.step == step).map_or(&[], |node| &node.uses)
    }

    /// The step whose program is trained.
    pub fn trainee(&self) -> Stage {
        self.uses(Stage::Train).first().copied().unwrap_or(Stage::Baseline)
    }

    /// Whether a step is another one, or needs what that makes, be it by way of others.
    pub fn reaches(&self, step: Stage, other: Stage) -> bool {
        step == other || self.uses(step).iter().any(|used| self.reaches(*used, other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_comes_after_what_it_uses() {
        for flow in [Flow::instrumented(), Flow::sampled()] {
            let steps: Vec<Stage> = flow.steps().collect();
            for (at, step) in steps.iter().enumerate() {
                assert!(flow.uses(*step).iter().all(|used| steps[..at].contains(used)), "{step}: {flow:?}");
            }
        }
        assert_eq!(Flow::instrumented().steps().collect::<Vec<_>>(), Stage::ALL);
    }

    #[test]
    fn what_is_trained_and_what_needs_it() {
        let (own, shipped) = (Flow::instrumented(), Flow::sampled());
        assert_eq!((own.trainee(), shipped.trainee()), (Stage::Instrument, Stage::Baseline));
        assert!(own.has(Stage::Instrument) && !shipped.has(Stage::Instrument));
        for (flow, step, other, expected) in [
            (&own, Stage::Record, Stage::Instrument, true),
            (&own, Stage::Record, Stage::Baseline, true),
            (&own, Stage::Optimize, Stage::Baseline, false),
            (&shipped, Stage::Optimize, Stage::Baseline, true),
            (&own, Stage::Merge, Stage::Optimize, false),
            (&own, Stage::Bench, Stage::Bench, true),
        ] {
            assert_eq!(flow.reaches(step, other), expected, "{step} {other}");
        }
    }
}
