//! Closures with other numbers: the compiler counts them through their function, so that a new one renumbers those
//! behind it. A closure is known by the calls in it.

use crate::rebase::evidence::Fit;
use crate::rebase::graph::Graph;
use crate::rebase::mapping::Mapping;
use crate::rebase::packages::Moves;
use crate::rebase::report::Rule;
use crate::rebase::spelling::Spelled;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Closures of one function that are looked at.
const LOOKED_AT: usize = 64;

/// Closures of the program, by the function that has them.
pub(super) struct Closures<'x>(HashMap<&'x str, Vec<u32>>);

impl<'x> Closures<'x> {
    pub(super) fn of(graph: &Graph<'_, 'x>) -> Self {
        let mut all: HashMap<&str, Vec<u32>> = HashMap::new();
        for number in graph.numbers().filter(|number| graph.in_program(*number)) {
            let name = Spelled::new(graph.name(number));
            if !name.closure.is_empty() {
                all.entry(name.root).or_default().push(number);
            }
        }
        Self(all)
    }

    /// Pairs the closures of each function.
    pub(super) fn pair(&self, graph: &Graph<'_, 'x>, mapping: &mut Mapping, moves: &Moves<'_>) {
        let mut families: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for number in graph.numbers().filter(|number| graph.in_profile(*number)) {
            let name = Spelled::new(graph.name(number));
            if !name.closure.is_empty() {
                families.entry(name.root).or_default().push(number);
            }
        }
        for (root, old) in families {
            let known = graph.number(root).and_then(|number| mapping.get(graph, number));
            let (now, rule) = match known {
                Some((number, rule)) => (graph.name(number).to_owned(), rule),
                // A function that is inlined everywhere may have no name.
                None => (moves.apply(root).unwrap_or_else(|| root.to_owned()), Rule::Package),
            };
            if let Some(new) = self.0.get(now.as_str()).filter(|new| new.len() <= LOOKED_AT) {
                pair_family(graph, mapping, &old, (&now, rule), new);
            }
        }
    }
}

fn pair_family(graph: &Graph<'_, '_>, mapping: &mut Mapping, old: &[u32], root: (&str, Rule), new: &[u32]) {
    let (root, rule) = root;
    let mut used: BTreeSet<u32> = BTreeSet::new();
    let mut left: Vec<u32> = Vec::new();
    for closure in old {
        let same = graph.find(&format!("{root}{}", Spelled::new(graph.name(*closure)).closure));
        match same.filter(|same| !Fit::of(graph, mapping, *closure, *same).is_against()) {
            Some(same) => {
                used.insert(same);
                if same != *closure {
                    mapping.set(*closure, same, rule);
                }
            }
            None => left.push(*closure),
        }
    }
    let free: Vec<u32> = new.iter().copied().filter(|one| !used.contains(one)).collect();
    let fits = |closure: &u32| best(graph, mapping, *closure, &free);
    let found: Vec<(u32, Option<u32>)> = left.iter().map(|closure| (*closure, fits(closure))).collect();
    for (closure, now) in &found {
        let wanted = |one: &u32| found.iter().filter(|(_, other)| other.as_ref() == Some(one)).count();
        match now.filter(|now| wanted(now) == 1) {
            Some(now) => mapping.set(*closure, now, Rule::Closure),
            // One that kept its name stays as it is, with the calls that it has lost.
            None if graph.in_program(*closure) => {}
            None => {
                mapping.unsure.insert(*closure);
            }
        }
    }
}

/// The closure that has most of the calls, if one is clearly the best.
fn best(graph: &Graph<'_, '_>, mapping: &Mapping, closure: u32, free: &[u32]) -> Option<u32> {
    let fits = free.iter().map(|one| (Fit::of(graph, mapping, closure, *one), *one));
    let mut fits: Vec<(Fit, u32)> =
        fits.filter(|(fit, _)| fit.known > 0 && fit.shared * 2 >= fit.known).collect();
    fits.sort_by_key(|(fit, one)| (std::cmp::Reverse((fit.shared, fit.exact)), *one));
    match fits.as_slice() {
        [(_, only)] => Some(*only),
        [(first, one), (second, _), ..] if (first.shared, first.exact) > (second.shared, second.exact) => {
            Some(*one)
        }
        _ => None,
    }
}
