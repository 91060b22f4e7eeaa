//! The shared libraries that cargo's build made, or linked from the toolchain.

use std::{collections::BTreeSet, path::PathBuf};

use honing_core::{Error, Result};

use crate::builders::{
    beside::{needs, shared_libraries},
    cargo::{build::Built, state::Here, toolchain},
};

/// Names that shared libraries of the toolchain begin with.
const OF_THE_TOOLCHAIN: [&str; 4] = ["libstd-", "libtest-", "librustc_driver-", "libproc_macro-"];

/// What `built` needs, by file name; the first of a name counts, as for the loader.
pub(super) fn of(session: &Here<'_>, target: &str, built: &Built) -> Result<Vec<PathBuf>> {
    let mut libraries: Vec<PathBuf> = Vec::new();
    let in_folders = built.library_folders.iter().flat_map(|folder| shared_libraries(folder));
    for path in built.libraries.iter().cloned().chain(in_folders) {
        let new = libraries.iter().all(|known| known.file_name() != path.file_name());
        if path != built.path && path.is_file() && new {
            libraries.push(path);
        }
    }
    let binaries = || libraries.iter().chain([&built.path]);
    let needed: BTreeSet<String> = binaries().flat_map(|path| needs(path)).collect();
    let of_toolchain = |name: &&String| OF_THE_TOOLCHAIN.iter().any(|start| name.starts_with(start));
    let of_toolchain: Vec<&String> = needed.iter().filter(of_toolchain).collect();
    if !of_toolchain.is_empty() {
        let folder = library_folder(session, target)?;
        let found = of_toolchain.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
        let found: Vec<PathBuf> = found.collect();
        libraries.extend(found);
    }
    Ok(libraries)
}

/// Where the toolchain has its libraries for `target`.
///
/// # Errors
/// Preflight, where rustc does not say.
fn library_folder(session: &Here<'_>, target: &str) -> Result<PathBuf> {
    let (shell, rustc) = (toolchain::shell(&session.root)?, &session.cargo.toolchain.rustc);
    let command = xshell::cmd!(shell, "{rustc} --print target-libdir --target {target}");
    let printed = command.env_clear().envs(&session.around.env).quiet().read();
    printed.map(PathBuf::from).map_err(|error| {
        Error::preflight(format!("cannot ask rustc for its libraries: {error}"))
            .with_hint("`rustc --print target-libdir` has to work for the target")
    })
}
