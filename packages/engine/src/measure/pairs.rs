//! How many pairs of each workload are planned, once it is known what one takes and before the first
//! is measured: the most pairs are part of the plan, and the plan sets every interval.

use std::time::{Duration, Instant};

use honing_core::units;
use honing_paired::Plan;

use crate::{chain::session::Session, measure::experiment::BETWEEN_CONTROLS};

/// The most pairs where nobody says how many.
const MOST: u32 = 120;

/// The number of pairs that was asked for, for each workload.
pub(crate) fn asked(session: &Session) -> Option<u32> {
    session.options.pairs.or(session.config.bench.pairs)
}

/// What bounds a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    /// The number that was asked for.
    Pairs(u32),
    /// So many pairs at the most, and what `bench.time` leaves to all workloads; 8 pairs of each in any
    /// case.
    Time(u32, Duration),
    /// So many pairs at the most, and what the budget of the run leaves.
    Budget(u32, Duration),
}

impl Limit {
    /// Of a program that `--budget`, where there is one, leaves so much time to.
    pub(crate) fn of(session: &Session, budget: Option<Duration>) -> Self {
        Self::new(asked(session), session.config.bench.time.0, budget)
    }

    /// Of what was asked for, or what fits into `time`, and of what a budget leaves.
    pub(crate) fn new(asked: Option<u32>, time: Duration, budget: Option<Duration>) -> Self {
        let most = asked.unwrap_or(MOST);
        match (asked, budget) {
            (None, Some(left)) => Self::Budget(most, left.min(time)),
            (Some(_), Some(left)) => Self::Budget(most, left),
            (None, None) => Self::Time(most, time),
            (Some(pairs), None) => Self::Pairs(pairs),
        }
    }

    /// The most pairs of a workload.
    pub(crate) fn most(self) -> u32 {
        let (Self::Pairs(most) | Self::Time(most, _) | Self::Budget(most, _)) = self;
        most
    }

    /// How long measuring may take, where that is limited.
    pub(crate) fn time(self) -> Option<Duration> {
        match self {
            Self::Pairs(_) => None,
            Self::Time(_, time) | Self::Budget(_, time) => Some(time),
        }
    }

    /// The pairs of each workload, by what one of its pairs takes, controls included, and the time that
    /// is left of the limit; `None` where it is too short for any plan.
    pub(crate) fn pairs(self, left: Duration, each: &[Duration]) -> Option<Vec<u32>> {
        let most = self.most();
        let fits = match self {
            Self::Pairs(_) => vec![most; each.len()],
            Self::Time(..) | Self::Budget(..) => share(left, each, most),
        };
        let shortest = matches!(self, Self::Time(..)).then(|| most.min(Plan::SLOW[0]));
        fits.into_iter().map(|fits| Plan::within(most, fits).or(shortest)).collect()
    }

    /// What is planned, in a sentence.
    pub(crate) fn words(self, planned: &[(&str, u32, Duration)]) -> String {
        let total: Duration = planned.iter().map(|(_, pairs, each)| *each * *pairs).sum();
        let one = |(name, pairs, each): &(&str, u32, Duration)| {
            let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
            format!("up to {pairs} pairs{of} at {} each", units::elapsed(*each))
        };
        let all: Vec<String> = planned.iter().map(one).collect();
        let limit = match self {
            Self::Time(most, time) if planned.iter().any(|(_, pairs, _)| *pairs < most) => {
                format!("; {most} do not fit into {}, and --pairs asks for more", units::elapsed(time))
            }
            Self::Budget(most, left) if planned.iter().any(|(_, pairs, _)| *pairs < most) => {
                format!("; {most} do not fit into the {} that --budget leaves", units::elapsed(left))
            }
            _ => String::new(),
        };
        format!("measuring takes {} at most: {}{limit}", units::elapsed(total), all.join(", "))
    }
}

/// What a pair of each candidate takes with its share of a control, by what a run of every program takes.
pub(crate) fn with_controls(run_of_each: Duration, candidates: usize) -> Duration {
    // A control is four runs, and follows so many blocks of two runs of each program.
    let runs = (BETWEEN_CONTROLS * 2 * (candidates + 1)) as f64;
    run_of_each.mul_f64((runs + 4.0) / runs)
}

/// Pairs that say more than the first run does.
const ENOUGH: u32 = 4;
/// How much slower than the first run pairs may be before that is told.
const SLOWER: f64 = 1.5;

/// What a pair takes, from the first run on.
pub(crate) struct Pace {
    /// By what is known now.
    pub(crate) pair: Duration,
    /// What was told last.
    told: Duration,
    began: Instant,
    before: u32,
}

impl Pace {
    /// Of a workload that has so many pairs `before`, by its first run.
    pub(crate) fn new(before: u32, pair: Duration) -> Self {
        Self { pair, told: pair, began: Instant::now(), before }
    }

    /// Takes what `done` pairs took as what the rest will; in words, where they are much slower than was told.
    /// A first run has nothing to tidy up, and finds a machine that does nothing else.
    pub(crate) fn is_now(&mut self, done: u32, most: u32) -> Option<String> {
        self.after(self.began.elapsed(), done, most)
    }

    fn after(&mut self, elapsed: Duration, done: u32, most: u32) -> Option<String> {
        let new = done.saturating_sub(self.before);
        if new < ENOUGH {
            return None;
        }
        self.pair = elapsed / new;
        if self.pair <= self.told.mul_f64(SLOWER) {
            return None;
        }
        self.told = self.pair;
        let left = units::elapsed(self.pair * most.saturating_sub(done));
        Some(format!("a pair takes {} now; {left} more at most", units::elapsed(self.pair)))
    }
}

/// How many pairs of each workload fit into a time, `most` at the most: each gets the same time, and what
/// one does not need is shared by the others.
fn share(time: Duration, each: &[Duration], most: u32) -> Vec<u32> {
    let mut fits = vec![None; each.len()];
    let mut left = time;
    loop {
        let open: Vec<usize> = (0..each.len()).filter(|at| fits[*at].is_none()).collect();
        let Some(part) = left.checked_div(u32::try_from(open.len()).unwrap_or(u32::MAX)) else { break };
        let full: Vec<usize> = open.iter().copied().filter(|at| each[*at] * most <= part).collect();
        for at in &full {
            fits[*at] = Some(most);
            left -= each[*at] * most;
        }
        if full.is_empty() {
            for at in open {
                fits[at] = Some((part.as_secs_f64() / each[at].as_secs_f64().max(1e-6)) as u32);
            }
        }
    }
    fits.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_are_slower_than_the_first_run_are_told_once() {
        let ms = Duration::from_millis;
        let mut pace = Pace::new(10, ms(300));
        assert_eq!(pace.after(ms(9000), 12, 120), None, "two say nothing");
        let told = pace.after(ms(5600), 14, 120);
        assert_eq!(told.as_deref(), Some("a pair takes 1.4s now; 2m28s more at most"));
        assert_eq!((pace.after(ms(8500), 16, 120), pace.pair), (None, ms(8500) / 6));
        assert_eq!((pace.after(ms(1200), 14, 120), pace.pair), (None, ms(300)), "faster is no news");
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_time_is_shared_by_the_workloads() {
        for (time, each, most, expected) in [
            (s(600), &[s(1)][..], 120, &[120][..]),
            (s(600), &[s(10)], 120, &[60]),
            (s(600), &[s(1), s(10)], 120, &[120, 48]),
            (s(600), &[s(10), s(20)], 120, &[30, 15]),
            (s(600), &[s(1), s(2), s(100)], 120, &[120, 120, 2]),
            (s(10), &[s(20)], 120, &[0]),
            (Duration::ZERO, &[s(20), s(1)], 6, &[0, 0]),
            (s(1), &[Duration::ZERO], 120, &[120]),
            (s(1), &[], 120, &[]),
        ] {
            assert_eq!(share(time, each, most), expected, "{time:?} for {each:?}");
        }
    }

    #[test]
    fn a_plan_is_bounded_by_what_was_asked_for() {
        let each = [Duration::from_millis(250), s(25)];
        for (limit, left, expected) in [
            (Limit::Pairs(60), s(0), Some([60, 60])),
            (Limit::Time(120, s(600)), s(600), Some([120, 18])),
            // Too long for `bench.time`, and measured all the same.
            (Limit::Time(120, s(60)), s(60), Some([120, 8])),
            (Limit::Budget(60, s(600)), s(600), Some([60, 18])),
            (Limit::Budget(60, s(200)), s(200), None),
            (Limit::Budget(6, s(200)), s(200), Some([6, 6])),
        ] {
            assert_eq!(
                limit.pairs(left, &each).as_deref(),
                expected.as_ref().map(<[u32; 2]>::as_slice),
                "{limit:?}"
            );
        }
    }

    #[test]
    fn the_plan_is_said() {
        let planned = [("judge", 60, Duration::from_millis(250)), ("slow", 18, s(25))];
        let said = |limit: Limit| limit.words(&planned);
        let plan = "measuring takes 7m45s at most: up to 60 pairs of judge at 0.2s each, up to 18 pairs of slow \
                    at 25s each";
        assert_eq!(said(Limit::Pairs(18)), plan);
        assert_eq!(
            said(Limit::Time(120, s(600))),
            format!("{plan}; 120 do not fit into 10m00s, and --pairs asks for more")
        );
        assert_eq!(
            said(Limit::Budget(60, s(500))),
            format!("{plan}; 60 do not fit into the 8m20s that --budget leaves")
        );
    }

    #[test]
    fn controls_take_a_third_of_a_pair_more_and_less_beside_several_candidates() {
        assert_eq!(with_controls(s(3), 1), s(4));
        assert_eq!(with_controls(s(9), 2), s(11));
    }
}
