//! What is in a profile: totals, the hottest functions, coverage, names for people.

use honing_profdata::{Function, Profile};
use std::cmp::Reverse;

/// Separates the compilation unit from the symbol in the name of a local function, from LLVM 17 on.
const UNIT_SEPARATOR: u8 = b';';
/// The same before LLVM 17.
const OLD_UNIT_SEPARATOR: u8 = b':';

/// How much of a program ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Functions in the profile.
    pub functions: u64,
    /// Functions with a counter above zero.
    pub functions_run: u64,
    /// Counters in the profile.
    pub blocks: u64,
    /// Counters above zero.
    pub blocks_run: u64,
}

impl Coverage {
    /// Share of the functions that ran, 0 to 1.
    pub fn function_share(&self) -> f64 {
        ratio(self.functions_run, self.functions)
    }

    /// Share of the blocks that ran, 0 to 1.
    pub fn block_share(&self) -> f64 {
        ratio(self.blocks_run, self.blocks)
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// A function and its part of the weight.
#[derive(Debug, Clone, Copy)]
pub struct Hot<'a> {
    /// The function.
    pub function: Function<'a>,
    /// Sum of its counters, in increments.
    pub weight: u128,
    /// Its share of the profile's weight, 0 to 1.
    pub share: f64,
    /// The share of it and of all hotter functions, 0 to 1.
    pub cumulative: f64,
}

/// How many functions and blocks ran.
pub fn coverage(profile: &Profile) -> Coverage {
    let mut coverage = Coverage::default();
    for function in profile.functions() {
        let run = function.counts().iter().filter(|count| **count > 0).count() as u64;
        coverage.functions += 1;
        coverage.functions_run += u64::from(run > 0);
        coverage.blocks += function.counts().len() as u64;
        coverage.blocks_run += run;
    }
    coverage
}

/// The `most` heaviest functions, the heaviest first; equally heavy ones in the order of names.
pub fn hottest(profile: &Profile, most: usize) -> Vec<Hot<'_>> {
    let whole = profile.weight().max(1) as f64;
    let mut functions: Vec<_> =
        profile.functions().map(|function| (function.weight(), function)).filter(|(w, _)| *w > 0).collect();
    functions.sort_by_key(|(weight, _)| Reverse(*weight));
    let mut sum = 0_u128;
    let hot = functions.into_iter().take(most).map(|(weight, function)| {
        sum = sum.saturating_add(weight);
        Hot { function, weight, share: weight as f64 / whole, cumulative: sum as f64 / whole }
    });
    hot.collect()
}

/// Splits the name of a profiled function into the unit that it is local to, if it is, and its
/// symbol.
pub fn split_name(name: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let last = |separator| name.iter().rposition(|byte| *byte == separator);
    // A C++ or Objective-C symbol may have colons itself; a mangled one has not.
    let at = last(UNIT_SEPARATOR).or_else(|| {
        last(OLD_UNIT_SEPARATOR).filter(|at| name.get(at + 1..).is_some_and(|s| s.starts_with(b"_")))
    });
    match at.and_then(|at| Some((name.get(..at)?, name.get(at + 1..)?))) {
        Some((unit, symbol)) if !symbol.is_empty() => (Some(unit), symbol),
        _ => (None, name),
    }
}

/// A profiled function's name for people: without unit, Rust's manglings undone, without hashes.
pub fn demangle(name: &[u8]) -> String {
    let symbol = String::from_utf8_lossy(split_name(name).1);
    match rustc_demangle::try_demangle(&symbol) {
        Ok(demangled) => format!("{demangled:#}"),
        Err(_) => symbol.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_for_people() {
        let legacy = b"mixed.9bb6beb47f0497f5-cgu.0;_ZN5mixed5total17h5b71f686701949b6E";
        assert_eq!(demangle(legacy), "mixed::total");
        assert_eq!(split_name(legacy).0, Some(&b"mixed.9bb6beb47f0497f5-cgu.0"[..]));
        assert_eq!(demangle(b"_RNvCs1234_5mixed4main"), "mixed::main");
        assert_eq!(demangle(b"mixed.c;two"), "two");
        assert_eq!(demangle(b"mixed.c:_two"), "_two");
        assert_eq!(demangle(b"-[Class method:]"), "-[Class method:]");
        assert_eq!(demangle(b"main"), "main");
        assert_eq!(split_name(b""), (None, &b""[..]));
    }
}
