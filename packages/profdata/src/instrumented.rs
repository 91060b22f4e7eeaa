//! The functions that an instrumented program itself declares.
//!
//! An instrumented program carries the records that it later writes into raw profiles, with the
//! names. Source: `INSTR_PROF_SECT_ENTRY` in `llvm/include/llvm/ProfileData/InstrProfData.inc`, LLVM
//! 22.1.

use crate::bytes::ByteOrder;
use crate::error::Error;
use crate::format::{RAW_VERSION_MAX, RAW_VERSION_MIN};
use crate::names;
use crate::policy::Policy;
use crate::raw::{Data, DataLayout};
use std::collections::HashMap;

/// One instrumented function of a program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstrumentedFunction {
    /// Name, as profiles have it; empty if the program does not carry it.
    pub name: Vec<u8>,
    /// Hash of the function's control flow.
    pub cfg_hash: u64,
    /// Low half of the MD5 of the name.
    pub name_hash: u64,
    /// Number of counters.
    pub counters: u64,
}

/// The functions in a 64-bit program's sections of data records and of packed names, by name and
/// CFG hash.
///
/// The version of the records is not needed: it is the one with which they fit the names.
///
/// # Errors
/// [`Error::Names`] if the names cannot be unpacked.
pub fn instrumented_functions(
    data: &[&[u8]],
    packed_names: &[&[u8]],
    order: ByteOrder,
) -> Result<Vec<InstrumentedFunction>, Error> {
    let mut by_hash = HashMap::new();
    for section in packed_names {
        names::unpack(section, &Policy::default(), &mut |name| {
            by_hash.insert(names::name_hash(name), name.to_vec());
        })?;
    }
    let records = |layout: DataLayout| {
        let bytes = data.iter().flat_map(move |section| section.chunks_exact(layout.size));
        bytes.map(move |bytes| Data::new(bytes, order, layout))
    };
    // Records of the wrong size give garbage for hashes, of which hardly any is a name's.
    let layouts = (RAW_VERSION_MIN..=RAW_VERSION_MAX).map(DataLayout::of);
    let known = |layout: &DataLayout| {
        records(*layout).filter(|record| by_hash.contains_key(&record.name_hash())).count()
    };
    let layout = layouts.max_by_key(known).unwrap_or(DataLayout::of(RAW_VERSION_MAX));
    let mut functions: Vec<_> = records(layout)
        .filter(|record| record.counters() > 0)
        .map(|record| InstrumentedFunction {
            name: by_hash.get(&record.name_hash()).cloned().unwrap_or_default(),
            cfg_hash: record.cfg_hash(),
            name_hash: record.name_hash(),
            counters: record.counters() as u64,
        })
        .collect();
    functions.sort();
    functions.dedup();
    Ok(functions)
}
