//! The programs and their commits, as a table says them.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::super::durability::toolchain::Other;

/// The whole table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Spec {
    #[serde(rename = "program")]
    pub(super) programs: Vec<Program>,
}

/// A public program with its history.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    pub(super) name: String,
    /// What it is and how it ships, for the page.
    pub(super) title: String,
    /// Where its git repository is, below the folder of sources.
    pub(super) repository: String,
    /// The commit that the profile is recorded at.
    pub(super) base: String,
    /// Commits that are built with it.
    pub(super) later: Vec<String>,
    /// A shell script for the folder of inputs, where the ones that all have do not suffice.
    #[serde(default)]
    pub(super) prepare: String,
    /// pgo.toml, with `@CORPUS@` for the folder of inputs.
    pub(super) config: String,
    /// Arguments of the measured runs, which are none of the training's.
    #[serde(default)]
    pub(super) eval: Vec<String>,
    /// Other compilers that the base is built with.
    #[serde(default)]
    pub(super) compilers: Vec<Other>,
    /// For a service: a shell script that starts `$PROGRAM`, asks it for something, and ends it. It is what is
    /// measured.
    #[serde(default)]
    pub(super) script: String,
    /// Whether its output tells the runs apart.
    #[serde(default)]
    pub(super) ignore_output: bool,
}

/// The table in a file.
pub(super) fn spec(path: &Path) -> Result<Spec> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::spec;

    #[test]
    fn the_table_can_be_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/decay/table.toml");
        let spec = spec(&path).unwrap();
        let names: BTreeSet<&str> = spec.programs.iter().map(|program| program.name.as_str()).collect();
        assert_eq!(names.len(), spec.programs.len());
        for program in &spec.programs {
            assert!(program.config.contains("min_match = 0.0"), "{}: every match is wanted", program.name);
            assert!(!program.later.is_empty(), "{}", program.name);
            let measured = [!program.eval.is_empty(), !program.script.is_empty()];
            assert_eq!(measured.iter().filter(|there| **there).count(), 1, "{}", program.name);
        }
    }
}
