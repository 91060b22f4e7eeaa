//! An instrumented program: which functions a profile of it could match, without running anything.

use honing_profdata::{ByteOrder, Error, InstrumentedFunction, Profile, instrumented_functions};
use object::{Object, ObjectSection};
use std::collections::HashSet;

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
    let names = sections(&file, &NAME_SECTIONS)?;
    let order = if file.is_little_endian() { ByteOrder::Little } else { ByteOrder::Big };
    Ok(Instrumented { functions: instrumented_functions(&data, &names, order)? })
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
    use honing_profdata::{name_hash, read};

    #[test]
    fn a_profile_is_the_programs_by_name_and_control_flow() {
        let declared = |name: &[u8], cfg_hash| InstrumentedFunction {
            name: name.to_vec(),
            cfg_hash,
            name_hash: name_hash(name),
            counters: 1,
        };
        let program = Instrumented { functions: vec![declared(b"main", 7), declared(b"helper", 8)] };
        let share = |text: &str| program.share_of(&read(text.as_bytes()).unwrap().profile);
        let (main, helper) = ("main\n7\n1\n40\n", "helper\n8\n1\n0\n");
        assert_eq!(share(&format!(":ir\n{main}\n{helper}\n")), 1.0, "also what never ran");
        assert_eq!(share(&format!(":ir\n{main}\n")), 1.0);
        assert_eq!(share(&format!(":ir\n{main}\nother\n1\n1\n5\n")), 0.5);
        assert_eq!(share(":ir\nmain\n9\n1\n40\n"), 0.0, "another control flow");
    }
}
