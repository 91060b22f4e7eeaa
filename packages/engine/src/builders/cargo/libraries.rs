//! The shared libraries and the debug information that cargo's build made, or linked from the toolchain.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use honing_core::{Digest, Result};

use crate::{
    builders::{
        beside::{FOLDER, copy_whole, file_name, needs, shared_libraries},
        cargo::{Built, toolchain},
    },
    chain::session::Session,
    io::files,
};

/// Names that shared libraries of the toolchain begin with.
const OF_THE_TOOLCHAIN: [&str; 4] = ["libstd-", "libtest-", "librustc_driver-", "libproc_macro-"];

/// The files that go with a binary, where cargo left them.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Shared libraries, by file name; the first of a name counts, as for the loader.
    libraries: Vec<PathBuf>,
    /// Debug information.
    debug_info: Vec<PathBuf>,
}

impl Parts {
    /// What belongs to `built`.
    pub(crate) fn of(session: &Session, target: &str, built: &Built) -> Result<Self> {
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
            let folder = toolchain::library_folder(session, target)?;
            let found = of_toolchain.iter().map(|name| folder.join(name)).filter(|path| path.is_file());
            let found: Vec<PathBuf> = found.collect();
            libraries.extend(found);
        }
        Ok(Self { libraries, debug_info: built.debug_info.clone() })
    }

    /// The digest of the program: of the binary alone, or with the code in its libraries.
    pub(crate) fn digest(&self, binary: &Path) -> Result<Digest> {
        let own = files::digest(binary)?;
        if self.libraries.is_empty() {
            return Ok(own);
        }
        let mut all = own.to_string();
        for path in &self.libraries {
            all.push_str(&format!("\n{} {}", file_name(path), files::digest(path)?));
        }
        Ok(Digest::of(all.as_bytes()))
    }

    /// Copies everything to where the binary's copy is; names relative to that folder: libraries, and
    /// debug information.
    pub(crate) fn copy(&self, to: &Path) -> Result<(Vec<String>, Vec<String>)> {
        let mut debug_info = Vec::new();
        for path in &self.debug_info {
            let name = file_name(path);
            copy_whole(path, &to.join(&name))?;
            debug_info.push(name);
        }
        Ok((self.copy_libraries(to)?, debug_info))
    }

    /// The libraries alone.
    pub(crate) fn copy_libraries(&self, to: &Path) -> Result<Vec<String>> {
        let copy = |path: &PathBuf| -> Result<String> {
            files::make_dir(&to.join(FOLDER))?;
            let name = format!("{FOLDER}/{}", file_name(path));
            files::copy(path, &to.join(&name))?;
            Ok(name)
        };
        self.libraries.iter().map(copy).collect()
    }
}
