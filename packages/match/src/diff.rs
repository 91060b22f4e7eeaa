//! Where two profiles differ, function by function.

use crate::overlap::{key, score};
use honing_profdata::{Function, Profile};
use std::collections::{HashMap, HashSet};

/// How a function occurs in two profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Presence {
    /// In both, with the same CFG hash.
    Both,
    /// The name is in both, this CFG hash only in the first.
    OldCfg,
    /// The name is in both, this CFG hash only in the second.
    NewCfg,
    /// The name is only in the first.
    Removed,
    /// The name is only in the second.
    Added,
}

/// One function's difference.
#[derive(Debug, Clone, Copy)]
pub struct FunctionDiff<'a> {
    /// The function: the second profile's, or the first's if the second has it not.
    pub function: Function<'a>,
    /// How it occurs in the two.
    pub presence: Presence,
    /// Its share of the first profile's weight, 0 to 1.
    pub base_share: f64,
    /// Its share of the second profile's weight, 0 to 1.
    pub test_share: f64,
    /// How much of its weight is on the same edges in both: the sum of the smaller shares of its
    /// edges in itself, 0 to 1; 0 unless it is in both.
    pub overlap: f64,
}

impl FunctionDiff<'_> {
    /// By how much its share changed, 0 to 1.
    pub fn change(&self) -> f64 {
        (self.test_share - self.base_share).abs()
    }
}

/// The difference of two profiles.
#[derive(Debug, Clone)]
pub struct Diff<'a> {
    /// Every function of either, those whose share changed most first.
    pub functions: Vec<FunctionDiff<'a>>,
    /// Share of the first profile's weight in functions that the second has with the same name and
    /// CFG hash, 0 to 1: what a build that the second was recorded on could apply of the first.
    pub base_matched: f64,
    /// The same by name alone.
    pub base_named: f64,
    /// The same as `base_matched` the other way around.
    pub test_matched: f64,
    /// The same as `base_named` the other way around.
    pub test_named: f64,
}

/// Compares two profiles function by function.
pub fn diff<'a>(base: &'a Profile, test: &'a Profile) -> Diff<'a> {
    let (whole_base, whole_test) = (base.weight().max(1) as f64, test.weight().max(1) as f64);
    let in_base: HashMap<_, Function<'_>> = base.functions().map(|f| (key(&f), f)).collect();
    let in_test: HashSet<_> = test.functions().map(|f| key(&f)).collect();
    let base_names: HashSet<u64> = base.functions().map(|f| f.name_hash()).collect();
    let test_names: HashSet<u64> = test.functions().map(|f| f.name_hash()).collect();
    let mut functions = Vec::with_capacity(test.len());
    for function in test.functions() {
        let ours = in_base.get(&key(&function));
        let presence = match ours {
            Some(_) => Presence::Both,
            None if base_names.contains(&function.name_hash()) => Presence::NewCfg,
            None => Presence::Added,
        };
        functions.push(FunctionDiff {
            function,
            presence,
            base_share: ours.map_or(0.0, |ours| ours.weight() as f64 / whole_base),
            test_share: function.weight() as f64 / whole_test,
            overlap: ours.map_or(0.0, |ours| own_overlap(ours, &function)),
        });
    }
    for function in base.functions().filter(|function| !in_test.contains(&key(function))) {
        let named = test_names.contains(&function.name_hash());
        let presence = if named { Presence::OldCfg } else { Presence::Removed };
        let base_share = function.weight() as f64 / whole_base;
        functions.push(FunctionDiff { function, presence, base_share, test_share: 0.0, overlap: 0.0 });
    }
    functions.sort_by(|a, b| {
        let changes = b.change().total_cmp(&a.change());
        changes.then_with(|| a.function.name_bytes().cmp(b.function.name_bytes()))
    });
    let share = |which: fn(&FunctionDiff<'_>) -> f64, presences: &[Presence]| {
        let of = functions.iter().filter(|diff| presences.contains(&diff.presence));
        of.map(which).sum::<f64>()
    };
    use Presence::{Both, NewCfg, OldCfg};
    Diff {
        base_matched: share(|diff| diff.base_share, &[Both]),
        base_named: share(|diff| diff.base_share, &[Both, OldCfg]),
        test_matched: share(|diff| diff.test_share, &[Both]),
        test_named: share(|diff| diff.test_share, &[Both, NewCfg]),
        functions,
    }
}

fn own_overlap(ours: &Function<'_>, theirs: &Function<'_>) -> f64 {
    if ours.counts().len() != theirs.counts().len() {
        return 0.0;
    }
    let (base, test) = (ours.weight() as f64, theirs.weight() as f64);
    ours.counts().iter().zip(theirs.counts()).map(|(a, b)| score(*a, *b, base, test)).sum()
}
