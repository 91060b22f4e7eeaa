//! What of a profile the compiler can use, and what it would take wrong or choke on in silence.

use crate::edges::{EdgeMap, EdgeSum};
use crate::error::Error;
use crate::graph::{Graph, Node};
use crate::policy::Policy;
use crate::profile::Profile;
use crate::report::{FileReport, Loss, LossKind, share};
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

/// The parts of a profile that are told apart.
#[derive(Default)]
struct Parts {
    kept: EdgeSum,
    async_preempt: Vec<(u32, u32, u64)>,
    losses: BTreeMap<LossKind, (u64, u128)>,
}

impl Parts {
    fn lose(&mut self, kind: LossKind, edges: u64, weight: u128) {
        let (sum_edges, sum_weight) = self.losses.entry(kind).or_default();
        *sum_edges += edges;
        *sum_weight = sum_weight.saturating_add(weight);
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
        if !graph.start_lines && !graph.edges.is_empty() {
            return Err(Error::NoStartLine);
        }
        let (parts, async_preempt) = sort_out(&graph)?;
        let loss = |(&kind, &(edges, weight)): (&_, &(_, _))| Loss { kind, edges, weight };
        let losses: Vec<Loss> = parts.losses.iter().map(loss).collect();
        let edges = parts.kept.finish(graph.unit);
        let report = FileReport {
            unit: graph.unit,
            samples: self.len() as u64,
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
        let cpu = self.sample_types.iter().any(|value| value.is("cpu", "nanoseconds"));
        let time = |value: &&crate::ValueType| value.unit == "nanoseconds" && value.kind != "cpu";
        match self.sample_types.iter().chain(&self.period_type).find(time) {
            Some(_) if !cpu => Err(Error::NotCpu { found: self.types() }),
            _ => Ok(()),
        }
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
fn sort_out(graph: &Graph<'_>) -> Result<(Parts, u64), Error> {
    let mut parts = Parts::default();
    for (&(caller, callee), &weight) in &graph.edges {
        let Some((from, to)) = graph.ends(caller, callee) else { continue };
        let (name, callee_name) = (graph.profile.string(from.name), graph.profile.string(to.name));
        match unusable(from, name, callee_name) {
            Some(kind) => parts.lose(kind, 1, weight.into()),
            None if callee_name == ASYNC_PREEMPT => parts.async_preempt.push((caller, callee, weight)),
            None => graph.add(&mut parts.kept, caller, callee, weight)?,
        }
    }
    let (samples, sum) = graph.negative;
    if samples > 0 {
        parts.lose(LossKind::Negative, samples, sum);
    }
    let preempted = std::mem::take(&mut parts.async_preempt);
    let weight: u128 = preempted.iter().map(|&(_, _, weight)| u128::from(weight)).sum();
    let lost: u128 = parts.losses.values().map(|&(_, weight)| weight).fold(0, u128::saturating_add);
    let all = weight.saturating_add(lost).saturating_add(parts.kept.weight().into());
    if share(weight, all) > 0.5 {
        parts.lose(LossKind::AsyncPreempt, preempted.len() as u64, weight);
        return Ok((parts, 0));
    }
    for (caller, callee, weight) in preempted {
        graph.add(&mut parts.kept, caller, callee, weight)?;
    }
    Ok((parts, u64::try_from(weight).unwrap_or(u64::MAX)))
}

/// Why an edge is unusable, if it is.
fn unusable(from: &Node, caller: &str, callee: &str) -> Option<LossKind> {
    let either = |is: fn(&str) -> bool| is(caller) || is(callee);
    if either(str::is_empty) {
        Some(LossKind::Unnamed)
    } else if either(|name| name.len() > MAX_NAME) {
        Some(LossKind::LongName)
    } else if either(|name| name.contains(['\n', '\r'])) {
        Some(LossKind::BrokenName)
    } else if either(|name| name.contains("[...]")) {
        Some(LossKind::ElidedGenerics)
    } else if from.start_line == 0 {
        Some(LossKind::NoStartLine)
    } else if from.line == 0 {
        Some(LossKind::NoLine)
    } else {
        None
    }
}
