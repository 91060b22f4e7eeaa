//! What a build did with the hot calls of a profile, read from the programs with and without it.

use honing_core::units;
use honing_gobinary::{Change, Effect, Obstacle, Part, Program, Use, effects};
use honing_pprof::EdgeMap;

use crate::profiles::pprof::matching::{narrow, words};

/// What was done with some calls, in words, and which ones these are.
type Sort = (&'static str, fn(Change) -> bool);

/// Calls of each sort that are named.
const NAMED: usize = 3;

/// In words. `whole` is the weight that shares are of: what a compiler could use.
pub(super) fn told(edges: &EdgeMap, before: &Program<'_>, after: &Program<'_>, whole: f64) -> Vec<String> {
    // What the runtime calls is nobody's to change, and so is what the compiler put in.
    let hot = edges.hot().into_iter().filter(|edge| after.info.part(edge.caller) != Part::Runtime);
    let hot = hot.map(narrow).filter(|edge| !matches!(after.judge(edge), Use::LeftOut(_)));
    let all = effects(before, after, hot);
    let sorts: [Sort; 4] = [
        ("inlined", |change| change == Change::Inlined),
        ("devirtualized", |change| matches!(change, Change::Devirtualized { .. })),
        ("too large or of a form that is never inlined", |change| {
            change == Change::Called(Obstacle::Unknown)
        }),
        ("left as they are", |change| matches!(change, Change::Called(why) if why != Obstacle::Unknown)),
    ];
    sorts.into_iter().filter_map(|(what, is)| sort(&all, whole, what, is)).collect()
}

fn sort(all: &[Effect<'_>], whole: f64, what: &str, is: fn(Change) -> bool) -> Option<String> {
    // The heaviest come first.
    let of_sort: Vec<&Effect<'_>> = all.iter().filter(|effect| is(effect.change)).collect();
    let share = |effect: &Effect<'_>| effect.edge.weight as f64 / whole;
    let sum: f64 = of_sort.iter().map(|effect| share(effect)).sum();
    let named = of_sort.iter().take(NAMED).map(|effect| {
        let edge = effect.edge;
        let why = match effect.change {
            Change::Called(why) => obstacle(why),
            _ => "",
        };
        let call = words(short(edge.caller), edge.offset.into(), short(edge.callee));
        format!("{call} ({}{why})", units::share(share(effect)))
    });
    let named: Vec<String> = named.collect();
    let calls = if of_sort.len() == 1 { "hot call" } else { "hot calls" };
    (!of_sort.is_empty()).then(|| {
        format!(
            "{} {calls} {what}, with {} of the weight: {}",
            of_sort.len(),
            units::share(sum),
            named.join("; ")
        )
    })
}

fn obstacle(why: Obstacle) -> &'static str {
    match why {
        Obstacle::Assembly => ", written in assembly",
        Obstacle::Recursion => ", it calls itself",
        Obstacle::Closure => ", a function value",
        Obstacle::InlinedCaller => ", its caller was inlined before",
        Obstacle::Unknown => "",
    }
}

/// A function without the path of its package: `flate.(*Writer).Write`.
fn short(function: &str) -> &str {
    // Type arguments have paths of their own.
    let head = function.split(['[', '(']).next().unwrap_or(function);
    head.rfind('/').and_then(|slash| function.get(slash + 1..)).unwrap_or(function)
}
