//! Where the calls of one function stand now.

use crate::rebase::chain::{Item, Place, align};
use crate::rebase::graph::{Graph, Old};
use crate::rebase::mapping::Mapping;
use crate::rebase::spelling::Spelled;
use crate::sites::Kind;
use std::collections::HashMap;

/// The lines of a function of the program that call something.
struct Body {
    named: HashMap<u32, Vec<i32>>,
    interface: Vec<i32>,
    value: Vec<i32>,
}

impl Body {
    fn of(graph: &Graph<'_, '_>, caller: u32) -> Self {
        let mut body = Self { named: HashMap::new(), interface: Vec::new(), value: Vec::new() };
        for site in graph.sites(caller) {
            let lines = match (site.callee, site.kind) {
                (Some(callee), _) => body.named.entry(callee).or_default(),
                (None, Kind::Interface) => &mut body.interface,
                (None, _) => &mut body.value,
            };
            // Sites are in order of their lines.
            if lines.last() != Some(&site.offset) {
                lines.push(site.offset);
            }
        }
        body
    }

    /// The lines that can call a function. What is called by name is not looked for among indirect calls.
    fn lines(&self, graph: &Graph<'_, '_>, callee: u32) -> &[i32] {
        if let Some(lines) = self.named.get(&callee) {
            return lines;
        }
        let is_method = is_method(graph, callee);
        if is_method && !self.interface.is_empty() {
            &self.interface
        } else if is_method || is_closure(graph, callee) || graph.callers(callee).is_empty() {
            &self.value
        } else {
            &[]
        }
    }
}

fn is_method(graph: &Graph<'_, '_>, function: u32) -> bool {
    !Spelled::new(graph.name(function)).receiver.is_empty() && !is_closure(graph, function)
}

fn is_closure(graph: &Graph<'_, '_>, function: u32) -> bool {
    !Spelled::new(graph.name(function)).closure.is_empty()
}

/// A call of the profile, the function that is called, as far as it is known, and its line now.
pub(super) type Placed = (Old, Option<u32>, Place);

/// Places the profile's calls in a function that is `now` in the program.
pub(super) fn place(
    graph: &Graph<'_, '_>,
    mapping: &Mapping,
    caller: u32,
    now: u32,
    budget: &mut u64,
) -> Vec<Placed> {
    let body = Body::of(graph, now);
    let callee = |old: &Old| if old.callee == caller { Some(now) } else { mapping.number(graph, old.callee) };
    let mut known: Vec<(Old, u32)> = Vec::new();
    let mut placed: Vec<Placed> = Vec::new();
    for old in graph.calls_in(caller) {
        match callee(old) {
            Some(callee) => known.push((*old, callee)),
            None => placed.push((*old, None, Place::Gone)),
        }
    }
    let stands = |old: &Old, callee: u32| {
        let mut calls = graph.sites_at(now, old.offset).iter().map(|site| site.callee);
        // As in the match, any indirect call can be it, unless it is called by name.
        let by_name = body.named.contains_key(&callee);
        calls.any(|site| site == Some(callee) || (site.is_none() && !by_name))
    };
    if known.iter().filter(|(old, _)| old.counts).all(|(old, callee)| stands(old, *callee)) {
        placed.extend(known.into_iter().map(|(old, callee)| {
            (old, Some(callee), if stands(&old, callee) { Place::At(old.offset) } else { Place::Gone })
        }));
        return placed;
    }
    known.sort_by_cached_key(|(old, callee)| {
        (old.offset, body.lines(graph, *callee).first().copied(), *callee)
    });
    let pairs = known.iter().map(|(_, callee)| body.lines(graph, *callee).len() as u64).sum::<u64>();
    let found = if pairs > *budget {
        vec![Place::Unsure; known.len()]
    } else {
        let item = |(old, callee): &(Old, u32)| {
            let mut lines = body.lines(graph, *callee).to_vec();
            // A function that is called by name may be called through an interface, too.
            let here = body.interface.contains(&old.offset) && is_method(graph, *callee);
            if let (true, Err(at)) = (here, lines.binary_search(&old.offset)) {
                lines.insert(at, old.offset);
            }
            Item { offset: old.offset, lines }
        };
        align(&known.iter().map(item).collect::<Vec<_>>(), budget)
    };
    let anchors: Vec<(i32, Option<i32>)> =
        known.iter().zip(&found).map(|((old, _), place)| (old.offset, place.line())).collect();
    for ((old, callee), place) in known.iter().zip(&found) {
        let place = match *place {
            // What may have moved and may not have is left as it is where nothing moved.
            Place::Unsure if stands(old, *callee) && is_still(&anchors, old.offset) => Place::At(old.offset),
            place => place,
        };
        placed.push((*old, Some(*callee), place));
    }
    placed
}

/// Whether the nearest calls that were placed, before and behind, are where they were.
fn is_still(anchors: &[(i32, Option<i32>)], offset: i32) -> bool {
    let (before, behind) = anchors.split_at(anchors.partition_point(|(old, _)| *old < offset));
    let still = |anchor: &(i32, Option<i32>)| anchor.1.map(|line| line == anchor.0);
    let (before, behind) = (before.iter().rev().find_map(still), behind.iter().find_map(still));
    before != Some(false) && behind != Some(false)
}
