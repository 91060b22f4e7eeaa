//! The value data that follows a function's counters, the same in raw and indexed profiles.
//!
//! ```text
//! u32 total size in bytes, this field included, a multiple of 8
//! u32 number of kinds
//! per kind: u32 kind, u32 sites, u8 values per site × sites, zeros up to a multiple of 8,
//!           then per value: u64 value, u64 count
//! ```
//! Source: `ValueProfData` and `ValueProfRecord` in `InstrProfData.inc`, LLVM 22.1.

use crate::bytes::{ByteOrder, WORD, align_word, index};
use crate::error::Error;
use crate::format::ValueKind;
use crate::record::{Sites, VALUE_BYTES, Values};

/// Bytes of the two fields before the kinds.
const HEADER_BYTES: usize = 8;
/// Bytes of a kind's two fields before its sites.
const KIND_HEADER_BYTES: usize = 8;

/// Reads the value data at the start of `bytes`. Returns the values and the bytes they take.
///
/// # Errors
/// [`Error::OutOfBounds`] and [`Error::Malformed`], with offsets relative to `bytes`.
pub(crate) fn read(bytes: &[u8], order: ByteOrder) -> Result<(Values<'_>, usize), Error> {
    let short = |what, declared: u64, at| Error::bounds(what, declared, at, bytes.len());
    let total = order.u32(bytes, 0).ok_or_else(|| short("value data", HEADER_BYTES as u64, 0))?;
    let kinds = order.u32(bytes, 4).ok_or_else(|| short("value data", HEADER_BYTES as u64, 0))?;
    let total_bytes = index(u64::from(total)).unwrap_or(usize::MAX);
    let data = bytes.get(..total_bytes).ok_or_else(|| short("value data", u64::from(total), 0))?;
    if total_bytes < HEADER_BYTES || !total_bytes.is_multiple_of(WORD) {
        return Err(Error::Malformed { what: "the size of value data", found: u64::from(total), at: 0 });
    }
    if kinds as usize > ValueKind::ALL.len() {
        return Err(Error::Malformed { what: "the number of value kinds", found: u64::from(kinds), at: 4 });
    }
    let mut values = Values::default();
    let mut at = HEADER_BYTES;
    for _ in 0..kinds {
        let (kind, sites, next) = read_kind(data, at, order)?;
        values.set(kind, sites);
        at = next;
    }
    Ok((values, total_bytes))
}

fn read_kind(data: &[u8], at: usize, order: ByteOrder) -> Result<(ValueKind, Sites<'_>, usize), Error> {
    let short = |what, declared: u64| Error::bounds(what, declared, at, data.len());
    let number = order.u32(data, at).ok_or_else(|| short("a value kind", 4))?;
    let sites = order.u32(data, at + 4).ok_or_else(|| short("a value kind", 4))?;
    let kind = ValueKind::from_number(u64::from(number)).ok_or(Error::Malformed {
        what: "a value kind",
        found: u64::from(number),
        at: at as u64,
    })?;
    let lengths_at = at + KIND_HEADER_BYTES;
    let lengths = index(u64::from(sites))
        .and_then(|sites| data.get(lengths_at..lengths_at.checked_add(sites)?))
        .ok_or_else(|| short("value sites", u64::from(sites)))?;
    let pairs_at = align_word(lengths_at + lengths.len()).unwrap_or(usize::MAX);
    let count: usize = lengths.iter().map(|length| usize::from(*length)).sum();
    let end = count.checked_mul(VALUE_BYTES).and_then(|bytes| pairs_at.checked_add(bytes));
    let pairs =
        end.and_then(|end| data.get(pairs_at..end)).ok_or_else(|| short("profiled values", count as u64))?;
    Ok((kind, Sites { lengths, pairs, order }, pairs_at + pairs.len()))
}

/// Bytes that value data takes with, for each kind that has sites, these numbers of sites and
/// values.
pub(crate) fn size(kinds: impl Iterator<Item = (usize, usize)>) -> usize {
    kinds.fold(HEADER_BYTES, |size, (sites, values)| {
        let lengths = sites.next_multiple_of(WORD);
        size + KIND_HEADER_BYTES + lengths + values * VALUE_BYTES
    })
}
