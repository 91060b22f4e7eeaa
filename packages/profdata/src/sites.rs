//! The values of one function while profiles are added up.
//!
//! LLVM sorts a site's values by value, adds equal ones, and sorts by count again with every file
//! that it adds; what ties and duplicates become depends on the order of files. Here the sum is
//! the same for any order: the n-th largest count of a value is added to the n-th largest of the
//! same value elsewhere (only the hash 0 of unknown call targets occurs more than once in a site),
//! and sorting and cutting to [`MAX_VALUES_PER_SITE`] happens once, at the end.

use crate::format::{MAX_VALUES_PER_SITE, ValueKind};
use crate::record::{Sites, Values};
use std::cmp::Reverse;

/// A value and how often it was seen.
pub(crate) type Pair = (u64, u64);

/// The sites of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SiteSet {
    /// End of each site's values in `pairs`.
    ends: Vec<u32>,
    pairs: Vec<Pair>,
}

impl SiteSet {
    /// How many sites there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All sites' values, one site after the other.
    pub(crate) fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// Each site's values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[Pair]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let end = *end as usize;
            let site = self.pairs.get(start..end).unwrap_or_default();
            start = end;
            site
        })
    }

    fn push_site(&mut self, values: impl Iterator<Item = Pair>) {
        self.pairs.extend(values);
        self.ends.push(self.pairs.len() as u32);
    }

    fn of(sites: Sites<'_>, resolve: &dyn Fn(u64) -> u64, weight: u64) -> SiteSet {
        let mut set = SiteSet::default();
        set.ends.reserve_exact(sites.lengths.len());
        set.pairs
            .reserve_exact(sites.pairs.len() / crate::record::VALUE_BYTES);
        for site in sites.iter() {
            set.push_site(
                site.map(|(value, count)| (resolve(value), count.saturating_mul(weight))),
            );
        }
        set
    }

    /// Sorts each site for adding: by value, the larger count first.
    fn sort_for_adding(&mut self) {
        let mut start = 0;
        for end in &self.ends {
            if let Some(site) = self.pairs.get_mut(start..*end as usize) {
                site.sort_unstable_by_key(|(value, count)| (*value, Reverse(*count)));
            }
            start = *end as usize;
        }
    }

    /// Adds another set with the same number of sites; both sorted for adding.
    fn add(&mut self, other: &SiteSet) {
        let mut sum = SiteSet::default();
        sum.ends.reserve_exact(self.ends.len());
        sum.pairs.reserve(self.pairs.len().max(other.pairs.len()));
        for (ours, theirs) in self.iter().zip(other.iter()) {
            add_site(&mut sum.pairs, ours, theirs);
            sum.ends.push(sum.pairs.len() as u32);
        }
        *self = sum;
    }

    /// Sorts each site by count, the largest first, and cuts it to what formats carry.
    fn finish(&mut self) {
        let mut finished = SiteSet::default();
        finished.ends.reserve_exact(self.ends.len());
        for site in self.iter() {
            let start = finished.pairs.len();
            finished.pairs.extend_from_slice(site);
            if let Some(copy) = finished.pairs.get_mut(start..) {
                copy.sort_by_key(|(_, count)| Reverse(*count));
            }
            finished
                .pairs
                .truncate(start + site.len().min(MAX_VALUES_PER_SITE));
            finished.ends.push(finished.pairs.len() as u32);
        }
        finished.pairs.shrink_to_fit();
        *self = finished;
    }
}

fn add_site(sum: &mut Vec<Pair>, ours: &[Pair], theirs: &[Pair]) {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    loop {
        match (ours.peek(), theirs.peek()) {
            (Some((a, m)), Some((b, n))) if a == b => {
                sum.push((*a, m.saturating_add(*n)));
                ours.next();
                theirs.next();
            }
            (Some((a, _)), Some((b, _))) if a > b => sum.extend(theirs.next()),
            (Some(_), _) => sum.extend(ours.next()),
            (None, Some(_)) => sum.extend(theirs.next()),
            (None, None) => return,
        }
    }
}

/// All values of one function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ValueStore {
    kinds: [SiteSet; ValueKind::ALL.len()],
    /// Whether the sites are sorted for adding: from the second profile of the function on. A
    /// function that only one profile has keeps that profile's order among equal counts.
    sorted: bool,
}

impl ValueStore {
    /// The values of a record; `None` where it has no site.
    pub(crate) fn of(
        values: &Values<'_>,
        resolve: &dyn Fn(ValueKind, u64) -> u64,
        weight: u64,
    ) -> Option<Box<ValueStore>> {
        if values.is_empty() {
            return None;
        }
        let mut store = Box::<ValueStore>::default();
        for kind in ValueKind::ALL {
            if let Some(slot) = store.kinds.get_mut(kind.slot()) {
                *slot = SiteSet::of(values.get(kind), &|value| resolve(kind, value), weight);
            }
        }
        Some(store)
    }

    /// The sites of a kind.
    pub(crate) fn get(&self, kind: ValueKind) -> &SiteSet {
        // The array has a slot for every kind.
        self.kinds.get(kind.slot()).unwrap_or(&self.kinds[0])
    }

    /// Says that another profile has this function, with or without values.
    pub(crate) fn mark_shared(&mut self) {
        if !self.sorted {
            self.kinds.iter_mut().for_each(SiteSet::sort_for_adding);
            self.sorted = true;
        }
    }

    /// Adds another profile's values. Where the number of sites differs, the larger one stays.
    /// Returns whether something was left out for that.
    pub(crate) fn add(&mut self, other: &mut ValueStore) -> bool {
        self.mark_shared();
        other.mark_shared();
        let mut mismatch = false;
        for (ours, theirs) in self.kinds.iter_mut().zip(other.kinds.iter_mut()) {
            if ours.len() == theirs.len() {
                if !theirs.pairs.is_empty() {
                    ours.add(theirs);
                }
                continue;
            }
            mismatch |= ours.len() > 0 && theirs.len() > 0;
            if theirs.len() > ours.len() {
                *ours = std::mem::take(theirs);
            }
        }
        mismatch
    }

    /// Brings the values into their final order.
    pub(crate) fn finish(&mut self) {
        self.kinds.iter_mut().for_each(SiteSet::finish);
    }
}
