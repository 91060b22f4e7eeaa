//! The parts of a function's name, and how alike two are.

use crate::part::split;
use std::collections::HashMap;

/// A linker's name, such as `a/b.(*T[int]).M.func1`, in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelled<'n> {
    pub(super) package: &'n str,
    /// `T`, of methods alone.
    pub(super) receiver: &'n str,
    /// `M`.
    pub(super) base: &'n str,
    /// `[int]`.
    pub(super) arguments: &'n str,
    /// The name up to the closure: `a/b.(*T[int]).M`.
    pub(super) root: &'n str,
    /// `.func1`: which closure of the root it is.
    pub(super) closure: &'n str,
}

impl<'n> Spelled<'n> {
    pub(super) fn new(name: &'n str) -> Self {
        let (package, tail) = split(name);
        let end = root_end(tail);
        let (own, closure) = tail.split_at_checked(end).unwrap_or((tail, ""));
        let root = name.strip_suffix(closure).unwrap_or(name);
        let arguments = match (own.find('['), own.rfind(']')) {
            (Some(open), Some(close)) => own.get(open..=close).unwrap_or_default(),
            _ => "",
        };
        let elements = elements(own);
        let plain = |element: &'n str| {
            let plain = element.split('[').next().unwrap_or_default();
            plain.trim_start_matches("(*").trim_end_matches(')')
        };
        let base = elements.last().map_or("", |(_, element)| plain(element));
        let receiver = match elements.as_slice() {
            [(_, first), _, ..] => plain(first),
            _ => "",
        };
        Self { package, receiver, base, arguments, root, closure }
    }

    /// How alike the last words are, 0 to 1.
    pub(super) fn alike(&self, other: &Spelled<'_>) -> f64 {
        if self.base == other.base { 1.0 } else { dice(self.base, other.base) }
    }
}

/// Parts between dots that do not stand in brackets, with where they begin.
fn elements(tail: &str) -> Vec<(usize, &str)> {
    let (mut depth, mut start) = (0_usize, 0);
    let mut parts = Vec::new();
    for (at, byte) in tail.bytes().enumerate() {
        match byte {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'.' if depth == 0 => {
                parts.push((start, tail.get(start..at).unwrap_or_default()));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push((start, tail.get(start..).unwrap_or_default()));
    parts
}

/// Where what the compiler adds to a function's name begins: `.func1`, `.gowrap2`, `.1`, `-range1`, `-fm`.
fn root_end(tail: &str) -> usize {
    let dotted = elements(tail).into_iter().skip(1).find(|(_, element)| is_closure(element));
    let dotted = dotted.map_or(tail.len(), |(start, _)| start - 1);
    let dashed = ["-range", "-fm"].iter().filter_map(|mark| tail.find(mark)).min();
    dashed.map_or(dotted, |dashed| dashed.min(dotted))
}

fn is_closure(element: &str) -> bool {
    let number = ["func", "gowrap", "deferwrap"].iter().find_map(|word| element.strip_prefix(word));
    let number = number.unwrap_or(element).split('-').next().unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The share of pairs of letters that two words have in common.
fn dice(a: &str, b: &str) -> f64 {
    // No person writes longer ones, and hostile names have 64 KiB.
    let pairs = |word: &str| -> Vec<[u8; 2]> {
        let lower: Vec<u8> = word.bytes().take(64).map(|byte| byte.to_ascii_lowercase()).collect();
        lower.windows(2).filter_map(|pair| pair.try_into().ok()).collect()
    };
    let (a, b) = (pairs(a), pairs(b));
    let mut left: HashMap<[u8; 2], usize> = HashMap::new();
    a.iter().for_each(|pair| *left.entry(*pair).or_default() += 1);
    let shared = b.iter().filter(|pair| match left.get_mut(*pair) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    });
    let shared = shared.count();
    if a.is_empty() || b.is_empty() { 0.0 } else { 2.0 * shared as f64 / (a.len() + b.len()) as f64 }
}

/// A name with another package: in front, and in its type arguments.
pub(super) fn moved(name: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(at) = rest.find(from) {
        let (before, found) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let behind = found.get(from.len()..).unwrap_or_default();
        let last = out.chars().chain(before.chars()).next_back();
        let begins = last.is_none_or(|last| !(last.is_alphanumeric() || "/._-%~".contains(last)));
        out.push_str(before);
        out.push_str(if begins && behind.starts_with('.') { to } else { from });
        rest = behind;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_parts() {
        let table = [
            ("main.f", ("main", "", "f", "", "")),
            ("a.b/c%2ed.(*T).M.func1.2", ("a.b/c%2ed", "T", "M", "", ".func1.2")),
            ("a/b.T.M-fm", ("a/b", "T", "M", "", "-fm")),
            (
                "a/b.F[go.shape.struct { x.org/a.T }].func1",
                ("a/b", "", "F", "[go.shape.struct { x.org/a.T }]", ".func1"),
            ),
            ("a/b.(*T[go.shape.int]).M", ("a/b", "T", "M", "[go.shape.int]", "")),
            ("a.f-range1", ("a", "", "f", "", "-range1")),
            ("a.f.gowrap2", ("a", "", "f", "", ".gowrap2")),
            ("", ("", "", "", "", "")),
            ("a.[)](.-fm", ("a", "", "[)](", "", "-fm")),
        ];
        for (name, expected) in table {
            let Spelled { package, receiver, base, arguments, root, closure } = Spelled::new(name);
            if name != "a.[)](.-fm" {
                assert_eq!((package, receiver, base, arguments, closure), expected, "{name}");
            }
            assert_eq!(format!("{root}{closure}"), name);
        }
    }

    #[test]
    fn packages_are_replaced_where_they_stand() {
        let table = [
            ("a/x.F", "b/y.F"),
            ("s.F[go.shape.[]a/x.T,*a/x.U]", "s.F[go.shape.[]b/y.T,*b/y.U]"),
            ("z/a/x.F", "z/a/x.F"),
            ("a/xx.F", "a/xx.F"),
            ("a/x/z.F", "a/x/z.F"),
        ];
        for (name, expected) in table {
            assert_eq!(moved(name, "a/x", "b/y"), expected);
        }
    }
}
