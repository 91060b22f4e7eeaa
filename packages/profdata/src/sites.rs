//! The values of one function while profiles are added up.
//!
//! LLVM sorts a site's values by value, adds equal ones, and sorts by count again with every file
//! that it adds; what ties and duplicates become depends on the order of files. Here the sum is
//! the same for any order: the n-th largest count of a value is added to the n-th largest of the
//! same value elsewhere (only the hash 0 of unknown call targets occurs more than once in a site),
//! and sorting and cutting to [`MAX_VALUES_PER_SITE`] happens once, at the end.

use crate::format::{MAX_VALUES_PER_SITE, ValueKind};
use crate::record::{Sites, Values};
use std::cmp::{Ordering, Reverse};

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
    /// Each site's values. A set without a single value may lack its sites.
    fn iter(&self) -> impl Iterator<Item = &[Pair]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let end = *end as usize;
            let site = self.pairs.get(start..end).unwrap_or_default();
            start = end;
            site
        })
    }

    /// The values of one site.
    fn site(&self, site: usize) -> &[Pair] {
        let end = |site: usize| self.ends.get(site).map(|end| *end as usize);
        let start = site.checked_sub(1).and_then(end).unwrap_or(0);
        end(site).and_then(|end| self.pairs.get(start..end)).unwrap_or_default()
    }

    fn push_site(&mut self, values: impl Iterator<Item = Pair>) {
        self.pairs.extend(values);
        self.ends.push(self.pairs.len() as u32);
    }

    fn of(sites: Sites<'_>, resolve: &dyn Fn(u64) -> u64, weight: u64) -> SiteSet {
        let mut set = SiteSet::default();
        set.ends.reserve_exact(sites.lengths.len());
        set.pairs.reserve_exact(sites.pairs.len() / crate::record::VALUE_BYTES);
        for site in sites.iter() {
            set.push_site(site.map(|(value, count)| (resolve(value), count.saturating_mul(weight))));
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
            finished.pairs.truncate(start + site.len().min(MAX_VALUES_PER_SITE));
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

/// A function's sets, by kind.
type Sets = [SiteSet; ValueKind::ALL.len()];

/// All values of one function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FunctionValues {
    /// Number of sites, by kind.
    sites: [u32; ValueKind::ALL.len()],
    /// Whether more than one profile has the function. The sets are sorted for adding then; a
    /// function that only one profile has keeps that profile's order among equal counts.
    shared: bool,
    /// The values. Most functions of most runs recorded none.
    sets: Option<Box<Sets>>,
}

impl FunctionValues {
    /// The values of a record, `weight` times.
    pub(crate) fn of(
        values: &Values<'_>,
        resolve: &dyn Fn(ValueKind, u64) -> u64,
        weight: u64,
    ) -> FunctionValues {
        let sites = ValueKind::ALL.map(|kind| values.get(kind).lengths.len() as u32);
        let recorded = ValueKind::ALL.into_iter().any(|kind| !values.get(kind).pairs.is_empty());
        let set = |kind| SiteSet::of(values.get(kind), &|value| resolve(kind, value), weight);
        let sets = recorded.then(|| Box::new(ValueKind::ALL.map(set)));
        FunctionValues { sites, shared: false, sets }
    }

    /// Number of sites of a kind.
    pub(crate) fn sites(&self, kind: ValueKind) -> usize {
        self.sites.get(kind.slot()).map_or(0, |sites| *sites as usize)
    }

    /// The values of one site of a kind.
    pub(crate) fn site(&self, kind: ValueKind, site: usize) -> &[Pair] {
        self.set(kind).map_or(&[], |set| set.site(site))
    }

    /// The values of all sites of a kind, one site after the other.
    pub(crate) fn pairs(&self, kind: ValueKind) -> &[Pair] {
        self.set(kind).map_or(&[], |set| &set.pairs)
    }

    fn set(&self, kind: ValueKind) -> Option<&SiteSet> {
        self.sets.as_ref()?.get(kind.slot())
    }

    /// Notes that another profile has the function as well.
    pub(crate) fn share(&mut self) {
        if !self.shared {
            self.shared = true;
            self.sets.iter_mut().for_each(|sets| sets.iter_mut().for_each(SiteSet::sort_for_adding));
        }
    }

    /// Adds another profile's values of the same function. Where the number of sites differs, the
    /// larger one stays. Returns whether something was left out for that.
    pub(crate) fn add(&mut self, mut other: FunctionValues) -> bool {
        self.share();
        other.share();
        let sets = other.sets.map(|sets| *sets).unwrap_or_default();
        let mut mismatch = false;
        for ((slot, theirs), set) in other.sites.into_iter().enumerate().zip(sets) {
            let ours = self.sites.get(slot).copied().unwrap_or(0);
            mismatch |= ours != theirs && ours > 0 && theirs > 0;
            match theirs.cmp(&ours) {
                Ordering::Less => {}
                Ordering::Equal if set.pairs.is_empty() => {}
                Ordering::Equal => self.slot(slot, |sum| match sum.pairs.is_empty() {
                    true => *sum = set,
                    false => sum.add(&set),
                }),
                Ordering::Greater => {
                    self.sites.iter_mut().skip(slot).take(1).for_each(|sites| *sites = theirs);
                    self.slot(slot, |sum| *sum = set);
                }
            }
        }
        mismatch
    }

    /// Changes one kind's set.
    fn slot(&mut self, slot: usize, change: impl FnOnce(&mut SiteSet)) {
        if let Some(set) = self.sets.get_or_insert_default().get_mut(slot) {
            change(set);
        }
    }

    /// Brings the values into their final order.
    pub(crate) fn finish(&mut self) {
        self.sets.iter_mut().for_each(|sets| sets.iter_mut().for_each(SiteSet::finish));
    }
}
