//! Measuring two programs against each other: what `bench` and `compare` share.
//!
//! [`experiment`] runs quads in random order, with a control block (the baseline against a byte copy
//! of itself) after every third, and stops at a look of the plan. What it leaves is a [`Recording`]:
//! every run with its values and with what it met on the machine. [`judge`] turns that into
//! verdicts, as often as one likes. [`arms`] makes both programs equal in all but content, and
//! [`answers`] makes sure that they give the same answers.

pub(crate) mod aa;
pub(crate) mod affordable;
pub(crate) mod answers;
pub(crate) mod arms;
pub(crate) mod bench;
pub(crate) mod compare;
mod difference;
pub(crate) mod experiment;
pub(crate) mod host;
pub(crate) mod judge;
pub(crate) mod qualified;
pub(crate) mod readings;
pub(crate) mod verdicts;

use honing_core::config::Direction;
use honing_paired::{
    Arm, Pair,
    environment::{Conditions, Met},
};
use serde::{Deserialize, Serialize};

use crate::children::Usage;

/// The program of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The one that is compared against.
    Baseline,
    /// The one that is judged.
    Optimized,
    /// A byte copy of the baseline.
    Copy,
}

/// A number that every run gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetricKind {
    /// Its name.
    pub name: String,
    /// Its unit.
    pub unit: String,
    /// Which way is better.
    pub better: Direction,
}

impl MetricKind {
    /// One where less is better.
    pub(crate) fn cost(name: &str, unit: &str) -> Self {
        Self { name: name.into(), unit: unit.into(), better: Direction::Lower }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Which program ran.
    pub program: Which,
    /// A value for each metric of the recording.
    pub values: Vec<f64>,
    /// What it met.
    pub conditions: Conditions,
}

/// Every run of an experiment, in order: two make a pair, four a block. A block with a copy in it is
/// a control.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// What was read from each run.
    pub metrics: Vec<MetricKind>,
    /// The runs.
    pub runs: Vec<Run>,
    /// What set the CPU's frequency: more than one where that changed on the way, none where the
    /// system does not say.
    #[serde(default)]
    pub governors: Vec<String>,
}

impl Recording {
    /// Pairs measured, without those of controls.
    pub(crate) fn pairs(&self) -> u32 {
        let pairs = self.runs.chunks_exact(2).filter(|two| !is_control(two)).count();
        u32::try_from(pairs).unwrap_or(u32::MAX)
    }

    /// The pairs of a metric, by its index.
    pub(crate) fn pairs_of(&self, metric: usize) -> Vec<Pair> {
        self.select(metric, false)
    }

    /// The control's pairs of a metric; the copy stands for the optimized program.
    pub(crate) fn control_of(&self, metric: usize) -> Vec<Pair> {
        self.select(metric, true)
    }

    fn select(&self, metric: usize, control: bool) -> Vec<Pair> {
        let chosen = self.runs.chunks_exact(2).filter(|two| is_control(two) == control);
        chosen
            .filter_map(|two| {
                let value = |run: &Run| run.values.get(metric).copied();
                Some(Pair::in_order((arm(two[0].program), value(&two[0])?), value(&two[1])?))
            })
            .collect()
    }

    /// What the runs met.
    pub(crate) fn met(&self) -> Vec<Met> {
        let of = |block: &[Run]| -> Vec<Met> {
            let control = is_control(block);
            let met =
                |run: &Run| Met { arm: (!control).then_some(arm(run.program)), conditions: run.conditions };
            block.iter().map(met).collect()
        };
        self.runs.chunks(4).flat_map(of).collect()
    }
}

fn is_control(runs: &[Run]) -> bool {
    runs.iter().any(|run| run.program == Which::Copy)
}

fn arm(program: Which) -> Arm {
    match program {
        Which::Baseline => Arm::Baseline,
        Which::Optimized | Which::Copy => Arm::Optimized,
    }
}

/// What a run met, from what its launcher saw; `others` is CPU time of what else was started for it,
/// such as a service's load.
pub(crate) fn conditions(usage: &Usage, others: std::time::Duration) -> Conditions {
    let seconds = |time: Option<std::time::Duration>| time.map(|time| time.as_secs_f64());
    Conditions {
        wall: usage.wall.as_secs_f64(),
        cpu: (usage.cpu() + others).as_secs_f64(),
        wait: seconds(usage.wait),
        busy: seconds(usage.machine.busy),
        steal: seconds(usage.machine.steal),
        stall: seconds(usage.machine.stall),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_kept_apart() {
        use Which::{Baseline as A, Copy as C, Optimized as B};
        let runs = [A, B, B, A, C, A, A, C].into_iter().zip(1..);
        let recording = Recording {
            metrics: vec![MetricKind::cost("cpu", "s")],
            runs: runs
                .map(|(program, value)| Run {
                    program,
                    values: vec![f64::from(value)],
                    conditions: Conditions::default(),
                })
                .collect(),
            ..Recording::default()
        };
        assert_eq!(recording.pairs(), 2);
        let pair = |first, baseline, optimized| Pair { first, baseline, optimized };
        let (a, b) = (Arm::Baseline, Arm::Optimized);
        assert_eq!(recording.pairs_of(0), [pair(a, 1.0, 2.0), pair(b, 4.0, 3.0)]);
        assert_eq!(recording.control_of(0), [pair(b, 6.0, 5.0), pair(a, 7.0, 8.0)]);
        let arms: Vec<Option<Arm>> = recording.met().iter().map(|met| met.arm).collect();
        assert_eq!(arms, [Some(a), Some(b), Some(b), Some(a), None, None, None, None]);
    }
}
