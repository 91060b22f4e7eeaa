//! The indexed format: what compilers read.
//!
//! ```text
//! header    u64 magic, version and variant, unused, hash type, offset of the hash table
//!           from version 8 u64 offset of the memory profile, 9 binary ids, 10 temporal traces,
//!           12 vtable names
//! summary   twice for a context-sensitive profile, see `summary.rs`
//! payload   per bucket of the hash table u16 items, per item
//!           u64 name hash, u64 bytes of the name, u64 bytes of the data, name, data
//!   data    per CFG hash u64 hash, u64 counters, counters; from version 11 u64 bitmap bytes, each
//!           in a u64; value data, see `value.rs`
//! table     zeros up to a multiple of 8, u64 buckets, u64 items, u64 offset of each bucket
//! ids       u64 bytes, per id u64 bytes, id, zeros up to a multiple of 8
//! vtables   u64 bytes, packed names, zeros up to a multiple of 8
//! ```
//! All numbers are little-endian. Source: `InstrProfWriter::writeImpl` in
//! `llvm/lib/ProfileData/InstrProfWriter.cpp`, `IndexedInstrProfReader` in `InstrProfReader.cpp`
//! and `llvm/include/llvm/Support/OnDiskHashTable.h`, LLVM 22.1.

mod fill;
mod payload;
mod read;
mod summary;
mod table;
mod write;

pub use summary::{CUTOFFS, CutoffEntry, Summary};
pub use write::IndexedVersion;

pub(crate) use read::add;
