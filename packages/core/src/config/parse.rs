//! From text to a checked configuration, or to an error that names the place.

use std::path::Path;

use super::{Config, Positions, position::line_and_column};
use crate::{Error, Result, closest};

impl Config {
    /// Reads and checks the text of the file called `path`.
    ///
    /// # Errors
    /// Usage, with file, line, column, what was expected and what comes closest.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| syntax(&error, text, path))?;
        config.validate(&Positions::new(text), path)?;
        Ok(config)
    }
}

/// What serde expects, in Rust's words and in ours.
const EXPECTED: [(&str, &str); 5] = [
    ("expected u32", "expected a whole number"),
    ("expected u64", "expected a whole number"),
    ("expected i32", "expected a whole number"),
    ("expected f64", "expected a number"),
    ("expected a sequence", "expected a list"),
];

fn syntax(error: &toml::de::Error, text: &str, path: &Path) -> Error {
    let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
    let mut message = error.message().trim().replace('\n', "; ");
    for (of_rust, of_people) in EXPECTED {
        if let Some(start) = message.strip_suffix(of_rust) {
            message = format!("{start}{of_people}");
        }
    }
    let place = format!("{}:{line}:{column}", path.display());
    let usage = Error::usage(message.clone()).at(place).in_file(path, Some((line, column)));
    match suggestion(&message) {
        Some(name) => usage.with_hint(format!("did you mean `{name}`?")),
        None if message.starts_with("missing field `program`") => {
            usage.with_hint(crate::advise!("add a [program.NAME] table, or run `{pgo} init`"))
        }
        None => usage.with_hint("the keys are described in docs/pgo-toml.md and in pgo.schema.json"),
    }
}

/// serde says "unknown field `x`, expected one of `a`, `b`": the closest of those.
fn suggestion(message: &str) -> Option<&str> {
    let (unknown, expected) = message.split_once("expected")?;
    let mut quoted = unknown.split('`');
    let typed = quoted.nth(1)?;
    closest(typed, expected.split('`').skip(1).step_by(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let error = Config::parse(text, Path::new("pgo/pgo.toml")).unwrap_err();
        assert_eq!(error.code(), crate::ExitCode::Usage);
        let place = error.place().unwrap();
        let (line, column) = place.position.unwrap();
        assert!(error.to_string().starts_with(&format!("{}:{line}:{column}: ", place.file.display())));
        format!("{error} | {}", error.hint().unwrap_or("-"))
    }

    #[test]
    fn a_slip_names_the_place_and_the_closest_key() {
        insta::assert_snapshot!(
            error("[program.t]\npackage = \"t\"\nprofil = \"release\"\n"),
            @"pgo/pgo.toml:3:1: unknown field `profil`, expected one of `package`, `bin`, `cdylib`, `profile`, `cargo_profile`, `features`, `default_features`, `target`, `pin_symbols`, `flush`, `instrument`, `env`, `needs`, `workload` | did you mean `profile`?"
        );
    }

    #[test]
    fn a_wrong_value_says_what_was_expected() {
        insta::assert_snapshot!(
            error("[program.t]\npackage = \"t\"\nworkload.w = { role = \"trian\", command = [\"{program}\"] }\n"),
            @"pgo/pgo.toml:3:23: unknown variant `trian`, expected one of `train`, `eval`, `both` | did you mean `train`?"
        );
        insta::assert_snapshot!(
            error("[program.t]\npackage = \"t\"\nworkload.w = { role = \"train\", command = [\"{program}\"], timeout = \"soon\" }\n"),
            @r#"pgo/pgo.toml:3:67: `soon` is not a duration (expected number at 0); write it as "30s" or "500ms" | the keys are described in docs/pgo-toml.md and in pgo.schema.json"#
        );
    }

    #[test]
    fn pins_are_what_cargo_takes_and_do_not_contradict() {
        let program = |name: &str, pins: &str| format!("[program.{name}]\npackage = \"t\"\n{pins}\n");
        insta::assert_snapshot!(
            error(&program("t", "cargo_profile = { codegen-units = 1, lto = \"fatt\" }")),
            @r#"pgo/pgo.toml:3:38: cargo takes no lto = "fatt" | write false, "off", "thin" or "fat""#
        );
        insta::assert_snapshot!(
            error(&program("t", "cargo_profile.codegen_units = 1")),
            @"pgo/pgo.toml:3:15: unknown field `codegen_units`, expected one of `opt-level`, `lto`, `codegen-units`, `debug`, `strip`, `panic`, `incremental` | did you mean `codegen-units`?"
        );
        let both = program("a", "cargo_profile.lto = true") + &program("b", "cargo_profile.lto = \"thin\"");
        insta::assert_snapshot!(
            error(&both),
            @"pgo/pgo.toml:6:15: program `a` shares the Cargo profile `release` and pins lto to fat | pin the same value, or give one of them a profile of its own: honing manifest new NAME"
        );
        let path = Path::new("pgo/pgo.toml");
        let agreed = both.replace("thin", "fat");
        let pins = Config::parse(&agreed, path).unwrap().pins("release", &agreed, path);
        let (value, place) = &pins[&crate::cargo_profile::Key::Lto];
        assert_eq!((value.as_str(), place.as_str()), ("fat", "pgo/pgo.toml:6"));
    }

    #[test]
    fn needs_name_steps_of_other_programs_and_go_one_way() {
        let program =
            |name: &str, needs: &str| format!("[program.{name}]\npackage = \"t\"\nneeds = [{needs}]\n");
        for (text, expected) in [
            (
                program("t", "\"u\""),
                "3:1: `u` names no step | write \"u.optimize\" for what its last build made",
            ),
            (program("t", "\"u.train\""), "3:1: train makes no program | programs are made by baseline"),
            (program("t", "\"u.optimize\""), "3:1: there is no program called `u` in pgo.toml | "),
            (program("t", "\"t.optimize\""), "3:1: `t` and `t` need each other | one of them has"),
            (
                program("t", "\"u.bolt.optimize\"")
                    + &program("u", "\"v.baseline\"")
                    + &program("v", "\"t.optimize\""),
                "3:1: `t` and `u` need each other | ",
            ),
        ] {
            let error = error(&text);
            assert!(error.starts_with(&format!("pgo/pgo.toml:{expected}")), "{error}");
        }
        let text = program("t", "\"u.bolt.optimize\"") + &program("u", "\"v.baseline\"") + &program("v", "");
        let config = Config::parse(&text, Path::new("pgo.toml")).unwrap();
        let names: Vec<&str> = config.in_order().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["v", "u", "t"]);
        assert!(config.program["t"].needs("u") && !config.program["t"].needs("v"));
    }

    #[test]
    fn broken_toml_is_a_usage_error() {
        insta::assert_snapshot!(error("[program.t\n"), @"pgo/pgo.toml:1:11: unclosed table, expected `]` | the keys are described in docs/pgo-toml.md and in pgo.schema.json");
    }
}
