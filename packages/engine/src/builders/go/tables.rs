//! What pgo.toml says to Go: the tables called `go` of programs and tools.

use std::{
    collections::BTreeMap,
    path::{Component, Path},
};

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
    workload: Some(Form::of::<Workload>()),
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
    /// The command that builds it, such as `["make", "build"]`, called in `dir`. Each `go build` and `go install`
    /// of `package` in it, by the name `go`, gets the profile; everything else of it stays as it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) build: Vec<String>,
    /// The program that `build` leaves, relative to `dir`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) output: Option<String>,
    /// Further files and folders that `build` reads, relative to `dir`; a makefile there is known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) inputs: Vec<String>,
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
            build: Vec::new(),
            output: None,
            inputs: Vec::new(),
            target: None,
        }
    }
}

impl Program {
    /// Whether a command of the person's builds it.
    pub(super) fn is_driven(&self) -> bool {
        !self.build.is_empty()
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

/// Benchmarks, or profiles from elsewhere, that are a training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GoWorkload")]
pub(super) struct Workload {
    /// `go test -bench` of packages.
    pub(super) bench: Option<Bench>,
    /// Profiles that were recorded elsewhere: files, folders and patterns with `*`, relative to the workspace, and URLs
    /// of running instances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) profiles: Vec<String>,
}

/// Which benchmarks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "GoBench")]
pub(super) struct Bench {
    /// The packages, as for `go test`, such as `./...`; the program's own without it.
    pub(super) package: Option<String>,
    /// What `go test` is told behind the package, such as `-bench` and a pattern.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) args: Vec<String>,
}

/// Flags that Honing sets itself.
const OURS: [&str; 5] = ["pgo", "o", "trimpath", "C", "v"];
/// The same for benchmarks.
const OURS_OF_BENCH: [&str; 6] = ["pgo", "o", "C", "run", "cpuprofile", "outputdir"];

/// The name of a flag; none for other words.
fn flag_name(word: &str) -> Option<&str> {
    let name = word.strip_prefix('-')?;
    let name = name.strip_prefix('-').unwrap_or(name);
    name.split('=').next()
}

/// Refuses flags that Honing sets itself.
pub(super) fn check_flags(flags: &[String]) -> Result<()> {
    match flags.iter().find(|flag| flag_name(flag).is_some_and(|name| OURS.contains(&name))) {
        None => Ok(()),
        Some(flag) => Err(Error::usage(format!("`{flag}` is Honing's to set"))
            .with_hint("take it out; `dir` in [program.NAME.go] is the folder that go is called in")),
    }
}

fn check(config: &Config, top: &Place<'_>) -> Result<()> {
    for (name, program) in &config.program {
        if let Some(own) = program.own.get() {
            check_program(own, &top.key(&["program", name, "go"]))?;
        }
        for (workload, settings) in &program.workload {
            if let Some(own) = settings.own.get() {
                check_workload(own, &top.key(&["program", name, "workload", workload, "go"]))?;
            }
        }
    }
    Ok(())
}

fn check_program(program: &Program, place: &Place<'_>) -> Result<()> {
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
    check_build(program, place)
}

/// `build` and `output` belong together, and what a makefile says cannot be said twice.
fn check_build(program: &Program, place: &Place<'_>) -> Result<()> {
    let output = program.output.as_deref();
    match (program.build.is_empty(), output) {
        (true, None) if program.inputs.is_empty() => return Ok(()),
        (true, None) => {
            return Err(place
                .key(&["inputs"])
                .error("`inputs` are what `build` reads, and there is no `build`")
                .with_hint("`go build` tells its files itself: take `inputs` out"));
        }
        (true, Some(_)) => {
            return Err(place
                .key(&["output"])
                .error("`output` is what `build` leaves, and there is no `build`")
                .with_hint("add the command, such as build = [\"make\", \"build\"]; `bin` names what `go build` makes"));
        }
        (false, None) => {
            return Err(place
                .key(&["build"])
                .error("`build` needs `output`: the program that it leaves, relative to `dir`")
                .with_hint("such as output = \"bin/server\""));
        }
        (false, Some(_)) => {}
    }
    let file = Path::new(output.unwrap_or_default());
    let inside = file.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if !inside || file.file_name().is_none() {
        return Err(place
            .key(&["output"])
            .error("`output` is a file below `dir`")
            .with_hint("such as output = \"bin/server\""));
    }
    let set = [
        ("bin", program.bin.is_some()),
        ("tags", !program.tags.is_empty()),
        ("ldflags", !program.ldflags.is_empty()),
        ("flags", !program.flags.is_empty()),
    ];
    match set.into_iter().find(|(_, set)| *set) {
        None => Ok(()),
        Some((key, _)) => Err(place
            .key(&[key])
            .error(format!("with `build`, `{key}` is the command's to say"))
            .with_hint("take it out, and let the command or a variable in `env` say it")),
    }
}

fn check_workload(workload: &Workload, place: &Place<'_>) -> Result<()> {
    match (&workload.bench, workload.profiles.as_slice()) {
        (Some(bench), []) => check_bench(bench, &place.key(&["bench", "args"])),
        (None, [_, ..]) => check_profiles(&workload.profiles, &place.key(&["profiles"])),
        _ => Err(place
            .error("`go` has exactly one of `bench` and `profiles`")
            .with_hint("such as go.profiles = [\"profiles/*.pprof\"]")),
    }
}

fn check_profiles(profiles: &[String], place: &Place<'_>) -> Result<()> {
    let wrong = profiles.iter().find_map(|profile| {
        if profile.trim().is_empty() {
            Some(("a place without a name".to_owned(), "name a file, a folder, a pattern or a URL"))
        } else if profile.contains(['{', '}']) {
            Some((
                format!("`{profile}`: there are no placeholders in `profiles`"),
                "write each place in full",
            ))
        } else if has_user(profile) {
            // Not shown: it may be a secret.
            Some((
                "a URL has a user or a password in front of its host".to_owned(),
                "put `Authorization: Basic …` into HONING_PPROF_HEADERS",
            ))
        } else if profile.contains("://") && !profile.starts_with("http://") {
            let url = profile.split('?').next().unwrap_or_default();
            Some((
                format!("`{url}`: instances are asked by http:// only"),
                "let something that speaks https fetch it, and name the file",
            ))
        } else {
            None
        }
    });
    wrong.map_or(Ok(()), |(words, hint)| Err(place.error(words).with_hint(hint)))
}

/// Whether a URL has something before its host.
fn has_user(place: &str) -> bool {
    let host =
        place.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or_default());
    host.is_some_and(|host| host.contains('@'))
}

fn check_bench(bench: &Bench, place: &Place<'_>) -> Result<()> {
    let own = bench.args.iter().take_while(|word| *word != "-args" && *word != "--args");
    let name = |word: &str| flag_name(word).map(|name| name.strip_prefix("test.").unwrap_or(name).to_owned());
    let ours = |word: &&String| name(word).is_some_and(|name| OURS_OF_BENCH.contains(&name.as_str()));
    if let Some(word) = own.clone().find(ours) {
        return Err(place.error(format!("`{word}` is Honing's to set")).with_hint("take it out"));
    }
    if !own.clone().any(|word| name(word).as_deref() == Some("bench")) {
        return Err(place
            .error("`args` need -bench: which benchmarks are run")
            .with_hint("such as args = [\"-bench\", \".\"]"));
    }
    Ok(())
}
