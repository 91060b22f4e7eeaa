//! The parts of the benchmark: what one experiment of each does, and the bar that all of them have to
//! reach.

use std::{
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};

use super::{
    compare::{Comparison, compare},
    hyperfine::{self, Hyperfine},
    programs::{Hog, Programs},
};

/// Confidence of the intervals: that of the bars.
const CONFIDENCE: f64 = 0.95;
/// Runs of each command when it is measured how long hyperfine takes.
const MANY_RUNS: u32 = 150;
/// When the hogs come: about two seconds lead to the first look, where a difference of 5 % is settled, hogs
/// or not. With equal programs it is often another look, and this would be anything but halfway.
const HALFWAY: Duration = Duration::from_millis(900);

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Part {
    /// Equal programs, while another process keeps a core busy
    Aa,
    /// A true difference of 2 %, the same way
    Two,
    /// A true difference of 5 %, the same way
    Five,
    /// Equal programs, beside hyperfine, while another process keeps a core busy
    Hyperfine,
    /// The same where other work comes and goes, as on a shared machine
    HyperfineBursts,
    /// A true difference of 5 %; every core becomes busy halfway
    Halfway,
    /// Equal programs; every core is busy during one program's turns
    OneArm,
}

impl Part {
    /// Its name in file names.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether it compares with hyperfine.
    pub(super) fn uses_hyperfine(self) -> bool {
        matches!(self, Self::Hyperfine | Self::HyperfineBursts)
    }

    /// Experiments of the long form.
    pub(super) fn experiments(self) -> usize {
        match self {
            Self::Aa => 200,
            Self::Two | Self::Five => 40,
            Self::Hyperfine | Self::HyperfineBursts => 6,
            Self::Halfway | Self::OneArm => 10,
        }
    }

    /// Thousandths of the baseline's turns that the other program does.
    fn turns(self) -> u64 {
        match self {
            Self::Two => 980,
            Self::Five | Self::Halfway => 950,
            _ => 1000,
        }
    }
}

/// What one experiment found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Experiment {
    pub(super) ours: Comparison,
    /// hyperfine on the same programs, before or after: with as many runs as it chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) usual: Option<Hyperfine>,
    /// And with many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) long: Option<Hyperfine>,
}

/// Where experiments run.
pub(super) struct Bench {
    pub(super) honing: PathBuf,
    pub(super) programs: Programs,
}

impl Bench {
    /// One experiment; `number` tells it from the others.
    pub(super) fn run(&self, part: Part, number: usize) -> Result<Experiment> {
        let baseline = self.programs.with(1000)?;
        let other =
            if part.turns() == 1000 { self.programs.same()? } else { self.programs.with(part.turns())? };
        let ours = |a: &Path, b: &Path| compare(&self.honing, a, b, CONFIDENCE, number as u64 + 1);
        match part {
            Part::Aa | Part::Two | Part::Five => {
                let _hog = self.programs.hog(None)?;
                Ok(alone(ours(&baseline, &other)?))
            }
            Part::Halfway => thread::scope(|scope| {
                let late = scope.spawn(|| {
                    thread::sleep(HALFWAY);
                    self.hogs(None)
                });
                let found = ours(&baseline, &other);
                drop(late.join());
                found.map(alone)
            }),
            Part::OneArm => {
                let flag = self.programs.dir.join("flag");
                let _hogs = self.hogs(Some(&flag))?;
                Ok(alone(ours(&baseline, &self.programs.flagging(&flag)?)?))
            }
            Part::Hyperfine | Part::HyperfineBursts => {
                let theirs = |runs| hyperfine::measure(&self.programs.dir, &baseline, &other, runs);
                let _hogs = match part {
                    Part::Hyperfine => vec![self.programs.hog(None)?],
                    _ => self.bursts(number)?,
                };
                // In turns, so that whatever the machine does meets both.
                let before = if number.is_multiple_of(2) { None } else { Some(theirs(None)?) };
                let ours = ours(&baseline, &other)?;
                let usual = before.map_or_else(|| theirs(None), Ok)?;
                Ok(Experiment { ours, usual: Some(usual), long: Some(theirs(Some(MANY_RUNS))?) })
            }
        }
    }

    /// Twice as many as there are cores, so that on the average all are busy.
    fn bursts(&self, number: usize) -> Result<Vec<Hog>> {
        let cores = thread::available_parallelism().context("number of cores")?.get();
        (0..2 * cores).map(|at| self.programs.bursts(number * 100 + at)).collect()
    }

    /// One for every core.
    fn hogs(&self, flag: Option<&Path>) -> Result<Vec<Hog>> {
        let cores = thread::available_parallelism().context("number of cores")?.get();
        (0..cores).map(|_| self.programs.hog(flag)).collect()
    }
}

fn alone(ours: Comparison) -> Experiment {
    Experiment { ours, usual: None, long: None }
}

/// What the experiments of a part come to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// In words, with the numbers.
    pub(super) found: String,
    /// What has to be.
    pub(super) bar: String,
    /// Whether it is.
    pub(super) reached: bool,
}

/// Holds the experiments of a part against its bar.
pub(super) fn outcome(part: Part, experiments: &[Experiment]) -> Result<Outcome> {
    let all = experiments.len();
    let count = |of: &dyn Fn(&Comparison) -> bool| experiments.iter().filter(|one| of(&one.ours)).count();
    let verdicts = |of: &str| count(&|ours| ours.verdict == of);
    match part {
        Part::Aa => {
            let differ = count(&Comparison::differ);
            let most = most_false(all)?;
            Ok(Outcome {
                found: format!("{differ} of {all} called different; {}", rest(experiments)),
                bar: format!("at most {most}: the 99.9 % limit of a true 5 %"),
                reached: differ as u64 <= most,
            })
        }
        Part::Two | Part::Five => {
            let (found, wrong) = (verdicts("improved"), verdicts("regressed"));
            let least = if part == Part::Two { 50 } else { 85 };
            Ok(Outcome {
                found: format!("{found} of {all} found, {wrong} with the wrong sign; {}", rest(experiments)),
                bar: format!("at least {least} % found, none with the wrong sign"),
                reached: found * 100 >= all * least && wrong == 0,
            })
        }
        Part::Halfway | Part::OneArm => {
            let blamed = count(&Comparison::blames_machine);
            Ok(Outcome {
                found: format!("{blamed} of {all} \"inconclusive: environment\""),
                bar: "all of them".into(),
                reached: blamed == all,
            })
        }
        Part::Hyperfine | Part::HyperfineBursts => versus(experiments),
    }
}

/// The other verdicts.
fn rest(experiments: &[Experiment]) -> String {
    let count = |of: &dyn Fn(&Comparison) -> bool| experiments.iter().filter(|one| of(&one.ours)).count();
    let no_change = count(&|ours| ours.verdict == "no_change");
    let environment = count(&Comparison::blames_machine);
    let open = count(&|ours| ours.verdict == "inconclusive") - environment;
    format!("{no_change} no change, {open} inconclusive, {environment} by the environment")
}

/// The most false differences among so many that a true rate of 5 % gives in 99.9 % of cases.
fn most_false(all: usize) -> Result<u64> {
    Ok(Binomial::new(1.0 - CONFIDENCE, all as u64)?.inverse_cdf(0.999))
}

fn versus(experiments: &[Experiment]) -> Result<Outcome> {
    let all = experiments.len();
    let ours = experiments.iter().filter(|one| one.ours.differ()).count();
    let usual = experiments.iter().filter_map(|one| one.usual.as_ref());
    let wrong = |one: &&Hyperfine| one.p < 1.0 - CONFIDENCE;
    let theirs = usual.clone().filter(wrong).count();
    let runs = median(usual.map(|one| one.runs as f64).collect()).unwrap_or(f64::NAN);
    // One that was never narrow took longer than all of its time.
    let time = |narrow: Option<f64>| narrow.unwrap_or(f64::INFINITY);
    let of_ours = median(experiments.iter().map(|one| time(one.ours.narrow_after)).collect());
    let long = experiments.iter().filter_map(|one| one.long.as_ref());
    let wrong_long = long.clone().filter(wrong).count();
    let whole = median(long.clone().map(|one| one.seconds).collect()).unwrap_or(f64::NAN);
    let of_theirs = median(long.map(|one| time(one.narrow_after)).collect());
    let (of_ours, of_theirs) = (of_ours.context("no experiment")?, of_theirs.context("no experiment")?);
    let seconds = |time: f64| if time.is_finite() { format!("{time:.1} s") } else { "never".into() };
    let than = if of_theirs.is_finite() { seconds(of_theirs) } else { format!("more than {whole:.1} s") };
    Ok(Outcome {
        found: format!(
            "called different: {ours} of {all}, by hyperfine (Welch's test) {theirs} of {all} ({runs} runs, median) \
             and {wrong_long} of {all} ({MANY_RUNS} runs); interval within ±2.5 % after {} (hyperfine: {than}), medians",
            seconds(of_ours)
        ),
        bar: "at most a third of hyperfine's time".into(),
        reached: of_ours.is_finite()
            && of_ours * 3.0 <= if of_theirs.is_finite() { of_theirs } else { whole },
    })
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment(verdict: &str, reason: Option<&str>) -> Experiment {
        alone(Comparison {
            verdict: verdict.into(),
            reason: reason.map(str::to_owned),
            note: None,
            estimate: Some(1.0),
            interval: Some([0.98, 1.02]),
            pairs: 60,
            seconds: 7.0,
            narrow_after: Some(2.0),
        })
    }

    #[test]
    fn the_limits_are_those_of_the_binomial_distribution() {
        assert_eq!((most_false(200).unwrap(), most_false(30).unwrap()), (21, 6));
    }

    #[test]
    fn each_part_has_its_bar() {
        let reached = |part, all: &[Experiment]| outcome(part, all).unwrap().reached;
        let (better, worse, open) = (
            experiment("improved", None),
            experiment("regressed", None),
            experiment("inconclusive", Some("too_wide")),
        );
        let machine = experiment("inconclusive", Some("environment"));
        assert!(reached(Part::Aa, &[better.clone(), open.clone(), open.clone(), open.clone()]));
        assert!(!reached(Part::Aa, &[better.clone(), worse.clone(), worse.clone(), worse.clone()]));
        assert!(reached(Part::Two, &[better.clone(), open.clone()]));
        assert!(!reached(Part::Two, &[better.clone(), better.clone(), worse]));
        assert!(!reached(Part::Five, &[better.clone(), open.clone()]));
        assert!(reached(Part::OneArm, &[machine.clone(), machine.clone()]));
        assert!(!reached(Part::Halfway, &[machine, open]));
        let with = |seconds: f64, narrow_after| Experiment {
            long: Some(Hyperfine { runs: 150, p: 0.5, seconds, narrow_after }),
            usual: Some(Hyperfine { runs: 50, p: 0.01, seconds: 6.0, narrow_after: None }),
            ..better.clone()
        };
        assert!(reached(Part::Hyperfine, &[with(20.0, Some(6.1))]));
        assert!(!reached(Part::Hyperfine, &[with(20.0, Some(5.9))]));
        assert!(reached(Part::Hyperfine, &[with(20.0, None)]));
    }
}
