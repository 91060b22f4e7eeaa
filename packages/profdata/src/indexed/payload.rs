//! The payload and the hash table of an indexed profile.
//!
//! The sizes of all items are computed first; then several threads can each write their part of one
//! slice.

use crate::bytes::WORD;
use crate::format::{INDEXED_VERSION_BITMAPS, ValueKind};
use crate::indexed::fill::Filler;
use crate::indexed::table::{self, Buckets};
use crate::profile::{Function, Profile};
use crate::value;

/// Bytes of a bucket's count.
const BUCKET_COUNT_BYTES: usize = 2;
/// Bytes of an item's hash and two lengths.
const ITEM_HEAD_BYTES: usize = 3 * WORD;

/// The functions of one name.
struct Item {
    hash: u64,
    /// Position of the first in the profile.
    start: usize,
    records: usize,
    data_bytes: usize,
}

/// Where everything of a payload will be.
pub(super) struct Payload<'a> {
    profile: &'a Profile,
    version: u64,
    items: Vec<Item>,
    buckets: Buckets,
    /// Offset of each bucket from the payload's start, and the payload's size at the end.
    offsets: Vec<usize>,
}

impl<'a> Payload<'a> {
    /// The plan for a profile.
    pub(super) fn plan(profile: &'a Profile, version: u64) -> Payload<'a> {
        let mut items: Vec<Item> = Vec::with_capacity(profile.len());
        for (start, function) in profile.functions().enumerate() {
            let data_bytes = record_bytes(&function, version);
            match items.last_mut() {
                Some(last) if last.hash == function.name_hash() => {
                    last.records += 1;
                    last.data_bytes += data_bytes;
                }
                _ => items.push(Item { hash: function.name_hash(), start, records: 1, data_bytes }),
            }
        }
        let hashes: Vec<u64> = items.iter().map(|item| item.hash).collect();
        let buckets = table::buckets(&hashes);
        let mut payload = Payload { profile, version, items, buckets, offsets: Vec::new() };
        payload.offsets.reserve_exact(payload.buckets.len() + 1);
        let mut end = 0;
        for bucket in 0..payload.buckets.len() {
            payload.offsets.push(end);
            let items = payload.bucket(bucket).map(|item| payload.item_bytes(item));
            let bytes: usize = items.sum();
            end += if bytes > 0 { BUCKET_COUNT_BYTES + bytes } else { 0 };
        }
        payload.offsets.push(end);
        payload
    }

    fn bucket(&self, bucket: usize) -> impl Iterator<Item = &Item> {
        self.buckets.chain(bucket).filter_map(|item| self.items.get(item))
    }

    fn item_bytes(&self, item: &Item) -> usize {
        ITEM_HEAD_BYTES + self.name_of(item).len() + item.data_bytes
    }

    fn name_of(&self, item: &Item) -> &'a [u8] {
        self.profile.function(item.start).map_or(&[], |function| function.name_bytes())
    }

    /// Size of the payload in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.offsets.last().copied().unwrap_or(0)
    }

    /// Size of the hash table in bytes.
    pub(super) fn table_bytes(&self) -> usize {
        (2 + self.buckets.len()) * WORD
    }

    /// Fills `out`, which has the payload's size, on that many threads.
    pub(super) fn fill(&self, out: &mut [u8], threads: usize) {
        let threads = threads.max(1);
        let share = self.bytes().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let (mut rest, mut first) = (out, 0);
            for part in 1..=threads {
                let wanted = share * part;
                let after = self.offsets.partition_point(|offset| *offset < wanted);
                let after = if part == threads { self.buckets.len() } else { after.min(self.buckets.len()) };
                let offset = |bucket: usize| self.offsets.get(bucket).copied().unwrap_or(0);
                let length = offset(after).saturating_sub(offset(first));
                let (mine, others) = rest.split_at_mut(length.min(rest.len()));
                rest = others;
                let buckets = first..after;
                first = after.max(first);
                if part == threads {
                    self.fill_buckets(mine, buckets);
                } else {
                    scope.spawn(move || self.fill_buckets(mine, buckets));
                }
            }
        });
    }

    fn fill_buckets(&self, out: &mut [u8], buckets: std::ops::Range<usize>) {
        let mut out = Filler::new(out);
        for bucket in buckets {
            let items = self.bucket(bucket).count();
            if items > 0 {
                out.bytes(&(items as u16).to_le_bytes());
            }
            self.bucket(bucket).for_each(|item| self.fill_item(item, &mut out));
        }
    }

    fn fill_item(&self, item: &Item, out: &mut Filler<'_>) {
        let name = self.name_of(item);
        out.word(item.hash);
        out.word(name.len() as u64);
        out.word(item.data_bytes as u64);
        out.bytes(name);
        let functions = |at: usize| self.profile.function(item.start + at);
        if item.records == 1 {
            functions(0).iter().for_each(|function| self.fill_record(function, out));
            return;
        }
        let all = (0..item.records).filter_map(functions);
        let hashes: Vec<u64> = all.map(|function| function.cfg_hash()).collect();
        for function in table::record_order(&hashes).into_iter().filter_map(functions) {
            self.fill_record(&function, out);
        }
    }

    fn fill_record(&self, function: &Function<'_>, out: &mut Filler<'_>) {
        out.word(function.cfg_hash());
        out.word(function.counts().len() as u64);
        out.words(function.counts());
        if self.version >= INDEXED_VERSION_BITMAPS {
            out.word(function.bitmap().len() as u64);
            function.bitmap().iter().for_each(|byte| out.word(u64::from(*byte)));
        }
        fill_values(function, out);
    }

    /// Fills the hash table: `payload_at` is the payload's offset in the file.
    pub(super) fn fill_table(&self, out: &mut [u8], payload_at: usize) {
        let mut out = Filler::new(out);
        out.word(self.buckets.len() as u64);
        out.word(self.items.len() as u64);
        for bucket in self.offsets.windows(2) {
            out.word(match bucket {
                [start, end] if start < end => (payload_at + start) as u64,
                _ => 0,
            });
        }
    }
}

fn kinds_of<'f>(function: &Function<'f>) -> impl Iterator<Item = ValueKind> + use<'f> {
    let function = *function;
    ValueKind::ALL.into_iter().filter(move |kind| function.site_count(*kind) > 0)
}

fn value_bytes(function: &Function<'_>) -> usize {
    let kinds = kinds_of(function);
    value::size(kinds.map(|kind| (function.site_count(kind), function.site_pairs(kind).len())))
}

fn record_bytes(function: &Function<'_>, version: u64) -> usize {
    let bitmap = if version >= INDEXED_VERSION_BITMAPS { WORD + function.bitmap().len() * WORD } else { 0 };
    2 * WORD + function.counts().len() * WORD + bitmap + value_bytes(function)
}

/// Writes value data as `value.rs` describes it.
fn fill_values(function: &Function<'_>, out: &mut Filler<'_>) {
    out.bytes(&(value_bytes(function) as u32).to_le_bytes());
    out.bytes(&(kinds_of(function).count() as u32).to_le_bytes());
    for kind in kinds_of(function) {
        let sites = function.site_count(kind);
        out.bytes(&kind.number().to_le_bytes());
        out.bytes(&(sites as u32).to_le_bytes());
        function.sites(kind).for_each(|site| out.bytes(&[site.len() as u8]));
        out.align_after(sites);
        for (value, count) in function.site_pairs(kind) {
            out.words(&[*value, *count]);
        }
    }
}
