//! What the profile's functions are called in the program.

use crate::rebase::graph::Graph;
use crate::rebase::report::Rule;
use std::collections::{HashMap, HashSet};

/// A function's number in the profile, to its number in the program.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    to: HashMap<u32, (u32, Rule)>,
    /// What of the program is taken.
    taken: HashSet<u32>,
    /// Several fit them.
    pub(super) unsure: HashSet<u32>,
}

impl Mapping {
    /// What a function is now.
    pub(super) fn get(&self, graph: &Graph<'_, '_>, old: u32) -> Option<(u32, Rule)> {
        self.to.get(&old).copied().or_else(|| graph.in_program(old).then_some((old, Rule::Exact)))
    }

    /// The same, without what showed it.
    pub(super) fn number(&self, graph: &Graph<'_, '_>, old: u32) -> Option<u32> {
        self.get(graph, old).map(|(new, _)| new)
    }

    /// Whether a function of the program can be what one of the profile became: the profile has not seen it.
    pub(super) fn is_free(&self, graph: &Graph<'_, '_>, new: u32) -> bool {
        graph.in_program(new) && !graph.in_profile(new) && !self.taken.contains(&new)
    }

    pub(super) fn set(&mut self, old: u32, new: u32, rule: Rule) {
        self.to.insert(old, (new, rule));
        self.taken.insert(new);
        self.unsure.remove(&old);
    }

    /// All that have another name now, sorted.
    pub(super) fn renamed(&self) -> Vec<(u32, u32, Rule)> {
        let mut all: Vec<_> = self.to.iter().map(|(old, (new, rule))| (*old, *new, *rule)).collect();
        all.sort_unstable();
        all
    }
}
