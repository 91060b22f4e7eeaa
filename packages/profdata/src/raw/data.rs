//! The per-function records of a raw profile (`__llvm_prf_data`), by version.
//!
//! Source: `INSTR_PROF_DATA` in `InstrProfData.inc`, the versions as in `header.rs`. The same
//! records lie in the instrumented binary's section of that name.

use crate::bytes::{ByteOrder, WORD, index};
use crate::format::{RAW_VERSION_BITMAPS, RAW_VERSION_MAX, RAW_VERSION_VTABLES, ValueKind};

/// Bytes of one vtable record: hash of the name, address, `u32` size, four of padding.
pub(crate) const VTABLE_BYTES: usize = 24;

/// Where the fields of a data record are, in bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DataLayout {
    /// Bytes of a record.
    pub(crate) size: usize,
    bitmap_pointer: Option<usize>,
    function_pointer: usize,
    counters: usize,
    value_sites: usize,
    value_kinds: usize,
    bitmap_bytes: Option<usize>,
}

const NAME_HASH: usize = 0;
const CFG_HASH: usize = 8;
const COUNTER_POINTER: usize = 16;
/// Bytes of one entry of `NumValueSites`.
const SITES_BYTES: usize = 2;

impl DataLayout {
    /// The layout of that version, 8 to 11, with pointers of eight bytes.
    pub(crate) fn of(version: u64) -> DataLayout {
        let bitmaps = version >= RAW_VERSION_BITMAPS;
        // Name hash, CFG hash, counter pointer; then, as versions added them, the uniform counter
        // pointer and the bitmap pointer; then function pointer and values pointer.
        let uniform = if version >= RAW_VERSION_MAX { WORD } else { 0 };
        let bitmap_pointer = COUNTER_POINTER + WORD + uniform;
        let function_pointer = bitmap_pointer + if bitmaps { WORD } else { 0 };
        let counters = function_pointer + 2 * WORD;
        let value_sites = counters + 4;
        let value_kinds = if version >= RAW_VERSION_VTABLES { 3 } else { 2 };
        let wave_size = if version >= RAW_VERSION_MAX { 2 } else { 0 };
        // The bitmap's u32 is aligned; so is the record.
        let sites_end = (value_sites + SITES_BYTES * value_kinds + wave_size).next_multiple_of(4);
        let end = sites_end + if bitmaps { 4 } else { 0 };
        DataLayout {
            size: end.next_multiple_of(WORD),
            bitmap_pointer: bitmaps.then_some(bitmap_pointer),
            function_pointer,
            counters,
            value_sites,
            value_kinds,
            bitmap_bytes: bitmaps.then_some(sites_end),
        }
    }
}

/// One function's data record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Data<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
    layout: DataLayout,
}

impl<'a> Data<'a> {
    /// The record in `bytes`, which has the layout's size.
    pub(crate) fn new(bytes: &'a [u8], order: ByteOrder, layout: DataLayout) -> Data<'a> {
        Data { bytes, order, layout }
    }

    fn word(&self, at: usize) -> u64 {
        self.order.u64(self.bytes, at).unwrap_or(0)
    }

    /// MD5 of the function's name.
    pub(crate) fn name_hash(&self) -> u64 {
        self.word(NAME_HASH)
    }

    /// Hash of the function's control flow.
    pub(crate) fn cfg_hash(&self) -> u64 {
        self.word(CFG_HASH)
    }

    /// Address of the function's counters less the address of this record.
    pub(crate) fn counter_pointer(&self) -> u64 {
        self.word(COUNTER_POINTER)
    }

    /// Address of the function's bitmap less the address of this record.
    pub(crate) fn bitmap_pointer(&self) -> u64 {
        self.layout.bitmap_pointer.map_or(0, |at| self.word(at))
    }

    /// Address of the function; 0 where the compiler did not record it.
    pub(crate) fn function_pointer(&self) -> u64 {
        self.word(self.layout.function_pointer)
    }

    /// Number of counters (bytes with byte coverage, else words).
    pub(crate) fn counters(&self) -> usize {
        let count = self.order.u32(self.bytes, self.layout.counters).unwrap_or(0);
        index(u64::from(count)).unwrap_or(usize::MAX)
    }

    /// Number of bitmap bytes.
    pub(crate) fn bitmap_bytes(&self) -> usize {
        let at = self.layout.bitmap_bytes;
        at.and_then(|at| self.order.u32(self.bytes, at)).unwrap_or(0) as usize
    }

    /// Number of value sites of a kind.
    pub(crate) fn sites(&self, kind: ValueKind) -> usize {
        if kind.slot() >= self.layout.value_kinds {
            return 0;
        }
        let at = self.layout.value_sites + SITES_BYTES * kind.slot();
        self.order.u16(self.bytes, at).map_or(0, usize::from)
    }

    /// Whether value data of this function follows in the file.
    pub(crate) fn has_sites(&self) -> bool {
        ValueKind::ALL.into_iter().any(|kind| self.sites(kind) > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_the_versions() {
        assert_eq!(DataLayout::of(8).size, 48);
        assert_eq!(DataLayout::of(9).size, 64);
        assert_eq!(DataLayout::of(10).size, 64);
        assert_eq!(DataLayout::of(11).size, 72);
        assert_eq!(DataLayout::of(9).bitmap_bytes, Some(56));
        assert_eq!(DataLayout::of(10).bitmap_bytes, Some(60));
        assert_eq!(DataLayout::of(11).bitmap_bytes, Some(68));
    }
}
