//! How many pairs a budget allows, found out before the first pair is measured: the most pairs are
//! part of the plan, and the plan sets every interval.

use std::time::{Duration, Instant};

use honing_core::{Result, config::Workload, event::Event, units};
use honing_paired::Plan;

use crate::{
    chain::budget,
    children::Usage,
    measure::{
        bench::{Benching, Measuring},
        readings::Readings,
    },
    workloads::Inputs,
};

impl Benching<'_> {
    /// The most pairs to plan for, the same for every workload, where `most` are wanted; `None`
    /// where there is no time for any plan.
    pub(crate) fn affordable(
        &self,
        chosen: &[(&str, &Workload)],
        most: u32,
        usage: &mut Usage,
    ) -> Result<Option<u32>> {
        let Some(until) = self.until.filter(|_| !chosen.is_empty()) else { return Ok(Some(most)) };
        let Some(pair) = self.pair_of_each(chosen, until, usage)? else {
            self.warn("there is no time left");
            return Ok(None);
        };
        let time = until.saturating_duration_since(Instant::now());
        let warmup = self.session.config.bench.warmup.max(1);
        let cut = Plan::within(most, budget::pairs(time, pair, warmup));
        let (time, pair) = (units::elapsed(time), units::elapsed(pair));
        match cut {
            Some(cut) if cut < most => {
                let text = format!(
                    "budget: {cut} of {most} pairs: {time} are left to measure, and a pair takes {pair}"
                );
                self.session.sink.emit(Event::Note { text });
            }
            Some(_) => {}
            None => self.warn(&format!("{time} are left to measure, and a pair takes {pair}")),
        }
        Ok(cut)
    }

    /// What a run of every program, in every workload, takes together; `None` where the time is up before that is
    /// known.
    fn pair_of_each(
        &self,
        chosen: &[(&str, &Workload)],
        until: Instant,
        usage: &mut Usage,
    ) -> Result<Option<Duration>> {
        let inputs = chosen.iter().map(|(name, workload)| self.inputs(name, workload));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let start = Instant::now();
        for (name, workload) in chosen {
            let measuring =
                Measuring { bench: self, name, workload, readings: Readings::new(name, workload, &[])? };
            for which in self.arms.compared() {
                if until <= Instant::now() {
                    return Ok(None);
                }
                let (.., used) = measuring.once(which, None)?;
                usage.user += used.user;
                usage.system += used.system;
            }
        }
        let elapsed = start.elapsed();
        inputs.iter().try_for_each(Inputs::are_unchanged)?;
        Ok(Some(elapsed))
    }

    fn warn(&self, why: &str) {
        let budget = self.session.options.budget.map(units::elapsed).unwrap_or_default();
        let name = self.subject.name;
        let text = format!(
            "{name}: not measured (out of budget): of {budget}, {why}; the profile counts as built, not as judged"
        );
        self.session.sink.emit(Event::Warning { text });
    }
}
