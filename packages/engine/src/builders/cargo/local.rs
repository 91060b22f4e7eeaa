//! The packages that a program is built of and that are in folders: members, path dependencies, and what
//! `[patch]` and `paths` put in the place of others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};

use crate::{
    builders::cargo::{state::Here, workspace::Workspace},
    chain::subject::Subject,
};

impl Workspace {
    /// Names and folders of the program's package and of all in folders that it is built of, by name.
    ///
    /// Where cargo cannot tell without a network, what the members' manifests name: then the dependencies
    /// of what is outside of the workspace are missing.
    pub(crate) fn local_packages(&self, session: &Here<'_>, subject: &Subject<'_>) -> Vec<(String, PathBuf)> {
        let Ok(package) = session.cargo.package(subject) else { return Vec::new() };
        let known = self.known_packages(session, &subject.triple);
        let resolved = known.and_then(|metadata| resolved(&metadata, &package.id));
        let mut local = resolved.unwrap_or_else(|| self.named(package));
        local.sort();
        local
    }

    /// What the manifests name.
    fn named(&self, package: &Package) -> Vec<(String, PathBuf)> {
        let mut found = BTreeMap::new();
        let folder = package.manifest_path.parent();
        let mut open: Vec<_> = folder.map(|folder| (package.name.to_string(), folder)).into_iter().collect();
        while let Some((name, folder)) = open.pop() {
            if found.insert(folder, name).is_some() {
                continue;
            }
            let member = self.member_at(Some(folder));
            let dependencies = member.into_iter().flat_map(|member| &member.dependencies);
            let built = dependencies.filter(|dependency| dependency.kind != DependencyKind::Development);
            open.extend(built.filter_map(|found| Some((found.name.clone(), found.path.as_deref()?))));
        }
        found.into_iter().map(|(folder, name)| (name, folder.as_std_path().to_owned())).collect()
    }
}

/// What cargo resolved.
fn resolved(metadata: &Metadata, program: &PackageId) -> Option<Vec<(String, PathBuf)>> {
    let nodes = &metadata.resolve.as_ref()?.nodes;
    let nodes: BTreeMap<&PackageId, _> = nodes.iter().map(|node| (&node.id, node)).collect();
    let (mut reached, mut open) = (BTreeSet::new(), vec![program]);
    while let Some(id) = open.pop() {
        if !reached.insert(id) {
            continue;
        }
        let dependencies = nodes.get(id)?.deps.iter();
        let built = |kinds: &[cargo_metadata::DepKindInfo]| {
            kinds.is_empty() || kinds.iter().any(|info| info.kind != DependencyKind::Development)
        };
        open.extend(dependencies.filter(|dependency| built(&dependency.dep_kinds)).map(|found| &found.pkg));
    }
    let local = metadata.packages.iter().filter(|one| one.source.is_none() && reached.contains(&one.id));
    let place = |package: &Package| {
        Some((package.name.to_string(), package.manifest_path.parent()?.as_std_path().to_owned()))
    };
    local.map(place).collect()
}
