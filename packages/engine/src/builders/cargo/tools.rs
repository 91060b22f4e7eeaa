//! Programs of the workspace that workloads use.

use std::path::PathBuf;

use honing_cargo::tables::{ProgramKind, Tool};
use honing_core::{Result, Stage};

use crate::{
    builders::{
        beside,
        cargo::{ask, build, build::Wanted, libraries, pinning, state::Here, wrapper::Orders},
    },
    children::Usage,
};

/// Builds one. Cargo is always asked: it knows best whether there is anything to do.
pub(super) fn build(
    session: &Here<'_>,
    program: &str,
    stage: Stage,
    tool: &Tool,
) -> Result<(PathBuf, Usage)> {
    let artifact = artifact(session, tool)?;
    let built = build::build(session, program, stage, &wanted(session, tool, &artifact)?)?;
    // Beside it, as for what is optimized.
    let folder = built.path.parent().unwrap_or(&session.root);
    let libraries = libraries::of(session, &session.cargo.toolchain.host, &built)?;
    beside::copy_libraries(&libraries, folder)?;
    Ok((built.path, built.usage))
}

/// Where one is going to be.
pub(super) fn path(session: &Here<'_>, tool: &Tool) -> Result<PathBuf> {
    let artifact = artifact(session, tool)?;
    let wanted = wanted(session, tool, &artifact)?;
    Ok(wanted.folder().join(format!("{artifact}{}", std::env::consts::EXE_SUFFIX)))
}

fn artifact(session: &Here<'_>, tool: &Tool) -> Result<String> {
    let package = session.cargo.workspace.package(&tool.package)?;
    session.cargo.workspace.artifact_name(package, &ProgramKind::Bin(tool.bin.as_deref()))
}

fn wanted<'a>(session: &'a Here<'a>, tool: &'a Tool, artifact: &'a str) -> Result<Wanted<'a>> {
    let target = &session.cargo.toolchain.host;
    let answer = ask::ask(session, target)?;
    let orders = Orders { root: session.root.clone(), ..Orders::default() };
    Ok(Wanted {
        package: session.cargo.workspace.package(&tool.package)?,
        kind: ProgramKind::Bin(Some(artifact)),
        artifact,
        profile: &tool.profile,
        features: tool.features.clone(),
        default_features: true,
        target,
        rustflags: answer.rustflags.clone(),
        inner: answer.rustc_wrapper.clone(),
        symbols: "cargo's own".into(),
        target_dir: orders.target_dir(&pinning::plain(&session.builds()), "tools"),
        orders,
    })
}
