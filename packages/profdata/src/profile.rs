//! A finished profile: every function once for each CFG hash, in the order of names.

use crate::error::Error;
use crate::format::{CONTEXT_SENSITIVE_HASH_BIT, ValueKind, Variant};
use crate::report::LossKind;
use crate::store::{Entry, Store};
use std::borrow::Cow;
use std::cmp::Reverse;

/// A whole profile, read from one file or merged from many.
///
/// Functions are sorted by name (bytes, as `llvm-profdata` sorts them) and CFG hash.
#[derive(Debug, Default)]
pub struct Profile {
    store: Store,
}

/// One function of a [`Profile`].
#[derive(Debug, Clone, Copy)]
pub struct Function<'a> {
    store: &'a Store,
    entry: &'a Entry,
}

/// What finishing a sum left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) kind: LossKind,
    pub(crate) functions: u64,
    pub(crate) weight: u128,
}

impl Profile {
    /// Finishes a sum: leaves out functions without a name and the lighter forms of functions that
    /// came with several numbers of counters, and brings everything into its final order.
    pub(crate) fn finish(mut store: Store) -> Result<(Profile, Vec<Dropped>), Error> {
        if store.entry_only && store.blocks {
            return Err(Error::MixedVariants);
        }
        store.close();
        let mut entries = std::mem::take(&mut store.entries);
        let mut unnamed = Dropped::none(LossKind::Unnamed);
        entries.retain(|entry| entry.name.is_some() || unnamed.count(store.weight_of(entry)));
        // What tells entries apart is in the key or the form: the order is total.
        entries.sort_unstable_by(|a, b| {
            let key = |entry| (store.name_of(entry), entry.cfg_hash);
            let form = |entry| Reverse((store.weight_of(entry), entry.counters(), !entry.is_pseudo()));
            key(a).cmp(&key(b)).then_with(|| form(a).cmp(&form(b)))
        });
        // Of several forms the heaviest is first now.
        let mut mismatched = Dropped::none(LossKind::CounterMismatch);
        let same = |a: &Entry, b: &Entry| (a.name_hash, a.cfg_hash) == (b.name_hash, b.cfg_hash);
        entries.dedup_by(|later, first| same(later, first) && !mismatched.count(store.weight_of(later)));
        entries.iter_mut().for_each(|entry| entry.values.finish());
        store.entries = entries;
        let dropped = [unnamed, mismatched].into_iter().filter(|dropped| dropped.functions > 0).collect();
        Ok((Profile { store }, dropped))
    }

    /// How the program was instrumented.
    pub fn variant(&self) -> Variant {
        self.store.variant
    }

    /// How many functions there are; a function counts once for each CFG hash.
    pub fn len(&self) -> usize {
        self.store.entries.len()
    }

    /// Whether there is no function.
    pub fn is_empty(&self) -> bool {
        self.store.entries.is_empty()
    }

    /// Every function, by name and CFG hash.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = Function<'_>> + Clone {
        self.store.entries.iter().map(|entry| Function { store: &self.store, entry })
    }

    /// The function at a position in the order of [`Profile::functions`].
    pub fn function(&self, position: usize) -> Option<Function<'_>> {
        let entry = self.store.entries.get(position)?;
        Some(Function { store: &self.store, entry })
    }

    /// The functions of that name, by CFG hash.
    pub fn named(&self, name: &[u8]) -> impl Iterator<Item = Function<'_>> {
        let entries = &self.store.entries;
        let key = |entry: &Entry| self.store.name_of(entry);
        let start = entries.partition_point(|entry| key(entry) < name);
        let after = entries.partition_point(|entry| key(entry) <= name);
        entries
            .get(start..after)
            .unwrap_or_default()
            .iter()
            .map(|entry| Function { store: &self.store, entry })
    }

    /// The name whose MD5 has that low half, among the functions and vtables of the profile.
    pub fn name_of_hash(&self, hash: u64) -> Option<&[u8]> {
        self.store.names.get(hash)
    }

    /// Sum of all counters, in increments.
    pub fn weight(&self) -> u128 {
        self.functions().map(|function| function.weight()).sum()
    }

    /// Build ids of the instrumented programs, sorted; empty where the linker wrote none.
    pub fn binary_ids(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.store.binary_ids.iter().map(Vec::as_slice)
    }

    /// Names of the profiled vtables, sorted.
    pub fn vtable_names(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.store.vtable_names.iter().map(Vec::as_slice)
    }
}

impl Dropped {
    fn none(kind: LossKind) -> Dropped {
        Dropped { kind, functions: 0, weight: 0 }
    }

    /// Counts a function that is left out; false, for use in a condition that keeps one.
    fn count(&mut self, weight: u128) -> bool {
        self.functions += 1;
        self.weight = self.weight.saturating_add(weight);
        false
    }
}

impl<'a> Function<'a> {
    /// The function's name as the profile has it: mangled, with a prefix for functions that are
    /// local to an object file.
    pub fn name_bytes(&self) -> &'a [u8] {
        self.store.name_of(self.entry)
    }

    /// The function's name, with bytes that are not UTF-8 replaced.
    pub fn name(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.name_bytes())
    }

    /// The low half of the MD5 of the name.
    pub fn name_hash(&self) -> u64 {
        self.entry.name_hash
    }

    /// Hash of the function's control flow at instrumentation. A compiler applies the counters only
    /// to a function with the same hash.
    pub fn cfg_hash(&self) -> u64 {
        self.entry.cfg_hash
    }

    /// Whether the record was instrumented after inlining.
    pub fn is_context_sensitive(&self) -> bool {
        self.entry.cfg_hash & CONTEXT_SENSITIVE_HASH_BIT != 0
    }

    /// The counters, in increments.
    pub fn counts(&self) -> &'a [u64] {
        self.store.counts_of(self.entry)
    }

    /// MC/DC bitmap bytes; empty for all but clang's coverage.
    pub fn bitmap(&self) -> &'a [u8] {
        self.store.bitmap_of(self.entry)
    }

    /// Sum of the counters, in increments.
    pub fn weight(&self) -> u128 {
        self.store.weight_of(self.entry)
    }

    /// Whether another source of profiles called the function hot or warm instead of counting it.
    pub fn is_pseudo(&self) -> bool {
        self.entry.is_pseudo()
    }

    /// The sites of a kind, each its values and their counts, the most frequent first.
    pub fn sites(&self, kind: ValueKind) -> impl Iterator<Item = &'a [(u64, u64)]> + use<'a> {
        let values = &self.entry.values;
        (0..values.sites(kind)).map(move |site| values.site(kind, site))
    }

    /// How many sites of a kind the function has.
    pub fn site_count(&self, kind: ValueKind) -> usize {
        self.entry.values.sites(kind)
    }

    /// The values of all sites of a kind, one site after the other.
    pub(crate) fn site_pairs(&self, kind: ValueKind) -> &'a [(u64, u64)] {
        self.entry.values.pairs(kind)
    }
}
