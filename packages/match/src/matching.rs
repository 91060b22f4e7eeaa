//! How much of a profile a build applies, and why the rest is lost.
//!
//! A compiler applies a function's counters if its profile name (for a local function with the
//! module in front) and its CFG hash are those of the profile. The compiler's trace does not tell
//! which functions are local, so there a name counts as present in either form.

use crate::functions::{BuildFunction, BuildFunctions, Linkage};
use crate::inspect::{demangle, split_name};
use crate::origin::{Crates, Origin};
use crate::units::{Copies, numbered};
use honing_profdata::{Function, Profile};
use std::cmp::Reverse;

/// A part of a profile, and what of it a build applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// Sum of the counters, in increments.
    pub weight: u128,
    /// The same of functions that are in the build with the same CFG hash.
    pub weight_matched: u128,
    /// Functions with weight.
    pub functions: u64,
    /// Functions with weight that are in the build with the same CFG hash.
    pub functions_matched: u64,
}

impl Share {
    /// Share of the weight that is applied, 0 to 1; 0 where there is no weight.
    pub fn matched(&self) -> f64 {
        if self.weight == 0 { 0.0 } else { self.weight_matched as f64 / self.weight as f64 }
    }

    fn count(&mut self, weight: u128, matched: bool) {
        self.weight = self.weight.saturating_add(weight);
        self.functions += 1;
        if matched {
            self.weight_matched = self.weight_matched.saturating_add(weight);
            self.functions_matched += 1;
        }
    }
}

/// Why a build does not apply a function's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The build has no function of that symbol: gone, or renamed.
    Gone,
    /// The symbol is there, with another CFG hash.
    ControlFlow,
    /// The symbol is there with the same CFG hash, but local now, or in a unit of another crate.
    Unit,
}

/// A function whose counters a build does not apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// The name for people.
    pub name: String,
    /// The name as the profile has it.
    pub profile_name: Vec<u8>,
    /// The CFG hash in the profile.
    pub cfg_hash: u64,
    /// Sum of the counters, in increments.
    pub weight: u128,
    /// Whose code it is.
    pub origin: Origin,
    /// Why it is lost.
    pub why: Why,
}

/// What of a profile a build applies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    /// The whole profile.
    pub all: Share,
    /// The same by where a function comes from.
    origins: [Share; Origin::ALL.len()],
    /// Functions with weight that are not applied, the heaviest first.
    pub lost: Vec<Lost>,
}

impl Match {
    /// The part of an origin.
    pub fn of(&self, origin: Origin) -> &Share {
        &self.origins[origin as usize]
    }
}

/// Whether a build applies a local function's counters to one of its copies ([`crate::in_every_unit`]): in
/// another unit of its crate, or where it is not local any more.
fn has_a_copy(function: &Function<'_>, build: &BuildFunctions, copies: &Copies) -> bool {
    let (unit, symbol) = split_name(function.name_bytes());
    let Some((of, _)) = unit.and_then(numbered) else { return false };
    build.with_symbol(symbol).iter().any(|there| {
        let of_there = there.module.as_deref().and_then(numbered);
        there.may_have(function.cfg_hash())
            && (there.linkage != Linkage::Local
                || of_there.is_some_and(|(there, number)| there == of && copies.reach(number)))
    })
}

/// Why a build does not apply a function's counters; `None` where it does.
pub(crate) fn lost(function: &Function<'_>, build: &BuildFunctions) -> Option<Why> {
    let has = |there: &BuildFunction| there.may_have(function.cfg_hash());
    let name = function.name_bytes();
    if build.with_name(name).any(has) {
        return None;
    }
    let named = build.with_name(name).next().is_some();
    let elsewhere = build.with_symbol(split_name(name).1);
    Some(match elsewhere {
        [] => Why::Gone,
        _ if !named && elsewhere.iter().any(has) => Why::Unit,
        _ => Why::ControlFlow,
    })
}

/// What of a profile a build applies: by weight and by functions with weight, exact sums.
///
/// A function without weight is not counted: nothing is lost with it.
pub fn match_build(profile: &Profile, build: &BuildFunctions, crates: &Crates) -> Match {
    let mut found = Match::default();
    let copies = Copies::of(profile);
    for function in profile.functions() {
        let weight = function.weight();
        if weight == 0 {
            continue;
        }
        let origin = crates.origin(function.name_bytes());
        let lost =
            lost(&function, build).filter(|_| !(copies.has(weight) && has_a_copy(&function, build, &copies)));
        found.all.count(weight, lost.is_none());
        found.origins[origin as usize].count(weight, lost.is_none());
        found.lost.extend(lost.map(|why| Lost {
            name: demangle(function.name_bytes()),
            profile_name: function.name_bytes().to_vec(),
            cfg_hash: function.cfg_hash(),
            weight,
            origin,
            why,
        }));
    }
    // The profile's own order, by name and hash, decides among equally heavy ones.
    found.lost.sort_by_key(|lost| Reverse(lost.weight));
    found
}
