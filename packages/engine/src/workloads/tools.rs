//! Tools: the programs of the workspace that workloads use, built without PGO.

use std::{collections::BTreeMap, path::Path};

use honing_core::{
    Fingerprint, Result, Stage,
    config::{Tool, Workload},
    template::{self, Placeholder},
};

use crate::{
    chain::{
        session::Session,
        subject::{Need, Subject},
    },
    children::Usage,
    io::files,
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
    for (name, tool) in used(session, subject, workloads) {
        let (path, usage) =
            session.opened(tool.own.craft())?.builder.tool(session, subject.name, stage, tool)?;
        tools.paths.insert(name.to_owned(), path.to_string_lossy().into_owned());
        tools.cost.user += usage.user;
        tools.cost.system += usage.system;
    }
    tools.paths.extend(needed(session, subject, stage, workloads));
    Ok(tools)
}

/// What other programs' steps made for workloads: by the names of the programs that `needs` lists, and by
/// their placeholders. What was never made is going to be in the folder of its step.
fn needed(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    workloads: &[(&str, &Workload)],
) -> BTreeMap<String, String> {
    let mut paths = BTreeMap::new();
    for need in subject.needs().iter().filter(|need| need.is_for(stage.into())) {
        let path = match &need.made {
            Some(made) => made.path.clone(),
            None => session.store.dir(&need.other.program, need.step),
        };
        let path = path.to_string_lossy().into_owned();
        if is_used(subject, workloads, &Placeholder::Tool(need.other.program.clone())) {
            paths.entry(need.other.program.clone()).or_insert_with(|| path.clone());
        }
        if is_used(subject, workloads, &Placeholder::Other(need.other.clone())) {
            paths.insert(need.other.to_string(), path);
        }
    }
    paths
}

/// Adds what workloads use, by content.
pub(crate) fn add_tools(print: &mut Fingerprint, subject: &Subject<'_>, tools: &BTreeMap<String, String>) {
    for (name, path) in tools {
        let need = subject.needs().iter().find(|need| need.other.to_string() == *name);
        let made = need.and_then(|need| need.made.as_ref()).map(|made| made.digest.clone());
        let what = need.map_or_else(|| format!("tool `{name}`"), Need::words);
        if let Some(digest) = made.or_else(|| files::digest(Path::new(path)).ok()) {
            print.content(what, digest);
        }
    }
}

/// Where the tools are going to be, without building them.
pub(crate) fn known_tools(
    session: &Session,
    subject: &Subject<'_>,
    stage: Stage,
    workloads: &[(&str, &Workload)],
) -> Result<BTreeMap<String, String>> {
    let path = |(name, tool): (&str, &Tool)| {
        let path = session.opened(tool.own.craft())?.builder.tool_path(session, tool)?;
        Ok((name.to_owned(), path.to_string_lossy().into_owned()))
    };
    let tools: Result<BTreeMap<_, _>> = used(session, subject, workloads).into_iter().map(path).collect();
    Ok(tools?.into_iter().chain(needed(session, subject, stage, workloads)).collect())
}

fn used<'a>(
    session: &'a Session,
    subject: &Subject<'_>,
    workloads: &[(&str, &Workload)],
) -> Vec<(&'a str, &'a Tool)> {
    session
        .config
        .tool
        .iter()
        .filter(|(name, _)| is_used(subject, workloads, &Placeholder::Tool((*name).clone())))
        .map(|(name, tool)| (name.as_str(), tool))
        .collect()
}

/// Whether workloads use what is called so.
fn is_used(subject: &Subject<'_>, workloads: &[(&str, &Workload)], used: &Placeholder) -> bool {
    let of_program = subject.program.env.values();
    workloads.iter().any(|(_, workload)| {
        let ready =
            workload.service.iter().flat_map(|service| service.ready.tcp.iter().chain(&service.ready.http));
        let env = workload.env.values().chain(of_program.clone()).chain(ready).map(String::as_str);
        template::placeholders(workload.words().into_iter().chain(env))
            .is_ok_and(|found| found.contains(used))
    })
}
