//! Tools: the programs of the workspace that workloads use, built without PGO.

use std::collections::BTreeMap;

use honing_core::{
    Result, Stage,
    config::{ProgramKind, Tool, Workload},
    template::{self, Placeholder},
};

use crate::{
    builders::cargo::{self, Wanted, libraries::Parts, pinning, wrapper::Orders},
    chain::session::{Session, Subject},
    children::Usage,
};

/// Tools that are built.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    /// Their paths, by name.
    pub(crate) paths: BTreeMap<String, String>,
    /// CPU time that it took: part of the cost of the stage that uses them.
    pub(crate) cost: Usage,
}

/// Builds what the workloads use, and says where it is. Cargo is always asked: it
/// knows best whether there is anything to do.
pub(crate) fn build_tools(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    workloads: &[(&str, &Workload)],
) -> Result<Tools> {
    let mut tools = Tools::default();
    for (name, tool) in used(session, workloads) {
        let artifact = artifact(session, tool)?;
        let built = cargo::build(session, subject.name, stage, &wanted(session, tool, &artifact)?)?;
        // Beside it, as for what is optimized.
        let folder = built.path.parent().unwrap_or(&session.root);
        Parts::of(session, &session.cargo.toolchain.host, &built)?.copy_libraries(folder)?;
        tools.paths.insert(name.to_owned(), built.path.to_string_lossy().into_owned());
        tools.cost.user += built.usage.user;
        tools.cost.system += built.usage.system;
    }
    Ok(tools)
}

/// Where the tools are going to be, without building them.
pub(crate) fn known_tools(
    session: &Session,
    workloads: &[(&str, &Workload)],
) -> Result<BTreeMap<String, String>> {
    let mut paths = BTreeMap::new();
    for (name, tool) in used(session, workloads) {
        let artifact = artifact(session, tool)?;
        let wanted = wanted(session, tool, &artifact)?;
        let path = wanted.folder().join(format!("{artifact}{}", std::env::consts::EXE_SUFFIX));
        paths.insert(name.to_owned(), path.to_string_lossy().into_owned());
    }
    Ok(paths)
}

fn used<'a>(session: &'a Session, workloads: &[(&str, &Workload)]) -> Vec<(&'a str, &'a Tool)> {
    let uses = |name: &str| {
        workloads.iter().any(|(_, workload)| {
            let commands = workload.commands();
            let words = commands.iter().flat_map(|(_, words)| words.iter());
            template::placeholders(words.chain(workload.env.values()))
                .is_ok_and(|found| found.contains(&Placeholder::Tool(name.to_owned())))
        })
    };
    session
        .config
        .tool
        .iter()
        .filter(|(name, _)| uses(name))
        .map(|(name, tool)| (name.as_str(), tool))
        .collect()
}

fn artifact(session: &Session, tool: &Tool) -> Result<String> {
    let package = session.cargo.workspace.package(&tool.package)?;
    session.cargo.workspace.artifact_name(package, &ProgramKind::Bin(tool.bin.as_deref()))
}

fn wanted<'a>(session: &'a Session, tool: &'a Tool, artifact: &'a str) -> Result<Wanted<'a>> {
    let target = &session.cargo.toolchain.host;
    let answer = cargo::ask(session, target)?;
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
        target_dir: orders.target_dir(&pinning::plain(&pinning::builds(session)), "tools"),
        orders,
    })
}
