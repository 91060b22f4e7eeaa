//! How much of a profile's weight a program can use, by whose code it is.

use crate::edge::{Edge, LeftOut, Use, Why};
use crate::part::Part;
use crate::program::Program;

/// An edge that the program cannot use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost<'p> {
    /// The edge.
    pub edge: Edge<'p>,
    /// Whose code the caller is.
    pub part: Part,
    /// Why it cannot be used.
    pub why: Why,
}

/// Weight of some edges, and how much of it the program can use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Weight of all of them.
    pub weight: u64,
    /// Weight that can be used.
    pub matched: u64,
}

impl Share {
    /// Matched part, 0 to 1; none without any weight.
    pub fn ratio(self) -> Option<f64> {
        (self.weight > 0).then(|| self.matched as f64 / self.weight as f64)
    }

    fn add(&mut self, weight: u64, matched: bool) {
        self.weight = self.weight.saturating_add(weight);
        self.matched = self.matched.saturating_add(if matched { weight } else { 0 });
    }
}

/// The match of a profile with a program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Match<'p> {
    /// Weight of the whole profile.
    pub weight: u64,
    /// All edges but those that are left out.
    pub all: Share,
    parts: [Share; Part::ALL.len()],
    left_out: [u64; LeftOut::ALL.len()],
    /// What cannot be used, heaviest first.
    pub lost: Vec<Lost<'p>>,
}

impl Match<'_> {
    /// The edges whose callers are such code.
    pub fn part(&self, part: Part) -> Share {
        self.parts.get(part as usize).copied().unwrap_or_default()
    }

    /// Weight of the edges that were left out for a reason.
    pub fn left_out(&self, why: LeftOut) -> u64 {
        self.left_out.get(why as usize).copied().unwrap_or_default()
    }
}

/// Matches the edges of a profile with a program.
pub fn match_edges<'p>(program: &Program<'_>, edges: impl IntoIterator<Item = Edge<'p>>) -> Match<'p> {
    let mut found = Match::default();
    for edge in edges {
        let weight = u64::try_from(edge.weight).unwrap_or_default();
        found.weight = found.weight.saturating_add(weight);
        let judged = program.judge(&edge);
        if let Use::LeftOut(why) = judged {
            if let Some(sum) = found.left_out.get_mut(why as usize) {
                *sum = sum.saturating_add(weight);
            }
            continue;
        }
        let part = program.info.part(edge.caller);
        found.all.add(weight, judged == Use::Matched);
        if let Some(share) = found.parts.get_mut(part as usize) {
            share.add(weight, judged == Use::Matched);
        }
        if let Use::Lost(why) = judged {
            found.lost.push(Lost { edge, part, why });
        }
    }
    found.lost.sort_by(|a, b| b.edge.weight.cmp(&a.edge.weight).then_with(|| a.edge.cmp(&b.edge)));
    found
}
