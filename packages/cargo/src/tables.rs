//! What pgo.toml says to cargo: the tables called `cargo` of programs, tools and workloads.

use std::path::Path;

use honing_core::{
    Error, Result, advise,
    config::{self, Config, Form, Place, Positions},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cargo_profile::Pins;
pub use crate::pins::{CargoProfile, Pin};

/// The name of the tables.
pub const NAME: &str = "cargo";

/// Of a program.
pub const PROGRAM: Form = Form::of::<Program>()
    .moved("package bin cdylib profile cargo_profile features default_features target pin_symbols");
/// Of a tool.
pub const TOOL: Form = Form::of::<Tool>().moved("package bin profile features");
/// Of a workload.
pub const WORKLOAD: Form = Form::of::<Workload>().moved("cargo_test=test cargo_bench=bench");

/// A program that cargo builds: a binary, or a `cdylib` that a workload's command loads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CargoProgram")]
pub struct Program {
    /// The package that it is in.
    pub package: String,
    /// Its binary target. Without it and without `cdylib`: the package's only binary.
    pub bin: Option<String>,
    /// True where the package's `cdylib` is optimized instead of a binary.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cdylib: bool,
    /// The Cargo profile that it ships with.
    #[serde(default = "release")]
    pub profile: String,
    /// What that Cargo profile has to say: `manifest --check` ends 14 where it does not.
    #[serde(default, skip_serializing_if = "CargoProfile::is_empty")]
    pub cargo_profile: CargoProfile,
    /// Features to build with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// False builds with `--no-default-features`.
    #[serde(default = "yes")]
    pub default_features: bool,
    /// The target triple; the host's without it.
    pub target: Option<String>,
    /// Whether symbols keep their names across version bumps, features and the Cargo
    /// profile, so that a profile keeps applying. False leaves them to cargo.
    #[serde(default = "yes")]
    pub pin_symbols: bool,
}

/// What cargo makes of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProgramKind<'a> {
    /// The named binary, or the package's only one.
    Bin(Option<&'a str>),
    /// The package's `cdylib`.
    Cdylib,
}

impl Program {
    /// What cargo makes of this program.
    pub fn kind(&self) -> ProgramKind<'_> {
        if self.cdylib { ProgramKind::Cdylib } else { ProgramKind::Bin(self.bin.as_deref()) }
    }
}

/// A program that workloads use, built by cargo without PGO.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CargoTool")]
pub struct Tool {
    /// The package that it is in.
    pub package: String,
    /// Its binary target; without it the package's only binary.
    pub bin: Option<String>,
    /// The Cargo profile that it is built with.
    #[serde(default = "release")]
    pub profile: String,
    /// Features to build with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

/// Tests or benchmarks of a package, run as a training workload: exactly one of `test` and `bench`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CargoWorkload")]
pub struct Workload {
    /// `cargo test` of a package.
    pub test: Option<Harness>,
    /// `cargo bench` of a package.
    pub bench: Option<Harness>,
}

/// Which tests or benchmarks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Harness {
    /// The package; the program's own without it.
    pub package: Option<String>,
    /// Further arguments for cargo, and after `--` for the harness.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
}

impl Workload {
    /// Cargo's subcommand, and what it runs; `None` where that is missing or ambiguous, which
    /// [`check`] refuses.
    pub fn harness(&self) -> Option<(&'static str, &Harness)> {
        match (&self.test, &self.bench) {
            (Some(test), None) => Some(("test", test)),
            (None, Some(bench)) => Some(("bench", bench)),
            _ => None,
        }
    }
}

/// The programs that cargo builds, by name.
pub fn programs(config: &Config) -> impl Iterator<Item = (&str, &Program)> {
    config.program.iter().filter_map(|(name, program)| Some((name.as_str(), program.own.get()?)))
}

/// Rules between keys.
///
/// # Errors
/// Usage, with the place.
pub fn check(config: &Config, top: &Place<'_>) -> Result<()> {
    for (name, program) in programs(config) {
        let place = top.key(&["program", name, NAME]);
        if program.cdylib && program.bin.is_some() {
            return Err(place
                .key(&["cdylib"])
                .error("a program is either `bin` or `cdylib`, not both")
                .with_hint("remove one of them"));
        }
        check_pins(config, (name, program), &place.key(&["cargo_profile"]))?;
    }
    for (name, program) in &config.program {
        for (workload, settings) in &program.workload {
            check_workload(workload, settings, &top.key(&["program", name, "workload", workload, NAME]))?;
        }
    }
    Ok(())
}

fn check_workload(name: &str, workload: &config::Workload, place: &Place<'_>) -> Result<()> {
    match workload.own.get::<Workload>() {
        Some(own) if own.harness().is_none() => Err(place
            .error(format!("workload `{name}` needs exactly one of `test` and `bench`"))
            .with_hint("for example cargo.bench = { args = [\"--bench\", \"parser\"] }")),
        _ => Ok(()),
    }
}

/// Cargo takes what is pinned, and programs that share a Cargo profile pin the same of it.
fn check_pins(config: &Config, (name, program): (&str, &Program), place: &Place<'_>) -> Result<()> {
    for (key, pin) in program.cargo_profile.pins() {
        let refused = |message: String| -> Error { place.key(&[key.name()]).error(message) };
        let canonical = |pin: &Pin| key.canonical(&pin.to_string());
        let Some(value) = canonical(pin) else {
            return Err(refused(format!("cargo takes no {} = {}", key.name(), pin.to_toml()))
                .with_hint(format!("write {}", key.values())));
        };
        let before = programs(config).take_while(|(other, _)| *other != name);
        for (other, program) in before.filter(|(_, other)| other.profile == program.profile) {
            let theirs = program.cargo_profile.pins().find(|(theirs, _)| *theirs == key);
            let theirs = theirs.and_then(|(_, pin)| canonical(pin));
            if let Some(theirs) = theirs.filter(|theirs| *theirs != value) {
                let profile = &program.profile;
                return Err(refused(format!(
                    "program `{other}` shares the Cargo profile `{profile}` and pins {} to {theirs}",
                    key.name()
                ))
                .with_hint(advise!(
                    "pin the same value, or give one of them a profile of its own: {pgo} manifest new NAME"
                )));
            }
        }
    }
    Ok(())
}

/// What programs pin of the Cargo profile that they share, each with its place in `text`, the
/// file that is shown as `file`.
pub fn pins(config: &Config, cargo_profile: &str, text: &str, file: &Path) -> Pins {
    let positions = Positions::new(text);
    let mut pins = Pins::new();
    for (name, program) in programs(config).filter(|(_, program)| program.profile == cargo_profile) {
        for (key, pin) in program.cargo_profile.pins() {
            let (line, _) = positions.nearest(&["program", name, NAME, "cargo_profile", key.name()]);
            let place = format!("{}:{line}", file.display());
            // Validated: cargo takes it, and programs agree.
            pins.extend(key.canonical(&pin.to_string()).map(|value| (key, (value, place))));
        }
    }
    pins
}

fn release() -> String {
    "release".into()
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use honing_core::config::Tables;

    use super::*;
    use crate::cargo_profile::Key;

    const CARGO: &Tables = &Tables {
        name: NAME,
        top: None,
        program: PROGRAM,
        tool: Some(TOOL),
        workload: Some(WORKLOAD),
        with: &[],
        check,
    };

    fn parse(text: &str) -> Result<Config> {
        Config::parse(text, Path::new("pgo/pgo.toml"), &[CARGO])
    }

    fn error(text: &str) -> String {
        let error = parse(text).unwrap_err();
        format!("{error} | {}", error.hint().unwrap_or("-"))
    }

    fn program(name: &str, more: &str) -> String {
        format!("[program.{name}.cargo]\npackage = \"t\"\n{more}\n")
    }

    #[test]
    fn slips_and_what_contradicts_itself_name_the_place() {
        insta::assert_snapshot!(error(&program("t", "profil = \"release\"")), @"pgo/pgo.toml:3:1: unknown field `profil`, expected one of `package`, `bin`, `cdylib`, `profile`, `cargo_profile`, `features`, `default_features`, `target`, `pin_symbols` | did you mean `profile`?");
        insta::assert_snapshot!(error("[program.t.cargo]\n"), @"pgo/pgo.toml:1:1: missing field `package` | the keys are described in docs/pgo-toml.md and in pgo.schema.json");
        insta::assert_snapshot!(error(&program("t", "bin = \"t\"\ncdylib = true")), @"pgo/pgo.toml:4:1: a program is either `bin` or `cdylib`, not both | remove one of them");
        let tests = "[program.t.workload.w]\nrole = \"train\"\n";
        insta::assert_snapshot!(error(&program("t", &format!("{tests}cargo = {{}}"))), @r#"pgo/pgo.toml:5:1: workload `w` needs exactly one of `test` and `bench` | for example cargo.bench = { args = ["--bench", "parser"] }"#);
        insta::assert_snapshot!(error(&program("t", &format!("{tests}cargo.tests = {{}}"))), @"pgo/pgo.toml:5:7: unknown field `tests`, expected `test` or `bench` | did you mean `test`?");
    }

    #[test]
    fn pins_are_what_cargo_takes_and_do_not_contradict() {
        insta::assert_snapshot!(error(&program("t", "cargo_profile = { codegen-units = 1, lto = \"fatt\" }")), @r#"pgo/pgo.toml:3:38: cargo takes no lto = "fatt" | write false, "off", "thin" or "fat""#);
        insta::assert_snapshot!(error(&program("t", "cargo_profile.codegen_units = 1")), @"pgo/pgo.toml:3:15: unknown field `codegen_units`, expected one of `opt-level`, `lto`, `codegen-units`, `debug`, `strip`, `panic`, `incremental` | did you mean `codegen-units`?");
        let both = program("a", "cargo_profile.lto = true") + &program("b", "cargo_profile.lto = \"thin\"");
        insta::assert_snapshot!(error(&both), @"pgo/pgo.toml:6:15: program `a` shares the Cargo profile `release` and pins lto to fat | pin the same value, or give one of them a profile of its own: honing manifest new NAME");
        let agreed = both.replace("thin", "fat");
        let pins = pins(&parse(&agreed).unwrap(), "release", &agreed, Path::new("pgo/pgo.toml"));
        let (value, place) = &pins[&Key::Lto];
        assert_eq!((value.as_str(), place.as_str()), ("fat", "pgo/pgo.toml:6"));
    }
}
