//! What pgo.toml says to Go: the tables called `go` of programs and tools.

use std::{collections::BTreeMap, path::Path};

use honing_core::{
    Error, Result,
    config::{Config, Form, Place, Tables},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::profiles::pprof;

/// Its tables, and those of the profiles that Go applies.
pub static TABLES: Tables = Tables {
    name: "go",
    top: None,
    program: Form::of::<Program>(),
    tool: Some(Form::of::<Tool>()),
    workload: None,
    with: &[&pprof::TABLES],
    check,
};

/// A program that `go build` makes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "GoProgram")]
pub(super) struct Program {
    /// The folder that `go` is called in, relative to the workspace: that of its module.
    pub(super) dir: String,
    /// The main package, as for `go build`.
    pub(super) package: String,
    /// The name of the executable; without it the one that `go build` chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bin: Option<String>,
    /// Build tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
    /// Flags for the linker, as in `-ldflags`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) ldflags: String,
    /// Further flags for `go build`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) flags: Vec<String>,
    /// Environment variables for `go`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) env: BTreeMap<String, String>,
    /// Operating system and processor, such as `linux/arm64`; without it those that `go env` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            dir: ".".into(),
            package: ".".into(),
            bin: None,
            tags: Vec::new(),
            ldflags: String::new(),
            flags: Vec::new(),
            env: BTreeMap::new(),
            target: None,
        }
    }
}

/// A program that workloads use, built without PGO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "GoTool")]
pub(super) struct Tool {
    /// The folder that `go` is called in, relative to the workspace.
    pub(super) dir: String,
    /// The main package, as for `go build`.
    pub(super) package: String,
}

impl Default for Tool {
    fn default() -> Self {
        Self { dir: ".".into(), package: ".".into() }
    }
}

impl Tool {
    /// As a program without anything special.
    pub(super) fn program(&self) -> Program {
        Program { dir: self.dir.clone(), package: self.package.clone(), ..Program::default() }
    }
}

/// Flags that Honing sets itself.
const OURS: [&str; 5] = ["-pgo", "-o", "-trimpath", "-C", "-v"];

/// Refuses flags that Honing sets itself.
pub(super) fn check_flags(flags: &[String]) -> Result<()> {
    for flag in flags {
        let name = flag.split('=').next().unwrap_or(flag);
        let name = name.strip_prefix('-').filter(|rest| rest.starts_with('-')).unwrap_or(name);
        if OURS.contains(&name) {
            return Err(Error::usage(format!("`{flag}` is Honing's to set"))
                .with_hint("take it out; `dir` in [program.NAME.go] is the folder that go is called in"));
        }
    }
    Ok(())
}

fn check(config: &Config, top: &Place<'_>) -> Result<()> {
    let programs = config.program.iter().filter_map(|(name, program)| Some((name, program.own.get()?)));
    for (name, program) in programs {
        let program: &Program = program;
        let place = top.key(&["program", name, "go"]);
        check_flags(&program.flags).map_err(|error| {
            let hint = error.hint().unwrap_or_default().to_owned();
            place.key(&["flags"]).error(error.to_string()).with_hint(hint)
        })?;
        if Path::new(&program.dir).is_absolute() {
            return Err(place
                .key(&["dir"])
                .error("`dir` is relative to the workspace")
                .with_hint("`.` is the workspace itself"));
        }
        let target = program.target.as_deref().map(|target| target.split('/').collect::<Vec<_>>());
        if target.is_some_and(|parts| parts.len() != 2 || parts.iter().any(|part| part.is_empty())) {
            return Err(place
                .key(&["target"])
                .error("a target is GOOS/GOARCH")
                .with_hint("such as linux/arm64; `go tool dist list` has all of them"));
        }
    }
    Ok(())
}
