//! What pgo.toml says of programs that commands build: the tables called `command`.

use std::{
    collections::BTreeMap,
    path::{Component, Path},
};

use honing_core::{
    Result, Stage,
    config::{Config, Form, Place, Tables},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    builders::command::words::{self, Name},
    profiles::llvm,
};

/// Its tables, and those of the profiles that its compilers apply.
pub static TABLES: Tables = Tables {
    name: "command",
    top: None,
    program: Form::of::<Program>(),
    tool: None,
    workload: None,
    with: &[&llvm::TABLES],
    check,
};

/// A program that commands of the person's build: make, cmake, meson, a script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "CommandProgram")]
pub(super) struct Program {
    /// The folder of its sources, relative to the workspace: `{dir}` in commands.
    pub(super) dir: String,
    /// Whether it is built among its sources, as with most makefiles: `{build_dir}` is then a copy of `dir`.
    pub(super) in_source: bool,
    /// The tree that its builds go on in, by a name; programs that name the same share it, and nothing of it is
    /// ever removed. Without it, `{build_dir}` is emptied for each build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) keep: Option<String>,
    /// The compiler, which decides the kind of profile.
    pub(super) compiler: Compiler,
    /// The C compiler by another name or path, such as `clang-22`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cc: Option<String>,
    /// The C++ compiler likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cxx: Option<String>,
    /// What comes first, such as `["autoreconf", "-fi"]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) prepare: Vec<String>,
    /// What configures the build, after that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) configure: Vec<String>,
    /// What builds, such as `["make", "CC={cc}", "CFLAGS=-O2 {cflags}", "LDFLAGS={ldflags}", "-j{jobs}"]`. All of
    /// them are called in `{build_dir}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) build: Vec<String>,
    /// A dry run, made before the first build.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) check: Vec<String>,
    /// Environment variables for these commands.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) env: BTreeMap<String, String>,
    /// The program that comes out, relative to `{build_dir}`, or in `{out}`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) output: String,
    /// Shared libraries that come out and that the program needs, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) libraries: Vec<String>,
    /// Files and folders that the build reads, relative to `dir`; without it, all of `dir`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) inputs: Vec<String>,
    /// Its version, for names of profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    /// What differs for the build without PGO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) baseline: Option<Steps>,
    /// What differs for the instrumented build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instrument: Option<Steps>,
    /// What differs for the build with a profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) optimize: Option<Steps>,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            dir: ".".into(),
            in_source: false,
            keep: None,
            compiler: Compiler::Clang,
            cc: None,
            cxx: None,
            prepare: Vec::new(),
            configure: Vec::new(),
            build: Vec::new(),
            check: Vec::new(),
            env: BTreeMap::new(),
            output: String::new(),
            libraries: Vec::new(),
            inputs: Vec::new(),
            version: None,
            baseline: None,
            instrument: None,
            optimize: None,
        }
    }
}

/// Commands of one flavour; those that are left out are the program's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CommandSteps")]
pub(super) struct Steps {
    /// Instead of the program's `prepare`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prepare: Option<Vec<String>>,
    /// Instead of the program's `configure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) configure: Option<Vec<String>>,
    /// Instead of the program's `build`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) build: Option<Vec<String>>,
    /// Instead of the program's `check`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) check: Option<Vec<String>>,
    /// Environment variables beside the program's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) env: BTreeMap<String, String>,
}

/// A family of compilers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CommandCompiler")]
pub(super) enum Compiler {
    /// LLVM's: instrumented programs leave LLVM's counters.
    #[default]
    Clang,
    /// GNU's: they leave gcc's counters.
    Gcc,
}

impl Compiler {
    /// What its C and its C++ compiler are called.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Clang => ("clang", "clang++"),
            Self::Gcc => ("gcc", "g++"),
        }
    }
}

/// A flavour, as pgo.toml calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavoured {
    Baseline,
    Instrument,
    Optimize,
}

impl Flavoured {
    pub(super) const ALL: [Self; 3] = [Self::Baseline, Self::Instrument, Self::Optimize];

    /// The stage that makes it.
    pub(super) fn stage(self) -> Stage {
        match self {
            Self::Baseline => Stage::Baseline,
            Self::Instrument => Stage::Instrument,
            Self::Optimize => Stage::Optimize,
        }
    }

    pub(super) fn word(self) -> &'static str {
        self.stage().name()
    }
}

impl Program {
    fn own(&self, flavour: Flavoured) -> Option<&Steps> {
        match flavour {
            Flavoured::Baseline => self.baseline.as_ref(),
            Flavoured::Instrument => self.instrument.as_ref(),
            Flavoured::Optimize => self.optimize.as_ref(),
        }
    }

    /// The commands of a flavour in their order, with the keys that they stand at.
    pub(super) fn steps(&self, flavour: Flavoured) -> Vec<(&'static str, &[String])> {
        let own = self.own(flavour);
        let all = [
            ("prepare", own.and_then(|own| own.prepare.as_ref()).unwrap_or(&self.prepare)),
            ("configure", own.and_then(|own| own.configure.as_ref()).unwrap_or(&self.configure)),
            ("build", own.and_then(|own| own.build.as_ref()).unwrap_or(&self.build)),
        ];
        all.into_iter().filter(|(_, words)| !words.is_empty()).map(|(key, words)| (key, &**words)).collect()
    }

    /// Whether no flavour has a key of its own.
    pub(super) fn is_shared(&self, key: &str) -> bool {
        let own = Flavoured::ALL.into_iter().filter_map(|flavour| self.own(flavour));
        !own.into_iter().any(|own| match key {
            "prepare" => own.prepare.is_some(),
            "configure" => own.configure.is_some(),
            "build" => own.build.is_some(),
            _ => !own.env.is_empty(),
        })
    }

    /// The dry run of a flavour; empty where there is none.
    pub(super) fn check(&self, flavour: Flavoured) -> &[String] {
        self.own(flavour).and_then(|own| own.check.as_ref()).unwrap_or(&self.check)
    }

    /// The variables of a flavour.
    pub(super) fn env(&self, flavour: Flavoured) -> BTreeMap<&str, &str> {
        let own = self.own(flavour).into_iter().flat_map(|own| &own.env);
        self.env.iter().chain(own).map(|(name, value)| (&**name, &**value)).collect()
    }

    /// Whether the commands of a flavour have a placeholder.
    pub(super) fn names(&self, flavour: Flavoured, name: Name) -> bool {
        let steps = self.steps(flavour);
        let words = steps.iter().flat_map(|(_, words)| words.iter()).chain(self.check(flavour));
        let mut texts = words.map(String::as_str).chain(self.env(flavour).into_values());
        texts.any(|text| words::names(text).is_ok_and(|names| names.contains(&name)))
    }
}

fn check(config: &Config, top: &Place<'_>) -> Result<()> {
    for (name, program) in &config.program {
        if let Some(own) = program.own.get() {
            check_program(own, &top.key(&["program", name, "command"]))?;
        }
    }
    Ok(())
}

fn check_program(program: &Program, place: &Place<'_>) -> Result<()> {
    let is_inside = |text: &str| {
        let path = Path::new(text);
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    };
    if Path::new(&program.dir).is_absolute() {
        return Err(place
            .key(&["dir"])
            .error("`dir` is relative to the workspace")
            .with_hint("`.` is the workspace itself"));
    }
    if let Some(keep) = &program.keep {
        if keep.is_empty() || !keep.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        {
            return Err(place
                .key(&["keep"])
                .error(format!("`{keep}` cannot be the name of a tree"))
                .with_hint("letters, digits, - and _"));
        }
        if program.in_source {
            return Err(place
                .key(&["in_source"])
                .error("a tree that is kept cannot be a copy of the sources")
                .with_hint("build outside of the sources, or take `keep` out"));
        }
    }
    if program.output.is_empty() {
        return Err(place
            .error("`output` is missing: the program that the build leaves, relative to {build_dir}")
            .with_hint("such as output = \"src/lua\", or \"{out}/bin/lua\" where it is installed to {out}"));
    }
    let outputs = std::iter::once(("output", &program.output));
    for (key, text) in outputs.chain(program.libraries.iter().map(|text| ("libraries", text))) {
        let inside =
            text.strip_prefix("{out}/").or_else(|| text.strip_prefix("{build_dir}/")).unwrap_or(text);
        if !is_inside(inside) || inside.contains('{') {
            return Err(place
                .key(&[key])
                .error(format!("`{text}` is no file below {{build_dir}} or {{out}}"))
                .with_hint("such as \"src/lua\", or \"{out}/bin/lua\""));
        }
    }
    let names: Vec<_> = program.libraries.iter().map(|text| Path::new(text).file_name()).collect();
    if let Some((text, _)) = program
        .libraries
        .iter()
        .zip(&names)
        .find(|(_, name)| names.iter().filter(|one| one == name).count() > 1)
    {
        return Err(place.key(&["libraries"]).error(format!("another library is called as `{text}` is")));
    }
    if let Some(input) = program.inputs.iter().find(|input| !is_inside(input)) {
        return Err(place.key(&["inputs"]).error(format!("`{input}` is not below `dir`")));
    }
    for flavour in Flavoured::ALL {
        check_flavour(program, flavour, place)?;
    }
    Ok(())
}

fn check_flavour(program: &Program, flavour: Flavoured, place: &Place<'_>) -> Result<()> {
    let steps = program.steps(flavour);
    if !steps.iter().any(|(key, _)| *key == "build") {
        return Err(place.error("`build` is missing: the command that builds it").with_hint(
            "such as build = [\"make\", \"CC={cc}\", \"CFLAGS=-O2 {cflags}\", \"LDFLAGS={ldflags}\"]",
        ));
    }
    let check = ("check", program.check(flavour));
    let mut commands = steps.iter().copied().chain([check]);
    if let Some((key, _)) = commands.find(|(_, words)| words.first().is_some_and(String::is_empty)) {
        return Err(place
            .key(&[key])
            .error(format!("`{key}` begins with an empty word, where a program's name belongs"))
            .with_hint("write the program first, then its arguments"));
    }
    let words = steps
        .into_iter()
        .chain([check])
        .flat_map(|(key, words)| words.iter().map(move |word| (key, word.as_str())));
    for (key, text) in words.chain(program.env(flavour).into_values().map(|value| ("env", value))) {
        let names = words::names(text).map_err(|what| place.key(&[key]).error(what))?;
        if names.contains(&Name::Profile) && flavour != Flavoured::Optimize {
            return Err(place
                .key(&[key])
                .error("`{profile}` is there in the build with a profile alone")
                .with_hint("{cflags} and {ldflags} name it; or put this command into [program.NAME.command.optimize]"));
        }
    }
    Ok(())
}
