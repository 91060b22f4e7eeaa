//! The edges that the compiler uses: who calls whom at which line of the caller, and how often.

use crate::error::Error;
use crate::unit::Unit;
use std::cmp::Reverse;
use std::collections::HashMap;

/// First line of the text that `go tool preprofile` writes.
pub(crate) const PREPROFILE: &str = "GO PREPROFILE V1\n";

/// Share of the weight that the compiler's hot calls have, in percent.
const HOT_PERCENT: f64 = 99.0;

/// The compiler sums weights in 64 bits with a sign.
pub(crate) const MAX_WEIGHT: u64 = i64::MAX.cast_unsigned();

/// A call, as the compiler looks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edge<'a> {
    /// The caller, by the linker's name.
    pub caller: &'a str,
    /// The callee, by the linker's name.
    pub callee: &'a str,
    /// Line of the call, counted from the line where the caller begins. Negative where `//line`
    /// directives make it so.
    pub offset: i64,
    /// How often, in the map's unit.
    pub weight: u64,
}

/// An edge with numbers for names. The field order is the order of edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Numbered {
    pub(crate) caller: u32,
    pub(crate) callee: u32,
    pub(crate) offset: i64,
    pub(crate) weight: u64,
}

/// All edges of a profile, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeMap {
    unit: Unit,
    weight: u64,
    /// Sorted, each once.
    names: Vec<Box<str>>,
    /// Sorted by caller, callee, offset.
    edges: Vec<Numbered>,
}

impl EdgeMap {
    /// What a weight counts.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Sum of all weights.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// How many edges there are.
    pub fn len(&self) -> usize {
        self.edges.len()
    }

    /// Whether there is no edge.
    pub fn is_empty(&self) -> bool {
        self.edges.is_empty()
    }

    /// The edges, by caller, callee and offset.
    pub fn iter(&self) -> impl Iterator<Item = Edge<'_>> {
        self.edges.iter().map(|edge| self.named(edge))
    }

    /// The edges, heaviest first; edges of one weight by caller, callee and offset.
    pub fn by_weight(&self) -> Vec<Edge<'_>> {
        let mut edges: Vec<&Numbered> = self.edges.iter().collect();
        edges.sort_by_key(|edge| Reverse(edge.weight));
        edges.into_iter().map(|edge| self.named(edge)).collect()
    }

    /// The edges that the compiler takes for hot: the heaviest, until they have more than 99 % of
    /// the weight. A call site is hot by caller and offset, whoever the callee is.
    pub fn hot(&self) -> Vec<Edge<'_>> {
        let mut edges = self.by_weight();
        let mut sum = 0;
        let passes = edges.iter().position(|edge| {
            sum += edge.weight;
            // In the compiler's own arithmetic, because the last edge depends on it.
            sum as f64 / self.weight as f64 * 100.0 > HOT_PERCENT
        });
        edges.truncate(passes.map_or(edges.len(), |last| last + 1));
        edges
    }

    /// Other edges of the same unit. Equal ones are added up.
    ///
    /// # Errors
    /// If their weights are more than the compiler can add up.
    pub fn with_edges<'e>(&self, edges: impl IntoIterator<Item = Edge<'e>>) -> Result<EdgeMap, Error> {
        let mut sum = EdgeSum::default();
        for Edge { caller, callee, offset, weight } in edges {
            let (caller, callee) = (sum.name(caller), sum.name(callee));
            sum.add(caller, callee, offset, weight)?;
        }
        Ok(sum.finish(self.unit))
    }

    pub(crate) fn named(&self, edge: &Numbered) -> Edge<'_> {
        let name = |index: u32| self.names.get(index as usize).map_or("", |name| name);
        let &Numbered { caller, callee, offset, weight } = edge;
        Edge { caller: name(caller), callee: name(callee), offset, weight }
    }

    /// The names, sorted, each once.
    pub(crate) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The edges with indices into [`EdgeMap::names`].
    pub(crate) fn numbered(&self) -> &[Numbered] {
        &self.edges
    }

    /// Bytes that the edges have as text, about.
    pub(crate) fn text_bytes(&self) -> u64 {
        let length = |edge: Edge<'_>| (edge.caller.len() + edge.callee.len()) as u64 + 24;
        self.iter().map(length).fold(0, u64::saturating_add)
    }
}

/// Adds edges up.
#[derive(Debug, Clone, Default)]
pub(crate) struct EdgeSum {
    names: HashMap<Box<str>, u32>,
    edges: HashMap<(u32, u32, i64), u64>,
    weight: u64,
}

impl EdgeSum {
    /// The sum of all weights.
    pub(crate) fn weight(&self) -> u64 {
        self.weight
    }

    /// The number of a name.
    pub(crate) fn name(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.names.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.insert(name.into(), number);
        number
    }

    /// Adds an edge between numbers of names.
    pub(crate) fn add(&mut self, caller: u32, callee: u32, offset: i64, weight: u64) -> Result<(), Error> {
        let sum = self.weight.checked_add(weight).filter(|&sum| sum <= MAX_WEIGHT);
        self.weight = sum.ok_or(Error::TooHeavy)?;
        // No edge weighs more than all of them.
        *self.edges.entry((caller, callee, offset)).or_default() += weight;
        Ok(())
    }

    /// Adds all edges of a map, `times` over. Nothing is added where not all can be.
    pub(crate) fn add_all(&mut self, map: &EdgeMap, times: u64) -> Result<(), Error> {
        let more = map.weight.checked_mul(times).and_then(|more| more.checked_add(self.weight));
        if more.is_none_or(|sum| sum > MAX_WEIGHT) {
            return Err(Error::TooHeavy);
        }
        let names: Vec<u32> = map.names.iter().map(|name| self.name(name)).collect();
        let number = |index: u32| names.get(index as usize).copied().unwrap_or_default();
        for edge in &map.edges {
            self.add(number(edge.caller), number(edge.callee), edge.offset, edge.weight * times)?;
        }
        Ok(())
    }

    /// The sum, sorted.
    pub(crate) fn finish(self, unit: Unit) -> EdgeMap {
        let mut used = vec![false; self.names.len()];
        for &(caller, callee, _) in self.edges.keys() {
            [caller, callee].into_iter().for_each(|name| {
                if let Some(used) = used.get_mut(name as usize) {
                    *used = true;
                }
            });
        }
        let is_used = |number: u32| used.get(number as usize) == Some(&true);
        let mut names: Vec<(Box<str>, u32)> =
            self.names.into_iter().filter(|&(_, number)| is_used(number)).collect();
        names.sort_unstable();
        let mut sorted = vec![0; used.len()];
        for (index, &(_, number)) in names.iter().enumerate() {
            if let Some(place) = sorted.get_mut(number as usize) {
                *place = index as u32;
            }
        }
        let place = |number: u32| sorted.get(number as usize).copied().unwrap_or_default();
        let edge = |((caller, callee, offset), weight)| Numbered {
            caller: place(caller),
            callee: place(callee),
            offset,
            weight,
        };
        let mut edges: Vec<Numbered> = self.edges.into_iter().map(edge).collect();
        edges.sort_unstable();
        let names = names.into_iter().map(|(name, _)| name).collect();
        EdgeMap { unit, weight: self.weight, names, edges }
    }
}
