//! How alike two profiles are, as `llvm-profdata overlap` computes it.
//!
//! For each counter of a function with the same name, CFG hash and shape in both profiles, the
//! smaller of its shares of the two profiles' weights; the sum of these is the overlap. Source:
//! `OverlapStats` and `InstrProfRecord::overlap` in `llvm/lib/ProfileData/InstrProf.cpp`,
//! `InstrProfWriter::overlapRecord` in `InstrProfWriter.cpp`, LLVM 22.1.

use honing_profdata::{Function, Profile, ValueKind};
use std::collections::{HashMap, HashSet};

const KINDS: usize = ValueKind::ALL.len();

/// Sums over a profile, or shares of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OverlapPart {
    /// Functions.
    pub functions: u64,
    /// Sum of counters in increments, or share of it, 0 to 1.
    pub edges: f64,
    /// The same of profiled values' counts, by kind.
    pub values: [f64; KINDS],
}

/// How alike two profiles are.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overlap {
    /// The first profile: functions, and sums of counts.
    pub base: OverlapPart,
    /// The second profile, likewise.
    pub test: OverlapPart,
    /// What is in both: functions, and shares, 0 to 1.
    pub overlap: OverlapPart,
    /// Functions of the same name but with another CFG hash or shape, and their share of the second
    /// profile.
    pub mismatch: OverlapPart,
    /// Functions whose name only the second profile has, and their share of it.
    pub unique: OverlapPart,
}

/// Compares two profiles, the context-sensitive records or the others.
///
/// A profile without weight overlaps nothing: all shares are 0. (`llvm-profdata overlap` prints
/// that its sum is 0 and ends.)
pub fn overlap(base: &Profile, test: &Profile, context_sensitive: bool) -> Overlap {
    let mut result = Overlap {
        base: sums(base, context_sensitive),
        test: sums(test, context_sensitive),
        ..Overlap::default()
    };
    if result.base.edges < 1.0 || result.test.edges < 1.0 {
        return result;
    }
    let names: HashSet<u64> = base.functions().map(|function| function.name_hash()).collect();
    let in_base: HashMap<_, Function<'_>> = base.functions().map(|ours| (key(&ours), ours)).collect();
    for theirs in test.functions() {
        let part = part_of(&theirs);
        if !names.contains(&theirs.name_hash()) {
            add_share(&mut result.unique, &part, &result.test);
        } else if part.edges < 1.0 {
            result.overlap.functions += 1;
        } else {
            match in_base.get(&key(&theirs)).filter(|ours| same_shape(ours, &theirs)) {
                Some(ours) => add_overlap(&mut result, ours, &theirs),
                None => add_share(&mut result.mismatch, &part, &result.test),
            }
        }
    }
    result
}

/// Name and control flow, by which a function of one profile is found in another.
pub(crate) fn key(function: &Function<'_>) -> (u64, u64) {
    (function.name_hash(), function.cfg_hash())
}

fn sums(profile: &Profile, context_sensitive: bool) -> OverlapPart {
    let mut sums = OverlapPart::default();
    for function in profile.functions().filter(|f| f.is_context_sensitive() == context_sensitive) {
        let part = part_of(&function);
        sums.functions += 1;
        sums.edges += part.edges;
        for (sum, value) in sums.values.iter_mut().zip(part.values) {
            *sum += value;
        }
    }
    sums
}

fn part_of(function: &Function<'_>) -> OverlapPart {
    // LLVM adds the counters of a function up in 64 bits, whatever they hold.
    let edges = function.counts().iter().fold(0_u64, |sum, count| sum.wrapping_add(*count));
    let values = ValueKind::ALL.map(|kind| {
        let counts = function.sites(kind).flatten().map(|(_, count)| *count);
        counts.fold(0_u64, u64::wrapping_add) as f64
    });
    OverlapPart { functions: 1, edges: edges as f64, values }
}

fn add_share(sum: &mut OverlapPart, part: &OverlapPart, whole: &OverlapPart) {
    sum.functions += 1;
    sum.edges += part.edges / whole.edges;
    for ((sum, part), whole) in sum.values.iter_mut().zip(part.values).zip(whole.values) {
        if whole >= 1.0 {
            *sum += part / whole;
        }
    }
}

fn same_shape(ours: &Function<'_>, theirs: &Function<'_>) -> bool {
    ours.counts().len() == theirs.counts().len()
        && ValueKind::ALL.into_iter().all(|kind| ours.site_count(kind) == theirs.site_count(kind))
}

fn add_overlap(result: &mut Overlap, ours: &Function<'_>, theirs: &Function<'_>) {
    let edges = ours.counts().iter().zip(theirs.counts());
    let (base, test) = (result.base.edges, result.test.edges);
    result.overlap.edges += edges.map(|(a, b)| score(*a, *b, base, test)).sum::<f64>();
    result.overlap.functions += 1;
    let sums = result.overlap.values.iter_mut().zip(result.base.values).zip(result.test.values);
    for (kind, ((sum, base), test)) in ValueKind::ALL.into_iter().zip(sums) {
        for (a, b) in ours.sites(kind).zip(theirs.sites(kind)) {
            *sum += site_score(a, b, base, test);
        }
    }
}

/// The smaller of a count's shares of two sums.
pub(crate) fn score(a: u64, b: u64, base: f64, test: f64) -> f64 {
    if base < 1.0 || test < 1.0 { 0.0 } else { (a as f64 / base).min(b as f64 / test) }
}

fn site_score(a: &[(u64, u64)], b: &[(u64, u64)], base: f64, test: f64) -> f64 {
    let by_value = |site: &[(u64, u64)]| {
        let mut site = site.to_vec();
        site.sort_by_key(|(value, _)| *value);
        site
    };
    let (a, b) = (by_value(a), by_value(b));
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut sum = 0.0;
    while let (Some((x, m)), Some((y, n))) = (a.peek(), b.peek()) {
        if x == y {
            sum += score(*m, *n, base, test);
        }
        let (step_a, step_b) = (x <= y, y <= x);
        if step_a {
            a.next();
        }
        if step_b {
            b.next();
        }
    }
    sum
}
