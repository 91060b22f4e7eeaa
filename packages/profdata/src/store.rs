//! The sum of profiles: one entry for each function and CFG hash, all counters in one block.
//!
//! Adding is commutative and associative in everything that is kept, so that the order of inputs
//! and their spread over threads cannot show in the result.

use crate::bytes::{ByteOrder, WORD};
use crate::format::{MAX_COUNT, PSEUDO_HOT, PSEUDO_WARM, ValueKind, Variant};
use crate::name_table::{NameTable, Place};
use crate::names::name_hash;
use crate::record::{Record, Sites};
use crate::sites::FunctionValues;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

/// What tells entries apart. A function whose number of counters differs between inputs has an
/// entry for each until the end, so that it does not matter which came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    name_hash: u64,
    cfg_hash: u64,
    counters: u32,
    pseudo: bool,
}

/// Multiplies and rotates: the keys are hashes already.
#[derive(Default)]
pub(crate) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // Fibonacci hashing: 2^64 over the golden ratio.
        self.0 = (self.0.rotate_left(29) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u8(&mut self, word: u8) {
        self.write_u64(u64::from(word));
    }
}

pub(crate) type HashedMap<K, V> = HashMap<K, V, BuildHasherDefault<KeyHasher>>;

/// One function's sum.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name_hash: u64,
    pub(crate) cfg_hash: u64,
    counts_at: usize,
    counts_len: u32,
    bitmap_len: u32,
    bitmap_at: usize,
    /// Whether the first counter is a pseudo count of another source of profiles.
    pseudo: bool,
    /// Where the function's name is, once a file brought it.
    pub(crate) name: Place,
    /// The function's values.
    pub(crate) values: FunctionValues,
}

impl Entry {
    fn key(&self) -> Key {
        let Entry { name_hash, cfg_hash, counts_len, pseudo, .. } = *self;
        Key { name_hash, cfg_hash, counters: counts_len, pseudo }
    }

    /// Number of counters.
    pub(crate) fn counters(&self) -> u32 {
        self.counts_len
    }

    /// Whether the first counter is a pseudo count.
    pub(crate) fn is_pseudo(&self) -> bool {
        self.pseudo
    }
}

/// The sum of the profiles added so far.
#[derive(Debug, Default)]
pub(crate) struct Store {
    index: HashedMap<Key, u32>,
    pub(crate) entries: Vec<Entry>,
    counts: Vec<u64>,
    bitmaps: Vec<u8>,
    pub(crate) names: NameTable,
    /// Union of the profiles' variant bits.
    pub(crate) variant: Variant,
    /// Whether some profiles instrumented function entries only, and others did not.
    pub(crate) entry_only: bool,
    pub(crate) blocks: bool,
    pub(crate) binary_ids: BTreeSet<Vec<u8>>,
    pub(crate) vtable_names: BTreeSet<Vec<u8>>,
}

/// What adding a record did.
pub(crate) struct Added {
    /// The record's entry; a guess for the same record of the next file.
    pub(crate) slot: u32,
    /// Whether the function's name is known.
    pub(crate) named: bool,
    /// Whether values were left out because the number of sites differs.
    pub(crate) sites_mismatch: bool,
}

impl Store {
    /// Room for that many more functions and counters.
    pub(crate) fn reserve(&mut self, functions: usize, counters: usize) {
        if self.entries.is_empty() {
            self.entries.reserve_exact(functions);
            self.index.reserve(functions);
            self.counts.reserve_exact(counters);
        }
    }

    /// Adds a record `weight` times. `guess` is where it probably is; `resolve` maps its values.
    pub(crate) fn add(
        &mut self,
        record: &Record<'_>,
        weight: u64,
        guess: Option<u32>,
        resolve: &dyn Fn(ValueKind, u64) -> u64,
    ) -> Added {
        let pseudo = pseudo_count(record);
        let key = Key {
            name_hash: record.name_hash,
            cfg_hash: record.cfg_hash,
            counters: record.counts.len() as u32,
            pseudo: pseudo.is_some(),
        };
        let (slot, new) = self.slot(key, guess, record.bitmap.len());
        let Some(entry) = self.entries.get_mut(slot as usize) else {
            return Added { slot, named: false, sites_mismatch: false };
        };
        let counts = entry.counts_at..entry.counts_at + entry.counts_len as usize;
        let sums = self.counts.get_mut(counts).unwrap_or_default();
        match pseudo {
            Some(pseudo) => {
                if let Some(first) = sums.first_mut() {
                    // Hot is the larger of the two.
                    *first = pseudo.max(*first);
                }
            }
            None => add_counts(sums, record, weight),
        }
        let bitmap = entry.bitmap_at..entry.bitmap_at + entry.bitmap_len as usize;
        if entry.bitmap_len as usize == record.bitmap.len() {
            for (at, sum) in self.bitmaps.get_mut(bitmap).unwrap_or_default().iter_mut().enumerate() {
                *sum |= record.bitmap.get(at);
            }
        }
        let sites_mismatch = add_values(entry, record, weight, new, resolve);
        Added { slot, named: entry.name.is_some(), sites_mismatch }
    }

    fn slot(&mut self, key: Key, guess: Option<u32>, bitmap_len: usize) -> (u32, bool) {
        let fits = |entry: &Entry| {
            entry.name_hash == key.name_hash
                && entry.cfg_hash == key.cfg_hash
                && entry.counts_len == key.counters
                && entry.pseudo == key.pseudo
        };
        if let Some(guess) = guess
            && self.entries.get(guess as usize).is_some_and(fits)
        {
            return (guess, false);
        }
        let next = self.entries.len() as u32;
        let slot = *self.index.entry(key).or_insert(next);
        if slot != next {
            return (slot, false);
        }
        let entry = Entry {
            name_hash: key.name_hash,
            cfg_hash: key.cfg_hash,
            counts_at: self.counts.len(),
            counts_len: key.counters,
            bitmap_at: self.bitmaps.len(),
            bitmap_len: bitmap_len as u32,
            pseudo: key.pseudo,
            name: self.names.place(key.name_hash),
            values: FunctionValues::default(),
        };
        self.counts.resize(entry.counts_at + entry.counts_len as usize, 0);
        self.bitmaps.resize(entry.bitmap_at + bitmap_len, 0);
        self.entries.push(entry);
        (slot, true)
    }

    /// Tells the entries at `slots` that their names may be known by now.
    pub(crate) fn refresh_names(&mut self, slots: &[u32]) {
        for slot in slots {
            if let Some(entry) = self.entries.get_mut(*slot as usize) {
                entry.name = self.names.place(entry.name_hash);
            }
        }
    }

    /// Prepares for reading: every entry knows where its name is, names that neither a function nor
    /// a vtable has are forgotten (call targets that a text profile names without having them;
    /// other formats cannot carry such names), and so is what served to find entries.
    pub(crate) fn close(&mut self) {
        self.index = HashedMap::default();
        for entry in &mut self.entries {
            entry.name = self.names.place(entry.name_hash);
        }
        let functions = self.entries.iter().map(|entry| entry.name_hash);
        let vtables = self.vtable_names.iter().map(|name| name_hash(name));
        self.names.retain(functions.chain(vtables));
    }

    /// An entry's name; empty if no file brought it.
    pub(crate) fn name_of(&self, entry: &Entry) -> &[u8] {
        self.names.at(entry.name)
    }

    /// The counters of an entry.
    pub(crate) fn counts_of(&self, entry: &Entry) -> &[u64] {
        self.counts.get(entry.counts_at..entry.counts_at + entry.counts_len as usize).unwrap_or_default()
    }

    /// The bitmap of an entry.
    pub(crate) fn bitmap_of(&self, entry: &Entry) -> &[u8] {
        self.bitmaps.get(entry.bitmap_at..entry.bitmap_at + entry.bitmap_len as usize).unwrap_or_default()
    }

    /// Sum of an entry's counters; a pseudo count is none.
    pub(crate) fn weight_of(&self, entry: &Entry) -> u128 {
        if entry.pseudo { 0 } else { sum(self.counts_of(entry)) }
    }

    /// Notes a file's variant bits.
    pub(crate) fn note_variant(&mut self, variant: Variant) {
        // What the counters stand for is kept; traces and memory profiles are not.
        let kept = variant.without(Variant::TEMPORAL).without(Variant::MEMORY);
        self.variant = self.variant.with(kept);
        if variant.has(Variant::FUNCTION_ENTRY_ONLY) {
            self.entry_only = true;
        } else {
            self.blocks = true;
        }
    }

    /// Adds another store's sum.
    pub(crate) fn absorb(&mut self, other: &mut Store) {
        self.variant = self.variant.with(other.variant);
        self.entry_only |= other.entry_only;
        self.blocks |= other.blocks;
        self.binary_ids.append(&mut other.binary_ids);
        self.vtable_names.append(&mut other.vtable_names);
        self.names.absorb(&mut other.names);
        let mut entries = std::mem::take(&mut other.entries);
        for entry in &mut entries {
            self.absorb_entry(entry, other);
        }
    }

    /// Whether nothing of `other` would be left out of the finished sum of both.
    pub(crate) fn fits(&self, other: &Store) -> bool {
        let mixed = (self.entry_only || other.entry_only) && (self.blocks || other.blocks);
        if mixed || !other.entries.iter().all(|entry| other.names.place(entry.name_hash).is_some()) {
            return false;
        }
        // What is not here in the same form. Of one program's files only the first has any.
        let mut new: HashedMap<(u64, u64), ()> = HashedMap::default();
        let function = |entry: &Entry| (entry.name_hash, entry.cfg_hash);
        let mut unlike = other.entries.iter().filter(|entry| !self.index.contains_key(&entry.key()));
        let once = unlike.all(|entry| new.insert(function(entry), ()).is_none());
        once && (new.is_empty() || !self.entries.iter().any(|entry| new.contains_key(&function(entry))))
    }

    fn absorb_entry(&mut self, theirs: &mut Entry, other: &Store) {
        let counts = other.counts_of(theirs);
        let key = theirs.key();
        let bitmap = other.bitmap_of(theirs);
        let (slot, new) = self.slot(key, None, bitmap.len());
        let Some(ours) = self.entries.get_mut(slot as usize) else {
            return;
        };
        let sums = self.counts.get_mut(ours.counts_at..ours.counts_at + counts.len()).unwrap_or_default();
        for (sum, count) in sums.iter_mut().zip(counts) {
            *sum = if key.pseudo { (*sum).max(*count) } else { sum.saturating_add(*count).min(MAX_COUNT) };
        }
        if ours.bitmap_len as usize == bitmap.len() {
            let sums = self.bitmaps.get_mut(ours.bitmap_at..ours.bitmap_at + bitmap.len());
            for (sum, byte) in sums.unwrap_or_default().iter_mut().zip(bitmap) {
                *sum |= byte;
            }
        }
        let values = std::mem::take(&mut theirs.values);
        if new {
            ours.values = values;
        } else {
            ours.values.add(values);
        }
    }
}

/// Sum of counters, in increments.
pub(crate) fn sum(counts: &[u64]) -> u128 {
    counts.iter().map(|count| u128::from(*count)).sum()
}

/// Sum of counters as a file has them, in increments; a pseudo count is none.
pub(crate) fn sum_words(words: &[u8], order: ByteOrder) -> u128 {
    let words = words.chunks_exact(WORD).map(|word| order.word(word));
    words.filter(|word| *word <= MAX_COUNT).map(u128::from).sum()
}

fn pseudo_count(record: &Record<'_>) -> Option<u64> {
    let first = record.counts.first();
    first.filter(|count| matches!(*count, PSEUDO_HOT | PSEUDO_WARM))
}

fn add_counts(sums: &mut [u64], record: &Record<'_>, weight: u64) {
    let mut sums = sums.iter_mut();
    if weight == 1 {
        record.counts.for_each(|count| {
            if let Some(sum) = sums.next() {
                *sum = sum.saturating_add(count).min(MAX_COUNT);
            }
        });
    } else {
        record.counts.for_each(|count| {
            if let Some(sum) = sums.next() {
                *sum = sum.saturating_add(count.saturating_mul(weight)).min(MAX_COUNT);
            }
        });
    }
}

fn add_values(
    entry: &mut Entry,
    record: &Record<'_>,
    weight: u64,
    new: bool,
    resolve: &dyn Fn(ValueKind, u64) -> u64,
) -> bool {
    let values = &mut entry.values;
    // Nothing to add, nothing to allocate.
    let same = |kind| {
        let sites: Sites<'_> = record.values.get(kind);
        sites.pairs.is_empty() && sites.lengths.len() == values.sites(kind)
    };
    if ValueKind::ALL.into_iter().all(same) {
        if !new {
            values.share();
        }
        return false;
    }
    let more = FunctionValues::of(&record.values, resolve, weight);
    if new {
        *values = more;
        return false;
    }
    values.add(more)
}
