//! Local functions that share a record: those of one name, with one control flow, in files of one name, where names
//! have no folders.

use std::collections::BTreeSet;

use honing_profdata::Profile;

use crate::{BuildFunctions, demangle, split_name};

/// Functions of a build that one function of a profile is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    /// Its name, demangled.
    pub name: String,
    /// Sum of its counters, in increments: those of all of them, added up.
    pub weight: u128,
    /// The modules that have one.
    pub modules: Vec<String>,
}

/// The functions of a profile that are for several local ones of a build, the heaviest first.
pub fn sharing(profile: &Profile, build: &BuildFunctions) -> Vec<Sharing> {
    let mut found = Vec::new();
    for function in profile.functions().filter(|function| function.weight() > 0) {
        let name = function.name_bytes();
        if split_name(name).0.is_none() {
            continue;
        }
        let has = build.with_name(name).filter(|there| there.may_have(function.cfg_hash()));
        let modules: BTreeSet<&[u8]> = has.filter_map(|there| there.module.as_deref()).collect();
        if modules.len() > 1 {
            let modules = modules.into_iter().map(|module| String::from_utf8_lossy(module).into_owned());
            let (name, weight) = (demangle(name), function.weight());
            found.push(Sharing { name, weight, modules: modules.collect() });
        }
    }
    found.sort_by(|one, other| other.weight.cmp(&one.weight).then_with(|| one.name.cmp(&other.name)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TraceReader;

    #[test]
    fn one_record_of_several_functions_is_told() {
        let text = ":ir\nx.c;same\n1\n1\n9\n\nx.c;other\n1\n1\n5\n\nx.c;flow\n1\n1\n4\n\nglobal\n1\n1\n7\n\n\
                    x.c;never\n1\n1\n0\n";
        let profile = honing_profdata::read(text.as_bytes()).unwrap().profile;
        let mut reader = TraceReader::default();
        for (function, hash, file) in [
            ("same", 1, "b/x.c"),
            ("same", 1, "x.c"),
            ("same", 1, "a/yx.c"),
            ("other", 1, "a/x.c"),
            ("flow", 1, "a/x.c"),
            ("flow", 2, "b/x.c"),
            ("global", 1, "a/x.c"),
            ("global", 1, "b/x.c"),
            ("never", 1, "a/x.c"),
            ("never", 1, "b/x.c"),
        ] {
            assert!(reader.undivided(&format!("Funcname={function}, Hash={hash} in building {file}")));
        }
        let build = reader.finish();
        let found = sharing(&profile, &build);
        let expected =
            Sharing { name: "same".into(), weight: 9, modules: vec!["b/x.c".into(), "x.c".into()] };
        assert_eq!(found, [expected]);
        // A file below folders is the one that names of local functions begin with.
        assert_eq!(crate::match_build(&profile, &build, &crate::Crates::new([""; 0])).lost, []);
    }
}
