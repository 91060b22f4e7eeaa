//! The packed format: a whole profile, small enough for version control, in sections that stay the
//! same bytes while their content does. Why it is as it is: `docs/adr/0012-packed-profile.md`.
//!
//! ```text
//! file      8 bytes magic, u32 version (1), 16 bytes MD5 of all that follows, 13 sections
//! section   number of its bytes, bytes
//! number    ULEB128 of a u64: seven bits a byte, least significant first, bit 7 says more follow
//! blob      number of unpacked bytes, number of packed bytes, packed bytes: raw deflate (RFC
//!           1951), exactly one stream
//! ```
//! Fixed-width integers are little-endian. A section ends exactly where its content does. A *row* is
//! a function with one CFG hash; rows may come in any order, this writer sorts them by path, hash
//! digits, prefix and CFG hash. The sections, in this order:
//!
//! ```text
//!  0 head         number: variant bits (the upper half of an indexed profile's version field);
//!                 number of binary ids; each id: number of bytes, bytes
//!  1 vtables      one blob: for each vtable name number of bytes, bytes
//!  2 prefixes     one blob: for each prefix number of bytes, bytes
//!  3 prefix of    one blob: for each row number: position of its prefix in section 2
//!  4 functions    chunks until the section ends: number of rows, blob of text, blob of columns
//!  5 CFG hashes   u64 for each new shape, in the order of the columns
//!  6 name hashes  8 bytes for each new set of hash digits, in the order of rows
//!  7 live         for each row a bit, first row in bit 0 of the first byte, padded with 0
//!  8 not zero     for each live row, for each counter a bit, padded with 0 to a byte
//!  9 counters     number for each bit set in section 8
//! 10 bitmaps      one blob: bitmap bytes of each live row
//! 11 values       for each live row, for each site of kind 0, then 1, then 2: number of values,
//!                 values; kinds 0 and 2 as u64, kind 1 as number
//! 12 value counts number for each value in section 11
//! ```
//! A row that is not live has only zero counters, zero bitmap bytes and sites without values.
//!
//! A name is a prefix, everything up to and including its first `;`, or nothing, and a path. In a
//! path `17h`, 16 lower-case hexadecimal digits and `E` (where legacy mangling ends a symbol) are
//! one byte 2, for the first place that has them; the digits are eight bytes in section 6. Bytes 0,
//! 1 and 2 of the name itself are 1 and `0`, `1` or `2`. A path has at most one byte 2.
//!
//! The columns of a chunk, one after the other:
//! ```text
//! kinds     a byte for each row: 0 another path; 1 the row before's path with other digits; 2 the
//!           row before's path and digits
//! shared    number for each row of kind 0: bytes that its path has in common with the path before
//!           it in the chunk (at most), 0 for the chunk's first. The rest of the path, and a byte
//!           0, are in the text.
//! shapes    for each row number: 0 a new shape, then number of counters, numbers of sites of kinds
//!           0, 1 and 2, number of bitmap bytes, and the next of section 5; n the chunk's n-th
//!           shape
//! ```
//! Rows of kind 0 with a byte 2 in their path and rows of kind 1 take the next of section 6.
//!
//! Chunks end where a hash of a path says so, so that a changed path changes one chunk. What is
//! packed changes rarely; what changes at every refresh is not packed, because version control can
//! then store it as a difference, and packs it itself.

mod columns;
mod counts;
mod name;
mod read;
mod wire;
mod write;

pub(crate) use read::add;
