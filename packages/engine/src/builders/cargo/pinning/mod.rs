//! Pinned symbols: builds name crates by what they are, through the [wrapper](crate::wrapper). What a
//! name is made of: [`honing_cargo::pin`].
//!
//! Everything that changes names (the scheme, and packages that have to be told apart) is in the
//! name of the folder that target directories are in, since cargo does not see the wrapper.

mod lockfile;
mod namesakes;

use std::path::{Path, PathBuf};

use honing_cargo::{pin, tables};
use honing_core::Result;

use crate::{
    builders::cargo::{
        state::Here,
        wrapper::{Names, REVISION},
    },
    chain::subject::Subject,
};
pub(crate) use lockfile::settle;
use namesakes::Namesakes;

/// What the symbols of a program's builds are called, and where these builds are.
#[derive(Debug, Clone)]
pub(crate) struct Naming {
    /// For the wrapper.
    pub(crate) names: Names,
    /// The folder of the target directories.
    pub(crate) folder: PathBuf,
    /// For fingerprints and reports.
    pub(crate) words: String,
}

/// What the symbols of `subject` are called.
pub(crate) fn naming(session: &Here<'_>, subject: &Subject<'_>) -> Result<Naming> {
    if !pins(session, subject) {
        // Names that a pinned profile can be carried over to.
        let carried = session.options.unpinned && asked_for(subject);
        let names = if carried { Names::V0 } else { Names::Cargo };
        return Ok(Naming { names, folder: plain(&session.builds()), words: "cargo's own".into() });
    }
    let apart = Namesakes::find(session, &subject.triple)?;
    let mut name = format!("pinned-{}", pin::SCHEME);
    let words = match apart.len() {
        0 => format!("pinned (scheme {})", pin::SCHEME),
        some => {
            name.extend(["-", &apart.digest().to_string()[..8]]);
            format!("pinned (scheme {}; {some} packages told apart, {name})", pin::SCHEME)
        }
    };
    let folder = session.builds().join(format!("{name}.{REVISION}"));
    Ok(Naming { names: Names::Pinned { apart: apart.into_table() }, folder, words })
}

/// Whether symbols are to be pinned.
pub(crate) fn pins(session: &Here<'_>, subject: &Subject<'_>) -> bool {
    asked_for(subject) && !session.options.unpinned
}

/// Whether pgo.toml wants them to be.
pub(crate) fn asked_for(subject: &Subject<'_>) -> bool {
    subject.program.own.get::<tables::Program>().is_some_and(|program| program.pin_symbols)
}

/// Where those are whose symbols are cargo's own.
pub(crate) fn plain(builds: &Path) -> PathBuf {
    builds.join(format!("plain.{REVISION}"))
}
