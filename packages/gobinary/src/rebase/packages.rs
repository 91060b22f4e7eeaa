//! Packages that have another path now.
//!
//! A package of the profile of which the program has nothing became the one package that the profile does not know
//! and that has its functions. Other packages follow if their paths began alike, as a module's do.

use crate::part::split;
use crate::rebase::graph::Graph;
use crate::rebase::spelling::moved;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Packages with a function of one name beyond which the name tells nothing.
const COMMON: usize = 32;
/// Moves that are followed. Type arguments are looked through for each.
const MOVES: usize = 256;

/// The old paths with the new ones, as the linker writes them.
#[derive(Debug, Default)]
pub(super) struct Moves<'x>(BTreeMap<&'x str, String>);

impl<'x> Moves<'x> {
    pub(super) fn find(graph: &Graph<'_, 'x>) -> Self {
        let of_program = |number: &u32| graph.in_program(*number);
        let there: HashSet<&str> = graph.numbers().filter(of_program).map(|one| graph.package(one)).collect();
        let known: HashSet<&str> =
            graph.numbers().filter(|one| graph.in_profile(*one)).map(|one| graph.package(one)).collect();
        // Of each name, the new packages that have it.
        let mut fresh: HashMap<&str, Vec<&'x str>> = HashMap::new();
        for number in graph.numbers().filter(of_program) {
            let package = graph.package(number);
            let places = fresh.entry(key(graph.name(number))).or_default();
            if !known.contains(package) && places.len() <= COMMON && !places.contains(&package) {
                places.push(package);
            }
        }
        let mut gone: BTreeMap<&'x str, Vec<&'x str>> = BTreeMap::new();
        for name in graph.missing().into_iter().map(|number| graph.name(number)) {
            let package = split(name).0;
            if !there.contains(package) {
                gone.entry(package).or_default().push(key(name));
            }
        }
        let mut moves = Self::default();
        for (package, names) in &mut gone {
            names.sort_unstable();
            names.dedup();
            if let Some(to) = heir(package, names, &fresh).filter(|_| moves.0.len() < MOVES) {
                moves.0.insert(package, to.to_owned());
            }
        }
        moves.follow(&gone, &there);
        moves
    }

    /// Applies what several paths have in common to the rest.
    fn follow(&mut self, gone: &BTreeMap<&'x str, Vec<&'x str>>, there: &HashSet<&str>) {
        let prefixes: Vec<_> = self.0.iter().map(|(from, to)| differing(from, to)).collect();
        let prefixes: Vec<_> =
            prefixes.into_iter().map(|(from, to)| (from.to_owned(), to.to_owned())).collect();
        for package in gone.keys() {
            if self.0.len() >= MOVES || self.0.contains_key(package) {
                continue;
            }
            let mut found: Vec<String> = Vec::new();
            for (from, to) in prefixes.iter().filter(|(from, _)| !from.is_empty()) {
                let rest = package.strip_prefix(from.as_str());
                let rest = rest.filter(|rest| rest.is_empty() || rest.starts_with('/'));
                found.extend(rest.map(|rest| format!("{to}{rest}")).filter(|to| there.contains(to.as_str())));
            }
            found.sort_unstable();
            found.dedup();
            if let [only] = found.as_slice() {
                self.0.insert(package, only.clone());
            }
        }
    }

    /// A name as it is after all moves; none where it has not changed.
    pub(super) fn apply(&self, name: &str) -> Option<String> {
        let mut now = match self.0.get_key_value(split(name).0) {
            Some((from, to)) => moved(name, from, to),
            None => name.to_owned(),
        };
        if name.contains('[') {
            for (from, to) in self.0.iter().filter(|(from, _)| name.contains(**from)) {
                now = moved(&now, from, to);
            }
        }
        (now != name).then_some(now)
    }
}

/// What stands behind the package, without type arguments: these have other paths themselves.
fn key(name: &str) -> &str {
    let tail = split(name).1;
    tail.split('[').next().unwrap_or(tail)
}

/// The package that has clearly most of the names.
fn heir<'x>(package: &str, names: &[&'x str], fresh: &HashMap<&str, Vec<&'x str>>) -> Option<&'x str> {
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    let places = names.iter().filter_map(|name| fresh.get(name)).filter(|places| places.len() <= COMMON);
    places.flatten().for_each(|place| *votes.entry(place).or_default() += 1);
    let mut votes: Vec<_> = votes.into_iter().collect();
    votes.sort_by_key(|(place, count)| (std::cmp::Reverse(*count), *place));
    let (best, count) = *votes.first()?;
    let second = votes.get(1).map_or(0, |(_, count)| *count);
    let clear = count * 2 >= names.len() && second * 2 <= count;
    // One name shows little: the package's own last word has to be the same, and nothing else may fit.
    let shown = if count == 1 { second == 0 && last(package) == last(best) } else { true };
    (clear && shown).then_some(best)
}

/// The last word of a path that is no major version.
fn last(package: &str) -> &str {
    let is_version = |word: &str| {
        word.strip_prefix('v').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    package.rsplit('/').find(|word| !is_version(word)).unwrap_or(package)
}

/// Two paths without the words at their ends that are the same.
fn differing<'p>(from: &'p str, to: &'p str) -> (&'p str, &'p str) {
    let (mut a, mut b) = (from, to);
    while let (Some((start, word)), Some((other, same))) = (a.rsplit_once('/'), b.rsplit_once('/')) {
        if word != same {
            break;
        }
        (a, b) = (start, other);
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_paths() {
        assert_eq!(differing("x.org/a/z", "x.org/a/v2/z"), ("x.org/a", "x.org/a/v2"));
        assert_eq!(differing("a", "b"), ("a", "b"));
        assert_eq!((last("x.org/a/v2"), last("x.org/a")), ("a", "a"));
    }

    #[test]
    fn a_package_is_found_by_its_names() {
        let fresh = HashMap::from([
            ("F", vec!["b/x", "c/y"]),
            ("G", vec!["b/x"]),
            ("H", vec!["b/x"]),
            ("String", vec!["q"]),
        ]);
        assert_eq!(heir("a/x", &["F", "G", "H"], &fresh), Some("b/x"));
        assert_eq!(heir("a/y", &["F"], &fresh), None, "two have it");
        assert_eq!(heir("a/x", &["G"], &fresh), Some("b/x"));
        assert_eq!(heir("a/z", &["String"], &fresh), None, "another last word");
        assert_eq!(heir("a/x", &["G", "I", "J", "K"], &fresh), None, "most of it is gone");
    }
}
