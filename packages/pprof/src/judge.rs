//! What of a profile the compiler can use, and what it would take wrong or choke on in silence.

use crate::edges::{EdgeMap, EdgeSum};
use crate::error::{Error, shortened};
use crate::graph::{Graph, Named, Node};
use crate::policy::Policy;
use crate::profile::Profile;
use crate::report::{FileReport, Loss, LossKind, share};
use crate::unit::CPU;
use std::collections::BTreeMap;

/// The compiler reads lines of less than 64 KiB, with their end (`bufio.MaxScanTokenSize`).
const MAX_NAME: usize = (64 << 10) - 1;

/// Where a program is stopped to let others run. Its callers' lines have no call of it.
const ASYNC_PREEMPT: &str = "runtime.asyncPreempt";

/// What can be used of a profile.
#[derive(Debug)]
pub struct Judged {
    /// The edges that can be used.
    pub edges: EdgeMap,
    /// What was found, and what was left out.
    pub report: FileReport,
}

/// The losses of a profile.
#[derive(Default)]
struct Losses(BTreeMap<LossKind, (u64, u128)>);

impl Losses {
    fn add(&mut self, kind: LossKind, edges: u64, weight: u128) {
        let (sum_edges, sum_weight) = self.0.entry(kind).or_default();
        *sum_edges += edges;
        *sum_weight = sum_weight.saturating_add(weight);
    }

    fn weight(&self) -> u128 {
        self.0.values().map(|&(_, weight)| weight).fold(0, u128::saturating_add)
    }
}

impl Profile {
    /// Leaves out what is unusable and says so.
    ///
    /// # Errors
    /// If nothing can be used, or if the share of what cannot is more than the policy allows.
    pub fn judge(&self, policy: &Policy) -> Result<Judged, Error> {
        self.judge_types()?;
        if self.is_empty() {
            return Err(Error::NoSamples);
        }
        let (column, _) = self.column()?;
        let graph = Graph::new(self)?;
        if graph.edges.is_empty() && graph.negative.0 == 0 {
            return Err(Error::NoWeight { samples: self.len() as u64 });
        }
        if graph.start_lines == Some(false) {
            return Err(Error::NoStartLine);
        }
        let (kept, losses, async_preempt) = sort_out(&graph)?;
        let loss = |(&kind, &(edges, weight)): (&_, &(_, _))| Loss { kind, edges, weight };
        let losses: Vec<Loss> = losses.0.iter().map(loss).collect();
        let edges = kept.finish(graph.unit);
        let report = FileReport {
            unit: graph.unit,
            samples: self.len() as u64,
            cpu_nanos: self.sampled(column).saturating_mul(graph.unit.nanoseconds().unwrap_or(0)),
            other_samples: self.other_samples(column),
            edges: edges.len() as u64,
            weight: edges.weight(),
            async_preempt,
            time_nanos: self.time_nanos,
            duration_nanos: self.duration_nanos,
            losses,
        };
        let (share, allowed) = (report.share_lost(), policy.max_lost_share);
        if share > allowed || edges.is_empty() {
            return Err(Error::too_much(&report.losses, share, allowed, report.all()));
        }
        bounded(&edges, policy)?;
        Ok(Judged { edges, report })
    }

    /// Refuses counts of something else than CPU time.
    fn judge_types(&self) -> Result<(), Error> {
        if self.sample_types.is_empty() {
            return Ok(());
        }
        self.column()?;
        // A profiler of waiting counts samples, too, and says by another type of what.
        let time = |&(kind, unit): &(&str, &str)| unit == CPU.1 && kind != CPU.0;
        let other = self.sample_types().chain(self.period_type()).find(time);
        let cpu = self.sample_types().any(|words| words == CPU);
        match other {
            Some((kind, unit)) if !cpu => Err(Error::NotCpu { found: format!("{}/{unit}", shortened(kind)) }),
            _ => Ok(()),
        }
    }

    /// All that was counted, in the unit.
    fn sampled(&self, column: usize) -> u64 {
        let counted = (0..self.len()).map(|sample| self.values(sample).get(column).copied().unwrap_or(0));
        counted.map(|value| u64::try_from(value).unwrap_or(0)).fold(0, u64::saturating_add)
    }

    /// Samples with values, but none of CPU time.
    fn other_samples(&self, column: usize) -> u64 {
        let other = |&sample: &usize| {
            let values = self.values(sample);
            values.get(column) == Some(&0) && values.iter().any(|&value| value != 0)
        };
        (0..self.len()).filter(other).count() as u64
    }
}

/// Fails if the text of the edges is larger than the policy allows: few long names can make many
/// edges.
pub(crate) fn bounded(edges: &EdgeMap, policy: &Policy) -> Result<(), Error> {
    if edges.text_bytes() > policy.max_bytes {
        return Err(Error::TooLarge { what: "the text of the profile's edges", limit: policy.max_bytes });
    }
    Ok(())
}

/// What is kept and what is lost, and the weight of preemption that is kept.
fn sort_out(graph: &Graph<'_>) -> Result<(EdgeSum, Losses, u64), Error> {
    let names: Vec<Option<LossKind>> = graph.profile.strings.iter().map(|name| bad_name(name)).collect();
    let bad = |node: &Node| names.get(node.name as usize).copied().unwrap_or(Some(LossKind::Unnamed));
    let mut losses = Losses::default();
    let mut named = Named::new(graph);
    let mut preempted = Vec::new();
    for (&(caller, callee), &weight) in &graph.edges {
        let Some((from, to)) = graph.ends(caller, callee) else { continue };
        let names = [bad(from), bad(to)].into_iter().flatten().min();
        match names.or_else(|| bad_line(from)) {
            Some(kind) => losses.add(kind, 1, weight.into()),
            None if graph.profile.string(to.name) == ASYNC_PREEMPT => {
                preempted.push((caller, callee, weight))
            }
            None => named.add(caller, callee, weight)?,
        }
    }
    let (samples, sum) = graph.negative;
    if samples > 0 {
        losses.add(LossKind::Negative, samples, sum);
    }
    let weight: u128 = preempted.iter().map(|&(_, _, weight)| u128::from(weight)).sum();
    let all = weight.saturating_add(losses.weight()).saturating_add(named.sum.weight().into());
    if share(weight, all) > 0.5 {
        losses.add(LossKind::AsyncPreempt, preempted.len() as u64, weight);
        return Ok((named.sum, losses, 0));
    }
    for (caller, callee, weight) in preempted {
        named.add(caller, callee, weight)?;
    }
    Ok((named.sum, losses, u64::try_from(weight).unwrap_or(u64::MAX)))
}

/// Why no edge with this name can be used, if so.
fn bad_name(name: &str) -> Option<LossKind> {
    if name.len() > MAX_NAME {
        Some(LossKind::LongName)
    } else if name.contains(['\n', '\r']) {
        Some(LossKind::BrokenName)
    } else if name.contains("[...]") {
        Some(LossKind::ElidedGenerics)
    } else {
        None
    }
}

/// Why the compiler would take a wrong line for a call from here, if so.
fn bad_line(from: &Node) -> Option<LossKind> {
    if from.start_line == 0 {
        Some(LossKind::NoStartLine)
    } else if from.line == 0 {
        Some(LossKind::NoLine)
    } else {
        None
    }
}
