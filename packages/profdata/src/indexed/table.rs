//! The order of items in the hash table, as LLVM's `OnDiskChainedHashTableGenerator` makes it.
//!
//! Any order within a bucket would do for readers. This is LLVM's, so that files can be compared
//! byte by byte. Source: `llvm/include/llvm/Support/OnDiskHashTable.h`, LLVM 22.1.

/// Buckets that the table starts with.
const FIRST_BUCKETS: usize = 64;
/// End of a chain.
const NONE: u32 = u32::MAX;

/// A chained hash table of positions.
struct Table {
    /// First item of each bucket.
    heads: Vec<u32>,
    /// Next item of the same bucket, for each item.
    next: Vec<u32>,
}

impl Table {
    fn push(&mut self, item: u32, hash: u64) {
        // The number of buckets is a power of two.
        let bucket = (hash & (self.heads.len() as u64 - 1)) as usize;
        if let (Some(head), Some(next)) = (self.heads.get_mut(bucket), self.next.get_mut(item as usize)) {
            *next = std::mem::replace(head, item);
        }
    }

    /// Moves every item to a table of that many buckets: bucket by bucket from the head on, which
    /// turns the order within a chain around.
    fn resize(&mut self, buckets: usize, hashes: &[u64]) {
        let heads = std::mem::replace(&mut self.heads, vec![NONE; buckets]);
        for mut item in heads {
            while let Some(after) = self.next.get(item as usize).copied() {
                self.push(item, hashes.get(item as usize).copied().unwrap_or(0));
                item = after;
            }
        }
    }
}

/// Which items are in which bucket, in which order.
pub(super) struct Buckets {
    table: Table,
}

impl Buckets {
    /// Number of buckets, a power of two.
    pub(super) fn len(&self) -> usize {
        self.table.heads.len()
    }

    /// The positions of the items in a bucket.
    pub(super) fn chain(&self, bucket: usize) -> impl Iterator<Item = usize> {
        let next = |item: &u32| self.table.next.get(*item as usize).copied();
        let head = self.table.heads.get(bucket).copied();
        std::iter::successors(head, next).take_while(|item| *item != NONE).map(|item| item as usize)
    }
}

/// The buckets of items that are put in in the order of `hashes`.
pub(super) fn buckets(hashes: &[u64]) -> Buckets {
    let mut table = Table { heads: vec![NONE; FIRST_BUCKETS], next: vec![NONE; hashes.len()] };
    for (item, hash) in hashes.iter().enumerate() {
        let items = item + 1;
        if 4 * items >= 3 * table.heads.len() {
            table.resize(table.heads.len() * 2, hashes);
        }
        table.push(item as u32, *hash);
    }
    let target = match hashes.len() {
        0..=2 => 1,
        items => (items * 4 / 3 + 1).next_power_of_two(),
    };
    if target != table.heads.len() {
        table.resize(target, hashes);
    }
    Buckets { table }
}

/// Buckets of LLVM's map from CFG hash to record while it is small.
const SMALL_MAP: usize = 4;
/// Buckets it has at least once it is not.
const LARGE_MAP: usize = 64;

/// The order in which LLVM writes the records of one name: that of its `SmallDenseMap` by CFG hash,
/// filled in the order of `hashes`. Source: `llvm/include/llvm/ADT/DenseMap.h` and
/// `DenseMapInfo.h`, LLVM 22.1.
pub(super) fn record_order(hashes: &[u64]) -> Vec<usize> {
    if hashes.len() < 2 {
        return (0..hashes.len()).collect();
    }
    let mut slots: Vec<Option<usize>> = vec![None; SMALL_MAP];
    for item in 0..hashes.len() {
        if 4 * (item + 1) >= 3 * slots.len() {
            let mut larger = vec![None; (slots.len() * 2).max(LARGE_MAP)];
            for moved in slots.into_iter().flatten() {
                place(&mut larger, hashes, moved);
            }
            slots = larger;
        }
        place(&mut slots, hashes, item);
    }
    slots.into_iter().flatten().collect()
}

fn place(slots: &mut [Option<usize>], hashes: &[u64], item: usize) {
    let mask = slots.len() - 1;
    let mut at = mix(hashes.get(item).copied().unwrap_or(0)) as u32 as usize & mask;
    let mut probe = 1;
    while slots.get(at).is_some_and(Option::is_some) {
        at = (at + probe) & mask;
        probe += 1;
    }
    if let Some(slot) = slots.get_mut(at) {
        *slot = Some(item);
    }
}

/// `densemap::detail::mix`: one multiplication of splitmix64, one xor-shift.
fn mix(hash: u64) -> u64 {
    let mixed = hash.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_its_bucket_once() {
        for items in [0, 1, 2, 3, 47, 48, 49, 1000] {
            let hashes: Vec<u64> =
                (0..items).map(|item: u64| crate::name_hash(&item.to_le_bytes())).collect();
            let buckets = buckets(&hashes);
            assert!(buckets.len().is_power_of_two());
            let mut seen = Vec::new();
            for bucket in 0..buckets.len() {
                for item in buckets.chain(bucket) {
                    let hash = hashes[item];
                    assert_eq!(hash & (buckets.len() as u64 - 1), bucket as u64);
                    seen.push(item);
                }
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..items as usize).collect::<Vec<_>>());
        }
    }

    #[test]
    fn records_of_a_name_are_all_there() {
        for records in [0_u64, 1, 2, 3, 5, 100] {
            let hashes: Vec<u64> = (0..records).map(|at| at * 8).collect();
            let mut order = record_order(&hashes);
            order.sort_unstable();
            assert_eq!(order, (0..records as usize).collect::<Vec<_>>());
        }
    }
}
