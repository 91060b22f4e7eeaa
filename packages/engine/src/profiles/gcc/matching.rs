//! How much of a profile gcc applied, from what it said while it compiled.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use honing_core::applied::{Applied, HotFunction, Lost, LostWhy, Match, MatchedBy, Origin, OriginMatch};
use honing_gcov::{Bundle, Function, Scope, ident};

use crate::profiles::{
    Matched, Traces,
    gcc::{said::Said, sets::functions},
};

/// Lost functions that are named.
const NAMED: usize = 10;
/// Heaviest functions that are told.
const HOT: usize = 100;

/// A function of a profile, and what became of it.
struct Judged {
    name: String,
    weight: u128,
    lost: Option<LostWhy>,
}

/// How much of `bundle` a build applied.
pub(super) fn matched(bundle: &Bundle, built: Result<(Traces, MatchedBy), String>) -> Matched {
    match built {
        Ok((traces, by)) => {
            let judged = judge(bundle, &traces);
            Matched {
                applied: Applied::Measured(measured(&judged, by)),
                hottest: told(&judged, true),
                did: Vec::new(),
            }
        }
        Err(why) => {
            let judged = judge(bundle, &Traces(Vec::new()));
            Matched::unknown(why, told(&judged, false))
        }
    }
}

/// The weight of all, and the heaviest functions with their shares.
pub(super) fn hottest(bundle: &Bundle) -> (u128, Vec<(String, f64)>) {
    let judged = judge(bundle, &Traces(Vec::new()));
    let hottest = told(&judged, false).into_iter().map(|hot| (hot.function, hot.weight));
    (judged.iter().map(|function| function.weight).sum(), hottest.collect())
}

/// Every function that ran, the heaviest first.
fn judge(bundle: &Bundle, traces: &Traces) -> Vec<Judged> {
    let mut used = BTreeSet::new();
    let mut changed: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for said in String::from_utf8_lossy(&traces.0).lines().filter_map(Said::of_line) {
        match said {
            Said::Used(file) => drop(used.insert(file)),
            Said::Missing(_) => {}
            Said::Mismatch { file, function, source } => {
                changed.entry(file).or_default().insert((function, source));
            }
        }
    }
    let changed: BTreeMap<(&str, u32), String> = changed
        .iter()
        .filter_map(|(file, names)| bundle.file(file).map(|data| (file, data, names)))
        .flat_map(|(file, data, names)| {
            let of_file: Vec<&Function> = data.functions.iter().flatten().collect();
            find(file, &of_file, names).into_iter().map(move |(number, name)| ((file.as_str(), number), name))
        })
        .collect();
    let judge = |(file, function): (&str, &Function)| {
        let name = changed.get(&(file, function.ident));
        let lost = match (used.contains(file), name) {
            (false, _) => Some(LostWhy::Gone),
            (true, Some(_)) => Some(LostWhy::ControlFlow),
            (true, None) => None,
        };
        let name = name.cloned().unwrap_or_else(|| format!("{} {:#010x}", source_of(file), function.ident));
        Judged { name, weight: function.weight(), lost }
    };
    let mut judged: Vec<Judged> =
        functions(bundle).filter(|(_, function)| function.weight() > 0).map(judge).collect();
    judged.sort_by(|a, b| Reverse(a.weight).cmp(&Reverse(b.weight)).then_with(|| a.name.cmp(&b.name)));
    judged
}

/// The numbers of the functions with these names, which a file does not have. Those of C lead to them; where a name
/// does not, as in C++, the heaviest that is left is taken, so that the match is not made better than it is.
fn find(file: &str, functions: &[&Function], names: &BTreeSet<(String, String)>) -> Vec<(u32, String)> {
    let base = source_of(file);
    let mut found: Vec<(u32, String)> = Vec::new();
    let mut unknown = Vec::new();
    for (name, source) in names {
        let scopes = [Scope::Public, Scope::Static { source, base: &base }];
        let number = scopes.map(|scope| ident(name, scope));
        match functions.iter().find(|function| number.contains(&function.ident)) {
            Some(function) => found.push((function.ident, name.clone())),
            None => unknown.push(name),
        }
    }
    let mut rest: Vec<&&Function> = functions
        .iter()
        .filter(|function| found.iter().all(|(number, _)| *number != function.ident))
        .collect();
    rest.sort_by_key(|function| Reverse(function.weight()));
    let at_most = |(function, name): (&&Function, &String)| {
        (function.ident, format!("{name}, or a lighter one of {base}"))
    };
    found.extend(rest.into_iter().zip(unknown).map(at_most));
    found
}

/// What a file's object file was made of, as far as its name says it.
fn source_of(file: &str) -> String {
    file.strip_suffix(".gcda").unwrap_or(file).replace('#', "/").replace('^', "..")
}

fn whole(judged: &[Judged]) -> f64 {
    judged.iter().map(|function| function.weight).sum::<u128>().max(1) as f64
}

fn measured(judged: &[Judged], by: MatchedBy) -> Match {
    let whole = whole(judged);
    let share = |lost: &dyn Fn(Option<LostWhy>) -> bool| {
        judged.iter().filter(|function| lost(function.lost)).map(|function| function.weight).sum::<u128>()
            as f64
            / whole
    };
    let lost = judged.iter().filter_map(|function| {
        let why = function.lost?;
        Some(Lost { function: function.name.clone(), weight: function.weight as f64 / whole, why })
    });
    let applied = share(&|lost| lost.is_none());
    let functions = judged.len() as u64;
    let matched = judged.iter().filter(|function| function.lost.is_none()).count() as u64;
    Match {
        share: applied,
        kin: share(&|lost| lost != Some(LostWhy::Gone)),
        carried: None,
        functions,
        matched,
        origins: vec![OriginMatch {
            origin: Origin::Workspace,
            weight: 1.0,
            share: applied,
            functions,
            matched,
        }],
        lost: lost.take(NAMED).collect(),
        by,
    }
}

fn told(judged: &[Judged], measured: bool) -> Vec<HotFunction> {
    let whole = whole(judged);
    let hot = |function: &Judged| HotFunction {
        function: function.name.clone(),
        weight: function.weight as f64 / whole,
        applied: measured.then_some(function.lost.is_none()),
        why: function.lost.filter(|_| measured),
    };
    judged.iter().take(HOT).map(hot).collect()
}
