//! Where a run is: the current directory, this executable, the workspace around them.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use honing_core::{Error, Result, config::Tables};

use crate::{
    builders::{
        Around, Craft, Opened,
        cargo::{
            candidates::Candidate, environment::clean_environment, paths::made_whole, state::Cargo,
            tables::TABLES, workspace::Workspace,
        },
    },
    chain::session::Options,
    keep::ci::Places,
};

/// Programs that cargo builds.
#[derive(Debug)]
pub(crate) struct ByCargo;

impl Craft for ByCargo {
    fn tables(&self) -> &'static Tables {
        &TABLES
    }

    fn find(&self, around: &Around, options: &Options) -> Result<Option<Opened>> {
        let manifest = options.manifest_path.as_deref();
        let mut above = around.dir.ancestors();
        if manifest.is_none() && !above.any(|dir| dir.join("Cargo.toml").is_file()) {
            return Ok(None);
        }
        Cargo::open(&around.env, &around.dir, manifest).map(opened).map(Some)
    }

    fn open(&self, around: &Around, root: &Path, _: &Options) -> Result<Opened> {
        let opened = Cargo::open(&around.env, root, None).map(opened)?;
        if opened.root == root {
            return Ok(opened);
        }
        let (found, root) = (opened.root.display(), root.display());
        Err(Error::usage(format!("pgo/pgo.toml is in {root}, and the root of the workspace is {found}"))
            .with_hint("move the folder pgo there"))
    }
}

fn opened(cargo: Cargo) -> Opened {
    let (root, target_dir) = (cargo.workspace.root.clone(), cargo.workspace.target_dir().to_owned());
    Opened { root, target_dir, builder: Arc::new(cargo), passes: Vec::new() }
}

/// The places of a run that ended before it began: its configuration cannot be read, say.
///
/// # Errors
/// Usage, where there is no workspace.
pub fn find_places(options: &Options) -> Result<Places> {
    let (dir, workspace) = workspace(options.manifest_path.as_deref())?;
    let target_dir = match &options.target_dir {
        Some(path) => dir.join(path),
        None => workspace.target_dir().to_owned(),
    };
    Ok(Places::before(options, workspace.root, &target_dir))
}

/// The current directory, and the workspace that it is in.
pub(crate) fn workspace(manifest_path: Option<&Path>) -> Result<(PathBuf, Workspace)> {
    let (dir, exe) = whereabouts()?;
    let env = own_environment(&dir, &exe, manifest_path.is_some());
    let workspace = Workspace::load(&own_cargo(manifest_path.is_some()), &env, &dir, manifest_path)?;
    Ok((dir, workspace))
}

/// The root of the workspace, and its binaries, but for the xtask's.
///
/// # Errors
/// Usage, where there is no workspace.
pub fn find_binaries(manifest_path: Option<&Path>) -> Result<(PathBuf, Vec<Candidate>)> {
    let (_, workspace) = workspace(manifest_path)?;
    Ok((workspace.root.clone(), workspace.candidates()))
}

/// The current directory, and this executable.
pub(crate) fn whereabouts() -> Result<(PathBuf, PathBuf)> {
    let failed = |error: std::io::Error| Error::preflight(format!("cannot tell where I am: {error}"));
    Ok((std::env::current_dir().map_err(failed)?, std::env::current_exe().map_err(failed)?))
}

/// The environment of children: a person's, as it is seen from the root of the workspace.
pub(crate) fn own_environment(dir: &Path, exe: &Path, other_workspace: bool) -> BTreeMap<OsString, OsString> {
    made_whole(clean_environment(std::env::vars_os(), exe, other_workspace), dir)
}

/// The cargo that runs the xtask, which saves a look-up by rustup for each call; for
/// another workspace the one on `PATH`, which asks rustup again.
pub(crate) fn own_cargo(other_workspace: bool) -> PathBuf {
    let own = std::env::var_os("CARGO").filter(|_| !other_workspace);
    own.map_or_else(|| "cargo".into(), PathBuf::from)
}
