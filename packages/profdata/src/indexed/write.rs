//! Writes indexed profiles.

use crate::bytes::WORD;
use crate::error::Error;
use crate::format::{
    INDEXED_MAGIC, INDEXED_VERSION_BINARY_IDS, INDEXED_VERSION_BITMAPS, INDEXED_VERSION_MAX,
    INDEXED_VERSION_MEMPROF, INDEXED_VERSION_MIN, INDEXED_VERSION_TEMPORAL, INDEXED_VERSION_VTABLES,
    ValueKind, Variant,
};
use crate::indexed::payload::Payload;
use crate::indexed::read::HASH_TYPE_MD5;
use crate::indexed::summary::{SUMMARY_BYTES, Summary};
use crate::names;
use crate::profile::{Function, Profile};

/// Bytes of the longest header: magic, version, unused, hash type and five offsets.
const MOST_HEADER_BYTES: usize = 9 * WORD;
/// Room for what follows the hash table: a build id or two.
const TAIL_ROOM: usize = 256;

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
        self.to_indexed_on(version, 1)
    }

    /// The same on several threads; the bytes do not depend on their number.
    ///
    /// # Errors
    /// As [`Profile::to_indexed`].
    pub fn to_indexed_on(&self, version: IndexedVersion, threads: usize) -> Result<Vec<u8>, Error> {
        self.indexed_with_summary_of(self, version, threads)
    }

    /// The same with the summary of another profile, by which a compiler tells hot from cold.
    ///
    /// # Errors
    /// As [`Profile::to_indexed`].
    pub fn indexed_with_summary_of(
        &self,
        summarized: &Profile,
        version: IndexedVersion,
        threads: usize,
    ) -> Result<Vec<u8>, Error> {
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
        Writer { profile: self, summarized, version, threads, out: Vec::new() }.write()
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

struct Writer<'a> {
    profile: &'a Profile,
    /// Whose summary it gets.
    summarized: &'a Profile,
    version: u64,
    threads: usize,
    out: Vec<u8>,
}

impl Writer<'_> {
    fn word(&mut self, word: u64) {
        self.out.extend_from_slice(&word.to_le_bytes());
    }

    /// Writes a word over one that was written before.
    fn patch(&mut self, at: usize, word: u64) {
        if let Some(place) = self.out.get_mut(at..at + WORD) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }

    fn write(mut self) -> Result<Vec<u8>, Error> {
        let payload = Payload::plan(self.profile, self.version);
        let fixed = MOST_HEADER_BYTES + 2 * SUMMARY_BYTES;
        self.out.reserve_exact(fixed + payload.bytes() + payload.table_bytes() + TAIL_ROOM);
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
        self.summarized.summary(false).write(&mut self.out);
        if self.profile.variant().has(Variant::CONTEXT_SENSITIVE) {
            self.summarized.summary(true).write(&mut self.out);
        }
        let table_at = self.write_table(&payload);
        drop(payload);
        let binary_ids_at = self.out.len();
        if self.version >= INDEXED_VERSION_BINARY_IDS {
            self.write_binary_ids();
        }
        let vtable_names_at = self.out.len();
        if self.version >= INDEXED_VERSION_VTABLES {
            self.write_vtable_names()?;
        }
        // No memory profile and no temporal traces: offset 0.
        let values = [table_at, 0, binary_ids_at, 0, vtable_names_at];
        for (at, value) in values.into_iter().take(offsets).enumerate() {
            self.patch(offsets_at + at * WORD, value as u64);
        }
        Ok(self.out)
    }

    /// Writes payload and hash table. Returns the table's offset.
    fn write_table(&mut self, payload: &Payload<'_>) -> usize {
        let payload_at = self.out.len();
        self.out.resize(payload_at + payload.bytes(), 0);
        payload.fill(self.out.get_mut(payload_at..).unwrap_or_default(), self.threads);
        self.align();
        let table_at = self.out.len();
        self.out.resize(table_at + payload.table_bytes(), 0);
        payload.fill_table(self.out.get_mut(table_at..).unwrap_or_default(), payload_at);
        table_at
    }

    fn write_binary_ids(&mut self) {
        let padded = |id: &[u8]| WORD + id.len().next_multiple_of(WORD);
        let bytes: usize = self.profile.binary_ids().map(padded).sum();
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
