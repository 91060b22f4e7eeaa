//! Every edge, under its new names and on its new line, or left behind with the reason.

use crate::edge::{Edge, Use};
use crate::part::package;
use crate::rebase::chain::Place;
use crate::rebase::evidence::is_other;
use crate::rebase::graph::{Graph, Old};
use crate::rebase::lines::{Placed, place};
use crate::rebase::mapping::Mapping;
use crate::rebase::report::{LeftBehind, Rebased, Rename, Rule, Unplaced};
use std::collections::{BTreeMap, HashMap};

/// Carries all edges over.
pub(super) fn carry<'x>(graph: &Graph<'_, 'x>, mapping: &Mapping, budget: &mut u64) -> Rebased<'x> {
    let mut callers: Vec<u32> = graph.numbers().filter(|one| !graph.calls_in(*one).is_empty()).collect();
    // The budget is the heaviest ones' first.
    callers.sort_by_key(|caller| (std::cmp::Reverse(graph.weight(*caller)), graph.name(*caller)));
    let mut carrier =
        Carrier { graph, mapping, out: Rebased::default(), used: HashMap::new(), other: HashMap::new() };
    for caller in callers {
        match mapping.get(graph, caller) {
            Some((now, rule)) => {
                for placed in place(graph, mapping, caller, now, budget) {
                    carrier.edge(&placed, now, rule);
                }
            }
            None => {
                let why = carrier.why_missing(caller);
                graph.calls_in(caller).iter().for_each(|old| carrier.leave(old, why));
            }
        }
    }
    let Carrier { mut out, used, .. } = carrier;
    out.renames = renames(graph, mapping, &used);
    finish(&mut out);
    out
}

struct Carrier<'c, 'g, 'x> {
    graph: &'c Graph<'g, 'x>,
    mapping: &'c Mapping,
    out: Rebased<'x>,
    /// Weight that was carried over for functions with other names.
    used: HashMap<u32, u64>,
    /// Whether functions have others' bodies, of those that were asked about.
    other: HashMap<u32, bool>,
}

impl<'x> Carrier<'_, '_, 'x> {
    fn edge(&mut self, (old, callee, place): &Placed, now: u32, rule: Rule) {
        let Some(callee) = *callee else { return self.leave(old, self.why_missing(old.callee)) };
        let line = match *place {
            Place::At(line) => line,
            Place::Unsure => return self.leave(old, Unplaced::AmbiguousCall),
            Place::Gone => return self.leave(old, Unplaced::NoCall),
        };
        let shifted = if line == old.offset { Rule::Exact } else { Rule::Shifted };
        let of_callee = self.mapping.get(self.graph, old.callee).map_or(Rule::Exact, |(_, rule)| rule);
        // What looks like a moved call may be a swap of names.
        if shifted == Rule::Shifted && (self.is_other(callee) || self.is_other(now)) {
            return self.leave(old, Unplaced::OtherBody);
        }
        let edge = Edge {
            caller: self.graph.name(now),
            callee: self.graph.name(callee),
            offset: line,
            weight: weight(old),
        };
        match self.graph.program.judge(&edge) {
            Use::Lost(_) => self.leave(old, Unplaced::NoCall),
            _ if !old.counts => self.out.edges.push(edge),
            _ => {
                self.count(old, rule.max(of_callee).max(shifted));
                self.out.edges.push(edge);
            }
        }
    }

    fn count(&mut self, old: &Old, rule: Rule) {
        self.out.count += 1;
        self.out.carried += 1;
        self.out.weight = self.out.weight.saturating_add(old.weight);
        if let Some(sum) = self.out.by_rule.get_mut(rule as usize) {
            *sum = sum.saturating_add(old.weight);
        }
        let ends = if old.caller == old.callee { vec![old.caller] } else { vec![old.caller, old.callee] };
        for end in ends {
            let sum = self.used.entry(end).or_default();
            *sum = sum.saturating_add(old.weight);
        }
    }

    /// What no compiler can use stays as it is, so that shares of the weight stay the same.
    fn leave(&mut self, old: &Old, why: Unplaced) {
        let edge = Edge {
            caller: self.graph.name(old.caller),
            callee: self.graph.name(old.callee),
            offset: old.offset,
            weight: weight(old),
        };
        if old.counts {
            self.out.count += 1;
            self.out.weight = self.out.weight.saturating_add(old.weight);
            self.out.left.push(LeftBehind { edge, why });
        } else {
            self.out.edges.push(edge);
        }
    }

    fn why_missing(&self, function: u32) -> Unplaced {
        if self.mapping.unsure.contains(&function) { Unplaced::Ambiguous } else { Unplaced::Gone }
    }

    fn is_other(&mut self, function: u32) -> bool {
        let (graph, mapping) = (self.graph, self.mapping);
        graph.in_profile(function)
            && *self.other.entry(function).or_insert_with(|| is_other(graph, mapping, function))
    }
}

fn weight(old: &Old) -> i64 {
    i64::try_from(old.weight).unwrap_or(i64::MAX)
}

/// Names that changed and carried weight. A package is told once, and not each of its functions.
fn renames(graph: &Graph<'_, '_>, mapping: &Mapping, used: &HashMap<u32, u64>) -> Vec<Rename> {
    let mut all: BTreeMap<(String, String, Rule), u64> = BTreeMap::new();
    for (old, new, rule) in mapping.renamed() {
        let (from, to) = (graph.name(old), graph.name(new));
        let key = match rule {
            Rule::Package => (package(from).into_owned(), package(to).into_owned(), rule),
            _ => (from.to_owned(), to.to_owned(), rule),
        };
        let sum = all.entry(key).or_default();
        *sum = sum.saturating_add(used.get(&old).copied().unwrap_or_default());
    }
    // Functions of other packages have only type arguments with new paths.
    let changed = all.into_iter().filter(|((from, to, _), weight)| from != to && *weight > 0);
    let mut renames: Vec<Rename> =
        changed.map(|((from, to, rule), weight)| Rename { from, to, rule, weight }).collect();
    renames.sort_by(|a, b| b.weight.cmp(&a.weight).then_with(|| a.from.cmp(&b.from)));
    renames
}

/// Sorts, and adds up what became one edge.
fn finish(out: &mut Rebased<'_>) {
    let key = |edge: &Edge<'_>| (edge.weight, edge.offset);
    out.left.sort_by(|a, b| b.edge.weight.cmp(&a.edge.weight).then_with(|| a.edge.cmp(&b.edge)));
    out.edges.sort_by(|a, b| (a.caller, a.callee, key(a).1).cmp(&(b.caller, b.callee, key(b).1)));
    out.edges.dedup_by(|next, kept| {
        let same = (next.caller, next.callee, next.offset) == (kept.caller, kept.callee, kept.offset);
        if same {
            kept.weight = kept.weight.saturating_add(next.weight);
        }
        same
    });
}
