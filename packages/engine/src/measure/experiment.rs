//! The order of the runs, and when they end.

use honing_core::{Error, Result};
use honing_paired::{Schedule, Turn};

use crate::measure::{Recording, Run, Which, host::governor};

/// Blocks of the experiment between two controls: every fourth block is one.
pub(crate) const BETWEEN_CONTROLS: usize = 3;
/// Sets the order within controls apart from that within the other blocks.
const CONTROL_SEED: u64 = 0x636f_6e74_726f_6c00;

/// What is fixed before the first run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Design {
    /// Pairs at each look, ascending and even; the last is the most that is measured.
    pub(crate) looks: Vec<u32>,
    /// Programs beside the reference.
    pub(crate) candidates: usize,
    /// Seed of the order.
    pub(crate) seed: u64,
    /// Whether there are control blocks. None are needed where all programs are the same.
    pub(crate) controls: bool,
}

/// Where an experiment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// After a block, between two looks.
    Block,
    /// At a look.
    Look,
}

impl Design {
    /// The order of all runs: a block of every program, with the control that follows it.
    fn order(&self) -> Result<Vec<Vec<Vec<Which>>>> {
        let most = self.looks.last().copied().unwrap_or(0);
        let schedule = |candidates, seed| {
            Schedule::new(candidates, most, seed).map_err(|error| Error::usage(format!("--pairs: {error}")))
        };
        let blocks = schedule(self.candidates, self.seed)?;
        let controls = schedule(1, self.seed ^ CONTROL_SEED)?;
        let programs = |block: &[Turn], candidate: fn(usize) -> Which| -> Vec<Which> {
            block.iter().map(|turn| turn.map_or(Which::Reference, candidate)).collect()
        };
        let mut controls = controls.blocks().iter().map(|block| programs(block, |_| Which::Copy));
        let with_control = |(index, block): (usize, &Vec<Turn>)| {
            let due = self.controls && index % BETWEEN_CONTROLS == BETWEEN_CONTROLS - 1;
            let control = if due { controls.next() } else { None };
            std::iter::once(programs(block, Which::Candidate)).chain(control).collect()
        };
        Ok(blocks.blocks().iter().enumerate().map(with_control).collect())
    }
}

/// Measures until `enough` says so at a look, or the last look is reached; goes on where the recording of
/// an earlier sitting ends. Whole blocks stay in the recording also where a run fails. `once` runs a
/// program once; `enough` also hears of every block. `stops` counts how often the whole run was stopped
/// and went on: a block during which that happened is measured again.
pub(crate) fn measure(
    design: &Design,
    recording: &mut Recording,
    stops: &dyn Fn() -> u64,
    once: &mut dyn FnMut(Which) -> Result<Run>,
    enough: &mut dyn FnMut(&Recording, At) -> Result<bool>,
) -> Result<()> {
    let mut earlier = recording.runs.len();
    recording.begin_sitting();
    for blocks in design.order()? {
        for block in &blocks {
            if earlier > 0 {
                earlier = earlier.saturating_sub(block.len());
            } else {
                recording.runs.extend(undisturbed(block, stops, once)?);
            }
        }
        if earlier > 0 {
            continue;
        }
        recording.saw_governor(governor());
        let at = if design.looks.contains(&recording.pairs()) { At::Look } else { At::Block };
        if enough(recording, at)? && at == At::Look {
            break;
        }
    }
    Ok(())
}

/// The runs of one block.
fn undisturbed(
    block: &[Which],
    stops: &dyn Fn() -> u64,
    once: &mut dyn FnMut(Which) -> Result<Run>,
) -> Result<Vec<Run>> {
    loop {
        let before = stops();
        let runs = block.iter().map(|which| once(*which)).collect::<Result<Vec<_>>>()?;
        if stops() == before {
            return Ok(runs);
        }
    }
}

#[cfg(test)]
mod tests {
    use honing_paired::environment::Conditions;

    use super::*;

    fn ran(design: &Design, stop_at: u32) -> Vec<Which> {
        let mut recording = Recording::default();
        let run = |program| Ok(Run { program, values: Vec::new(), conditions: Conditions::default() });
        let enough = |recording: &Recording, _| Ok(recording.pairs() >= stop_at);
        measure(design, &mut recording, &|| 0, &mut { run }, &mut { enough }).unwrap();
        recording.runs.iter().map(|run| run.program).collect()
    }

    /// Ended after any number of runs, and again: the order of all is that of one sitting, and only the
    /// runs of the block that was ended are done twice.
    #[test]
    fn what_was_measured_is_gone_on_with() {
        for candidates in [1, 2] {
            let design = Design { looks: vec![6, 12, 18], candidates, seed: 1, controls: true };
            let whole = ran(&design, 99);
            for (first, second) in (0..whole.len()).map(|at| (at, at * 7 % whole.len())) {
                let mut recording = Recording::default();
                for sitting in [Some(first), Some(second), None] {
                    let mut ran = 0;
                    let mut once = |program| {
                        ran += 1;
                        match sitting.is_some_and(|most| ran > most) {
                            true => Err(Error::internal("ended")),
                            false => {
                                Ok(Run { program, values: Vec::new(), conditions: Conditions::default() })
                            }
                        }
                    };
                    let before = recording.runs.len();
                    let ended = measure(&design, &mut recording, &|| 0, &mut once, &mut |_, _| Ok(false));
                    assert_eq!(ended.is_err(), sitting.is_some_and(|most| most < whole.len() - before));
                    assert!(recording.runs.len() >= before);
                }
                let order: Vec<Which> = recording.runs.iter().map(|run| run.program).collect();
                assert_eq!(order, whole, "{first} {second}");
                assert!(recording.sittings.len() <= 2);
            }
        }
    }

    #[test]
    fn every_fourth_block_is_a_control_and_looks_end_it() {
        let design = Design { looks: vec![6, 12, 18], candidates: 1, seed: 1, controls: true };
        let kept = ran(&design, 7);
        let controls: Vec<bool> = kept.chunks(4).map(|block| block.contains(&Which::Copy)).collect();
        assert_eq!(controls, [false, false, false, true, false, false, false, true]);
        for block in kept.chunks(4) {
            assert!(block[0] == block[3] && block[1] == block[2] && block[0] != block[1], "{block:?}");
            assert!(block.contains(&Which::Reference));
        }
        let kept = ran(&Design { controls: false, ..design.clone() }, 99);
        assert_eq!(kept.len(), 36);
        // A longer plan of the same seed begins like a shorter one.
        let longer = ran(&Design { looks: vec![6, 40], ..design }, 6);
        assert_eq!(longer, ran(&Design { looks: vec![6], candidates: 1, seed: 1, controls: true }, 6));
    }

    #[test]
    fn controls_come_between_blocks_of_several_candidates() {
        let kept = ran(&Design { looks: vec![6, 12], candidates: 2, seed: 1, controls: true }, 6);
        assert_eq!(kept.len(), 3 * 6 + 4);
        for block in kept[..18].chunks(6) {
            assert!(block[0] == block[5] && block[1] == block[4] && block[2] == block[3], "{block:?}");
        }
        assert!(kept[18..].iter().all(|which| matches!(which, Which::Reference | Which::Copy)), "{kept:?}");
    }

    #[test]
    fn a_block_during_which_the_run_was_stopped_is_measured_again() {
        let design = Design { looks: vec![4], candidates: 1, seed: 1, controls: false };
        let (ran, stops) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        let mut recording = Recording::default();
        measure(
            &design,
            &mut recording,
            &|| stops.get(),
            &mut |program| {
                ran.set(ran.get() + 1);
                // Ctrl-Z in the sixth run, which is in the second block.
                stops.set(u64::from(ran.get() >= 6));
                let values = vec![f64::from(ran.get())];
                Ok(Run { program, values, conditions: Conditions::default() })
            },
            &mut |_, _| Ok(false),
        )
        .unwrap();
        let kept: Vec<f64> = recording.runs.iter().map(|run| run.values[0]).collect();
        assert_eq!(kept, [1.0, 2.0, 3.0, 4.0, 9.0, 10.0, 11.0, 12.0]);
    }
}
