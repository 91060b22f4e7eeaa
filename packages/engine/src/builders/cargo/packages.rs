//! Packages by what a person calls them: members, their binaries and libraries, their features.

use cargo_metadata::{Package, TargetKind, camino::Utf8Path};
use honing_cargo::{
    pin::{self, Locked},
    tables::ProgramKind,
};
use honing_core::{Error, Result, unknown};

use crate::builders::cargo::{candidates, spec::Spec, workspace::Workspace};

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
        let locked = pin::locked(&lock);
        if locked.iter().all(|one| one.name != package.name.as_str()) && self.has_namesake(package) {
            return package.id.repr.clone();
        }
        shortest(&locked, &package.name, &package.version.to_string(), &package.id.repr)
    }

    /// Whether a member depends on another package of that name: before there is a lockfile.
    fn has_namesake(&self, package: &Package) -> bool {
        let folder = package.manifest_path.parent();
        let mut dependencies = self.metadata.packages.iter().flat_map(|member| &member.dependencies);
        dependencies.any(|found| found.name == package.name.as_str() && found.path.as_deref() != folder)
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

    /// Makes sure that the features are on without which cargo builds no such binary.
    ///
    /// # Errors
    /// Usage, with what to write.
    pub fn check_required(
        &self,
        found: &Package,
        bin: &str,
        features: &[String],
        default: bool,
    ) -> Result<()> {
        let package = found.name.as_str();
        // `package/feature` means the same as `feature`.
        let own = |name: &String| name.strip_prefix(&format!("{package}/")).unwrap_or(name).to_owned();
        let asked = features.iter().map(own).chain(default.then(|| "default".to_owned()));
        let on = candidates::enabled(found, asked);
        let target = found.targets.iter().find(|target| target.is_bin() && target.name == bin);
        let required = target.map(|target| target.required_features.as_slice()).unwrap_or_default();
        // A dependency's are cargo's to check.
        let lacks = |name: &&String| !name.contains('/') && !on.contains(*name);
        match required.iter().find(lacks) {
            None => Ok(()),
            Some(name) => Err(Error::usage(format!("binary `{bin}` requires the feature `{name}`"))
                .with_hint(format!("write features = {required:?} in its table `cargo` of pgo.toml"))),
        }
    }

    /// The member in `folder`.
    pub(super) fn member_at(&self, folder: Option<&Utf8Path>) -> Option<&Package> {
        let folder = folder?;
        self.metadata.packages.iter().find(|package| package.manifest_path.parent() == Some(folder))
    }
}

/// What tells a package from all others that are locked.
fn shortest(locked: &[Locked], name: &str, version: &str, id: &str) -> String {
    let namesakes: Vec<&Locked> = locked.iter().filter(|one| one.name == name).collect();
    match namesakes.iter().filter(|one| one.version == version).count() {
        _ if namesakes.len() <= 1 => name.to_owned(),
        0 | 1 => format!("{name}@{version}"),
        _ => id.to_owned(),
    }
}

fn with_version(package: &Package) -> String {
    format!("{}@{}", package.name, package.version)
}

fn is_called(dependency: &cargo_metadata::Dependency, name: &str) -> bool {
    dependency.rename.as_deref().unwrap_or(&dependency.name) == name
}

#[cfg(test)]
mod tests {
    use crate::builders::cargo::packages::{pin, shortest};

    #[test]
    fn a_name_is_enough_where_no_other_package_has_it() {
        let package = |name: &str, version: &str, source: &str| {
            format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n{source}\n")
        };
        let registry = "source = \"registry+https://localhost/index\"\n";
        let (own, id) = (package("tool", "0.1.0", ""), "path+file:///w/tool#0.1.0");
        for (others, expected) in [
            (String::new(), "tool"),
            (package("tools", "0.1.0", registry), "tool"),
            (package("tool", "0.0.9", ""), "tool@0.1.0"),
            (package("tool", "0.1.0", registry), id),
            (package("tool", "0.1.0", registry) + &package("tool", "2.0.0", registry), id),
        ] {
            let locked = pin::locked(&format!("{own}{others}"));
            assert_eq!(shortest(&locked, "tool", "0.1.0", id), expected, "{others}");
        }
        // Before there is a lockfile, and where it is out of date.
        assert_eq!(shortest(&[], "tool", "0.1.0", id), "tool");
    }
}
