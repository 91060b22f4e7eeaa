//! Lines of calls before and after an edit: the best chain of pairs that keeps their order.
//!
//! As in a longest common subsequence, calls of the same function are paired, in order. An inserted line shifts all
//! behind it, so a pair that is shifted as the one before it costs nothing, and any other shift costs something. A
//! call is placed where every nearly best chain has it; where such chains differ, nobody knows.

use std::collections::{BTreeSet, HashMap};

/// A call of the profile, and the lines on which the function is called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) offset: i32,
    /// Sorted, each once.
    pub(super) lines: Vec<i32>,
}

/// Where a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// To this line.
    At(i32),
    /// There are several lines, and none is clearly better.
    Unsure,
    /// To none.
    Gone,
}

impl Place {
    pub(super) fn line(self) -> Option<i32> {
        match self {
            Place::At(line) => Some(line),
            Place::Unsure | Place::Gone => None,
        }
    }
}

/// What a pair is worth if the function is called on one line only, and else.
const ONLY: i32 = 8;
const ONE_OF_SEVERAL: i32 = 6;
/// What a pair is worth in addition if its line did not change.
const SAME: i32 = 1;
/// What another shift than that of the pair before costs.
const SHIFT: i32 = 2;
/// By how much the best chain has to be better than one with the call elsewhere.
const CLEAR: i32 = 2;

/// Work that a whole profile may cost, in calls looked at. A real profile of 1,300 calls took a hundredth.
pub(super) const BUDGET: u64 = 20_000_000;

/// Places each item. They are in order of their offsets. Past the budget, nobody knows.
pub(super) fn align(items: &[Item], budget: &mut u64) -> Vec<Place> {
    let unknown = |item: &Item| if item.lines.is_empty() { Place::Gone } else { Place::Unsure };
    let pairs = items.iter().map(|item| item.lines.len() as u64).sum::<u64>();
    let mut places: Vec<Place> = items.iter().map(unknown).collect();
    // Each item is left out once.
    let Some(left) = budget.checked_sub(pairs.saturating_mul(items.len() as u64 + 2)) else { return places };
    *budget = left;
    let chains = Chains::new(items);
    let forward = chains.scores(items.iter().enumerate(), false, usize::MAX);
    let backward = chains.scores(items.iter().enumerate().rev(), true, usize::MAX);
    let best = highest(&forward);
    for (index, (item, place)) in items.iter().zip(&mut places).enumerate() {
        let none = Vec::new();
        let ends = forward.get(index).unwrap_or(&none).iter().zip(backward.get(index).unwrap_or(&none));
        let through =
            item.lines.iter().zip(ends).map(|(line, (to, from))| (to + from - own(item, *line), *line));
        let mut through: Vec<(i32, i32)> = through.collect();
        through.sort_unstable_by_key(|(score, line)| (std::cmp::Reverse(*score), *line));
        let Some((score, line)) = through.first().copied() else { continue };
        let second = through.get(1).map_or(i32::MIN, |(score, _)| *score);
        if score == best && best.saturating_sub(second) >= CLEAR {
            let without = highest(&chains.scores(items.iter().enumerate(), false, index));
            if best - without >= CLEAR {
                *place = Place::At(line);
            }
        }
    }
    places
}

/// What a pair is worth by itself.
fn own(item: &Item, line: i32) -> i32 {
    let known = if item.lines.len() == 1 { ONLY } else { ONE_OF_SEVERAL };
    known + if line == item.offset { SAME } else { 0 }
}

fn highest(scores: &[Vec<i32>]) -> i32 {
    scores.iter().flatten().copied().max().unwrap_or_default().max(0)
}

/// All lines that a call can have gone to, in order.
struct Chains {
    ranks: HashMap<i32, usize>,
}

impl Chains {
    fn new(items: &[Item]) -> Self {
        let lines: BTreeSet<i32> = items.iter().flat_map(|item| item.lines.iter().copied()).collect();
        Self { ranks: lines.into_iter().zip(1..).collect() }
    }

    /// The best chain that ends with each pair, coming from one side, without one of the items.
    fn scores<'i>(
        &self,
        items: impl ExactSizeIterator<Item = (usize, &'i Item)>,
        backward: bool,
        without: usize,
    ) -> Vec<Vec<i32>> {
        let count = self.ranks.len();
        let rank = |line: i32| {
            let rank = self.ranks.get(&line).copied().unwrap_or_default();
            if backward { count + 1 - rank } else { rank }
        };
        let mut lower = Highest(vec![i32::MIN; count + 1]);
        let mut alike: HashMap<i64, i32> = HashMap::new();
        let mut scores = vec![Vec::new(); items.len()];
        for (index, item) in items.filter(|(index, _)| *index != without) {
            let shift = |line: i32| i64::from(line) - i64::from(item.offset);
            let found = item.lines.iter().map(|line| {
                // The function's first line has not moved: it is what offsets count from.
                let first = if backward || shift(*line) == 0 { 0 } else { -SHIFT };
                let other = lower.below(rank(*line)).saturating_sub(SHIFT);
                let same = alike.get(&shift(*line)).copied().unwrap_or(i32::MIN);
                own(item, *line) + first.max(other).max(same)
            });
            let found: Vec<i32> = found.collect();
            for (line, score) in item.lines.iter().zip(&found) {
                lower.raise(rank(*line), *score);
                let known = alike.entry(shift(*line)).or_insert(*score);
                *known = (*known).max(*score);
            }
            if let Some(place) = scores.get_mut(index) {
                *place = found;
            }
        }
        scores
    }
}

/// The highest number below a rank: a Fenwick tree. Ranks begin with 1.
struct Highest(Vec<i32>);

impl Highest {
    fn below(&self, rank: usize) -> i32 {
        let mut at = rank.saturating_sub(1);
        let mut highest = i32::MIN;
        while at > 0 {
            highest = highest.max(self.0.get(at).copied().unwrap_or(i32::MIN));
            at &= at - 1;
        }
        highest
    }

    fn raise(&mut self, rank: usize, score: i32) {
        let mut at = rank;
        while let Some(known) = self.0.get_mut(at).filter(|_| at > 0) {
            *known = (*known).max(score);
            at += at & at.wrapping_neg();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of calls, each of a function with a letter.
    type Lines<'l> = &'l [(i32, char)];

    fn aligned(before: Lines<'_>, now: Lines<'_>) -> Vec<Place> {
        let lines = |callee: char| now.iter().filter(move |(_, name)| *name == callee).map(|(line, _)| *line);
        let items =
            before.iter().map(|(offset, name)| Item { offset: *offset, lines: lines(*name).collect() });
        align(&items.collect::<Vec<_>>(), &mut BUDGET.clone())
    }

    #[test]
    fn calls_go_where_their_neighbours_go() {
        use Place::{At, Gone, Unsure};
        let table: [(Lines<'_>, Lines<'_>, &[Place]); 13] = [
            // Nothing, one line, a line in front of each.
            (&[(1, 'a')], &[(1, 'a')], &[At(1)]),
            (&[(1, 'a')], &[(2, 'a')], &[At(2)]),
            (&[(1, 'a'), (2, 'b'), (3, 'c')], &[(1, 'a'), (3, 'b'), (5, 'c')], &[At(1), At(3), At(5)]),
            // Calls of one function keep their order, and all shift.
            (&[(3, 'g'), (4, 'g'), (5, 'g')], &[(4, 'g'), (5, 'g'), (6, 'g')], &[At(4), At(5), At(6)]),
            (&[(3, 'g'), (10, 'g')], &[(4, 'g'), (12, 'g')], &[At(4), At(12)]),
            // A second call of the function is new; its neighbour tells which.
            (&[(2, 'a'), (3, 'g')], &[(5, 'a'), (6, 'g'), (9, 'g')], &[At(5), At(6)]),
            // Here nobody does.
            (&[(5, 'g')], &[(6, 'g'), (9, 'g')], &[Unsure]),
            (&[(3, 'g'), (4, 'g')], &[(5, 'g'), (6, 'g'), (7, 'g')], &[Unsure, Unsure]),
            // Swapped lines look like swapped names.
            (&[(3, 'a'), (4, 'b')], &[(3, 'b'), (4, 'a')], &[Unsure, Unsure]),
            // One of several went away; the others stay.
            (&[(1, 'a'), (3, 'g'), (5, 'b')], &[(1, 'a'), (5, 'b')], &[At(1), Gone, At(5)]),
            (&[(3, 'g'), (10, 'g')], &[(10, 'g'), (20, 'g')], &[Unsure, Unsure]),
            // A line that was broken in two, and two calls on one line.
            (&[(3, 'a'), (3, 'b'), (4, 'c')], &[(3, 'a'), (4, 'b'), (5, 'c')], &[At(3), At(4), At(5)]),
            (&[(3, 'a'), (3, 'b')], &[(7, 'a'), (7, 'b')], &[At(7), At(7)]),
        ];
        for (before, now, expected) in table {
            assert_eq!(aligned(before, now), expected, "{before:?} {now:?}");
        }
    }

    #[test]
    fn work_is_bounded() {
        let mut budget = 1_000_000;
        let item = |offset| Item { offset, lines: (0..1000).collect() };
        let items: Vec<Item> = (0..1000).map(item).collect();
        assert!(align(&items, &mut budget).iter().all(|place| *place == Place::Unsure));
        assert_eq!(budget, 1_000_000);
        let wide = [Item { offset: i32::MIN, lines: vec![i32::MIN, i32::MAX] }];
        assert_eq!(align(&wide, &mut budget), [Place::At(i32::MIN)]);
    }
}
