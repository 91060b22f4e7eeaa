//! Whether the machine was fit to measure on: rules that overrule a verdict.
//!
//! Pairs cancel what both arms meet alike. What they cannot cancel is a disturbance that treats the
//! arms differently, and a measurement in which the machine became another one says little about
//! either. Each run therefore brings its [`Conditions`], and fixed rules look for
//!
//! - a *control* that sees a difference where there is none: blocks of the baseline against a byte
//!   copy of itself, between the others;
//! - a condition that *differs between the arms*: trimmed mean of the pairs' differences, its
//!   99.9 % interval excluding zero, larger than [`Condition::arms_limit`] and than a fifth of it;
//! - a condition that *stepped* on the way: medians before and after differ by more than
//!   [`Condition::step_limit`] and by half, and the quartiles of the two parts do not touch, so that a load that
//!   comes and goes is none;
//! - a ratio that is another one in the second half, or another one in pairs that the baseline
//!   opens: Yuen's two-sample test at [`ALARM`], and beyond a limit;
//! - a hypervisor that takes time away throughout.
//!
//! A load that is there from beginning to end is no finding. docs/measurement.md has every limit.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    diagnostics::{self, Contrast},
    pair::{Pair, log_ratios},
    schedule::Arm,
    trimmed::{Ratio, estimate},
};

pub use crate::finding::Finding;

/// Level at which a difference counts as one: a false alarm turns a verdict away.
pub const ALARM: f64 = 0.001;
/// Level of the control's interval: it has few pairs, and is to hold "equal" in 99 of 100 sound runs.
pub const CONTROL_ALARM: f64 = 0.01;
/// Change of the ratio between the halves, as a log-ratio, from which it matters.
const HALVES: f64 = 0.02;
/// The same between the orders, which whole quads cancel as long as they are small.
const ORDERS: f64 = 0.10;
/// Share of a CPU that a hypervisor may take away.
const STOLEN: f64 = 0.10;
/// How many times its usual noise floor a machine may have.
const NOISY: f64 = 3.0;
/// How many times as much a condition has to be after a step as before, or before as after.
const STEP_FACTOR: f64 = 1.5;
/// How many times as much a condition has to be for one arm as for the other.
const ARMS_FACTOR: f64 = 1.2;
/// Seconds that a group of runs has to last: the kernel counts in ticks of up to 10 ms.
const GROUP: f64 = 0.1;
/// Fewest groups in which a step is looked for.
const GROUPS: usize = 8;
/// Fewest pairs whose differences are judged.
const PAIRS: usize = 8;

/// What a run met on the machine. Times in seconds; `None` where the system does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conditions {
    /// From start to end.
    pub wall: f64,
    /// CPU time of all that was started for it.
    pub cpu: f64,
    /// Time that the program was ready to run and had no CPU.
    pub wait: Option<f64>,
    /// CPU time of everything on the machine meanwhile.
    pub busy: Option<f64>,
    /// Time that a hypervisor took away meanwhile, over all CPUs.
    pub steal: Option<f64>,
    /// Time in which anything on the machine waited for a CPU (pressure stall).
    pub stall: Option<f64>,
    /// Whose the CPU time was, of the program and its children; `None` also where something else started them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_time: Option<CpuTime>,
}

/// CPU time of a program's run, in seconds, by whose it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CpuTime {
    /// The program's own code.
    pub own: f64,
    /// The kernel, for the program.
    pub kernel: f64,
    /// Processes that it started and waited for.
    pub children: f64,
}

/// A run with what it met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Met {
    /// The arm; `None` in a control block.
    pub arm: Option<Arm>,
    /// What it met.
    pub conditions: Conditions,
}

/// A condition that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Run-queue wait: share of the time that the program was ready in which it had no CPU.
    Wait,
    /// CPUs that others use.
    OtherLoad,
    /// CPUs that a hypervisor takes away.
    Steal,
    /// Share of the time in which something waited for a CPU.
    Stall,
}

impl Condition {
    const ALL: [Self; 4] = [Self::Wait, Self::OtherLoad, Self::Steal, Self::Stall];

    /// The step from which on it is a finding, in the condition's own unit.
    #[must_use]
    pub fn step_limit(self) -> f64 {
        match self {
            Self::Wait => 0.25,
            Self::OtherLoad | Self::Stall => 0.5,
            Self::Steal => 0.1,
        }
    }

    /// The difference between the arms from which on it is a finding.
    #[must_use]
    pub fn arms_limit(self) -> f64 {
        match self {
            Self::Wait | Self::Steal => 0.05,
            Self::OtherLoad => 0.25,
            Self::Stall => 0.15,
        }
    }

    /// What a run read for it.
    fn read(self, run: &Conditions) -> Option<f64> {
        match self {
            Self::Wait => run.wait,
            Self::OtherLoad => run.busy,
            Self::Steal => run.steal,
            Self::Stall => run.stall,
        }
    }

    /// Its value over those of some runs that have read it; `None` where none has.
    fn over<'a>(self, runs: impl IntoIterator<Item = &'a Met>) -> Option<f64> {
        let (mut sum, mut cpu, mut wall) = (0.0, 0.0, 0.0);
        for run in runs.into_iter().map(|run| &run.conditions) {
            let Some(read) = self.read(run) else { continue };
            sum += read;
            cpu += run.cpu;
            wall += run.wall;
        }
        let value = match self {
            // Bounded, so that a few long waits do not hide that all of them are long.
            Self::Wait => sum / (sum + cpu),
            Self::OtherLoad => (sum - cpu).max(0.0) / wall,
            Self::Steal | Self::Stall => sum / wall,
        };
        value.is_finite().then_some(value)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wait => "share of run-queue wait",
            Self::OtherLoad => "load of other processes, in CPUs",
            Self::Steal => "CPUs taken by the hypervisor",
            Self::Stall => "share of time with CPU pressure",
        })
    }
}

/// What the runs themselves show, in their order, whatever was measured of them.
#[must_use]
pub fn conditions(runs: &[Met]) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        Condition::ALL.iter().filter_map(|condition| step(*condition, runs)).collect();
    found.extend(Condition::ALL.iter().filter_map(|condition| arms(*condition, runs)));
    found.extend(
        Condition::Steal.over(runs).filter(|share| *share > STOLEN).map(|share| Finding::Stolen { share }),
    );
    found
}

/// What a metric's pairs show: those of the experiment, and the control's, whose `optimized` is the
/// copy. `usual` is the machine's noise floor, where it is known.
#[must_use]
pub fn pairs(experiment: &[Pair], control: &[Pair], margin: f64, usual: Option<f64>) -> Vec<Finding> {
    let Ok(ratios) = log_ratios(experiment) else { return Vec::new() };
    let beyond = |contrast: &Contrast, limit: f64| {
        contrast.p_value < ALARM && contrast.ratio.ln().abs() > limit.max(margin.max(0.0).ln_1p())
    };
    let mut found = Vec::new();
    let ratio = log_ratios(control).ok().and_then(|ratios| estimate(&ratios, CONTROL_ALARM));
    let inside = |ratio: &Ratio| {
        ratio.holds(1.0) || (ratio.low.ln().abs().max(ratio.high.ln().abs()) <= margin.ln_1p())
    };
    found.extend(ratio.filter(|ratio| !inside(ratio)).map(|ratio| Finding::Control { ratio }));
    let halves = diagnostics::halves(&ratios).filter(|contrast| beyond(contrast, HALVES));
    found.extend(halves.map(|contrast| Finding::Halves { contrast }));
    let orders = diagnostics::orders(experiment, &ratios).filter(|contrast| beyond(contrast, ORDERS));
    found.extend(orders.map(|contrast| Finding::Orders { contrast }));
    if let (Some(noise), Some(usual)) = (diagnostics::noise(experiment), usual)
        && noise.per_pair > NOISY * usual
    {
        found.push(Finding::Noise { per_pair: noise.per_pair, usual });
    }
    found
}

/// Looks for the place that parts the groups best, with a quarter of them on either side.
fn step(condition: Condition, runs: &[Met]) -> Option<Finding> {
    let wall: f64 = runs.iter().map(|run| run.conditions.wall).sum();
    let quads = runs.len() / 4;
    // Whole quads, so that each group has as much of one arm as of the other.
    let each = ((GROUP * quads as f64 / wall).ceil() as usize).max(1) * 4;
    let groups: Option<Vec<f64>> =
        runs.chunks_exact(each.max(4)).map(|group| condition.over(group)).collect();
    let groups = groups.filter(|groups| groups.len() >= GROUPS)?;
    let edge = groups.len().div_ceil(4);
    // The split that leaves least scatter within its two parts.
    let apart = |at: usize| {
        let (before, after) = groups.split_at(at);
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        (before.len() * after.len()) as f64 * (mean(before) - mean(after)).powi(2)
    };
    let best = (edge..=groups.len() - edge)
        .map(|at| (at, quartiles(&groups[..at]), quartiles(&groups[at..])))
        .filter(|(_, before, after)| before[2] < after[0] || after[2] < before[0])
        .max_by(|(a, ..), (b, ..)| apart(*a).total_cmp(&apart(*b)))?;
    let (at, [_, before, _], [_, after, _]) = best;
    (apart_by(before, after, condition.step_limit(), STEP_FACTOR)).then(|| Finding::Step {
        condition,
        before,
        after,
        at: at as f64 / groups.len() as f64,
    })
}

/// Compares the arms pair by pair.
fn arms(condition: Condition, runs: &[Met]) -> Option<Finding> {
    let mut differences = Vec::new();
    for two in runs.chunks_exact(2) {
        let of = |arm| condition.over(two.iter().filter(|run| run.arm == Some(arm)));
        let (Some(baseline), Some(optimized)) = (of(Arm::Baseline), of(Arm::Optimized)) else { continue };
        differences.push(optimized - baseline);
    }
    // As log-ratios: what comes back are the exponentials of the difference and its interval.
    let difference = estimate(&differences, ALARM).filter(|_| differences.len() >= PAIRS)?;
    if difference.holds(1.0) || difference.point.ln().abs() <= condition.arms_limit() {
        return None;
    }
    let over = |arm| condition.over(runs.iter().filter(|run| run.arm == Some(arm)));
    let (baseline, optimized) = (over(Arm::Baseline)?, over(Arm::Optimized)?);
    apart_by(baseline, optimized, condition.arms_limit(), ARMS_FACTOR).then_some(Finding::Arms {
        condition,
        baseline,
        optimized,
    })
}

/// Whether two values of a condition differ by more than a limit, and by a factor: on a machine that
/// is busy throughout, waits vary by as much as a quiet one's would be.
fn apart_by(one: f64, other: f64, limit: f64, factor: f64) -> bool {
    (one - other).abs() > limit && one.max(other) >= factor * one.min(other)
}

/// Lower quartile, median, upper quartile.
fn quartiles(values: &[f64]) -> [f64; 3] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (sorted.len().saturating_sub(1)) as f64;
        let (low, high) = (place.floor() as usize, place.ceil() as usize);
        sorted[low] + (sorted[high] - sorted[low]) * place.fract()
    };
    [at(0.25), at(0.5), at(0.75)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Schedule;

    /// Runs of 50 ms in a real order, with a control block after every third quad; `other` gives
    /// the load of others from the share of the runs done and the arm.
    fn met(pairs: u32, other: impl Fn(f64, Option<Arm>) -> f64) -> Vec<Met> {
        let mut rng = fastrand::Rng::with_seed(7);
        let schedule = Schedule::new(1, pairs, 5).unwrap();
        let mut arms: Vec<Option<Arm>> = Vec::new();
        for (index, quad) in schedule.blocks().iter().enumerate() {
            arms.extend(quad.iter().map(|turn| Some(Arm::of(*turn))));
            if index % 3 == 2 {
                arms.extend([None; 4]);
            }
        }
        let count = arms.len() as f64;
        (arms.iter().enumerate())
            .map(|(index, arm)| {
                let load = other(index as f64 / count, *arm) + 0.05 * rng.f64();
                let wait = if load > 1.0 { 0.05 * (load - 1.0) } else { 0.001 * rng.f64() };
                let conditions = Conditions {
                    wall: 0.05,
                    cpu: 0.05,
                    wait: Some(wait),
                    busy: Some(0.05 * (1.0 + load)),
                    steal: Some(0.0),
                    stall: Some(wait.min(0.05)),
                    cpu_time: None,
                };
                Met { arm: *arm, conditions }
            })
            .collect()
    }

    fn kinds(findings: &[Finding]) -> Vec<String> {
        findings
            .iter()
            .map(|finding| match finding {
                Finding::Step { condition, .. } => format!("step {condition:?}"),
                Finding::Arms { condition, .. } => format!("arms {condition:?}"),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_load_that_is_there_throughout_is_no_finding() {
        for load in [0.0, 1.0, 2.0] {
            assert_eq!(conditions(&met(28, |_, _| load)), [], "{load}");
        }
        // Nor does waiting that is long and uneven, as where more run than there are CPUs.
        let mut crowded = met(28, |_, _| 1.0);
        for (index, run) in crowded.iter_mut().enumerate() {
            run.conditions.wait = Some(run.conditions.cpu * if index < 60 { 2.3 } else { 1.9 });
        }
        assert_eq!(conditions(&crowded), []);
        // One that comes and goes neither.
        let flicker = met(28, |at, _| if ((at * 40.0) as u32).is_multiple_of(2) { 0.9 } else { 0.0 });
        assert_eq!(conditions(&flicker), []);
    }

    #[test]
    fn a_load_that_begins_on_the_way_is_found() {
        for from in [0.3, 0.5, 0.7] {
            let found = conditions(&met(28, |at, _| if at >= from { 1.9 } else { 0.0 }));
            let kinds = kinds(&found);
            assert!(kinds.contains(&"step OtherLoad".to_owned()), "{from} {kinds:?}");
            assert!(kinds.contains(&"step Wait".to_owned()), "{from} {kinds:?}");
            let Finding::Step { at, .. } = found[0] else { panic!("{found:?}") };
            assert!((at - from).abs() < 0.1, "{at} {from}");
        }
    }

    #[test]
    fn a_load_during_one_arms_turns_is_found() {
        let found = conditions(&met(12, |_, arm| if arm == Some(Arm::Optimized) { 1.9 } else { 0.0 }));
        let kinds = kinds(&found);
        assert!(kinds.contains(&"arms Wait".to_owned()), "{kinds:?}");
        assert!(kinds.contains(&"arms OtherLoad".to_owned()), "{kinds:?}");
        assert!(!kinds.iter().any(|kind| kind.starts_with("step")), "{kinds:?}");
    }

    #[test]
    fn one_reading_that_is_missing_silences_no_rule() {
        let unfair = |_, arm| if arm == Some(Arm::Optimized) { 1.9 } else { 0.0 };
        let mut runs = met(12, unfair);
        let whole = kinds(&conditions(&runs));
        runs[5].conditions.wait = None;
        runs[6].conditions.busy = None;
        assert_eq!(kinds(&conditions(&runs)), whole);
    }

    #[test]
    fn waits_of_very_different_length_are_found_all_the_same() {
        let mut rng = fastrand::Rng::with_seed(11);
        let mut runs = met(24, |_, _| 0.0);
        for run in runs.iter_mut().filter(|run| run.arm == Some(Arm::Optimized)) {
            // From a fifth of the CPU time to a hundred times as much.
            run.conditions.wait = Some(run.conditions.cpu * 0.2 * 100_f64.powf(rng.f64()));
        }
        assert!(kinds(&conditions(&runs)).contains(&"arms Wait".to_owned()));
    }

    #[test]
    fn what_is_not_read_is_no_finding() {
        let blind = |run: Met| {
            let Conditions { wall, cpu, .. } = run.conditions;
            Met { conditions: Conditions { wall, cpu, ..Conditions::default() }, ..run }
        };
        let runs: Vec<Met> = met(28, |at, _| 2.0 * at).into_iter().map(blind).collect();
        assert_eq!(conditions(&runs), []);
        assert_eq!(conditions(&[]), []);
    }

    fn around(ratio: f64, count: u32) -> Vec<Pair> {
        (0..count)
            .map(|index| Pair {
                first: if index % 2 == 0 { Arm::Baseline } else { Arm::Optimized },
                baseline: 50.0 + f64::from(index * 7919 % 13) / 10.0,
                optimized: (50.0 + f64::from(index * 104_729 % 17) / 10.0) * ratio,
            })
            .collect()
    }

    #[test]
    fn a_control_that_differs_and_a_ratio_that_changes_are_found() {
        assert_eq!(pairs(&around(0.9, 24), &around(1.0, 8), 0.01, None), []);
        let found = pairs(&around(0.9, 24), &around(1.1, 8), 0.01, None);
        assert!(matches!(found[..], [Finding::Control { .. }]), "{found:?}");
        let changed: Vec<Pair> = around(0.9, 12).into_iter().chain(around(1.0, 12)).collect();
        let found = pairs(&changed, &[], 0.01, None);
        assert!(matches!(found[..], [Finding::Halves { .. }]), "{found:?}");
        let found = pairs(&around(1.0, 24), &[], 0.01, Some(0.001));
        assert!(matches!(found[..], [Finding::Noise { .. }]), "{found:?}");
    }
}
