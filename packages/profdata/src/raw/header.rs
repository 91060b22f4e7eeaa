//! The header of a raw profile, by version.
//!
//! All fields are `u64` in the program's byte order. Source: `INSTR_PROF_RAW_HEADER` in
//! `llvm/include/llvm/ProfileData/InstrProfData.inc`; version 8 as in LLVM 14 to 17, 9 as in 18,
//! 10 as in 19 to 22; 11 (LLVM 23) from descriptions of it, see docs/adr/0011-profile-engine.md.

use crate::bytes::{ByteOrder, WORD};
use crate::error::Error;
use crate::format::{
    RAW_MAGIC_32, RAW_MAGIC_64, RAW_VERSION_BITMAPS, RAW_VERSION_MAX, RAW_VERSION_MIN, RAW_VERSION_VTABLES,
    VERSION_BITS, Variant,
};

/// Fields of the header by version, 8 to 11.
const FIELDS: [usize; 4] = [11, 14, 16, 19];

/// The header of one profile in a raw file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Header {
    /// Byte order of the whole profile.
    pub(crate) order: ByteOrder,
    /// Version of the format, 8 to 11.
    pub(crate) version: u64,
    /// How the program was instrumented.
    pub(crate) variant: Variant,
    /// Bytes of the binary ids, a multiple of 8.
    pub(crate) binary_ids_bytes: u64,
    /// Number of per-function data records.
    pub(crate) records: u64,
    /// Zero bytes between data and counters.
    pub(crate) padding_before_counters: u64,
    /// Number of counters (bytes with byte coverage, else words).
    pub(crate) counters: u64,
    /// Zero bytes after the counters.
    pub(crate) padding_after_counters: u64,
    /// Bytes of bitmaps; from version 9.
    pub(crate) bitmap_bytes: u64,
    /// Zero bytes after the bitmaps; from version 9.
    pub(crate) padding_after_bitmap: u64,
    /// Number of uniform counters (words) of offload devices; from version 11.
    pub(crate) uniform_counters: u64,
    /// Zero bytes after the uniform counters; from version 11.
    pub(crate) padding_after_uniform: u64,
    /// Bytes of the packed function names.
    pub(crate) names_bytes: u64,
    /// Address of the counters less the address of the data.
    pub(crate) counters_delta: u64,
    /// Address of the bitmaps less the address of the data; from version 9.
    pub(crate) bitmap_delta: u64,
    /// Number of vtable records; from version 10.
    pub(crate) vtables: u64,
    /// Bytes of the packed vtable names; from version 10.
    pub(crate) vtable_names_bytes: u64,
    /// Number of the last value kind.
    pub(crate) last_value_kind: u64,
}

impl Header {
    /// Bytes of the header of that version.
    pub(crate) fn bytes(version: u64) -> usize {
        let index = version.saturating_sub(RAW_VERSION_MIN) as usize;
        FIELDS.get(index).copied().unwrap_or(0) * WORD
    }

    /// The byte order that the magic at the start of `bytes` shows.
    ///
    /// # Errors
    /// [`Error::Raw32`] and [`Error::UnknownFormat`].
    pub(crate) fn order(bytes: &[u8]) -> Result<ByteOrder, Error> {
        let magic = |order: ByteOrder| order.u64(bytes, 0);
        match (magic(ByteOrder::Little), magic(ByteOrder::Big)) {
            (Some(RAW_MAGIC_64), _) => Ok(ByteOrder::Little),
            (_, Some(RAW_MAGIC_64)) => Ok(ByteOrder::Big),
            (Some(RAW_MAGIC_32), _) | (_, Some(RAW_MAGIC_32)) => Err(Error::Raw32),
            _ => Err(Error::UnknownFormat),
        }
    }

    /// The header at the start of `bytes`.
    ///
    /// # Errors
    /// Another format, a version that is not read, a front end's profile, or a header that is cut
    /// off.
    pub(crate) fn read(bytes: &[u8]) -> Result<Header, Error> {
        let order = Header::order(bytes)?;
        let cut = || Error::bounds("the raw header", 2 * WORD as u64, 0, bytes.len());
        let field = order.u64(bytes, WORD).ok_or_else(cut)?;
        let version = field & VERSION_BITS;
        if !(RAW_VERSION_MIN..=RAW_VERSION_MAX).contains(&version) {
            return Err(Error::RawVersion { found: version });
        }
        let size = Header::bytes(version);
        let fields =
            bytes.get(..size).ok_or_else(|| Error::bounds("the raw header", size as u64, 0, bytes.len()))?;
        let variant = Variant::of_version(field);
        check(variant)?;
        let mut words = fields.chunks_exact(WORD).skip(2).map(|word| order.word(word));
        let mut next = |since: u64| {
            if version >= since { words.next().unwrap_or(0) } else { 0 }
        };
        const ALL: u64 = RAW_VERSION_MIN;
        const BITMAPS: u64 = RAW_VERSION_BITMAPS;
        const VTABLES: u64 = RAW_VERSION_VTABLES;
        const UNIFORM: u64 = RAW_VERSION_MAX;
        // The order of the fields in the file.
        let binary_ids_bytes = next(ALL);
        let records = next(ALL);
        let padding_before_counters = next(ALL);
        let counters = next(ALL);
        let padding_after_counters = next(ALL);
        let bitmap_bytes = next(BITMAPS);
        let padding_after_bitmap = next(BITMAPS);
        let uniform_counters = next(UNIFORM);
        let padding_after_uniform = next(UNIFORM);
        let _uniform_delta = next(UNIFORM);
        let names_bytes = next(ALL);
        let counters_delta = next(ALL);
        let bitmap_delta = next(BITMAPS);
        let _names_delta = next(ALL);
        let vtables = next(VTABLES);
        let vtable_names_bytes = next(VTABLES);
        let last_value_kind = next(ALL);
        Ok(Header {
            order,
            version,
            variant,
            binary_ids_bytes,
            records,
            padding_before_counters,
            counters,
            padding_after_counters,
            bitmap_bytes,
            padding_after_bitmap,
            uniform_counters,
            padding_after_uniform,
            names_bytes,
            counters_delta,
            bitmap_delta,
            vtables,
            vtable_names_bytes,
            last_value_kind,
        })
    }
}

/// Whether a profile of that variant can be read.
fn check(variant: Variant) -> Result<(), Error> {
    if !variant.has(Variant::IR) {
        return Err(Error::FrontEnd);
    }
    if variant.has(Variant::DEBUG_CORRELATED) {
        return Err(Error::DebugCorrelated);
    }
    Ok(())
}
