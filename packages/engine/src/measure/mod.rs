//! Measuring a reference and its candidates against each other: what `bench` and `compare` share.
//!
//! [`experiment`] runs blocks in random order, with a control block (the reference against a byte copy
//! of itself) after every third, and stops at a look of the plan. What it leaves is a [`Recording`]:
//! every run with its values and with what it met on the machine. [`judge`] turns that into
//! verdicts, as often as one likes. [`arms`] makes all programs equal in all but content, and
//! [`answers`] makes sure that they give the same answers.

pub(crate) mod aa;
pub(crate) mod answers;
pub(crate) mod arms;
pub(crate) mod bench;
pub(crate) mod compare;
pub(crate) mod compare_report;
mod difference;
pub(crate) mod experiment;
pub(crate) mod host;
pub(crate) mod judge;
pub(crate) mod measurements;
mod measuring;
pub(crate) mod pairs;
pub(crate) mod qualification;
pub(crate) mod readings;
pub(crate) mod shares;
pub(crate) mod trial;
pub(crate) mod unfinished;
pub(crate) mod verdicts;

use std::time::Duration;

use honing_core::{config::Direction, outcome::Spent};
use honing_paired::{
    Arm, Pair,
    environment::{Conditions, CpuTime, Met},
};
use serde::{Deserialize, Serialize};

use crate::children::Usage;

/// The program of a run. In a file: `baseline`, `copy`, and `optimized`, `optimized 2`, `optimized 3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Which {
    /// The one that is compared against.
    Reference,
    /// One that is judged, by its index from 0.
    Candidate(usize),
    /// A byte copy of the reference.
    Copy,
}

impl From<Which> for String {
    fn from(which: Which) -> Self {
        match which {
            Which::Reference => "baseline".into(),
            Which::Copy => "copy".into(),
            Which::Candidate(0) => "optimized".into(),
            Which::Candidate(index) => format!("optimized {}", index + 1),
        }
    }
}

impl TryFrom<String> for Which {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let place = |text: &str| text.strip_prefix("optimized ")?.parse::<usize>().ok()?.checked_sub(1);
        match text.as_str() {
            "baseline" => Ok(Self::Reference),
            "copy" => Ok(Self::Copy),
            "optimized" => Ok(Self::Candidate(0)),
            other => {
                place(other).map(Self::Candidate).ok_or_else(|| format!("`{text}` is no program of a run"))
            }
        }
    }
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

/// Every run of an experiment, in order. A block is a run of each program and its mirror image; one
/// with a copy in it is a control.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// What was read from each run.
    pub metrics: Vec<MetricKind>,
    /// The runs.
    pub runs: Vec<Run>,
    /// What set the CPU's frequency in the first sitting: more than one where that changed on the way,
    /// none where the system does not say.
    #[serde(default)]
    pub governors: Vec<String>,
    /// The sittings after the first: measuring was ended, and went on later.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sittings: Vec<Sitting>,
}

/// A later sitting of an experiment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sitting {
    /// The index of its first run.
    pub from: usize,
    /// As `governors` of the first one.
    #[serde(default)]
    pub governors: Vec<String>,
}

impl Recording {
    /// Pairs of each candidate, without those of controls.
    pub(crate) fn pairs(&self) -> u32 {
        let halves = self.runs.iter().filter(|run| run.program == Which::Candidate(0)).count();
        u32::try_from(halves).unwrap_or(u32::MAX)
    }

    /// A candidate's pairs of a metric, both by index.
    pub(crate) fn pairs_of(&self, candidate: usize, metric: usize) -> Vec<Pair> {
        self.select(candidate, metric, false)
    }

    /// The control's pairs of a metric; the copy stands for the optimized program.
    pub(crate) fn control_of(&self, metric: usize) -> Vec<Pair> {
        self.select(0, metric, true)
    }

    /// Seconds that a pair takes, with its part of the controls.
    pub(crate) fn seconds_a_pair(&self) -> f64 {
        self.time().as_secs_f64() / f64::from(self.pairs().max(1))
    }

    /// Where the time of the reference's runs went; `None` where that is not known.
    pub(crate) fn spent(&self) -> Option<Spent> {
        let runs = self.runs.iter().filter(|run| run.program == Which::Reference);
        let (mut all, mut wall) = (CpuTime::default(), 0.0);
        for Conditions { cpu_time, wall: one, .. } in runs.map(|run| run.conditions) {
            let CpuTime { own, kernel, children } = cpu_time?;
            all.own += own;
            all.kernel += kernel;
            all.children += children;
            wall += one;
        }
        let cpu = all.own + all.kernel + all.children;
        (cpu > 0.0).then(|| Spent {
            own: all.own / cpu,
            kernel: all.kernel / cpu,
            children: all.children / cpu,
            waiting: (1.0 - cpu / wall).max(0.0),
        })
    }

    /// The runs that concern a candidate, in order: two make a pair, four a block, as if there were no
    /// other candidate.
    fn beside(runs: &[Run], candidate: usize) -> Vec<&Run> {
        let other = |which| matches!(which, Which::Candidate(index) if index != candidate);
        runs.iter().filter(|run| !other(run.program)).collect()
    }

    fn select(&self, candidate: usize, metric: usize, control: bool) -> Vec<Pair> {
        let runs = Self::beside(&self.runs, candidate);
        let chosen = runs.chunks_exact(2).filter(|two| is_control(two) == control);
        chosen
            .filter_map(|two| {
                let value = |run: &Run| run.values.get(metric).copied();
                Some(Pair::in_order((arm(two[0].program), value(two[0])?), value(two[1])?))
            })
            .collect()
    }

    /// What the runs of each sitting met that concern a candidate.
    pub(crate) fn met(&self, candidate: usize) -> Vec<Vec<Met>> {
        let of = |block: &[&Run]| -> Vec<Met> {
            let control = is_control(block);
            let met =
                |run: &&Run| Met { arm: (!control).then_some(arm(run.program)), conditions: run.conditions };
            block.iter().map(met).collect()
        };
        let mut rest = &self.runs[..];
        let mut sittings = Vec::new();
        for from in self.sittings.iter().rev().map(|sitting| sitting.from.min(rest.len())) {
            let (before, later) = rest.split_at(from);
            sittings.push(later);
            rest = before;
        }
        sittings.push(rest);
        let met = |runs| Self::beside(runs, candidate).chunks(4).flat_map(of).collect();
        sittings.into_iter().rev().map(met).collect()
    }

    /// Begins a sitting: what is measured from now on is on a machine that may have changed.
    pub(crate) fn begin_sitting(&mut self) {
        let from = self.runs.len();
        let begins = self.sittings.last().map_or(0, |sitting| sitting.from);
        if from > begins {
            self.sittings.push(Sitting { from, governors: Vec::new() });
        }
    }

    /// What sets the CPU's frequency now.
    pub(crate) fn saw_governor(&mut self, governor: Option<String>) {
        let governors =
            self.sittings.last_mut().map_or(&mut self.governors, |sitting| &mut sitting.governors);
        if let Some(governor) = governor.filter(|governor| governors.last() != Some(governor)) {
            governors.push(governor);
        }
    }

    /// What set the frequency where that changed within a sitting.
    pub(crate) fn changed_governors(&self) -> Option<&[String]> {
        let later = self.sittings.iter().map(|sitting| &sitting.governors);
        std::iter::once(&self.governors).chain(later).find(|seen| seen.len() > 1).map(Vec::as_slice)
    }

    /// How long all runs took together.
    pub(crate) fn time(&self) -> Duration {
        let seconds: f64 = self.runs.iter().map(|run| run.conditions.wall).sum();
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}

fn is_control(runs: &[&Run]) -> bool {
    runs.iter().any(|run| run.program == Which::Copy)
}

fn arm(program: Which) -> Arm {
    match program {
        Which::Reference => Arm::Baseline,
        Which::Candidate(_) | Which::Copy => Arm::Optimized,
    }
}

/// What a run met, from what its launcher saw; `others` is CPU time of what else was started for it,
/// such as a service's load.
pub(crate) fn conditions(usage: &Usage, others: Duration) -> Conditions {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64());
    Conditions {
        wall: usage.wall.as_secs_f64(),
        cpu: (usage.cpu() + others).as_secs_f64(),
        wait: seconds(usage.wait),
        busy: seconds(usage.machine.busy),
        steal: seconds(usage.machine.steal),
        stall: seconds(usage.machine.stall),
        cpu_time: usage.children.map(|(user, system)| CpuTime {
            own: usage.user.saturating_sub(user).as_secs_f64(),
            kernel: usage.system.saturating_sub(system).as_secs_f64(),
            children: (user + system).as_secs_f64(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(order: &[Which]) -> Recording {
        let run = |(program, value): (&Which, u32)| Run {
            program: *program,
            values: vec![f64::from(value)],
            conditions: Conditions::default(),
        };
        Recording {
            metrics: vec![MetricKind::cost("cpu", "s")],
            runs: order.iter().zip(1..).map(run).collect(),
            ..Recording::default()
        }
    }

    const R: Which = Which::Reference;
    const B: Which = Which::Candidate(0);
    const C: Which = Which::Candidate(1);

    #[test]
    fn controls_and_candidates_are_kept_apart() {
        let copy = Which::Copy;
        let pair = |first, baseline, optimized| Pair { first, baseline, optimized };
        let (a, b) = (Arm::Baseline, Arm::Optimized);
        let one = recording(&[R, B, B, R, copy, R, R, copy]);
        assert_eq!(one.pairs(), 2);
        assert_eq!(one.pairs_of(0, 0), [pair(a, 1.0, 2.0), pair(b, 4.0, 3.0)]);
        assert_eq!(one.control_of(0), [pair(b, 6.0, 5.0), pair(a, 7.0, 8.0)]);
        let arms: Vec<Option<Arm>> = one.met(0)[0].iter().map(|met| met.arm).collect();
        assert_eq!(arms, [Some(a), Some(b), Some(b), Some(a), None, None, None, None]);

        let two = recording(&[C, R, B, B, R, C, copy, R, R, copy, B, C, R, R, C, B]);
        assert_eq!(two.pairs(), 4);
        assert_eq!(
            two.pairs_of(0, 0),
            [pair(a, 2.0, 3.0), pair(b, 5.0, 4.0), pair(b, 13.0, 11.0), pair(a, 14.0, 16.0)]
        );
        assert_eq!(
            two.pairs_of(1, 0),
            [pair(b, 2.0, 1.0), pair(a, 5.0, 6.0), pair(b, 13.0, 12.0), pair(a, 14.0, 15.0)]
        );
        assert_eq!(two.control_of(0), [pair(b, 8.0, 7.0), pair(a, 9.0, 10.0)]);
        assert_eq!(two.met(1)[0].iter().filter(|met| met.arm.is_none()).count(), 4);
    }

    /// A sitting that measured nothing is none.
    #[test]
    fn sittings_are_told_apart() {
        let mut recording = Recording::default();
        let measure = |recording: &mut Recording, program| {
            let run = Run { program, values: Vec::new(), conditions: Conditions::default() };
            recording.runs.extend([run.clone(), run]);
        };
        recording.begin_sitting();
        recording.saw_governor(Some("powersave".into()));
        measure(&mut recording, R);
        recording.begin_sitting();
        recording.begin_sitting();
        for governor in ["performance", "performance"] {
            recording.saw_governor(Some(governor.into()));
        }
        measure(&mut recording, B);
        assert_eq!(recording.sittings, [Sitting { from: 2, governors: vec!["performance".into()] }]);
        assert_eq!(recording.met(0).iter().map(Vec::len).collect::<Vec<_>>(), [2, 2]);
        assert_eq!(recording.changed_governors(), None);
        recording.saw_governor(Some("powersave".into()));
        assert_eq!(recording.changed_governors().map(<[String]>::len), Some(2));
    }

    #[test]
    fn programs_are_written_as_ever() {
        let words = r#"["baseline","optimized","optimized 2","copy"]"#;
        let all = [R, B, C, Which::Copy];
        assert_eq!(serde_json::to_string(&all).unwrap(), words);
        assert_eq!(serde_json::from_str::<[Which; 4]>(words).unwrap(), all);
        assert!(serde_json::from_str::<Which>("\"optimized 0\"").is_err());
    }
}
