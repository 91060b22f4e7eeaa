//! The subjects and rows of the table, as `table.toml` says them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::edit::Edit;

/// The whole table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    #[serde(rename = "subject")]
    pub(super) subjects: Vec<Subject>,
    #[serde(rename = "row")]
    pub(super) rows: Vec<Row>,
}

/// A program that is changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subject {
    pub(super) name: String,
    /// What it is, for the doc.
    pub(super) title: String,
    pub(super) source: Source,
    /// Packages whose version the lockfile starts with.
    #[serde(default)]
    pub(super) precise: Vec<Precise>,
    /// What makes the scratch workspace out of the copied sources.
    #[serde(default)]
    pub(super) edits: Vec<Edit>,
    /// pgo.toml, with `@PIN@` for true or false and `@CORPUS@` for the folder of texts.
    pub(super) config: String,
}

/// Where a subject's sources come from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "from")]
pub(super) enum Source {
    /// This repository.
    Repository,
    /// A package of the registry, and libraries of the same project, which are put beside it.
    Registry { package: String, version: String, libraries: Vec<String> },
}

/// A version in the lockfile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Precise {
    pub(super) package: String,
    pub(super) version: String,
}

/// One row: a change that the subjects have in common.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) goal: Option<Goal>,
    /// What exactly is changed, by subject.
    pub(super) change: BTreeMap<String, Change>,
}

/// What a row has to reach, in percent of the profile's weight.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) enum Goal {
    /// With pinned symbols alone.
    Pinned(f64),
    /// With pinned symbols, rebased.
    Rebased(f64),
    /// With pinned symbols nothing is lost but the functions of [`Change::edited`] (and this much).
    OnlyEdited(f64),
}

/// A change to one subject.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    /// In words, for the doc.
    pub(super) what: String,
    #[serde(default)]
    pub(super) edits: Vec<Edit>,
    /// `cargo update --precise`.
    #[serde(default)]
    pub(super) precise: Vec<Precise>,
    /// Whether it is built from a checkout in another folder.
    #[serde(default)]
    pub(super) elsewhere: bool,
    /// Whether it is built by the other toolchain.
    #[serde(default)]
    pub(super) toolchain: bool,
    /// What the names of the functions contain that are edited.
    pub(super) edited: Option<String>,
}

/// The table of this workspace.
pub(super) fn spec() -> Result<Spec> {
    let spec: Spec = toml::from_str(include_str!("table.toml")).context("table.toml")?;
    for row in &spec.rows {
        for name in row.change.keys() {
            let known = spec.subjects.iter().any(|subject| &subject.name == name);
            ensure!(known, "table.toml: row {}: no subject {name}", row.id);
        }
    }
    Ok(spec)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Goal, spec};

    #[test]
    fn every_row_has_a_name_of_its_own_and_a_change_for_each_subject() {
        let spec = spec().unwrap();
        let ids: BTreeSet<&str> = spec.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids.len(), spec.rows.len());
        for row in &spec.rows {
            assert_eq!(row.change.len(), spec.subjects.len(), "{}", row.id);
            let edited = row.change.values().all(|change| change.edited.is_some());
            assert_eq!(edited, matches!(row.goal, Some(Goal::OnlyEdited(_))), "{}", row.id);
        }
    }
}
