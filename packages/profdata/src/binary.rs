//! The functions that an instrumented program itself declares.
//!
//! An instrumented program carries the records that it later writes into raw profiles, with the
//! names. They tell which functions a profile could match, without running anything. Source:
//! `INSTR_PROF_SECT_ENTRY` in `llvm/include/llvm/ProfileData/InstrProfData.inc`, LLVM 22.1.

use crate::bytes::ByteOrder;
use crate::error::Error;
use crate::format::{RAW_VERSION_MAX, RAW_VERSION_MIN};
use crate::names;
use crate::policy::Policy;
use crate::profile::Profile;
use crate::raw::{Data, DataLayout};
use object::{Object, ObjectSection};
use std::collections::{HashMap, HashSet};

/// The section of data records: ELF and Mach-O, then a linked PE file and a COFF object.
const DATA_SECTIONS: [&str; 3] = ["__llvm_prf_data", ".lprfd", ".lprfd$M"];
/// The section of packed names, likewise.
const NAME_SECTIONS: [&str; 3] = ["__llvm_prf_names", ".lprfn", ".lprfn$M"];

/// What an instrumented program declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrumented {
    /// Every instrumented function, by name and CFG hash.
    pub functions: Vec<InstrumentedFunction>,
}

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

impl Instrumented {
    /// Share of the functions of `profile` that this program declares, by name and CFG hash, 0 to 1.
    /// What the program itself wrote has 1; a profile without functions has 0.
    pub fn share_of(&self, profile: &Profile) -> f64 {
        let declared: HashSet<(u64, u64)> =
            self.functions.iter().map(|function| (function.name_hash, function.cfg_hash)).collect();
        let known = profile
            .functions()
            .filter(|function| declared.contains(&(function.name_hash(), function.cfg_hash())))
            .count();
        if profile.is_empty() { 0.0 } else { known as f64 / profile.len() as f64 }
    }
}

/// Reads the instrumented functions out of an ELF, Mach-O or PE file of a 64-bit program.
///
/// The version of the records is not needed: it is the one with which they fit the names.
///
/// # Errors
/// [`Error::Binary`] if the file is none of these or not instrumented, [`Error::Names`] if the
/// names cannot be unpacked.
pub fn instrumented(binary: &[u8]) -> Result<Instrumented, Error> {
    let file = object::File::parse(binary).map_err(|error| Error::Binary(error.to_string()))?;
    // Not `is_64`, which says no to every COFF object.
    if file.architecture().address_size() != Some(object::AddressSize::U64) {
        return Err(Error::Binary("a 32-bit program: only 64-bit ones can be read".to_owned()));
    }
    let data = sections(&file, &DATA_SECTIONS)?;
    let packed = sections(&file, &NAME_SECTIONS)?;
    let mut by_hash = HashMap::new();
    for section in &packed {
        names::unpack(section, &Policy::default(), &mut |name| {
            by_hash.insert(names::name_hash(name), name.to_vec());
        })?;
    }
    let order = if file.is_little_endian() { ByteOrder::Little } else { ByteOrder::Big };
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
    Ok(Instrumented { functions })
}

/// The sections with one of these names: one in a linked program, several in an object file.
fn sections<'a>(file: &object::File<'a>, names: &[&str]) -> Result<Vec<&'a [u8]>, Error> {
    let named = |section: &object::Section<'a, '_>| section.name().is_ok_and(|name| names.contains(&name));
    let mut found = Vec::new();
    for section in file.sections().filter(named) {
        // Loaded with the program, so never compressed as sections of debug information are.
        found.push(section.data().map_err(|error| Error::Binary(error.to_string()))?);
    }
    if found.is_empty() {
        let names = names.join(" or ");
        return Err(Error::Binary(format!("no section {names}: the program is not instrumented")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_the_programs_by_name_and_control_flow() {
        let declared = |name: &[u8], cfg_hash| InstrumentedFunction {
            name: name.to_vec(),
            cfg_hash,
            name_hash: names::name_hash(name),
            counters: 1,
        };
        let program = Instrumented { functions: vec![declared(b"main", 7), declared(b"helper", 8)] };
        let share = |text: &str| program.share_of(&crate::read(text.as_bytes()).unwrap().profile);
        let (main, helper) = ("main\n7\n1\n40\n", "helper\n8\n1\n0\n");
        assert_eq!(share(&format!(":ir\n{main}\n{helper}\n")), 1.0, "also what never ran");
        assert_eq!(share(&format!(":ir\n{main}\n")), 1.0);
        assert_eq!(share(&format!(":ir\n{main}\nother\n1\n1\n5\n")), 0.5);
        assert_eq!(share(":ir\nmain\n9\n1\n40\n"), 0.0, "another control flow");
    }
}
