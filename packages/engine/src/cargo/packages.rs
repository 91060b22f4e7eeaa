//! Packages by what a person calls them: members, their binaries and libraries, their features.

use cargo_metadata::{Package, TargetKind, camino::Utf8Path};
use honing_core::{Error, Result, closest, config::ProgramKind};

use super::{Workspace, spec::Spec};

impl Workspace {
    /// Finds a member, as `cargo build -p` does: by `name`, `name@version`, or its URL. Another package
    /// of the same name, among the dependencies, is no member.
    ///
    /// # Errors
    /// Usage, with the closest name.
    pub fn package(&self, spec: &str) -> Result<&Package> {
        let members = || self.metadata.workspace_packages().into_iter();
        let wanted = Spec::parse(spec);
        members().find(|package| wanted.is_of(package)).ok_or_else(|| {
            let named = |package: &Package| match spec.contains('@') {
                true => with_version(package),
                false => package.name.to_string(),
            };
            let names: Vec<String> = members().map(named).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            unknown("package", spec, "this workspace", &names)
        })
    }

    /// What cargo knows a member by, as short as can be: its name, where `Cargo.lock` has no other package
    /// of that name.
    pub(crate) fn spec(&self, package: &Package) -> String {
        let lock = std::fs::read_to_string(self.root.join("Cargo.lock")).unwrap_or_default();
        let locked = honing_core::pin::locked(&lock);
        let name = package.name.as_str();
        let versions: Vec<&str> =
            locked.iter().filter(|one| one.name == name).map(|one| one.version.as_str()).collect();
        let version = package.version.to_string();
        match versions.iter().filter(|found| **found == version).count() {
            0 | 1 if versions.len() <= 1 => name.to_owned(),
            0 | 1 => with_version(package),
            _ => package.id.repr.clone(),
        }
    }

    /// The name of the target that `kind` means in `found`.
    ///
    /// # Errors
    /// Usage, where there is none or the choice is open.
    pub fn artifact_name(&self, found: &Package, kind: &ProgramKind<'_>) -> Result<String> {
        let package = &found.name;
        match kind {
            ProgramKind::Cdylib => {
                let cdylib = found.targets.iter().find(|target| target.kind.contains(&TargetKind::CDyLib));
                cdylib.map(|target| target.name.clone()).ok_or_else(|| {
                    Error::usage(format!("package `{package}` has no cdylib"))
                        .with_hint("add crate-type = [\"cdylib\"] to its [lib], or name a `bin`")
                })
            }
            ProgramKind::Bin(wanted) => {
                let bins: Vec<&str> = found
                    .targets
                    .iter()
                    .filter(|target| target.is_bin())
                    .map(|target| target.name.as_str())
                    .collect();
                match (wanted, bins.as_slice()) {
                    (Some(name), bins) if bins.contains(name) => Ok((*name).to_owned()),
                    (Some(name), bins) => Err(unknown("binary", name, &format!("package `{package}`"), bins)),
                    (None, [only]) => Ok((*only).to_owned()),
                    (None, []) => Err(Error::usage(format!("package `{package}` has no binary"))
                        .with_hint("name another package, or set cdylib = true")),
                    (None, many) => {
                        Err(Error::usage(format!("package `{package}` has {} binaries", many.len()))
                            .with_hint(format!("choose one: bin = \"{}\"", many.join("\" or \""))))
                    }
                }
            }
        }
    }

    /// Makes sure that every feature of `found` exists: `name`, or `package/name`.
    ///
    /// # Errors
    /// Usage, with the closest name.
    pub fn check_features(&self, found: &Package, features: &[String]) -> Result<()> {
        for feature in features {
            let (owner, name) = feature.split_once('/').unwrap_or((found.name.as_str(), feature));
            let owner = owner.trim_end_matches('?');
            let dependency = found.dependencies.iter().find(|dependency| is_called(dependency, owner));
            let member = match dependency {
                // A dependency's features are cargo's to check, unless it is a member too.
                Some(dependency) if feature.contains('/') => match self.member_at(dependency.path.as_deref())
                {
                    Some(member) => member,
                    None => continue,
                },
                _ if owner == found.name.as_str() => found,
                _ => self.package(owner).map_err(|error| error.at(format!("feature `{feature}`")))?,
            };
            if !member.features.contains_key(name) {
                let names: Vec<&str> = member.features.keys().map(String::as_str).collect();
                return Err(unknown("feature", name, &format!("package `{owner}`"), &names));
            }
        }
        Ok(())
    }

    /// The member in `folder`.
    pub(super) fn member_at(&self, folder: Option<&Utf8Path>) -> Option<&Package> {
        let folder = folder?;
        self.metadata.packages.iter().find(|package| package.manifest_path.parent() == Some(folder))
    }
}

fn with_version(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

fn is_called(dependency: &cargo_metadata::Dependency, name: &str) -> bool {
    dependency.rename.as_deref().unwrap_or(&dependency.name) == name
}

/// "There is no X called Y in Z", with the closest or all of what there is.
pub(crate) fn unknown(what: &str, name: &str, place: &str, names: &[&str]) -> Error {
    let error = Error::usage(format!("there is no {what} called `{name}` in {place}"));
    match closest(name, names.iter().copied()) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None if names.is_empty() => {
            error.with_hint(format!("{place} has no {what}; remove the name, or add it there"))
        }
        None => match names {
            [only] => error.with_hint(format!("there is only `{only}`")),
            _ => error.with_hint(format!("there are {}", names.join(", "))),
        },
    }
}
