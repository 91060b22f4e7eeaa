//! Where a program keeps its function table: the runtime's `moduledata`, found by its content.
//!
//! It points to the table's header and, right after that, to the parts at the distances that the header names.
//! Nothing else does, so neither symbols nor names of sections are needed, which `-s -w` and other linkers take away.
//! Sources: `pcHeader` and `moduledata` of Go's `runtime/symtab.go`, which begin alike from 1.20 to 1.27.

use crate::bytes;
use crate::error::Error;
use crate::image::{Image, Segment};

/// Since Go 1.20.
const MAGIC: u32 = 0xffff_fff1;

/// Words of moduledata, by number.
mod word {
    /// Pointers to the parts, in the header's order: the lengths follow them.
    pub(super) const PARTS: [u64; 5] = [1, 4, 7, 10, 13];
    pub(super) const FUNCTIONS: u64 = 17;
    pub(super) const FIRST: u64 = 20;
    pub(super) const TEXT: u64 = 22;
    /// `gofunc`, the start of what functions refer to, is among these; which one depends on the version.
    pub(super) const GOFUNC: std::ops::Range<u64> = 34..56;
}

/// The parts of the function table.
pub(crate) struct Tables<'a> {
    /// Smallest step of the program counter.
    pub(crate) quantum: u32,
    /// Names of functions.
    pub(crate) names: &'a [u8],
    /// For each compilation unit, its files as offsets into `files`.
    pub(crate) units: &'a [u8],
    /// Names of files.
    pub(crate) files: &'a [u8],
    /// Values by program counter.
    pub(crate) values: &'a [u8],
    /// Entries and descriptions of functions.
    pub(crate) functions: &'a [u8],
    /// Number of functions.
    pub(crate) count: usize,
    /// Address of the first instruction: entries count from here.
    pub(crate) text: u64,
    /// Where `gofunc` may be.
    pub(crate) gofunc: Vec<u64>,
}

/// Finds the tables.
pub(crate) fn find<'a>(image: &Image<'a>) -> Result<Tables<'a>, Error> {
    let headers: Vec<u64> = image.segments.iter().flat_map(headers_of).collect();
    if headers.is_empty() {
        return Err(Error::NoTable);
    }
    let filled = image.filled.iter().filter(|(_, target)| headers.binary_search(target).is_ok());
    let filled = filled.map(|(place, _)| *place);
    let plain = image.segments.iter().flat_map(|segment| pointers_to(segment, image, &headers));
    filled.chain(plain).find_map(|place| tables(image, place)).ok_or(Error::NoTable)
}

/// Addresses that are multiples of eight, with the bytes from there on.
fn aligned<'a>(segment: &Segment<'a>) -> impl Iterator<Item = (u64, &'a [u8])> + use<'a> {
    let skip = (segment.address.wrapping_neg() & 7) as usize;
    let (data, address) = (segment.data.get(skip..).unwrap_or_default(), segment.address);
    data.chunks_exact(8).enumerate().map(move |(number, _)| {
        let offset = skip + number * 8;
        (address.wrapping_add(offset as u64), data.get(number * 8..).unwrap_or_default())
    })
}

fn headers_of(segment: &Segment<'_>) -> Vec<u64> {
    let magic = |bytes: &[u8]| {
        bytes::u32_at(bytes, 0) == Some(MAGIC)
            && matches!(bytes.get(4..8), Some([0, 0, quantum, 8]) if [1, 4].contains(quantum))
    };
    aligned(segment).filter(|(_, bytes)| magic(bytes)).map(|(address, _)| address).collect()
}

fn pointers_to<'i>(
    segment: &'i Segment<'_>,
    image: &'i Image<'_>,
    headers: &'i [u64],
) -> impl Iterator<Item = u64> + 'i {
    aligned(segment)
        .filter(|(_, bytes)| {
            bytes::u64_at(bytes, 0).is_some_and(|word| headers.binary_search(&image.unchained(word)).is_ok())
        })
        .map(|(address, _)| address)
}

/// The tables of the moduledata at `place`, if it is one.
fn tables<'a>(image: &Image<'a>, place: u64) -> Option<Tables<'a>> {
    let word = |number: u64| image.word(place.checked_add(number * 8)?);
    let header_at = word(0)?;
    let header = image.at(header_at, 72)?;
    let in_header = |number: usize| bytes::u64_at(header, 8 + number * 8);
    let mut parts = word::PARTS.iter().zip(3..).map(|(number, in_the_header)| {
        let (address, length) = (word(*number)?, word(number + 1)?);
        let expected = header_at.checked_add(in_header(in_the_header)?)?;
        (address == expected).then_some((address, length))
    });
    let mut part = |size: u64| {
        let (address, length) = parts.next()??;
        image.at(address, length.checked_mul(size)?)
    };
    let (names, units, files, values, functions) = (part(1)?, part(4)?, part(1)?, part(1)?, part(1)?);
    let count = usize::try_from(in_header(0)?).ok()?;
    let text = word(word::TEXT)?;
    let first = text.checked_add(bytes::u32_at(functions, 0)?.into())?;
    // The runtime itself refuses other programs: `moduledataverify`.
    let sound = word(word::FUNCTIONS)? == in_header(0)?.checked_add(1)? && word(word::FIRST)? == first;
    let quantum = u32::from(*header.get(6)?);
    let gofunc = word::GOFUNC.filter_map(word).collect();
    sound.then_some(Tables { quantum, names, units, files, values, functions, count, text, gofunc })
}
