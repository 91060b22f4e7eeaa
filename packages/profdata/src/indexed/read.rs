//! Reads indexed profiles, versions 5 to 13.
//!
//! The payload is walked from its start rather than through the hash table, which lies behind it:
//! a file that is cut off keeps the functions that are there.

use crate::bytes::{ByteOrder, Cursor, WORD, align_word, index};
use crate::error::Error;
use crate::format::{
    Format, INDEXED_VERSION_BINARY_IDS, INDEXED_VERSION_BITMAPS, INDEXED_VERSION_MAX,
    INDEXED_VERSION_MEMPROF, INDEXED_VERSION_MIN, INDEXED_VERSION_TEMPORAL, INDEXED_VERSION_VTABLES,
    VERSION_BITS, Variant,
};
use crate::names;
use crate::policy::Policy;
use crate::raw::estimate;
use crate::record::{Bitmap, Counts, Record};
use crate::report::{FileReport, LossKind, ValueData};
use crate::store::{Store, sum_words};
use crate::value;

/// The only hash type: MD5 (`IndexedInstrProf::HashT`).
pub(super) const HASH_TYPE_MD5: u64 = 0;
/// Bytes of the smallest item: a bucket's count, the item's hash and two lengths.
const SMALLEST_ITEM: usize = 2 + 3 * WORD;
/// Bytes of an entry of the summary.
const SUMMARY_ENTRY_BYTES: usize = 3 * WORD;

/// The header's fields.
struct Header {
    version: u64,
    variant: Variant,
    table_at: u64,
    memory_at: u64,
    binary_ids_at: u64,
    vtable_names_at: u64,
}

/// Adds an indexed file to a store, `weight` times.
///
/// # Errors
/// If the header or the summary cannot be read. The store is unchanged then.
pub(crate) fn add(file: &[u8], store: &mut Store, weight: u64, policy: &Policy) -> Result<FileReport, Error> {
    let cut = |what| move || Error::bounds(what, WORD as u64, file.len(), 0);
    let mut cursor = Cursor::new(file, WORD);
    let header = read_header(&mut cursor).ok_or_else(cut("the indexed header"))??;
    skip_summary(&mut cursor).ok_or_else(cut("the summary"))?;
    if header.variant.has(Variant::CONTEXT_SENSITIVE) {
        skip_summary(&mut cursor).ok_or_else(cut("the context-sensitive summary"))?;
    }
    let payload_at = cursor.position();
    let table_at = index(header.table_at).unwrap_or(usize::MAX);
    if table_at < payload_at {
        return Err(Error::bounds("the hash table", header.table_at, payload_at, file.len()));
    }
    let mut report = FileReport::new(Format::Indexed);
    report.version = header.version;
    report.variant = header.variant;
    report.profiles = 1;
    store.note_variant(header.variant);
    let there = table_at.min(file.len());
    let payload = file.get(..there).unwrap_or_default();
    let mut items = Items { store, weight, version: header.version, report: &mut report };
    let read_to = items.add_payload(Cursor::new(payload, payload_at));
    // What was not read: behind a fault, or cut off.
    let missed = table_at.saturating_sub(read_to);
    if missed >= SMALLEST_ITEM {
        let kept = read_to.saturating_sub(payload_at);
        let lost = estimate(report.weight, missed, kept);
        report.lose(LossKind::CutOff, 0, lost);
    }
    add_binary_ids(file, header.binary_ids_at, store);
    add_vtable_names(file, header.vtable_names_at, store, policy);
    if header.variant.has(Variant::TEMPORAL) {
        report.lose(LossKind::TemporalTraces, 0, 0);
    }
    if header.variant.has(Variant::MEMORY) && header.memory_at > 0 {
        report.lose(LossKind::MemoryProfile, 0, 0);
    }
    Ok(report)
}

/// The header after the magic. `None` if it is cut off.
fn read_header(cursor: &mut Cursor<'_>) -> Option<Result<Header, Error>> {
    let field = cursor.u64()?;
    let version = field & VERSION_BITS;
    if !(INDEXED_VERSION_MIN..=INDEXED_VERSION_MAX).contains(&version) {
        return Some(Err(Error::IndexedVersion { found: version }));
    }
    let variant = Variant::of_version(field);
    if !variant.has(Variant::IR) {
        return Some(Err(Error::FrontEnd));
    }
    let _unused = cursor.u64()?;
    let hash_at = cursor.position() as u64;
    let hash_type = cursor.u64()?;
    if hash_type != HASH_TYPE_MD5 {
        return Some(Err(Error::Malformed { what: "the hash type", found: hash_type, at: hash_at }));
    }
    let table_at = cursor.u64()?;
    let mut since = |first: u64| {
        if version >= first { cursor.u64() } else { Some(0) }
    };
    let memory_at = since(INDEXED_VERSION_MEMPROF)?;
    let binary_ids_at = since(INDEXED_VERSION_BINARY_IDS)?;
    let _temporal_at = since(INDEXED_VERSION_TEMPORAL)?;
    let vtable_names_at = since(INDEXED_VERSION_VTABLES)?;
    Some(Ok(Header { version, variant, table_at, memory_at, binary_ids_at, vtable_names_at }))
}

/// The summary is computed anew when a profile is written.
fn skip_summary(cursor: &mut Cursor<'_>) -> Option<()> {
    let fields = cursor.u64()?;
    let entries = cursor.u64()?;
    cursor.take_items(fields, WORD)?;
    cursor.take_items(entries, SUMMARY_ENTRY_BYTES)?;
    Some(())
}

/// Adds the functions of a payload.
struct Items<'s> {
    store: &'s mut Store,
    weight: u64,
    version: u64,
    report: &'s mut FileReport,
}

impl Items<'_> {
    /// Adds what can be read of the payload, which the cursor's bytes end with. Returns the byte
    /// after the last item.
    fn add_payload(&mut self, mut cursor: Cursor<'_>) -> usize {
        let mut after_last = cursor.position();
        while let Some(items) = cursor.u16() {
            if items == 0 {
                return after_last;
            }
            for _ in 0..items {
                let Some((name, data)) = next_item(&mut cursor) else {
                    return after_last;
                };
                self.add_item(name, data);
                after_last = cursor.position();
            }
        }
        after_last
    }

    fn add_item(&mut self, name: &[u8], data: &[u8]) {
        let hash = names::name_hash(name);
        let mut cursor = Cursor::new(data, 0);
        if !name.is_empty() {
            self.store.names.learn(hash, name);
        }
        while cursor.position() < data.len() {
            let Some(record) = next_record(&mut cursor, data, hash, self.version) else {
                self.report.lose(LossKind::MalformedRecord, 1, 0);
                return;
            };
            if record.counts.len() == 0 {
                self.report.lose(LossKind::MalformedRecord, 1, 0);
                continue;
            }
            let added = self.store.add(&record, self.weight, None, &|_, value| value);
            if added.sites_mismatch {
                self.report.lose(LossKind::Values, 1, 0);
            }
            if !record.values.is_empty() {
                self.report.value_data = ValueData::Complete;
            }
            self.report.functions += 1;
            let Counts::Words(words, order) = record.counts else {
                continue;
            };
            self.report.weight = self.report.weight.saturating_add(sum_words(words, order));
        }
    }
}

fn next_item<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let _hash = cursor.u64()?;
    let name_bytes = cursor.u64()?;
    let data_bytes = cursor.u64()?;
    Some((cursor.take_items(name_bytes, 1)?, cursor.take_items(data_bytes, 1)?))
}

fn next_record<'a>(
    cursor: &mut Cursor<'a>,
    data: &'a [u8],
    name_hash: u64,
    version: u64,
) -> Option<Record<'a>> {
    let cfg_hash = cursor.u64()?;
    let counters = cursor.u64()?;
    let counts = Counts::Words(cursor.take_items(counters, WORD)?, ByteOrder::Little);
    let bitmap_bytes = if version >= INDEXED_VERSION_BITMAPS { cursor.u64()? } else { 0 };
    let bitmap = Bitmap::Words(cursor.take_items(bitmap_bytes, WORD)?);
    let rest = data.get(cursor.position()..)?;
    let (values, bytes) = value::read(rest, ByteOrder::Little).ok()?;
    cursor.take(bytes)?;
    Some(Record { name_hash, cfg_hash, counts, bitmap, values })
}

fn add_binary_ids(file: &[u8], at: u64, store: &mut Store) {
    let Some(at) = index(at).filter(|at| *at > 0) else {
        return;
    };
    let mut cursor = Cursor::new(file, at);
    let Some(ids) = cursor.u64().and_then(|bytes| cursor.take_items(bytes, 1)) else {
        return;
    };
    let mut cursor = Cursor::new(ids, 0);
    while let Some(length) = cursor.u64().and_then(index) {
        let Some(padded) = align_word(length).and_then(|bytes| cursor.take(bytes)) else {
            return;
        };
        if let Some(id) = padded.get(..length).filter(|id| !id.is_empty()) {
            store.binary_ids.insert(id.to_vec());
        }
    }
}

fn add_vtable_names(file: &[u8], at: u64, store: &mut Store, policy: &Policy) {
    let Some(at) = index(at).filter(|at| *at > 0) else {
        return;
    };
    let mut cursor = Cursor::new(file, at);
    let Some(packed) = cursor.u64().and_then(|bytes| cursor.take_items(bytes, 1)) else {
        return;
    };
    // Names only serve to show targets; a fault in them costs no counter.
    let _ = names::unpack(packed, policy, &mut |name| {
        store.names.learn(names::name_hash(name), name);
        store.vtable_names.insert(name.to_vec());
    });
}
