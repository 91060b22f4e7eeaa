//! Writes indexed profiles.

use crate::bytes::WORD;
use crate::error::Error;
use crate::format::{
    INDEXED_MAGIC, INDEXED_VERSION_BINARY_IDS, INDEXED_VERSION_BITMAPS, INDEXED_VERSION_MAX,
    INDEXED_VERSION_MEMPROF, INDEXED_VERSION_MIN, INDEXED_VERSION_TEMPORAL, INDEXED_VERSION_VTABLES,
    ValueKind, Variant,
};
use crate::indexed::read::HASH_TYPE_MD5;
use crate::indexed::summary::{SUMMARY_BYTES, Summary};
use crate::indexed::table;
use crate::names;
use crate::profile::{Function, Profile};
use crate::value::{self, SitesOut};

/// Which version of the indexed format to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IndexedVersion {
    /// The lowest that carries the data, so that older compilers read it as well as newer ones.
    #[default]
    Lowest,
    /// This one, 5 to 13. LLVM 14 writes 7, 16 writes 9, 19 writes 12, 22 writes 13. Binary ids,
    /// which no compiler reads, are left out below version 9.
    Exactly(u64),
}

impl Profile {
    /// The profile in the indexed format.
    ///
    /// With the version that an `llvm-profdata` writes, the bytes are those that it writes for the
    /// same profile, except for packed vtable names.
    ///
    /// # Errors
    /// [`Error::VersionTooLow`] if the version asked for cannot carry the profile,
    /// [`Error::IndexedVersion`] if it is none that can be written.
    pub fn to_indexed(&self, version: IndexedVersion) -> Result<Vec<u8>, Error> {
        let (needed, what) = self.needed_version();
        let version = match version {
            IndexedVersion::Lowest if self.binary_ids().len() > 0 => needed.max(INDEXED_VERSION_BINARY_IDS),
            IndexedVersion::Lowest => needed,
            IndexedVersion::Exactly(asked)
                if !(INDEXED_VERSION_MIN..=INDEXED_VERSION_MAX).contains(&asked) =>
            {
                return Err(Error::IndexedVersion { found: asked });
            }
            IndexedVersion::Exactly(asked) if asked < needed => {
                return Err(Error::VersionTooLow { asked, what, needed });
            }
            IndexedVersion::Exactly(asked) => asked,
        };
        Writer::new(self, version).write()
    }

    /// The lowest indexed version that carries what a compiler reads, and what needs it.
    fn needed_version(&self) -> (u64, &'static str) {
        let vtables = |function: &Function<'_>| function.site_count(ValueKind::VtableTarget) > 0;
        if self.vtable_names().len() > 0 || self.functions().any(|function| vtables(&function)) {
            return (INDEXED_VERSION_VTABLES, "vtables");
        }
        if self.functions().any(|function| !function.bitmap().is_empty()) {
            return (INDEXED_VERSION_BITMAPS, "bitmaps");
        }
        (INDEXED_VERSION_MIN, "counters")
    }

    /// The profile's summary: of its context-sensitive records, or of the others.
    pub fn summary(&self, context_sensitive: bool) -> Summary {
        Summary::of(self.functions().filter(|f| f.is_context_sensitive() == context_sensitive))
    }
}

/// The functions of one name.
struct Item<'a> {
    hash: u64,
    /// Positions in the profile, first and after the last.
    start: usize,
    end: usize,
    name: &'a [u8],
}

struct Writer<'a> {
    profile: &'a Profile,
    version: u64,
    out: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new(profile: &'a Profile, version: u64) -> Writer<'a> {
        let bytes = |function: Function<'_>| {
            let fixed = 6 * WORD + value::HEADER_BYTES;
            fixed + function.name_bytes().len() + function.counts().len() * WORD
        };
        let capacity: usize = profile.functions().map(bytes).sum();
        Writer { profile, version, out: Vec::with_capacity(capacity + capacity / 8 + 1024) }
    }

    fn word(&mut self, word: u64) {
        self.out.extend_from_slice(&word.to_le_bytes());
    }

    fn write(mut self) -> Result<Vec<u8>, Error> {
        let context_sensitive = self.profile.variant().has(Variant::CONTEXT_SENSITIVE);
        self.word(INDEXED_MAGIC);
        self.word(self.version | self.profile.variant().bits());
        self.word(0);
        self.word(HASH_TYPE_MD5);
        let offsets_at = self.out.len();
        let since = [
            INDEXED_VERSION_MIN,
            INDEXED_VERSION_MEMPROF,
            INDEXED_VERSION_BINARY_IDS,
            INDEXED_VERSION_TEMPORAL,
            INDEXED_VERSION_VTABLES,
        ];
        let offsets = since.iter().filter(|since| self.version >= **since).count();
        self.out.resize(offsets_at + offsets * WORD, 0);
        self.profile.summary(false).write(&mut self.out);
        if context_sensitive {
            self.profile.summary(true).write(&mut self.out);
        }
        debug_assert!(self.out.len() >= offsets_at + SUMMARY_BYTES);
        let table_at = self.write_table();
        let binary_ids_at = self.out.len() as u64;
        if self.version >= INDEXED_VERSION_BINARY_IDS {
            self.write_binary_ids();
        }
        let vtable_names_at = self.out.len() as u64;
        if self.version >= INDEXED_VERSION_VTABLES {
            self.write_vtable_names()?;
        }
        // No memory profile and no temporal traces: offset 0.
        let values = [table_at, 0, binary_ids_at, 0, vtable_names_at];
        for (at, value) in values.into_iter().take(offsets).enumerate() {
            let place = offsets_at + at * WORD;
            if let Some(place) = self.out.get_mut(place..place + WORD) {
                place.copy_from_slice(&value.to_le_bytes());
            }
        }
        Ok(self.out)
    }

    /// Writes payload and hash table. Returns the table's offset.
    fn write_table(&mut self) -> u64 {
        let items = self.items();
        let hashes: Vec<u64> = items.iter().map(|item| item.hash).collect();
        let buckets = table::buckets(&hashes);
        let mut offsets = Vec::with_capacity(buckets.len());
        for bucket in &buckets {
            if bucket.is_empty() {
                offsets.push(0);
                continue;
            }
            offsets.push(self.out.len() as u64);
            self.out.extend_from_slice(&(bucket.len() as u16).to_le_bytes());
            for item in bucket.iter().filter_map(|item| items.get(*item as usize)) {
                self.write_item(item);
            }
        }
        self.align();
        let table_at = self.out.len() as u64;
        self.word(buckets.len() as u64);
        self.word(items.len() as u64);
        for offset in offsets {
            self.word(offset);
        }
        table_at
    }

    fn items(&self) -> Vec<Item<'a>> {
        let mut items: Vec<Item<'a>> = Vec::with_capacity(self.profile.len());
        for (position, function) in self.profile.functions().enumerate() {
            match items.last_mut() {
                Some(last) if last.hash == function.name_hash() => last.end = position + 1,
                _ => items.push(Item {
                    hash: function.name_hash(),
                    start: position,
                    end: position + 1,
                    name: function.name_bytes(),
                }),
            }
        }
        items
    }

    fn write_item(&mut self, item: &Item<'a>) {
        self.word(item.hash);
        self.word(item.name.len() as u64);
        let length_at = self.out.len();
        self.word(0);
        self.out.extend_from_slice(item.name);
        let data_at = self.out.len();
        if item.end - item.start == 1 {
            self.write_record(item.start);
        } else {
            let positions = item.start..item.end;
            let functions = positions.filter_map(|at| self.profile.function(at));
            let hashes: Vec<u64> = functions.map(|function| function.cfg_hash()).collect();
            for record in table::record_order(&hashes) {
                self.write_record(item.start + record);
            }
        }
        let length = (self.out.len() - data_at) as u64;
        if let Some(place) = self.out.get_mut(length_at..length_at + WORD) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }

    fn write_record(&mut self, position: usize) {
        let Some(function) = self.profile.function(position) else {
            return;
        };
        self.word(function.cfg_hash());
        self.word(function.counts().len() as u64);
        for count in function.counts() {
            self.out.extend_from_slice(&count.to_le_bytes());
        }
        if self.version >= INDEXED_VERSION_BITMAPS {
            self.word(function.bitmap().len() as u64);
            for byte in function.bitmap() {
                self.word(u64::from(*byte));
            }
        }
        let sited = ValueKind::ALL.into_iter().filter(|kind| function.site_count(*kind) > 0);
        let kinds = sited.map(|kind| {
            let lengths = function.sites(kind).map(|site| site.len() as u8).collect();
            (kind, SitesOut { lengths, values: function.site_pairs(kind) })
        });
        let kinds: Vec<_> = kinds.collect();
        value::write(&mut self.out, &kinds);
    }

    fn write_binary_ids(&mut self) {
        let bytes: usize = self.profile.binary_ids().map(|id| WORD + id.len().next_multiple_of(WORD)).sum();
        self.word(bytes as u64);
        for id in self.profile.binary_ids() {
            self.word(id.len() as u64);
            self.out.extend_from_slice(id);
            self.out.resize(self.out.len() + id.len().next_multiple_of(WORD) - id.len(), 0);
        }
    }

    fn write_vtable_names(&mut self) -> Result<(), Error> {
        let packed = names::pack(self.profile.vtable_names())?;
        self.word(packed.len() as u64);
        self.out.extend_from_slice(&packed);
        self.out.resize(self.out.len() + packed.len().next_multiple_of(WORD) - packed.len(), 0);
        Ok(())
    }

    fn align(&mut self) {
        self.out.resize(self.out.len().next_multiple_of(WORD), 0);
    }
}
