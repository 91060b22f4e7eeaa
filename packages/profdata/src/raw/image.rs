//! One profile in a raw file: where its sections are, and how much of them is there.
//!
//! A program writes one profile, a shared library another; a file may have several, one after the
//! other. The sections follow the header in this order, each aligned to eight bytes: binary ids,
//! data, counters, bitmaps, uniform counters, names, vtables, vtable names, value data. Source:
//! `RawInstrProfReader::readHeader` in `llvm/lib/ProfileData/InstrProfReader.cpp` and
//! `lprofWriteDataImpl` in `compiler-rt/lib/profile/InstrProfilingWriter.c`, LLVM 22.1.

use crate::bytes::{ByteOrder, WORD, align_word, index};
use crate::error::Error;
use crate::format::Variant;
use crate::raw::data::{Data, DataLayout, VTABLE_BYTES};
use crate::raw::header::Header;
use crate::record::{Bitmap, Counts};

/// The sections of one profile. A section that the file's end cuts off is as long as what is there.
#[derive(Debug, Clone)]
pub(crate) struct Image<'a> {
    pub(crate) header: Header,
    layout: DataLayout,
    pub(crate) binary_ids: &'a [u8],
    data: &'a [u8],
    counters: &'a [u8],
    /// Bytes that the header declares for the counters.
    pub(crate) counters_declared: usize,
    bitmaps: &'a [u8],
    pub(crate) names: &'a [u8],
    pub(crate) vtables: &'a [u8],
    pub(crate) vtable_names: &'a [u8],
    /// Byte of the file where value data starts; past the end for a file that is cut off before.
    pub(crate) values_at: usize,
}

/// Walks the sections of a file from the header on.
struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// The next section: what is there of it, and its declared size in bytes.
    fn section(&mut self, what: &'static str, count: u64, width: usize) -> Result<(&'a [u8], usize), Error> {
        let too_large = || Error::bounds(what, count, self.at, self.bytes.len().saturating_sub(self.at));
        let declared = index(count).and_then(|count| count.checked_mul(width)).ok_or_else(too_large)?;
        let end = self.at.checked_add(declared).ok_or_else(too_large)?;
        let start = self.at.min(self.bytes.len());
        let there = self.bytes.get(start..end.min(self.bytes.len())).unwrap_or_default();
        self.at = end;
        Ok((there, declared))
    }

    fn skip(&mut self, what: &'static str, bytes: u64) -> Result<(), Error> {
        self.section(what, bytes, 1).map(|_| ())
    }

    fn align(&mut self, what: &'static str) -> Result<(), Error> {
        self.at = align_word(self.at).ok_or_else(|| Error::bounds(what, u64::MAX, self.at, 0))?;
        Ok(())
    }
}

impl<'a> Image<'a> {
    /// The profile whose header starts at byte `start` of the file.
    ///
    /// # Errors
    /// A header that cannot be read, and sections of which no counter is in the file.
    pub(crate) fn read(file: &'a [u8], start: usize) -> Result<Image<'a>, Error> {
        // Offsets count from the header, so that alignment does as well.
        let bytes = file.get(start..).unwrap_or_default();
        let header = Header::read(bytes)?;
        let layout = DataLayout::of(header.version);
        let counter_bytes = if header.variant.has(Variant::BYTE_COVERAGE) { 1 } else { WORD };
        let mut walk = Walk { bytes, at: Header::bytes(header.version) };
        let (binary_ids, _) = walk.section("binary ids", header.binary_ids_bytes, 1)?;
        let data_at = start.saturating_add(walk.at);
        let (data, declared) = walk.section("data records", header.records, layout.size)?;
        if data.len() < declared {
            let room = data.len() / layout.size;
            return Err(Error::bounds("data records", header.records, data_at, room));
        }
        walk.skip("padding before counters", header.padding_before_counters)?;
        let counters_at = start.saturating_add(walk.at);
        let (counters, counters_declared) = walk.section("counters", header.counters, counter_bytes)?;
        if counters.is_empty() && header.counters > 0 {
            return Err(Error::bounds("counters", header.counters, counters_at, 0));
        }
        walk.skip("padding after the counters", header.padding_after_counters)?;
        let (bitmaps, _) = walk.section("bitmaps", header.bitmap_bytes, 1)?;
        walk.skip("padding after the bitmaps", header.padding_after_bitmap)?;
        walk.section("uniform counters", header.uniform_counters, WORD)?;
        walk.skip("padding after uniform counters", header.padding_after_uniform)?;
        let (names, _) = walk.section("names", header.names_bytes, 1)?;
        walk.align("names")?;
        let (vtables, _) = walk.section("vtables", header.vtables, VTABLE_BYTES)?;
        walk.align("vtables")?;
        let (vtable_names, _) = walk.section("vtable names", header.vtable_names_bytes, 1)?;
        walk.align("vtable names")?;
        let values_at = start
            .checked_add(walk.at)
            .ok_or_else(|| Error::bounds("value data", walk.at as u64, start, 0))?;
        Ok(Image {
            header,
            layout,
            binary_ids,
            data,
            counters,
            counters_declared,
            bitmaps,
            names,
            vtables,
            vtable_names,
            values_at,
        })
    }

    /// The data records, in the file's order.
    pub(crate) fn records(&self) -> impl Iterator<Item = Data<'a>> + use<'a> {
        let (order, layout) = (self.header.order, self.layout);
        self.data.chunks_exact(layout.size).map(move |bytes| Data::new(bytes, order, layout))
    }

    /// Bytes of the counters that the file has.
    pub(crate) fn counters_present(&self) -> usize {
        self.counters.len()
    }

    /// The counters of the record at `position`.
    pub(crate) fn counts(&self, position: usize, data: &Data<'a>) -> Result<Counts<'a>, CountsFault> {
        let covered = self.header.variant.has(Variant::BYTE_COVERAGE);
        let width = if covered { 1 } else { WORD };
        let offset = self.offset(position, data.counter_pointer(), self.header.counters_delta);
        let length = data.counters().checked_mul(width).ok_or(CountsFault::Malformed)?;
        let end = offset.checked_add(length).ok_or(CountsFault::Malformed)?;
        if length == 0 || end > self.counters_declared {
            return Err(CountsFault::Malformed);
        }
        let mut bytes = self.counters.get(offset..end).ok_or(CountsFault::CutOff)?;
        if self.header.variant.has(Variant::TEMPORAL) {
            // The first eight bytes are the time of the first call.
            bytes = bytes.get(WORD..).filter(|rest| !rest.is_empty()).ok_or(CountsFault::Malformed)?;
        }
        Ok(if covered { Counts::Covered(bytes) } else { Counts::Words(bytes, self.header.order) })
    }

    /// The bitmap of the record at `position`; empty where it has none or it is not in the file.
    pub(crate) fn bitmap(&self, position: usize, data: &Data<'a>) -> Bitmap<'a> {
        let offset = self.offset(position, data.bitmap_pointer(), self.header.bitmap_delta);
        let length = data.bitmap_bytes();
        let bytes = offset.checked_add(length).and_then(|end| self.bitmaps.get(offset..end));
        Bitmap::Bytes(bytes.unwrap_or_default())
    }

    /// Offset into a section of something of the record at `position`: pointers are relative to
    /// their record, the delta is relative to the first.
    fn offset(&self, position: usize, pointer: u64, delta: u64) -> usize {
        let record = (position as u64).wrapping_mul(self.layout.size as u64);
        index(pointer.wrapping_add(record).wrapping_sub(delta)).unwrap_or(usize::MAX)
    }

    /// Byte order of the file.
    pub(crate) fn order(&self) -> ByteOrder {
        self.header.order
    }
}

/// Why a function's counters cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CountsFault {
    /// The file ends before or within them.
    CutOff,
    /// The record points outside of the counters, or has none.
    Malformed,
}
