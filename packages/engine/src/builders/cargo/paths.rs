//! Variables that name files: cargo takes them from the folder that it is called in. Honing calls it
//! in the root of the workspace, so they are made whole first.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// A path, whatever it looks like.
const FOLDERS: [&str; 6] = [
    "CARGO_HOME",
    "RUSTUP_HOME",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET_DIR",
    "CARGO_BUILD_BUILD_DIR",
    "CARGO_BUILD_DEP_INFO_BASEDIR",
];
/// A program: a path where there is a separator in it, else a name to be looked up in `PATH`.
const PROGRAMS: [&str; 8] = [
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTDOC",
    "CARGO_BUILD_RUSTC",
    "CARGO_BUILD_RUSTC_WRAPPER",
    "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    "CARGO_BUILD_RUSTDOC",
];

/// `env` with paths that are seen from `dir`.
pub(crate) fn made_whole(mut env: BTreeMap<OsString, OsString>, dir: &Path) -> BTreeMap<OsString, OsString> {
    for (name, value) in &mut env {
        let name = name.to_string_lossy();
        let of_target = name.starts_with("CARGO_TARGET_");
        let program = PROGRAMS.contains(&&*name)
            || (of_target && (name.ends_with("_LINKER") || name.ends_with("_RUNNER")));
        // A target may be a file that describes it.
        let described = name == "CARGO_BUILD_TARGET" && value.to_string_lossy().ends_with(".json");
        let path = PathBuf::from(&*value);
        let has_folder = path.components().count() > 1 || path.starts_with(".");
        if !value.is_empty()
            && path.is_relative()
            && (FOLDERS.contains(&&*name) || (program && has_folder) || described)
        {
            *value = dir.join(path).into();
        }
    }
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_where_the_person_is() {
        for (name, value, whole) in [
            ("RUSTC_WRAPPER", "tools/wrap", "/w/sub/tools/wrap"),
            ("RUSTC_WRAPPER", "./wrap", "/w/sub/./wrap"),
            ("RUSTC_WRAPPER", "sccache", "sccache"),
            ("RUSTC_WRAPPER", "", ""),
            ("RUSTC", "../rustc", "/w/sub/../rustc"),
            ("CARGO_HOME", "home", "/w/sub/home"),
            ("CARGO_HOME", "/home", "/home"),
            ("CARGO_TARGET_DIR", "t", "/w/sub/t"),
            ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "bin/ld", "/w/sub/bin/ld"),
            ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "clang", "clang"),
            ("CARGO_BUILD_TARGET", "x86_64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"),
            ("CARGO_BUILD_TARGET", "specs/a.json", "/w/sub/specs/a.json"),
            // rustc runs in the root of the workspace, wherever cargo is called.
            ("RUSTFLAGS", "-Lnative=lib", "-Lnative=lib"),
            ("HOME", "home", "home"),
        ] {
            let env = BTreeMap::from([(OsString::from(name), OsString::from(value))]);
            assert_eq!(made_whole(env, Path::new("/w/sub"))[&OsString::from(name)], OsString::from(whole));
        }
    }
}
