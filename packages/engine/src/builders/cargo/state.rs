//! What a session knows of cargo: the workspace, what compiles, and how cargo is configured.

use std::{
    any::Any,
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cargo_metadata::Package;
use honing_core::{Error, Result};

use crate::{
    builders::cargo::{
        configured::{Answer, configured},
        flags::{CargoConfig, one_target},
        tables,
        toolchain::Toolchain,
        whereabouts::own_cargo,
        workspace::Workspace,
    },
    chain::{session::Session, subject::Subject},
};

/// Cargo, as it was found.
#[derive(Debug)]
pub(crate) struct Cargo {
    pub(crate) workspace: Workspace,
    pub(crate) toolchain: Toolchain,
    pub(crate) config: CargoConfig,
    /// What cargo said of its configuration, by triple.
    pub(crate) answers: Mutex<BTreeMap<String, Arc<Answer>>>,
}

/// A session, with what is known of cargo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Here<'a> {
    pub(super) session: &'a Session,
    pub(super) cargo: &'a Cargo,
}

impl Deref for Here<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl<'a> Here<'a> {
    /// For commands that are cargo's alone.
    ///
    /// # Errors
    /// Usage or preflight, where there is nothing that cargo could build.
    pub(super) fn of(session: &'a Session) -> Result<Self> {
        let builder: &dyn Any = session.opened(honing_cargo::tables::NAME)?.builder.as_ref();
        let cargo = builder.downcast_ref().ok_or_else(|| Error::internal("cargo's builder is another's"))?;
        Ok(Self { session, cargo })
    }
}

impl Cargo {
    pub(super) fn here<'a>(&'a self, session: &'a Session) -> Here<'a> {
        Here { session, cargo: self }
    }

    /// Looks at the workspace of `dir`, or of the manifest that was named.
    ///
    /// # Errors
    /// Usage or preflight, where something is missing or wrong.
    pub(crate) fn open(
        env: &BTreeMap<OsString, OsString>,
        dir: &Path,
        manifest: Option<&Path>,
    ) -> Result<Self> {
        let cargo = own_cargo(manifest.is_some());
        let workspace = Workspace::load(&cargo, env, dir, manifest)?;
        let rustc = CargoConfig::rustc(&workspace.root, env).unwrap_or_else(|| beside(&cargo, "rustc"));
        let toolchain = Toolchain::load(&cargo, &rustc, env, &workspace.root)?;
        let config = CargoConfig::load(&workspace.root, env, &rustc)?;
        Ok(Self { workspace, toolchain, config, answers: Mutex::default() })
    }

    /// The member that a program is in.
    pub(super) fn package(&self, subject: &Subject<'_>) -> Result<&Package> {
        self.workspace.package(&tables::program(subject.program)?.package)
    }

    /// The triple that a program is built for: the one that was asked for, the configured one, or the host's.
    ///
    /// # Errors
    /// Usage, where several are configured.
    pub(crate) fn target(&self, session: &Session, asked: Option<String>) -> Result<String> {
        let triple = match asked {
            Some(triple) => triple,
            None => self.configured_target(session)?.unwrap_or_else(|| self.toolchain.host.clone()),
        };
        // Cargo's word for it.
        Ok(if triple == "host-tuple" { self.toolchain.host.clone() } else { triple })
    }

    /// `build.target`, a variable included.
    fn configured_target(&self, session: &Session) -> Result<Option<String>> {
        if session.around.env.contains_key(OsStr::new("CARGO_BUILD_TARGET")) {
            return self.config.target();
        }
        let asked = ("build.target", session.options.arguments.as_slice());
        match configured(&self.toolchain.cargo, &session.around.env, &session.root, asked) {
            Some(serde_json::Value::String(triple)) => Ok(Some(triple)),
            Some(serde_json::Value::Array(triples)) => {
                one_target(triples.iter().filter_map(serde_json::Value::as_str))
            }
            _ => self.config.target(),
        }
    }
}

fn beside(cargo: &Path, name: &str) -> PathBuf {
    let sibling = cargo.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if cargo.components().count() > 1 && sibling.is_file() { sibling } else { name.into() }
}
