//! The crafts that are here, and what a person finds with them where they are.

use std::{path::PathBuf, sync::Arc};

use honing_core::{Error, Result, config::Tables};

use crate::{
    builders::{
        Around, Craft, cargo,
        cargo::whereabouts::{ByCargo, own_environment, whereabouts},
        command, go,
    },
    chain::{
        session::{Options, Session},
        sink::Sink,
    },
    children::Cancel,
};

/// What the crafts that are here read of pgo.toml.
pub const CRAFTS: &[&Tables] = &[&cargo::TABLES, &go::TABLES, &command::TABLES];

/// Finds the workspace of the current directory and reads its configuration.
///
/// # Errors
/// Usage or preflight, where something is missing or wrong.
pub fn open(options: Options, sink: Sink, cancel: Cancel) -> Result<Session> {
    let (dir, exe) = whereabouts()?;
    let env = own_environment(&dir, &exe, options.manifest_path.is_some());
    let around = Around { dir, exe, env, double: None };
    let crafts: [Arc<dyn Craft>; 3] = [Arc::new(ByCargo), Arc::new(go::ByGo), Arc::new(command::ByCommand)];
    Session::open(&crafts, around, options, sink, cancel)
}

/// The nearest Go module above the current folder and its main packages; `None` where a Cargo workspace is nearer,
/// or where there is no module.
///
/// # Errors
/// Usage, where there is neither; preflight, where Go cannot be asked.
pub fn find_mains() -> Result<Option<(PathBuf, Vec<go::Main>)>> {
    let (dir, exe) = whereabouts()?;
    let nearest = dir.ancestors().find_map(|dir| {
        let has = |file: &str| dir.join(file).is_file();
        if has("Cargo.toml") { Some(None) } else { has("go.mod").then_some(Some(dir)) }
    });
    let Some(nearest) = nearest else {
        return Err(Error::usage(format!("{} is in no Cargo workspace and in no Go module", dir.display()))
            .with_hint(honing_core::advise!(
                "call it where a Cargo.toml or a go.mod is, or below; for what make, cmake and the like build: `{pgo} \
                 init --command`"
            )));
    };
    let Some(root) = nearest else { return Ok(None) };
    let mains = go::mains(root, &own_environment(root, &exe, false))?;
    Ok(Some((root.to_owned(), mains)))
}
