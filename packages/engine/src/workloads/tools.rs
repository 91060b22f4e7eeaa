//! Tools: the programs of the workspace that workloads use, built without PGO.

use std::collections::BTreeMap;

use honing_core::{
    Result, Stage,
    config::{Tool, Workload},
    template::{self, Placeholder},
};

use crate::{
    chain::{session::Session, subject::Subject},
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

/// Builds what the workloads use, and says where it is.
pub(crate) fn build_tools(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    workloads: &[(&str, &Workload)],
) -> Result<Tools> {
    let mut tools = Tools::default();
    for (name, tool) in used(session, workloads) {
        let (path, usage) =
            session.opened(tool.own.craft())?.builder.tool(session, subject.name, stage, tool)?;
        tools.paths.insert(name.to_owned(), path.to_string_lossy().into_owned());
        tools.cost.user += usage.user;
        tools.cost.system += usage.system;
    }
    tools.paths.extend(needed(subject, workloads));
    Ok(tools)
}

/// What other programs' steps made for workloads, by the names of the programs.
fn needed(subject: &Subject<'_>, workloads: &[(&str, &Workload)]) -> impl Iterator<Item = (String, String)> {
    let used = subject.needs().iter().filter(|need| is_used(workloads, &need.program));
    let made = used.filter_map(|need| Some((need.program.clone(), need.made.as_ref()?)));
    made.map(|(name, made)| (name, made.path.to_string_lossy().into_owned()))
}

/// Where the tools are going to be, without building them.
pub(crate) fn known_tools(
    session: &Session,
    subject: &Subject<'_>,
    workloads: &[(&str, &Workload)],
) -> Result<BTreeMap<String, String>> {
    let path = |(name, tool): (&str, &Tool)| {
        let path = session.opened(tool.own.craft())?.builder.tool_path(session, tool)?;
        Ok((name.to_owned(), path.to_string_lossy().into_owned()))
    };
    let tools: Result<BTreeMap<_, _>> = used(session, workloads).into_iter().map(path).collect();
    // What was never made is going to be in the folder of its step.
    let unmade = subject.needs().iter().filter(|need| need.made.is_none()).map(|need| {
        let folder = session.store.dir(&need.program, need.step);
        (need.program.clone(), folder.to_string_lossy().into_owned())
    });
    Ok(tools?.into_iter().chain(unmade).chain(needed(subject, workloads)).collect())
}

fn used<'a>(session: &'a Session, workloads: &[(&str, &Workload)]) -> Vec<(&'a str, &'a Tool)> {
    session
        .config
        .tool
        .iter()
        .filter(|(name, _)| is_used(workloads, name))
        .map(|(name, tool)| (name.as_str(), tool))
        .collect()
}

/// Whether workloads use what is called so.
fn is_used(workloads: &[(&str, &Workload)], name: &str) -> bool {
    workloads.iter().any(|(_, workload)| {
        let env = workload.env.values().map(String::as_str);
        template::placeholders(workload.words().into_iter().chain(env))
            .is_ok_and(|found| found.contains(&Placeholder::Tool(name.to_owned())))
    })
}
