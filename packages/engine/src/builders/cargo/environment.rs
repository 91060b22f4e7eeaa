//! The environment for children: what the person set, without what cargo and rustup
//! added for the xtask's own build.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use crate::builders::beside::LIBRARY_PATH;

/// Set by `cargo run` for the program that it runs, and wrong for any other.
const OF_THE_XTASK: [&str; 12] = [
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_MAKEFLAGS",
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_MANIFEST_PATH",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "OUT_DIR",
    "RUST_RECURSION_COUNT",
    // Ours to set, for instrumented programs only.
    "LLVM_PROFILE_FILE",
];
const PREFIXES_OF_THE_XTASK: [&str; 3] = ["CARGO_PKG_", "CARGO_BIN_EXE_", "DEP_"];

/// `vars` without what belongs to the xtask: `exe` is the xtask's executable.
///
/// `RUSTUP_TOOLCHAIN` stays for the workspace that the xtask itself belongs to, since
/// `cargo +nightly xtask pgo` means it; it goes with `other_workspace`, whose own
/// `rust-toolchain.toml` decides.
pub fn clean_environment(
    vars: impl IntoIterator<Item = (OsString, OsString)>,
    exe: &Path,
    other_workspace: bool,
) -> BTreeMap<OsString, OsString> {
    let vars: BTreeMap<OsString, OsString> = vars.into_iter().collect();
    let run_by_cargo = vars.contains_key(OsStr::new("CARGO"));
    let toolchain = vars.get(OsStr::new("CARGO")).and_then(|cargo| Path::new(cargo).ancestors().nth(2));
    let mut clean = BTreeMap::new();
    for (name, value) in &vars {
        let text = name.to_string_lossy();
        let of_the_xtask = OF_THE_XTASK.contains(&text.as_ref())
            || PREFIXES_OF_THE_XTASK.iter().any(|prefix| text.starts_with(prefix))
            || (other_workspace && text == "RUSTUP_TOOLCHAIN");
        if of_the_xtask {
            continue;
        }
        if text == LIBRARY_PATH && run_by_cargo {
            if let Some(rest) = without_additions(value, exe, toolchain) {
                clean.insert(name.clone(), rest);
            }
            continue;
        }
        clean.insert(name.clone(), value.clone());
    }
    clean
}

/// Cargo and rustup put the xtask's build folders and the toolchain's libraries in
/// front of the library path.
fn without_additions(value: &OsStr, exe: &Path, toolchain: Option<&Path>) -> Option<OsString> {
    let build = exe.parent();
    let added = |path: &PathBuf| {
        build.is_some_and(|dir| path.starts_with(dir)) || toolchain.is_some_and(|dir| path.starts_with(dir))
    };
    let kept: Vec<PathBuf> = std::env::split_paths(value).filter(|path| !added(path)).collect();
    if kept.iter().all(|path| path.as_os_str().is_empty()) {
        return None;
    }
    std::env::join_paths(kept).ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn clean(vars: &[(&str, &str)], other: bool) -> Vec<String> {
        let vars = vars.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        clean_environment(vars, Path::new("/w/target/debug/xtask"), other)
            .into_iter()
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .collect()
    }

    #[test]
    fn what_cargo_added_goes_and_what_the_person_set_stays() {
        let vars = [
            ("CARGO", "/tc/bin/cargo"),
            ("CARGO_PKG_NAME", "xtask"),
            ("CARGO_PROFILE_RELEASE_LTO", "thin"),
            ("CARGO_HOME", "/h"),
            ("RUSTFLAGS", "-Ctarget-cpu=native"),
            ("RUSTUP_TOOLCHAIN", "nightly"),
            ("LD_LIBRARY_PATH", "/w/target/debug/deps:/w/target/debug:/tc/lib:/mine"),
            ("LLVM_PROFILE_FILE", "x"),
        ];
        assert_eq!(
            clean(&vars, false),
            [
                "CARGO_HOME=/h",
                "CARGO_PROFILE_RELEASE_LTO=thin",
                "LD_LIBRARY_PATH=/mine",
                "RUSTFLAGS=-Ctarget-cpu=native",
                "RUSTUP_TOOLCHAIN=nightly"
            ]
        );
        assert!(!clean(&vars, true).iter().any(|var| var.starts_with("RUSTUP_TOOLCHAIN")));
    }

    #[test]
    fn an_empty_library_path_is_none() {
        let vars = [("CARGO", "/tc/bin/cargo"), ("LD_LIBRARY_PATH", "/w/target/debug/deps:/tc/lib")];
        assert!(clean(&vars, false).is_empty());
    }
}
