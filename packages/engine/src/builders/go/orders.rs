//! What a build tells the `go` that it finds first on its PATH: this executable ([`shim`](super::shim)).

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use honing_core::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{builders::stand_in, children::Command, io::files};

/// The name that an executable has to be called by to act as go.
pub(super) const NAME: &str = "go";
/// The variable with its orders. Without it every call goes to the real go as it is.
pub(super) const ORDERS: &str = "HONING_GO";

/// What to do with calls of go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Orders {
    /// One main package is built with a profile of its own.
    Build {
        /// Its folder.
        main: PathBuf,
        /// As for `-pgo`: a file, or `off`.
        pgo: String,
        /// Where it is noted how the package was built: a line for each call.
        notes: PathBuf,
    },
    /// Benchmarks are run package by package, since `go test` profiles only one.
    Bench {
        /// The word of the command line that stands for them.
        pattern: String,
        /// Their import paths.
        packages: Vec<String>,
        /// The import path of the program's main package: its functions are called `main.` in the program.
        main: String,
    },
}

/// Has `command` find this executable as `go`, with its orders.
pub(super) fn give(command: &mut Command, exe: &Path, builds: &Path, orders: &Orders) -> Result<PathBuf> {
    let folder = builds.join("go-path");
    files::make_dir(&folder)?;
    let shim = folder.join(format!("{NAME}{}", std::env::consts::EXE_SUFFIX));
    stand_in::place(exe, &shim)?;
    let text = serde_json::to_string(orders)
        .map_err(|error| Error::internal(format!("cannot write the orders of go: {error}")))?;
    command.env.insert(ORDERS.into(), text.into());
    let before = command.env.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let all = std::iter::once(folder).chain(std::env::split_paths(&before));
    let path: OsString = std::env::join_paths(all).map_err(|_| {
        Error::preflight(format!("{}: a folder on PATH cannot have a `:` in its name", builds.display()))
            .with_hint("move the workspace, or give another target directory")
    })?;
    command.env.insert("PATH".into(), path);
    Ok(shim)
}
