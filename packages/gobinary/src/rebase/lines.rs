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
        let name = Spelled::new(graph.name(callee));
        let is_method = name.closure.is_empty() && !name.receiver.is_empty();
        if is_method && !self.interface.is_empty() {
            &self.interface
        } else if is_method || !name.closure.is_empty() || graph.callers(callee).is_empty() {
            &self.value
        } else {
            &[]
        }
    }
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
    let mut items: Vec<(Old, u32, &[i32])> = Vec::new();
    let mut placed: Vec<Placed> = Vec::new();
    for old in graph.calls_in(caller) {
        match callee(old) {
            Some(callee) => items.push((*old, callee, body.lines(graph, callee))),
            None => placed.push((*old, None, Place::Gone)),
        }
    }
    let stands = |(old, _, lines): &(Old, u32, &[i32])| lines.contains(&old.offset);
    if items.iter().filter(|(old, ..)| old.counts).all(stands) {
        let stay = |item: &(Old, u32, &[i32])| {
            (item.0, Some(item.1), if stands(item) { Place::At(item.0.offset) } else { Place::Gone })
        };
        placed.extend(items.iter().map(stay));
        return placed;
    }
    items.sort_by_key(|(old, callee, lines)| (old.offset, lines.first().copied(), *callee));
    items.dedup_by_key(|(old, callee, _)| (old.offset, *callee));
    let lines = items.iter().map(|(old, _, lines)| Item { offset: old.offset, lines: lines.to_vec() });
    let found =
        if too_many(&items, *budget) { Vec::new() } else { align(&lines.collect::<Vec<_>>(), budget) };
    for (index, item) in items.iter().enumerate() {
        let place = match found.get(index).copied().unwrap_or(Place::Unsure) {
            // What may have moved and may not have is left as it is.
            Place::Unsure if stands(item) => Place::At(item.0.offset),
            place => place,
        };
        placed.push((item.0, Some(item.1), place));
    }
    placed
}

/// Whether the lists alone would cost more than there is.
fn too_many(items: &[(Old, u32, &[i32])], budget: u64) -> bool {
    items.iter().map(|(.., lines)| lines.len() as u64).sum::<u64>() > budget
}
