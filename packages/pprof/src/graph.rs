//! From samples to edges, as Go's compiler does it (`internal/profile` and `cmd/internal/pgo`): only
//! the innermost frame and its caller count, with what is inlined into them.

use crate::edges::{EdgeMap, EdgeSum};
use crate::error::{Error, shortened};
use crate::profile::{Line, NONE, Profile, part};
use crate::unit::{CPU, SAMPLES, Unit};
use std::collections::HashMap;

/// No compiler inlines so deep on average; more is made to take time.
const MAX_FRAMES: usize = 128;

/// A place in the code, as the compiler tells places apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    /// Index of the function's name, or [`NONE`].
    pub(crate) name: u32,
    pub(crate) address: u64,
    pub(crate) start_line: i64,
    pub(crate) line: i64,
}

impl Node {
    /// The line that the compiler looks for, from where the function begins.
    pub(crate) fn offset(&self) -> i64 {
        self.line.wrapping_sub(self.start_line)
    }
}

/// The edges between places, before they are joined by name.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) unit: Unit,
    pub(crate) nodes: Vec<Node>,
    /// Weight by caller and callee, as indices of nodes.
    pub(crate) edges: HashMap<(u32, u32), u64>,
    /// Whether any place with a weight has a start_line; unknown where none has a weight.
    pub(crate) start_lines: Option<bool>,
    /// Samples with a negative value, and the sum of these.
    pub(crate) negative: (u64, u128),
}

impl Profile {
    /// The edges that the compiler makes of the profile, usable or not. A profile without samples, or
    /// with zeroes alone, gives none (Go before 1.27 refuses the zeroes, as if a start_line were missing).
    ///
    /// Samples with a negative value, which no profiler writes, are left out.
    ///
    /// # Errors
    /// What the compiler itself refuses: no CPU samples, no start_line at all.
    pub fn edges(&self) -> Result<EdgeMap, Error> {
        if self.is_empty() {
            return Ok(EdgeSum::default().finish(Unit::Nanoseconds));
        }
        let graph = Graph::new(self)?;
        if graph.start_lines == Some(false) {
            return Err(Error::NoStartLine);
        }
        let mut named = Named::new(&graph);
        for (&(caller, callee), &weight) in &graph.edges {
            named.add(caller, callee, weight)?;
        }
        Ok(named.sum.finish(graph.unit))
    }

    /// Which value of a sample the compiler reads, and what it counts.
    pub(crate) fn column(&self) -> Result<(usize, Unit), Error> {
        let read = |words: (&str, &str)| [SAMPLES, CPU].contains(&words);
        let Some((index, words)) = self.sample_types().enumerate().find(|&(_, words)| read(words)) else {
            return Err(Error::SampleTypes { found: self.types() });
        };
        let counts = words == SAMPLES;
        let of_time = self.period_type() == Some(CPU);
        let period = if of_time { u64::try_from(self.period).unwrap_or(0) } else { 0 };
        Ok((index, if counts { Unit::Samples { period } } else { Unit::Nanoseconds }))
    }

    /// The types of samples, for a message.
    pub(crate) fn types(&self) -> String {
        let both = |(kind, unit)| format!("{}/{}", shortened(kind), shortened(unit));
        let words: Vec<String> = self.sample_types().take(8).map(both).collect();
        shortened(&words.join(", "))
    }
}

impl<'a> Graph<'a> {
    pub(crate) fn new(profile: &'a Profile) -> Result<Graph<'a>, Error> {
        let (column, unit) = profile.column()?;
        let places = Places::new(profile);
        let mut negative = (0_u64, 0_u128);
        let pairs = innermost(profile, column, &mut negative)?;
        let budget = MAX_FRAMES * pairs.len() + profile.lines.len();
        let mut edges = HashMap::new();
        let (mut frames, mut start_lines, mut seen) = (0, None, Vec::new());
        for (&(caller, leaf), &weight) in &pairs {
            let outer = places.of(caller);
            let inner = places.of(leaf);
            frames += outer.len() + inner.len();
            if frames > budget {
                return Err(Error::TooDeep);
            }
            seen.clear();
            let mut parent = None;
            for &node in outer.iter().rev().chain(inner.iter().rev()) {
                let starts = places.nodes.get(node as usize).is_some_and(|node| node.start_line != 0);
                start_lines = Some(starts || start_lines == Some(true));
                seen.extend(parent.filter(|&parent| parent != node).map(|parent| (parent, node)));
                parent = Some(node);
            }
            // An edge counts once in a sample.
            seen.sort_unstable();
            seen.dedup();
            for &edge in &seen {
                let sum = edges.entry(edge).or_insert(0_u64);
                *sum = sum.checked_add(weight).ok_or(Error::TooHeavy)?;
            }
        }
        Ok(Graph { profile, unit, nodes: places.nodes, edges, start_lines, negative })
    }

    /// Caller and callee of an edge.
    pub(crate) fn ends(&self, caller: u32, callee: u32) -> Option<(&Node, &Node)> {
        self.nodes.get(caller as usize).zip(self.nodes.get(callee as usize))
    }
}

/// Edges of a graph, added up by name.
pub(crate) struct Named<'a> {
    graph: &'a Graph<'a>,
    pub(crate) sum: EdgeSum,
    /// The sum's number of each string of the profile: a long one is looked at once.
    numbers: Vec<u32>,
    /// The sum's number of no name.
    unnamed: u32,
}

impl<'a> Named<'a> {
    pub(crate) fn new(graph: &'a Graph<'a>) -> Named<'a> {
        let mut sum = EdgeSum::default();
        let numbers = graph.profile.strings.iter().map(|name| sum.name(name)).collect();
        let unnamed = sum.name("");
        Named { graph, sum, numbers, unnamed }
    }

    /// Adds an edge between places.
    pub(crate) fn add(&mut self, caller: u32, callee: u32, weight: u64) -> Result<(), Error> {
        let Some((from, to)) = self.graph.ends(caller, callee) else { return Ok(()) };
        let number = |name: u32| self.numbers.get(name as usize).copied().unwrap_or(self.unnamed);
        self.sum.add(number(from.name), number(to.name), from.offset(), weight)
    }
}

/// Weight by the locations of caller and leaf; [`NONE`] where a sample has one location only.
fn innermost(
    profile: &Profile,
    column: usize,
    negative: &mut (u64, u128),
) -> Result<HashMap<(u32, u32), u64>, Error> {
    let mut pairs = HashMap::new();
    for sample in 0..profile.len() {
        let value = profile.values(sample).get(column).copied().unwrap_or(0);
        let Ok(weight) = u64::try_from(value) else {
            *negative = (negative.0 + 1, negative.1 + u128::from(value.unsigned_abs()));
            continue;
        };
        let stack = profile.stack(sample);
        let Some(&leaf) = stack.first().filter(|_| weight > 0) else { continue };
        let caller = stack.get(1).copied().unwrap_or(NONE);
        let sum = pairs.entry((caller, leaf)).or_insert(0_u64);
        *sum = sum.checked_add(weight).ok_or(Error::TooHeavy)?;
    }
    Ok(pairs)
}

/// The places of each location.
struct Places {
    nodes: Vec<Node>,
    /// Indices of nodes, location after location, innermost inlined function first.
    of_locations: Vec<u32>,
    ends: Vec<u32>,
}

impl Places {
    fn new(profile: &Profile) -> Places {
        let mut places = Places { nodes: Vec::new(), of_locations: Vec::new(), ends: Vec::new() };
        let mut known = HashMap::new();
        for (index, location) in profile.locations.iter().enumerate() {
            let lines = profile.lines_of(index);
            let unknown = [Line { function: NONE, line: 0 }];
            for line in if lines.is_empty() { &unknown } else { lines } {
                let node = match profile.functions.get(line.function as usize) {
                    None => Node { name: NONE, address: location.address, start_line: 0, line: 0 },
                    Some(function) => Node {
                        name: function.name,
                        address: location.address,
                        start_line: function.start_line,
                        line: line.line,
                    },
                };
                let number = *known.entry(node).or_insert_with(|| {
                    places.nodes.push(node);
                    places.nodes.len() as u32 - 1
                });
                places.of_locations.push(number);
            }
            places.ends.push(places.of_locations.len() as u32);
        }
        places
    }

    fn of(&self, location: u32) -> &[u32] {
        if location == NONE {
            return &[];
        }
        part(&self.of_locations, |at| self.ends.get(at).copied(), location as usize)
    }
}
