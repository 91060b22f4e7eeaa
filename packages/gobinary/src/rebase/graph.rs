//! The calls of a profile and of a program, with one number for each name.

use crate::edge::{Edge, Use};
use crate::part::{Part, split};
use crate::program::Program;
use crate::sites::Site;
use std::collections::HashMap;

/// A call of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Old {
    pub(super) caller: u32,
    pub(super) offset: i32,
    pub(super) callee: u32,
    pub(super) weight: u64,
    /// Whether a program can use it at all.
    pub(super) counts: bool,
}

/// Both sides. The program's names have the lowest numbers.
pub(super) struct Graph<'g, 'x> {
    pub(super) program: &'g Program<'x>,
    names: Vec<&'x str>,
    /// Numbers of names that the program does not have.
    added: HashMap<&'x str, u32>,
    in_profile: Vec<bool>,
    /// Weight of all calls that name a function.
    weights: Vec<u64>,
    /// Sorted by caller, line and callee.
    old: Vec<Old>,
    /// Indices of `old`, by callee.
    incoming: Vec<u32>,
    /// (callee, caller) of the program, sorted, each once.
    callers: Vec<(u32, u32)>,
}

impl<'g, 'x> Graph<'g, 'x> {
    pub(super) fn new(program: &'g Program<'x>, edges: &[Edge<'x>]) -> Self {
        let mut names = program.names.all().to_vec();
        let mut added: HashMap<&'x str, u32> = HashMap::new();
        let mut number = |name: &'x str| {
            program.names.number(name).unwrap_or_else(|| {
                *added.entry(name).or_insert_with(|| {
                    names.push(name);
                    names.len() as u32 - 1
                })
            })
        };
        let of = |edge: &Edge<'x>| Old {
            caller: number(edge.caller),
            callee: number(edge.callee),
            offset: edge.offset,
            weight: u64::try_from(edge.weight).unwrap_or_default(),
            counts: !matches!(program.judge(edge), Use::LeftOut(_)),
        };
        let mut old: Vec<Old> = edges.iter().map(of).collect();
        old.sort_unstable();
        let mut incoming: Vec<u32> = (0..old.len() as u32).collect();
        incoming.sort_by_key(|index| old.get(*index as usize).map(|old| old.callee));
        let (mut in_profile, mut weights) = (vec![false; names.len()], vec![0_u64; names.len()]);
        for (name, weight) in old.iter().flat_map(|old| [(old.caller, old.weight), (old.callee, old.weight)])
        {
            if let (Some(there), Some(sum)) =
                (in_profile.get_mut(name as usize), weights.get_mut(name as usize))
            {
                (*there, *sum) = (true, sum.saturating_add(weight));
            }
        }
        let named = program.sites.iter().filter_map(|site| Some((site.callee?, site.caller)));
        let mut callers: Vec<_> = named.collect();
        callers.sort_unstable();
        callers.dedup();
        Self { program, names, added, in_profile, weights, old, incoming, callers }
    }

    pub(super) fn name(&self, number: u32) -> &'x str {
        self.names.get(number as usize).copied().unwrap_or_default()
    }

    /// The function of the program with this name.
    pub(super) fn find(&self, name: &str) -> Option<u32> {
        self.program.names.number(name)
    }

    /// The function with this name, on either side.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.find(name).or_else(|| self.added.get(name).copied())
    }

    pub(super) fn in_program(&self, number: u32) -> bool {
        (number as usize) < self.program.names.all().len()
    }

    pub(super) fn in_profile(&self, number: u32) -> bool {
        self.in_profile.get(number as usize) == Some(&true)
    }

    pub(super) fn weight(&self, number: u32) -> u64 {
        self.weights.get(number as usize).copied().unwrap_or_default()
    }

    pub(super) fn part(&self, number: u32) -> Part {
        self.program.info.part(self.name(number))
    }

    pub(super) fn package(&self, number: u32) -> &'x str {
        split(self.name(number)).0
    }

    /// All numbers; the program's come first.
    pub(super) fn numbers(&self) -> std::ops::Range<u32> {
        0..self.names.len() as u32
    }

    /// The profile's functions that the program does not have, heaviest first.
    pub(super) fn missing(&self) -> Vec<u32> {
        let mut missing: Vec<u32> = self.numbers().filter(|number| !self.in_program(*number)).collect();
        missing.sort_by_key(|number| (std::cmp::Reverse(self.weight(*number)), self.name(*number)));
        missing
    }

    /// Functions of the profile that the compiler only makes now, to call others. Stacks never name such ones.
    pub(super) fn wrappers(&self) -> Vec<u32> {
        let made = self.program.functions.iter().filter(|function| function.wrapper);
        made.filter_map(|function| self.find(function.name)).filter(|one| self.in_profile(*one)).collect()
    }

    /// The profile's calls in a function.
    pub(super) fn calls_in(&self, caller: u32) -> &[Old] {
        between(&self.old, |old| old.caller.cmp(&caller))
    }

    /// The profile's calls of a function.
    pub(super) fn calls_of(&self, callee: u32) -> impl Iterator<Item = &Old> {
        let of = |index: &u32| self.old.get(*index as usize);
        between(&self.incoming, |index| of(index).map_or(0, |old| old.callee).cmp(&callee))
            .iter()
            .filter_map(of)
    }

    /// The program's calls in a function.
    pub(super) fn sites(&self, caller: u32) -> &'g [Site] {
        between(&self.program.sites, |site| site.caller.cmp(&caller))
    }

    /// The same on one line.
    pub(super) fn sites_at(&self, caller: u32, offset: i32) -> &'g [Site] {
        between(&self.program.sites, |site| (site.caller, site.offset).cmp(&(caller, offset)))
    }

    /// The program's callers of a function, by name.
    pub(super) fn callers(&self, callee: u32) -> &[(u32, u32)] {
        between(&self.callers, |pair| pair.0.cmp(&callee))
    }

    /// Whether the program has a call by name.
    pub(super) fn calls(&self, caller: u32, callee: u32) -> bool {
        self.callers.binary_search(&(callee, caller)).is_ok()
    }
}

/// The part of a sorted list that is equal.
fn between<T>(sorted: &[T], order: impl Fn(&T) -> std::cmp::Ordering) -> &[T] {
    let start = sorted.partition_point(|one| order(one).is_lt());
    let end = sorted.partition_point(|one| order(one).is_le());
    sorted.get(start..end).unwrap_or_default()
}
