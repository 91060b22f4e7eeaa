//! How much of a profile a Go program can use, read from the program itself.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs,
    path::Path,
};

use honing_core::{
    applied::{Applied, HotFunction, Lost, LostWhy, Match, MatchedBy, Origin, OriginMatch},
    units,
};
use honing_gobinary::{self as gobinary, Part, Program, Use, Why, match_edges};
use honing_pprof::{Edge, EdgeMap};

use crate::profiles::{Matched, Traces, Weighed, pprof::effects};

/// Lost calls that are named.
const NAMED: usize = 10;
/// Heaviest calls that are told.
const HOT: usize = 100;
/// A call with less of the weight than this is not named.
const WORTH_NAMING: f64 = 0.000_05;
/// A program that has more than this of a profile's functions is the same one, whatever else was renamed.
const MOST: f64 = 0.5;
/// A new profile that lacks more than this share of the old one's weight is poorer.
const POORER: f64 = 0.5;

/// How much of `edges` a build can use, and what becomes of its heaviest calls.
pub(super) fn matched(
    edges: &EdgeMap,
    built: Result<(Traces, MatchedBy), String>,
    before: Option<&Path>,
) -> Matched {
    let hot = edges.by_weight().into_iter().take(HOT);
    let found = built.and_then(|(Traces(bytes), by)| {
        let program =
            Program::read(&bytes).map_err(|error| format!("the program cannot be read: {error}"))?;
        let found = match_edges(&program, edges.iter().map(narrow));
        let whole = found.all.weight.max(1) as f64;
        let hottest = hot.clone().map(|edge| of_hot(&edge, whole, Some(&program))).collect();
        let applied = Applied::Measured(of_program(edges, &program, found, by));
        let before = before.and_then(|before| fs::read(before).ok()).unwrap_or_default();
        // Of a program that cannot be read nothing is told.
        let before = Program::read(&before);
        let did = before.map(|before| effects::told(edges, &before, &program, whole));
        Ok(Matched { applied, hottest, did: did.unwrap_or_default() })
    });
    found.unwrap_or_else(|why| {
        let whole = edges.weight().max(1) as f64;
        let hottest = hot.map(|edge| of_hot(&edge, whole, None)).collect();
        Matched::unknown(why, hottest)
    })
}

fn of_program(edges: &EdgeMap, program: &Program<'_>, found: gobinary::Match<'_>, by: MatchedBy) -> Match {
    let whole = found.all.weight.max(1) as f64;
    let worth = |lost: &&gobinary::Lost<'_>| lost.edge.weight as f64 >= whole * WORTH_NAMING;
    let lost = found.lost.iter().filter(worth).take(NAMED).map(|lost| Lost {
        function: words(lost.edge.caller, lost.edge.offset.into(), lost.edge.callee),
        weight: lost.edge.weight as f64 / whole,
        why: why(lost.why),
    });
    let counts = Counts::of(edges, program);
    let origins = ORIGINS.map(|(origin, parts)| {
        let sum =
            |of: fn(gobinary::Share) -> u64| parts.iter().map(|part| of(found.part(*part))).sum::<u64>();
        let (weight, matched) = (sum(|share| share.weight), sum(|share| share.matched));
        let (functions, functions_matched) = counts.of_parts(parts);
        OriginMatch {
            origin,
            weight: weight as f64 / whole,
            share: if weight == 0 { 1.0 } else { matched as f64 / weight as f64 },
            functions,
            matched: functions_matched,
        }
    });
    let (functions, matched) = counts.of_parts(&Part::ALL);
    Match {
        share: found.all.ratio().unwrap_or(0.0),
        kin: kin(edges, program),
        carried: None,
        functions,
        matched,
        origins: origins.into_iter().collect(),
        lost: lost.collect(),
        by,
    }
}

/// Whose code callers are, in the order in which that is told. Code of modules that the program does not have
/// counts with the dependencies.
const ORIGINS: [(Origin, &[Part]); 4] = [
    (Origin::Workspace, &[Part::Own]),
    (Origin::Dependencies, &[Part::Dependency, Part::Foreign]),
    (Origin::Library, &[Part::Standard]),
    (Origin::Runtime, &[Part::Runtime]),
];

/// Callers of each part, and those of them that have calls which the program can use.
struct Counts(HashMap<Part, (u64, u64)>);

impl Counts {
    fn of(edges: &EdgeMap, program: &Program<'_>) -> Self {
        let mut callers: BTreeMap<&str, bool> = BTreeMap::new();
        for edge in edges.iter() {
            let used = program.judge(&narrow(edge));
            if !matches!(used, Use::LeftOut(_)) {
                *callers.entry(edge.caller).or_default() |= used == Use::Matched;
            }
        }
        let mut counts: HashMap<Part, (u64, u64)> = HashMap::new();
        for (caller, matched) in callers {
            let (all, used) = counts.entry(program.info.part(caller)).or_default();
            *all += 1;
            *used += u64::from(matched);
        }
        Self(counts)
    }

    fn of_parts(&self, parts: &[Part]) -> (u64, u64) {
        let found = parts.iter().filter_map(|part| self.0.get(part));
        found.fold((0, 0), |(all, used), (more, more_used)| (all + more, used + more_used))
    }
}

/// The share of the weight outside of Go's own packages whose caller the program has, or had before its packages were
/// moved and its functions renamed.
fn kin(edges: &EdgeMap, program: &Program<'_>) -> f64 {
    let is_own =
        |edge: &gobinary::Edge<'_>| !matches!(program.info.part(edge.caller), Part::Runtime | Part::Standard);
    let sum = |weights: &mut dyn Iterator<Item = i64>| weights.fold(0_i64, i64::saturating_add);
    let own: Vec<gobinary::Edge<'_>> = edges.iter().map(narrow).filter(is_own).collect();
    let whole = sum(&mut own.iter().map(|edge| edge.weight));
    if whole == 0 {
        return 1.0;
    }
    let there = own.iter().filter(|edge| program.has(edge.caller));
    let share = sum(&mut there.map(|edge| edge.weight)) as f64 / whole as f64;
    if share >= MOST { share } else { share.max(gobinary::rebase(program, &own).share()) }
}

fn of_hot(edge: &Edge<'_>, whole: f64, program: Option<&Program<'_>>) -> HotFunction {
    let used = program.map(|program| program.judge(&narrow(*edge)));
    let lost = match used {
        Some(Use::Lost(found)) => Some(why(found)),
        _ => None,
    };
    HotFunction {
        function: words(edge.caller, edge.offset, edge.callee),
        weight: edge.weight as f64 / whole,
        // What no compiler can use is neither applied nor lost.
        applied: used.filter(|used| !matches!(used, Use::LeftOut(_))).map(|used| used == Use::Matched),
        why: lost,
    }
}

fn why(why: Why) -> LostWhy {
    match why {
        Why::NoCaller | Why::NoCallee => LostWhy::Gone,
        Why::NoCall => LostWhy::Call,
    }
}

/// `main.serve:12 → main.parse`: the line counts from the caller's `func`.
pub(super) fn words(caller: &str, offset: i64, callee: &str) -> String {
    format!("{caller}:{offset} → {callee}")
}

/// As the reader of programs has it: no source has lines beyond 32 bits.
pub(super) fn narrow(edge: Edge<'_>) -> gobinary::Edge<'_> {
    let Edge { caller, callee, offset, weight } = edge;
    let offset = i32::try_from(offset).unwrap_or(i32::MIN);
    gobinary::Edge { caller, callee, offset, weight: i64::try_from(weight).unwrap_or(i64::MAX) }
}

/// What a profile holds, by the functions that call.
pub(super) fn weigh(edges: &EdgeMap) -> Weighed {
    let mut callers: BTreeMap<&str, u64> = BTreeMap::new();
    for edge in edges.iter() {
        *callers.entry(edge.caller).or_default() += edge.weight;
    }
    let functions = callers.len() as u64;
    let mut heaviest: Vec<(&str, u64)> = callers.into_iter().collect();
    heaviest.sort_by_key(|(name, weight)| (std::cmp::Reverse(*weight), *name));
    let whole = edges.weight().max(1) as f64;
    let hottest = heaviest.into_iter().take(HOT);
    Weighed {
        weight: edges.weight().into(),
        functions,
        functions_run: functions,
        hottest: hottest.map(|(name, weight)| (name.to_owned(), weight as f64 / whole)).collect(),
    }
}

/// The share of `other`'s weight outside of Go's own packages that is in modules which `base` has, too. Not in
/// calls: captures of one program under different loads have few in common.
pub(super) fn shared(base: &EdgeMap, other: &EdgeMap) -> f64 {
    let there: HashSet<String> = base.iter().filter_map(|edge| module(edge.caller)).collect();
    let (mut whole, mut shared) = (0_u64, 0_u64);
    for edge in other.iter() {
        let Some(module) = module(edge.caller) else { continue };
        whole = whole.saturating_add(edge.weight);
        shared = shared.saturating_add(if there.contains(&module) { edge.weight } else { 0 });
    }
    if whole == 0 { 1.0 } else { shared as f64 / whole as f64 }
}

/// What tells the module of a function: the first three elements of its package's path. `None` for Go's own, whose
/// first element has no dot, and for package main.
fn module(function: &str) -> Option<String> {
    let package = gobinary::package(function);
    let mut elements = package.split('/');
    let host = elements.next().filter(|first| first.contains('.'))?;
    Some(std::iter::once(host).chain(elements.take(2)).collect::<Vec<_>>().join("/"))
}

/// The share of the weight of `edges` in calls that are in `others`.
fn share_in(edges: &EdgeMap, others: &EdgeMap) -> f64 {
    let there: HashSet<_> = others.iter().map(|edge| (edge.caller, edge.offset, edge.callee)).collect();
    let has = |edge: &Edge<'_>| there.contains(&(edge.caller, edge.offset, edge.callee));
    let found: u64 = edges.iter().filter(has).map(|edge| edge.weight).sum();
    found as f64 / edges.weight().max(1) as f64
}

/// What `new` clearly lacks of `old`. Two captures of one load share most of their weight, and not all.
pub(super) fn lacks(old: &EdgeMap, new: &EdgeMap) -> Option<String> {
    let kept = share_in(old, new);
    (kept < 1.0 - POORER)
        .then(|| format!("only {} of the old profile's weight is in its calls", units::share(kept)))
}
