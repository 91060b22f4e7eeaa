//! What was carried over and what was not.

#[cfg(doc)]
use crate::symbol::Meaning;

/// By what a function's counters were carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Name and CFG hash are the same.
    Exact,
    /// Meaning and CFG hash are the same, and no other function is left that has them: first within
    /// the crate that the code was generated for, then within the codegen unit that the unit of the
    /// others became, then anywhere.
    Meaning,
    /// Several functions have the same meaning and CFG hash, and those of the profile have the same
    /// counters: whichever is whose, each gets the same.
    Alike,
    /// Meaning and edges are the same, one is left on each side, and the hashes differ in the number
    /// of value sites only: the counters are the same in number and order.
    Shape,
    /// The same after one word of the path was replaced, by a replacement that several functions
    /// support.
    Renamed,
    /// The profile has legacy names and the build v0 ones, or the other way round: path and CFG hash
    /// are the same, without type arguments, which legacy names do not have.
    Mangling,
}

impl Rule {
    /// Every rule, in their order.
    pub const ALL: [Rule; 6] =
        [Rule::Exact, Rule::Meaning, Rule::Alike, Rule::Shape, Rule::Renamed, Rule::Mangling];
}

/// Why a function's counters were not carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unpaired {
    /// No function of the build that is left has the meaning.
    Gone,
    /// Functions with the meaning are left, but none with that control flow.
    ControlFlow,
    /// Several functions have meaning and CFG hash, and nothing tells which is whose.
    Ambiguous,
}

impl Unpaired {
    /// Every reason.
    pub const ALL: [Unpaired; 3] = [Unpaired::Gone, Unpaired::ControlFlow, Unpaired::Ambiguous];
}

/// A part of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Part {
    /// Sum of the counters, in increments.
    pub weight: u128,
    /// Functions with weight.
    pub functions: u64,
    /// Functions without weight: that a function never ran is knowledge, too.
    pub functions_without: u64,
}

impl Part {
    pub(super) fn count(&mut self, weight: u128) {
        self.weight = self.weight.saturating_add(weight);
        self.functions += u64::from(weight > 0);
        self.functions_without += u64::from(weight == 0);
    }
}

/// A function whose counters were not carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The name for people.
    pub name: String,
    /// The name as the profile has it.
    pub profile_name: Vec<u8>,
    /// The CFG hash in the profile.
    pub cfg_hash: u64,
    /// Sum of the counters, in increments.
    pub weight: u128,
    /// Why.
    pub why: Unpaired,
}

/// A word of paths that was replaced by another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Replacement {
    /// The word in the profile.
    pub from: String,
    /// The word in the build.
    pub to: String,
    /// Functions that it was seen with, without any doubt about the pairing.
    pub support: u64,
}

/// What was carried over and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RebaseReport {
    /// The whole profile.
    pub all: Part,
    /// What was carried over.
    pub carried: Part,
    /// The same by rule, in the order of [`Rule::ALL`].
    pub by_rule: Vec<(Rule, Part)>,
    /// What was not, by reason, in the order of [`Unpaired::ALL`].
    pub dropped: Vec<(Unpaired, Part)>,
    /// The heaviest of what was not, the heaviest first; at most 50.
    pub heaviest: Vec<Dropped>,
    /// Replaced words of paths.
    pub replacements: Vec<Replacement>,
    /// Value sites (of indirect calls and memory operations) that were left behind because the
    /// function has another number of them now.
    pub sites_dropped: u64,
}

impl RebaseReport {
    /// Share of the weight that was carried over, 0 to 1; 0 where there is no weight.
    pub fn share(&self) -> f64 {
        if self.all.weight == 0 { 0.0 } else { self.carried.weight as f64 / self.all.weight as f64 }
    }
}
