//! What a rebase made of a profile.

use crate::edge::Edge;

/// How an edge was carried over; of several ways the last in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// As it was.
    Exact,
    /// To another line of the caller.
    Shifted,
    /// To a method whose receiver is a pointer now, or no longer one.
    Receiver,
    /// To a closure with another number.
    Closure,
    /// With a package that has another path.
    Package,
    /// To a function with another name, or in another package.
    Renamed,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 6] =
        [Rule::Exact, Rule::Shifted, Rule::Receiver, Rule::Closure, Rule::Package, Rule::Renamed];
}

/// Why an edge was left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unplaced {
    /// Its function is gone, or has a name that cannot be told.
    Gone,
    /// Several functions fit.
    Ambiguous,
    /// The call is gone.
    NoCall,
    /// Several calls fit.
    AmbiguousCall,
    /// A function of this name calls nothing that it called before, so it may be another one.
    OtherBody,
}

/// Names that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// In the profile: a function, or with [`Rule::Package`] the path of a package.
    pub from: String,
    /// In the program.
    pub to: String,
    /// What showed it.
    pub rule: Rule,
    /// Weight of the edges that were carried over by it.
    pub weight: u64,
}

/// An edge that was left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftBehind<'x> {
    /// As the profile has it.
    pub edge: Edge<'x>,
    /// Why.
    pub why: Unplaced,
}

/// A profile, carried over to a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebased<'x> {
    /// The new edges, sorted, each once. The program can use all of them but those that no compiler can use.
    pub edges: Vec<Edge<'x>>,
    /// Weight of all edges of the old profile that a compiler can use.
    pub weight: u64,
    /// Edges of the old profile that a compiler can use.
    pub count: u64,
    /// Edges of the old profile that were carried over.
    pub carried: u64,
    pub(super) by_rule: [u64; Rule::ALL.len()],
    /// What is called otherwise now, heaviest first.
    pub renames: Vec<Rename>,
    /// What was left behind, heaviest first.
    pub left: Vec<LeftBehind<'x>>,
}

impl Rebased<'_> {
    /// Weight that was carried over by a rule.
    pub fn by(&self, rule: Rule) -> u64 {
        self.by_rule.get(rule as usize).copied().unwrap_or_default()
    }

    /// Share of the weight that was carried over, 0 to 1.
    pub fn share(&self) -> f64 {
        let carried = self.by_rule.iter().fold(0, |sum: u64, weight| sum.saturating_add(*weight));
        if self.weight == 0 { 0.0 } else { carried as f64 / self.weight as f64 }
    }
}
