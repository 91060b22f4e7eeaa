//! Finds renamed modules, types and functions among what no other rule paired.
//!
//! A rename shows as paths that differ in one component, `demo::old` and `demo::new`, in otherwise
//! equal names of functions with equal CFG hashes. It counts if the old path is nowhere in the build
//! and the new one nowhere in the profile, if no other rename of the same path is supported, and if
//! several functions with several CFG hashes support it. One does not suffice, however rare its hash:
//! of two functions with the same body a build may have kept the one and the profile the other. Names
//! are compared as they read demangled.

use super::report::Replacement;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How many functions with different CFG hashes have to support a rename.
const SUPPORT: usize = 2;

/// A function: its demangled name and its possible CFG hashes; whether no pair was found yet.
pub(super) struct Named<'a> {
    pub(super) name: &'a str,
    pub(super) hashes: &'a [u64],
    pub(super) open: bool,
}

/// A path in a name: what it reads, and where its last component is.
struct Path {
    whole: String,
    start: usize,
    end: usize,
}

/// The renames between a profile and a build, in the order of the old paths.
pub(super) fn replacements(left: &[Named<'_>], right: &[Named<'_>]) -> Vec<Replacement> {
    if !left.iter().any(|left| left.open) {
        return Vec::new();
    }
    let (old_paths, new_paths) = (all_paths(left), all_paths(right));
    let gaps = |side: &[Named<'_>], other: &HashSet<String>| {
        // A set: monomorphizations share a name, and say the same.
        let mut gaps: BTreeMap<(String, u64), BTreeSet<String>> = BTreeMap::new();
        for function in side.iter().filter(|function| function.open) {
            for path in distinct(function.name, other) {
                let gap = without(function.name, &path);
                for hash in function.hashes {
                    gaps.entry((gap.clone(), *hash)).or_default().insert(path.clone());
                }
            }
        }
        gaps
    };
    let (left_gaps, right_gaps) = (gaps(left, &new_paths), gaps(right, &old_paths));
    let mut votes: BTreeMap<String, BTreeMap<String, Vec<u64>>> = BTreeMap::new();
    for (key, from) in &left_gaps {
        if let (Some(from), Some(to)) = (only(from), right_gaps.get(key).and_then(only))
            && parent(from) == parent(to)
        {
            votes.entry(from.clone()).or_default().entry(to.clone()).or_default().push(key.1);
        }
    }
    let mut taken = BTreeSet::new();
    let elected = votes.into_iter().filter_map(|(from, votes)| {
        // Two different renames of one path: nothing tells which.
        let [(to, hashes)] = votes.into_iter().collect::<Vec<_>>().try_into().ok()?;
        let supported = hashes.iter().collect::<BTreeSet<_>>().len() >= SUPPORT;
        (supported && taken.insert(to.clone())).then_some(Replacement {
            from,
            to,
            support: hashes.len() as u64,
        })
    });
    elected.collect()
}

/// The name with the replacements done.
pub(super) fn apply(replacements: &[Replacement], name: &str) -> String {
    replacements.iter().fold(name.to_owned(), |name, replacement| {
        let last = replacement.to.rsplit("::").next().unwrap_or(&replacement.to);
        replace(&name, &replacement.from, last)
    })
}

fn only(paths: &BTreeSet<String>) -> Option<&String> {
    if paths.len() == 1 { paths.first() } else { None }
}

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once("::").map(|(parent, _)| parent)
}

fn all_paths(functions: &[Named<'_>]) -> HashSet<String> {
    functions.iter().flat_map(|function| paths(function.name)).map(|path| path.whole).collect()
}

/// The paths of more than one component in a name that the other side has not.
fn distinct(name: &str, other: &HashSet<String>) -> BTreeSet<String> {
    let paths = paths(name).into_iter().map(|path| path.whole);
    paths.filter(|path| path.contains("::") && !other.contains(path)).collect()
}

/// The name with a mark for the last component of a path.
fn without(name: &str, path: &str) -> String {
    replace(name, path, "\0")
}

fn replace(name: &str, path: &str, last: &str) -> String {
    let mut replaced = String::with_capacity(name.len());
    let mut done = 0;
    for found in paths(name).into_iter().filter(|found| found.whole == path) {
        replaced.push_str(name.get(done..found.start).unwrap_or(""));
        replaced.push_str(last);
        done = found.end;
    }
    replaced.push_str(name.get(done..).unwrap_or(""));
    replaced
}

/// Every path in a name, one for each of its components: of `a::b::c` `a`, `a::b`, `a::b::c`.
fn paths(name: &str) -> Vec<Path> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    let bytes = name.as_bytes();
    let mut found: Vec<Path> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if !is_word(byte) {
            at += 1;
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let end = at + rest.iter().take_while(|byte| is_word(byte)).count();
        let word = name.get(at..end).unwrap_or("");
        let before = found.last().filter(|last| name.get(last.end..at) == Some("::"));
        let whole = match before {
            Some(last) => format!("{}::{word}", last.whole),
            None => word.to_owned(),
        };
        found.push(Path { whole, start: at, end });
        at = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (&'static str, [u64; 1], bool);

    fn found(left: &[Row], right: &[Row]) -> Vec<(String, String, u64)> {
        let named = |side: &'static [Row]| -> Vec<Named<'static>> {
            side.iter().map(|(name, hashes, open)| Named { name, hashes, open: *open }).collect()
        };
        let leak = |side: &[Row]| named(Box::leak(side.to_vec().into_boxed_slice()));
        let found = replacements(&leak(left), &leak(right));
        found.into_iter().map(|r| (r.from, r.to, r.support)).collect()
    }

    #[test]
    fn a_renamed_module_is_found_in_paths_and_type_arguments() {
        let left = [
            ("demo::old::parse", [1], true),
            ("<demo::old::Item as core::fmt::Debug>::fmt", [2], true),
            ("core::ptr::drop_in_place<demo::old::Item>", [3], true),
            ("demo::old::changed", [4], true),
            ("demo::main", [5], false),
        ];
        let right = [
            ("demo::new::parse", [1], true),
            ("<demo::new::Item as core::fmt::Debug>::fmt", [2], true),
            ("core::ptr::drop_in_place<demo::new::Item>", [3], true),
            ("demo::new::changed", [40], true),
            ("demo::main", [5], false),
            ("other::new", [1], false),
        ];
        let expected = [("demo::old".to_owned(), "demo::new".to_owned(), 3)];
        assert_eq!(found(&left, &right), expected);
        let renames = [Replacement { from: "demo::old".into(), to: "demo::new".into(), support: 3 }];
        assert_eq!(
            apply(&renames, "<demo::old::Item as demo::old>::old::demo::old"),
            "<demo::new::Item as demo::new>::old::demo::old"
        );
    }

    #[test]
    fn what_may_be_something_else_is_no_rename() {
        // The old path is still there.
        let left = [("a::f<a::Old>", [1], true), ("a::g<a::Old>", [2], true), ("a::h", [3], false)];
        let right = [("a::f<a::New>", [1], true), ("a::g<a::New>", [2], true), ("a::k<a::Old>", [4], true)];
        assert_eq!(found(&left, &right), []);
        // One function, or several of one shape.
        assert_eq!(found(&[("a::f", [1], true)], &[("a::g", [1], true)]), []);
        let left = [("a::f::b", [1], true), ("a::f::c", [1], true)];
        assert_eq!(found(&left, &[("a::g::b", [1], true), ("a::g::c", [1], true)]), []);
        // Two that it could be.
        let left = [("a::f::b", [1], true), ("a::f::c", [2], true)];
        let right = [("a::g::b", [1], true), ("a::g::c", [2], true), ("a::h::b", [1], true)];
        assert_eq!(found(&left, &right), []);
        // Another crate.
        // Monomorphizations, which have one name, are no reason for doubt.
        let left = [("a::f::b", [1], true), ("a::f::b", [1], true), ("a::f::c", [2], true)];
        let right = [("a::g::b", [1], true), ("a::g::b", [1], true), ("a::g::c", [2], true)];
        assert_eq!(found(&left, &right).len(), 1);
        let left = [("a::f", [1], true), ("a::g", [2], true)];
        assert_eq!(found(&left, &[("b::f", [1], true), ("b::g", [2], true)]), []);
    }
}
