//! Functions that have another name now.
//!
//! A name is carried over where two kinds of evidence agree, of three: it calls the same functions, it is called in
//! the same places, it is called alike. The place alone suffices where the lines around it say exactly which it is,
//! and the calls alone where they stand on the same lines, or nothing else calls these functions. What fits two functions about as well is left out.

use crate::rebase::closures::Closures;
use crate::rebase::evidence::{Fit, Known, Successors, is_alike};
use crate::rebase::graph::Graph;
use crate::rebase::mapping::Mapping;
use crate::rebase::packages::Moves;
use crate::rebase::report::Rule;
use crate::rebase::spelling::Spelled;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Rounds: a function that is found shows where others went.
const ROUNDS: usize = 4;
/// The heaviest missing functions, which are looked for.
const LOOKED_FOR: usize = 10_000;
/// Functions of one name, and callers of one function, beyond which they tell nothing.
const COMMON: usize = 64;
/// By how much the best one has to be better.
const CLEAR: f64 = 0.75;
/// How alike two words are that say the same.
const ALIKE: f64 = 0.6;

/// What the profile's functions are called now.
pub(super) fn find<'x>(graph: &Graph<'_, 'x>, moves: &Moves<'x>, budget: &mut u64) -> Mapping {
    let mut mapping = Mapping::default();
    let mut missing = graph.missing();
    missing.extend(graph.wrappers());
    let bases = bases(graph);
    let closures = Closures::of(graph);
    by_spelling(graph, moves, &missing, &mut mapping);
    for _ in 0..ROUNDS {
        let before = mapping.renamed().len();
        closures.pair(graph, &mut mapping, moves);
        let open = |one: &&u32| !graph.in_program(**one) && mapping.number(graph, **one).is_none();
        let open: Vec<u32> = missing.iter().filter(open).take(LOOKED_FOR).copied().collect();
        let mut search = Search { graph, mapping: &mapping, moves, bases: &bases, known: Known::default() };
        let found: Vec<(u32, Choice)> =
            open.into_iter().map(|one| (one, search.choose(one, budget))).collect();
        accept(&found, &mut mapping);
        if mapping.renamed().len() == before {
            break;
        }
    }
    mapping
}

/// Functions of the program that the profile does not know, by the last word of their names.
fn bases<'x>(graph: &Graph<'_, 'x>) -> HashMap<&'x str, Vec<u32>> {
    let mut bases: HashMap<&str, Vec<u32>> = HashMap::new();
    for number in graph.numbers().filter(|one| graph.in_program(*one) && !graph.in_profile(*one)) {
        let name = Spelled::new(graph.name(number));
        if name.closure.is_empty() {
            bases.entry(name.base).or_default().push(number);
        }
    }
    bases
}

/// Packages that moved, and receivers that became pointers or values: the new name is known.
fn by_spelling(graph: &Graph<'_, '_>, moves: &Moves<'_>, missing: &[u32], mapping: &mut Mapping) {
    for old in missing {
        let name = graph.name(*old);
        let moved = moves.apply(name);
        let now = moved.as_deref().unwrap_or(name);
        let same = moved.as_deref().and_then(|moved| graph.find(moved));
        let same = same.map(|new| (new, Rule::Package));
        let other = || Some((graph.find(&other_receiver(now)?)?, Rule::Receiver));
        if let Some((new, rule)) = same.or_else(other).filter(|(new, _)| mapping.is_free(graph, *new)) {
            if Fit::of(graph, mapping, *old, new).is_against() {
                continue;
            }
            mapping.set(*old, new, rule);
        }
    }
}

/// `a.T.M` for `a.(*T).M`, and the other way round.
fn other_receiver(name: &str) -> Option<String> {
    let spelled = Spelled::new(name);
    if spelled.receiver.is_empty() {
        return None;
    }
    let (package, tail) = crate::part::split(name);
    if let Some(rest) = tail.strip_prefix("(*") {
        let close = rest.find(").")?;
        return Some(format!("{package}.{}{}", rest.get(..close)?, rest.get(close + 1..)?));
    }
    let end = tail.find("].").map_or_else(|| tail.find('.'), |end| Some(end + 1))?;
    Some(format!("{package}.(*{}){}", tail.get(..end)?, tail.get(end..)?))
}

/// What was found for a function.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Choice {
    Nothing,
    /// Several fit.
    Unsure,
    /// This one, that well.
    One(u32, f64),
}

/// Sets what only one function asks for.
fn accept(found: &[(u32, Choice)], mapping: &mut Mapping) {
    let mut wanted: BTreeMap<u32, Vec<(f64, u32)>> = BTreeMap::new();
    for (old, choice) in found {
        match choice {
            Choice::One(new, score) => wanted.entry(*new).or_default().push((*score, *old)),
            Choice::Unsure => {
                mapping.unsure.insert(*old);
            }
            Choice::Nothing => {}
        }
    }
    for (new, mut claims) in wanted {
        claims.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        match claims.as_slice() {
            [(_, old)] => mapping.set(*old, new, Rule::Renamed),
            [(first, old), (second, _), ..] if first - second >= CLEAR => {
                mapping.set(*old, new, Rule::Renamed)
            }
            _ => mapping.unsure.extend(claims.iter().map(|(_, old)| *old)),
        }
    }
}

/// What is known while one round looks.
struct Search<'s, 'g, 'x> {
    graph: &'s Graph<'g, 'x>,
    mapping: &'s Mapping,
    moves: &'s Moves<'x>,
    bases: &'s HashMap<&'x str, Vec<u32>>,
    known: Known,
}

impl Search<'_, '_, '_> {
    fn choose(&mut self, old: u32, budget: &mut u64) -> Choice {
        let name = self.moves.apply(self.graph.name(old)).unwrap_or_else(|| self.graph.name(old).to_owned());
        let spelled = Spelled::new(&name);
        if !spelled.closure.is_empty() {
            return Choice::Nothing;
        }
        let near = self.known.successors(self.graph, self.mapping, old, budget);
        let candidates = self.candidates(old, &spelled, &near);
        let looked_at = candidates.len().saturating_mul(self.graph.calls_in(old).len().min(COMMON) + 1);
        let Some(left) = budget.checked_sub(looked_at as u64) else { return Choice::Nothing };
        *budget = left;
        let mut scores: Vec<(f64, bool, u32)> = candidates
            .into_iter()
            .filter_map(|new| {
                self.score(old, &spelled, new, &near).map(|(score, enough)| (score, enough, new))
            })
            .collect();
        scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        let second = scores.get(1).map_or(f64::MIN, |(score, ..)| *score);
        match scores.first() {
            Some((score, true, new)) if score - second >= CLEAR => Choice::One(*new, *score),
            Some((_, true, _)) => Choice::Unsure,
            _ => Choice::Nothing,
        }
    }

    /// Functions that share a place, a call or a word with one of the profile.
    fn candidates(&self, old: u32, name: &Spelled<'_>, near: &Successors) -> BTreeSet<u32> {
        let mut all: BTreeSet<u32> = near.near.keys().copied().collect();
        for call in self.graph.calls_in(old).iter().filter(|call| call.counts).take(COMMON) {
            let Some(callee) = self.mapping.number(self.graph, call.callee) else { continue };
            let callers = self.graph.callers(callee);
            if callers.len() <= COMMON {
                all.extend(callers.iter().map(|(_, caller)| *caller));
            }
        }
        let named = self.bases.get(name.base).filter(|named| named.len() <= COMMON);
        all.extend(named.into_iter().flatten());
        let part = self.graph.part(old);
        all.retain(|new| self.mapping.is_free(self.graph, *new) && is_alike(part, self.graph.part(*new)));
        all
    }

    /// How well a function fits, and whether that is enough; none where something speaks against it.
    fn score(&self, old: u32, name: &Spelled<'_>, new: u32, near: &Successors) -> Option<(f64, bool)> {
        let other = Spelled::new(self.graph.name(new));
        if !other.closure.is_empty() || other.arguments != name.arguments {
            return None;
        }
        let fit = Fit::of(self.graph, self.mapping, old, new);
        let share = |part: usize| if fit.known == 0 { 0.0 } else { part as f64 / fit.known as f64 };
        let (shared, exact) = (share(fit.shared), share(fit.exact));
        let there = near.there.get(&new).copied().unwrap_or_default();
        let place = near.near.get(&new).copied().unwrap_or_default();
        let alike = name.alike(&other);
        let calls = (fit.telling || fit.shared >= 2) && shared >= 0.6;
        let (placed, named) = (place >= 0.5, alike >= ALIKE);
        if fit.is_against() && (fit.known >= 2 || !(placed && named)) {
            return None;
        }
        let kinds = [calls, placed, named].into_iter().filter(|kind| *kind).count();
        // A function that moved, too, needs more than a place, or than one call.
        let beside = name.package == other.package && name.receiver == other.receiver;
        let body_alone = exact >= 0.8 && (fit.shared >= 2 || (fit.telling && beside));
        let enough = kinds >= 2 || (there > 0.5 && beside) || body_alone || share(fit.alone) >= 0.6;
        let same_package = if name.package == other.package { 0.5 } else { 0.0 };
        let same_receiver = if name.receiver == other.receiver { 0.5 } else { 0.0 };
        let body = if fit.telling || fit.shared >= 2 { 2.0 * shared + exact } else { 0.0 };
        Some((body + place + there + 2.0 * alike + same_package + same_receiver, enough))
    }
}

#[cfg(test)]
mod tests {
    use super::other_receiver;

    #[test]
    fn receivers_become_pointers_and_values() {
        let table = [
            ("a.T.M", Some("a.(*T).M")),
            ("a.(*T).M.func1", Some("a.T.M.func1")),
            ("a/b%2ec.T[go.shape.int].M", Some("a/b%2ec.(*T[go.shape.int]).M")),
            ("a.(*T[go.shape.int]).M", Some("a.T[go.shape.int].M")),
            ("a.F", None),
            ("a.F.func1", None),
        ];
        for (name, expected) in table {
            assert_eq!(other_receiver(name).as_deref(), expected, "{name}");
        }
    }
}
