//! Adds profiles up.
//!
//! Go's tools add up samples, stack by stack. What the compiler makes of that is the sum of what it
//! makes of each, so we add edges up: memory is that of the edges.

use crate::edges::{EdgeMap, EdgeSum};
use crate::error::Error;
use crate::judge::{Judged, bounded};
use crate::policy::Policy;
use crate::report::{FileReport, share};
use crate::stored::{Stored, is_stored, read_stored};
use crate::unit::Unit;
use std::collections::BTreeMap;

/// A sum of profiles.
///
/// ```
/// # use honing_pprof::{Merger, Policy, Error};
/// # let file = b"honing go edges 1\nunit: samples/count\nperiod: 10000000\nedges: 1\nweight: 14\n\nfunc a\n3 14 b\n";
/// let mut merger = Merger::new(Policy::default());
/// merger.add(file, 2)?; // as if recorded twice
/// merger.add(file, 1)?;
/// let merged = merger.finish()?;
/// assert_eq!(merged.edges.weight(), 42);
/// assert_eq!(merged.summary.shares, [2.0 / 3.0, 1.0 / 3.0]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Merger {
    policy: Policy,
    sums: BTreeMap<Unit, EdgeSum>,
    inputs: Vec<Option<Input>>,
}

/// What an input added, times its weight.
#[derive(Debug, Clone, Copy)]
struct Input {
    unit: Unit,
    kept: u128,
    lost: u128,
}

/// A finished merge.
#[derive(Debug)]
pub struct Merged {
    /// The sum. In nanoseconds where the inputs differ in unit or in rate, else as they are.
    pub edges: EdgeMap,
    /// What went into it and what did not.
    pub summary: MergeSummary,
}

/// What went into a merge and what did not.
#[derive(Debug, Clone, PartialEq)]
pub struct MergeSummary {
    /// Files that were offered.
    pub files: u64,
    /// Files that were refused.
    pub set_aside: u64,
    /// Share of the merge's weight that each file has, 0 to 1, in the order of adding; 0 for one
    /// that was refused.
    pub shares: Vec<f64>,
    /// Unusable weight over all weight, 0 to 1. A file that was refused counts as much as the mean
    /// of the others.
    pub share_lost: f64,
}

impl Merger {
    /// An empty sum.
    pub fn new(policy: Policy) -> Merger {
        Merger { policy, sums: BTreeMap::new(), inputs: Vec::new() }
    }

    /// Adds a pprof or a stored profile, as if it had been recorded `weight` times (0 counts as 1).
    ///
    /// # Errors
    /// If the file is refused. The sum is as it was, and the file counts as set aside.
    pub fn add(&mut self, bytes: &[u8], weight: u64) -> Result<FileReport, Error> {
        let weight = weight.max(1);
        let added = self.read(bytes).and_then(|Judged { edges, report }| {
            self.sums.entry(edges.unit()).or_default().add_all(&edges, weight)?;
            Ok(report)
        });
        let times = |part: u128| part.saturating_mul(weight.into());
        let input = |report: &FileReport| Input {
            unit: report.unit,
            kept: times(report.weight.into()),
            lost: times(report.weight_lost()),
        };
        self.inputs.push(added.as_ref().ok().map(input));
        added
    }

    fn read(&self, bytes: &[u8]) -> Result<Judged, Error> {
        if !is_stored(bytes) {
            return crate::read(bytes, self.policy.max_bytes)?.judge(&self.policy);
        }
        let Stored { edges, .. } = read_stored(bytes, self.policy.max_bytes)?;
        if edges.is_empty() {
            return Err(Error::NoSamples);
        }
        let report = FileReport {
            unit: edges.unit(),
            samples: edges.len() as u64,
            cpu_nanos: 0,
            other_samples: 0,
            edges: edges.len() as u64,
            weight: edges.weight(),
            async_preempt: 0,
            time_nanos: 0,
            duration_nanos: 0,
            losses: Vec::new(),
        };
        Ok(Judged { edges, report })
    }

    /// The sum.
    ///
    /// # Errors
    /// Those of [`Merger::finish_anyway`], and [`Error::TooMuchLost`] if more weight was lost than
    /// the policy allows.
    pub fn finish(self) -> Result<Merged, Error> {
        let allowed = self.policy.max_lost_share;
        let merged = self.finish_anyway()?;
        let share = merged.summary.share_lost;
        if share > allowed {
            return Err(Error::TooMuchLost { share, allowed, losses: Vec::new() });
        }
        Ok(merged)
    }

    /// The sum, however much was lost.
    ///
    /// # Errors
    /// [`Error::Nothing`] if every file was refused, [`Error::Units`], [`Error::TooHeavy`], and
    /// [`Error::TooLarge`].
    pub fn finish_anyway(self) -> Result<Merged, Error> {
        let Merger { policy, sums, inputs } = self;
        // A file that is refused may leave an empty sum behind.
        let mut sums: Vec<(Unit, EdgeSum)> = sums.into_iter().filter(|(_, sum)| sum.weight() > 0).collect();
        let mixed = sums.len() > 1;
        let edges = match sums.pop() {
            None => return Err(Error::Nothing { files: inputs.len() as u64 }),
            Some((unit, sum)) if !mixed => sum.finish(unit),
            Some(last) => {
                sums.push(last);
                in_nanoseconds(sums)?
            }
        };
        bounded(&edges, &policy)?;
        let scale = |unit: Unit| if mixed { unit.nanoseconds().unwrap_or(1) } else { 1 };
        let summary = summary(&inputs, |input, part| part.saturating_mul(scale(input.unit).into()));
        Ok(Merged { edges, summary })
    }
}

/// The sum of sums in several units.
fn in_nanoseconds(sums: Vec<(Unit, EdgeSum)>) -> Result<EdgeMap, Error> {
    let mut all = EdgeSum::default();
    for (unit, sum) in sums {
        let each = unit.nanoseconds().ok_or(Error::Units)?;
        all.add_all(&sum.finish(unit), each)?;
    }
    Ok(all.finish(Unit::Nanoseconds))
}

fn summary(inputs: &[Option<Input>], scaled: impl Fn(&Input, u128) -> u128) -> MergeSummary {
    let sum = |part: fn(&Input) -> u128| {
        let parts = inputs.iter().flatten().map(|input| scaled(input, part(input)));
        parts.fold(0, u128::saturating_add)
    };
    let (kept, lost) = (sum(|input| input.kept), sum(|input| input.lost));
    let (files, read) = (inputs.len() as u128, inputs.iter().flatten().count() as u128);
    let set_aside = files - read;
    let estimated = kept.saturating_add(lost).saturating_mul(set_aside) / read.max(1);
    let lost = lost.saturating_add(estimated);
    let of =
        |input: &Option<Input>| input.as_ref().map_or(0.0, |input| share(scaled(input, input.kept), kept));
    MergeSummary {
        files: files as u64,
        set_aside: set_aside as u64,
        shares: inputs.iter().map(of).collect(),
        share_lost: share(lost, kept.saturating_add(lost)),
    }
}
