//! Which binaries of a workspace are worth a program in pgo.toml: what cargo's own settings say
//! about the others, helpers and generators mostly, is reason enough to leave them out.

use std::collections::BTreeSet;

use cargo_metadata::{Metadata, Package};

/// The workspace's own commands, by the name that everybody gives them.
const XTASK: &str = "xtask";

/// A binary that could be optimized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its package.
    pub package: String,
    /// Its name.
    pub bin: String,
    /// Features that it requires and that are not on by default.
    pub features: Vec<String>,
    /// Why it is not one to begin with, in words that follow its name; `None` for one that is.
    pub aside: Option<String>,
}

/// Every binary but the xtask's, in cargo's order.
pub(super) fn of(metadata: &Metadata) -> Vec<Candidate> {
    let packages: Vec<&Package> = metadata.workspace_packages();
    let with_bins = |package: &&&Package| {
        package.name.as_str() != XTASK && package.targets.iter().any(|target| target.is_bin())
    };
    let with_bins: Vec<&Package> = packages.iter().filter(with_bins).copied().collect();
    let defaults = &metadata.workspace_default_members;
    let is_default = |package: &Package| defaults.is_missing() || defaults.contains(&package.id);
    let is_published =
        |package: &Package| package.publish.as_ref().is_none_or(|registries| !registries.is_empty());
    // A rule that leaves nothing says nothing about this workspace.
    let any_default = with_bins.iter().any(|package| is_default(package));
    let any_published =
        with_bins.iter().any(|package| is_published(package) && (!any_default || is_default(package)));
    let aside = |package: &Package, bin: &str| {
        if any_default && !is_default(package) {
            return Some("its package is not a default member".to_owned());
        }
        if any_published && !is_published(package) {
            return Some("its package has publish = false".to_owned());
        }
        let run = package.default_run.as_deref().filter(|run| *run != bin)?;
        Some(format!("its package has default-run = \"{run}\""))
    };
    let of_package = |package: &&Package| -> Vec<Candidate> {
        let on = enabled(package, ["default".to_owned()]);
        let bins = package.targets.iter().filter(|target| target.is_bin());
        bins.map(|target| Candidate {
            package: package.name.to_string(),
            bin: target.name.clone(),
            features: target.required_features.iter().filter(|name| !on.contains(*name)).cloned().collect(),
            aside: aside(package, &target.name),
        })
        .collect()
    };
    with_bins.iter().flat_map(of_package).collect()
}

/// Features that are on once `asked` are, with those that they turn on.
pub(super) fn enabled(package: &Package, asked: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut open: Vec<String> = asked.into_iter().collect();
    while let Some(name) = open.pop() {
        if !on.contains(&name) {
            open.extend(package.features.get(&name).into_iter().flatten().cloned());
            on.insert(name);
        }
    }
    on
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn package(name: &str, more: Value, bins: &[(&str, &[&str])]) -> Value {
        let id = format!("path+file:///w/{name}#0.1.0");
        let target = |(bin, required): &(&str, &[&str])| {
            json!({
                "name": bin, "kind": ["bin"], "crate_types": ["bin"], "required-features": required,
                "src_path": "/w/main.rs", "edition": "2024", "doctest": false, "test": true, "doc": true,
            })
        };
        let mut package = json!({
            "name": name, "version": "0.1.0", "id": id, "source": null, "dependencies": [],
            "targets": bins.iter().map(target).collect::<Vec<_>>(),
            "features": { "default": ["on"], "on": [], "extra": [] },
            "manifest_path": format!("/w/{name}/Cargo.toml"), "edition": "2024", "authors": [],
            "categories": [], "keywords": [],
        });
        for (key, value) in more.as_object().unwrap() {
            package[key] = value.clone();
        }
        package
    }

    /// Programs, with their features, and the others, with the reason's last word.
    fn chosen(packages: &[Value], defaults: &[&str]) -> (Vec<String>, Vec<String>) {
        let ids: Vec<&Value> = packages.iter().map(|package| &package["id"]).collect();
        let defaults: Vec<String> =
            defaults.iter().map(|name| format!("path+file:///w/{name}#0.1.0")).collect();
        let metadata = json!({
            "packages": packages, "workspace_members": ids, "workspace_default_members": defaults,
            "resolve": null, "workspace_root": "/w", "target_directory": "/w/target", "version": 1,
            "metadata": null,
        });
        let found = of(&serde_json::from_value(metadata).unwrap());
        let (programs, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.aside.is_none());
        let programs = programs.iter().map(|one| format!("{} {}", one.bin, one.features.join(",")));
        let others = others.iter().map(|one| {
            let why = one.aside.clone().unwrap();
            format!("{} {}", one.bin, why.rsplit("package ").next().unwrap())
        });
        (programs.map(|text| text.trim_end().to_owned()).collect(), others.collect())
    }

    #[test]
    fn cargos_own_choice_says_which_binaries_matter() {
        let none = json!({});
        let private = json!({ "publish": [] });
        let own_registry = json!({ "publish": ["ours"] });
        let run = json!({ "default_run": "app" });
        let app = |more: &Value| package("app", more.clone(), &[("app", &[])]);
        let codegen = |more: &Value| package("codegen", more.clone(), &[("codegen", &[])]);
        type Row<'a> = (&'a str, Vec<Value>, &'a [&'a str], &'a [&'a str], &'a [&'a str]);
        let rows: [Row<'_>; 9] = [
            ("alone", vec![app(&none)], &["app"], &["app"], &[]),
            (
                "all are members",
                vec![app(&none), codegen(&none)],
                &["app", "codegen"],
                &["app", "codegen"],
                &[],
            ),
            (
                "default members",
                vec![app(&none), codegen(&none)],
                &["app"],
                &["app"],
                &["codegen is not a default member"],
            ),
            ("default members without a binary", vec![app(&none)], &[], &["app"], &[]),
            (
                "one is published",
                vec![app(&own_registry), codegen(&private)],
                &["app", "codegen"],
                &["app"],
                &["codegen has publish = false"],
            ),
            (
                "none is published",
                vec![app(&private), codegen(&private)],
                &["app", "codegen"],
                &["app", "codegen"],
                &[],
            ),
            (
                "published, but no default member",
                vec![app(&private), codegen(&none)],
                &["app"],
                &["app"],
                &["codegen is not a default member"],
            ),
            (
                "default-run",
                vec![package("app", run, &[("app", &[]), ("helper", &[])])],
                &["app"],
                &["app"],
                &["helper has default-run = \"app\""],
            ),
            (
                "features, and the xtask",
                vec![
                    package("app", none.clone(), &[("app", &["on", "extra"]), ("plain", &["on"])]),
                    package("xtask", none.clone(), &[("xtask", &[])]),
                ],
                &["app", "xtask"],
                &["app extra", "plain"],
                &[],
            ),
        ];
        for (name, packages, defaults, programs, others) in rows {
            let (found, aside) = chosen(&packages, defaults);
            assert_eq!(
                (found, aside),
                (
                    programs.iter().map(ToString::to_string).collect(),
                    others.iter().map(ToString::to_string).collect()
                ),
                "{name}"
            );
        }
    }
}
