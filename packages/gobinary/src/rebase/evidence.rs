//! What speaks for a function of the program being one of the profile: the calls in it, and the calls of it.

use crate::part::Part;
use crate::rebase::graph::{Graph, Old};
use crate::rebase::lines::place;
use crate::rebase::mapping::Mapping;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Calls of one function that are looked at, in it and of it.
const LOOKED_AT: usize = 64;
/// A function with more callers tells nothing of them.
const TELLING: usize = 16;

/// How well the body of a function fits the profile's calls in another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Fit {
    /// Functions that were called and that the program calls by name somewhere.
    pub(super) known: usize,
    /// Those of them that the body calls.
    pub(super) shared: usize,
    /// Those of them that it calls on the same line.
    pub(super) exact: usize,
    /// Shared ones that nothing else in the program calls.
    pub(super) alone: usize,
    /// Whether few functions call one of the shared ones.
    pub(super) telling: bool,
}

impl Fit {
    pub(super) fn of(graph: &Graph<'_, '_>, mapping: &Mapping, old: u32, new: u32) -> Self {
        let mut fit = Self::default();
        let mut callees: BTreeMap<u32, Vec<i32>> = BTreeMap::new();
        for call in graph.calls_in(old).iter().filter(|call| call.counts).take(LOOKED_AT) {
            let callee = if call.callee == old { Some(new) } else { mapping.number(graph, call.callee) };
            if let Some(callee) = callee.filter(|callee| !graph.callers(*callee).is_empty()) {
                callees.entry(callee).or_default().push(call.offset);
            }
        }
        for (callee, lines) in callees {
            fit.known += 1;
            if !graph.calls(new, callee) {
                continue;
            }
            fit.shared += 1;
            fit.alone +=
                usize::from(graph.callers(callee).iter().all(|(_, caller)| [new, callee].contains(caller)));
            fit.telling |= graph.callers(callee).len() <= TELLING;
            let on_line = |line| graph.sites_at(new, line).iter().any(|site| site.callee == Some(callee));
            fit.exact += usize::from(lines.into_iter().any(on_line));
        }
        fit
    }

    /// Whether nothing of what was called is called.
    pub(super) fn is_against(self) -> bool {
        self.known > 0 && self.shared == 0
    }
}

/// Whether a function has the name of one of the profile, and another one has its body: all of the calls that are gone
/// from here, or each those of the other.
pub(super) fn is_other(graph: &Graph<'_, '_>, mapping: &Mapping, function: u32) -> bool {
    let own = Fit::of(graph, mapping, function, function);
    if !graph.in_program(function) || own.known == 0 || own.exact > 0 {
        return false;
    }
    let calls = graph.calls_in(function).iter().filter(|call| call.counts).take(LOOKED_AT);
    let callees: Vec<u32> = calls.filter_map(|call| mapping.number(graph, call.callee)).collect();
    let callers = callees.iter().map(|callee| graph.callers(*callee));
    let callers = callers.filter(|callers| callers.len() <= LOOKED_AT).flatten().map(|(_, caller)| *caller);
    let others: BTreeSet<u32> = callers.filter(|caller| *caller != function).collect();
    others.into_iter().take(LOOKED_AT).filter(|other| graph.package(*other) == graph.package(function)).any(
        |other| {
            let fit = Fit::of(graph, mapping, function, other);
            let swapped = || {
                let (back, stayed) =
                    (Fit::of(graph, mapping, other, function), Fit::of(graph, mapping, other, other));
                fit.exact == fit.known && back.exact > 0 && stayed.exact == 0
            };
            fit.shared == fit.known && (own.is_against() || swapped())
        },
    )
}

/// Which functions are called where one of the profile was called, with shares of the weight.
#[derive(Debug, Default)]
pub(super) struct Successors {
    /// On the very line, as the lines around it went.
    pub(super) there: BTreeMap<u32, f64>,
    /// On that line, or between its neighbours.
    pub(super) near: BTreeMap<u32, f64>,
}

/// Lines of a caller, before and now, sorted.
pub(super) type Anchors = Vec<(i32, i32)>;

/// Where lines of callers went, for as long as no more names are known.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<u32, Anchors>);

impl Known {
    fn anchors(
        &mut self,
        graph: &Graph<'_, '_>,
        mapping: &Mapping,
        caller: (u32, u32),
        budget: &mut u64,
    ) -> &Anchors {
        let (old, now) = caller;
        self.0.entry(old).or_insert_with(|| {
            let placed = place(graph, mapping, old, now, budget);
            let mut anchors: Anchors =
                placed.iter().filter_map(|(old, _, place)| Some((old.offset, place.line()?))).collect();
            anchors.sort_unstable();
            anchors
        })
    }

    /// What is called now where `missing` was called.
    pub(super) fn successors(
        &mut self,
        graph: &Graph<'_, '_>,
        mapping: &Mapping,
        missing: u32,
        budget: &mut u64,
    ) -> Successors {
        let mut found = Successors::default();
        let mut whole = 0.0;
        for call in graph.calls_of(missing).filter(|call| call.caller != missing).take(LOOKED_AT) {
            let Some(now) = mapping.number(graph, call.caller) else { continue };
            // Every call in the caller is looked at, and whose code it calls.
            let Some(left) = budget.checked_sub(4 * graph.sites(now).len() as u64) else { break };
            *budget = left;
            let anchors = self.anchors(graph, mapping, (call.caller, now), budget);
            let weight = call.weight as f64 + 1.0;
            whole += weight;
            add(&mut found, weight, &strangers(graph, mapping, call, now, anchors));
        }
        found.there.values_mut().chain(found.near.values_mut()).for_each(|share| *share /= whole);
        found
    }
}

fn add(found: &mut Successors, weight: f64, (there, near): &(BTreeSet<u32>, BTreeSet<u32>)) {
    for function in there {
        *found.there.entry(*function).or_default() += weight / there.len() as f64;
    }
    for function in near.iter().take(LOOKED_AT) {
        *found.near.entry(*function).or_default() += weight / near.len() as f64;
    }
}

/// Functions that the profile does not know and that a caller calls now where it called a missing one.
fn strangers(
    graph: &Graph<'_, '_>,
    mapping: &Mapping,
    call: &Old,
    now: u32,
    anchors: &Anchors,
) -> (BTreeSet<u32>, BTreeSet<u32>) {
    let before = anchors.partition_point(|(old, _)| *old <= call.offset);
    let below = before.checked_sub(1).and_then(|index| anchors.get(index));
    let above = anchors.get(before);
    let shift = |(old, new): &(i32, i32)| i64::from(*new) - i64::from(*old);
    let expected = match (below, above) {
        (Some(below), _) if below.0 == call.offset => Some(shift(below)),
        (Some(below), Some(above)) => (shift(below) == shift(above)).then_some(shift(below)),
        // Where nothing shows another shift, there is none.
        (one, other) => Some(one.or(other).map_or(0, shift)),
    };
    let expected = expected.map(|shift| shift + i64::from(call.offset));
    let (low, high) = (below.map_or(i32::MIN, |(_, new)| *new), above.map_or(i32::MAX, |(_, new)| *new));
    let part = graph.part(call.callee);
    let fits = |callee: u32| mapping.is_free(graph, callee) && is_alike(part, graph.part(callee));
    let (mut there, mut near) = (BTreeSet::new(), BTreeSet::new());
    let mut named = BTreeSet::new();
    let mut indirect = false;
    for site in graph.sites(now) {
        let Some(callee) = site.callee else {
            indirect = true;
            continue;
        };
        if !is_alike(graph.part(callee), Part::Runtime) {
            named.insert(callee);
        }
        if (low..=high).contains(&site.offset) && fits(callee) {
            near.insert(callee);
            if expected == Some(site.offset.into()) {
                there.insert(callee);
            }
        }
    }
    // The only call there was became the only call there is.
    let only = graph.calls_in(call.caller).iter().all(|other| !other.counts || other.callee == call.callee);
    if there.is_empty() && only && named.len() == 1 && !indirect {
        there.clone_from(&near);
    }
    if !there.is_empty() {
        near.clone_from(&there);
    }
    (there, near)
}

/// Whether code can have gone from one to the other. A module that is gone can have become any.
pub(super) fn is_alike(from: Part, to: Part) -> bool {
    let of_go = |part| matches!(part, Part::Runtime | Part::Standard);
    from == to || (from == Part::Foreign && !of_go(to))
}
