//! From text to a checked configuration, or to an error that names the place.

use std::{mem, ops::Range, path::Path};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue, ValueDeserializer},
};

use super::{moved, position::line_and_column};
use crate::config::sections::Config;
use crate::config::{
    forms::Form,
    forms::Tables,
    own::{Own, Owned},
    place::Place,
    position::Positions,
    program::{Program, Tool},
    workload::Workload,
};
use crate::{
    error::{Error, Result},
    names::closest,
};

type Key<'i> = Spanned<DeString<'i>>;
type Value<'i> = Spanned<DeValue<'i>>;

impl Config {
    /// Reads and checks the text of the file called `path`, in which `crafts` have tables.
    ///
    /// # Errors
    /// Usage, with file, line, column, what was expected and what comes closest.
    pub fn parse(text: &str, path: &Path, crafts: &[&'static Tables]) -> Result<Self> {
        let file = File { text, path, crafts };
        let top = DeTable::parse(text).map_err(|error| file.syntax(&error, &[]))?;
        moved::refuse(text, path, crafts)?;
        let config = file.config(top)?;
        let positions = Positions::new(text);
        let place = Place::top(&positions, path);
        config.validate(&place, crafts)?;
        with_kinds(crafts).into_iter().try_for_each(|tables| (tables.check)(&config, &place))?;
        Ok(config)
    }
}

/// Crafts, and what goes with them.
pub(super) fn with_kinds(crafts: &[&'static Tables]) -> Vec<&'static Tables> {
    let mut all: Vec<&'static Tables> = Vec::new();
    for tables in crafts.iter().flat_map(|craft| [*craft].into_iter().chain(craft.with.iter().copied())) {
        if !all.iter().any(|known| known.name == tables.name) {
            all.push(tables);
        }
    }
    all
}

/// The file that is read.
struct File<'a> {
    text: &'a str,
    path: &'a Path,
    crafts: &'a [&'static Tables],
}

/// A name of a table, and how it is read.
type Named = (&'static str, Form);

impl File<'_> {
    fn config(&self, top: Spanned<DeTable<'_>>) -> Result<Config> {
        let span = top.span();
        let mut top = top.into_inner();
        let (programs, tools) = (drain(&mut top, "program"), drain(&mut top, "tool"));
        let forms: Vec<Named> =
            with_kinds(self.crafts).iter().filter_map(|tables| Some((tables.name, tables.top?))).collect();
        let (mut config, own): (Config, _) =
            self.core(Spanned::new(span.clone(), DeValue::Table(top)), &names(&forms))?;
        config.own = self.owned(&span, own, &forms)?;
        for (key, value) in tools {
            let name = key.get_ref().to_string();
            let tool = self.tool(&key, value)?;
            config.tool.insert(name, tool);
        }
        for (key, value) in programs {
            let name = key.get_ref().to_string();
            let program = self.program(&key, value)?;
            config.program.insert(name, program);
        }
        Ok(config)
    }

    fn tool(&self, key: &Key<'_>, value: Value<'_>) -> Result<Tool> {
        let crafts: Vec<_> = self.crafts.iter().filter(|craft| craft.tool.is_some()).copied().collect();
        let known: Vec<&str> = crafts.iter().map(|craft| craft.name).collect();
        let (mut tool, own): (Tool, _) = self.core(value, &known)?;
        let craft = self.craft(("tool", key), &own, &crafts)?;
        let forms: Vec<Named> = craft.tool.iter().map(|form| (craft.name, *form)).collect();
        tool.own = self.owned(&key.span(), own, &forms)?;
        Ok(tool)
    }

    fn program(&self, key: &Key<'_>, mut value: Value<'_>) -> Result<Program> {
        let workloads = table_of(&mut value).map(|table| drain(table, "workload"));
        let known: Vec<&str> = with_kinds(self.crafts).iter().map(|tables| tables.name).collect();
        let (mut program, own): (Program, _) = self.core(value, &known)?;
        let craft = self.craft(("program", key), &own, self.crafts)?;
        let forms: Vec<Named> = [craft].iter().chain(craft.with).map(|it| (it.name, it.program)).collect();
        program.own = self.owned(&key.span(), own, &forms)?;
        let forms: Vec<Named> = craft.workload.iter().map(|form| (craft.name, *form)).collect();
        for (key, value) in workloads.into_iter().flatten() {
            let (mut workload, own): (Workload, _) = self.core(value, &names(&forms))?;
            let forms: Vec<Named> = forms.iter().filter(|_| !own.is_empty()).copied().collect();
            workload.own = self.owned(&key.span(), own, &forms)?;
            program.workload.insert(key.get_ref().to_string(), workload);
        }
        Ok(program)
    }

    /// The one craft that has a table here.
    fn craft(
        &self,
        (what, key): (&str, &Key<'_>),
        own: &[(Key<'_>, Value<'_>)],
        crafts: &[&'static Tables],
    ) -> Result<&'static Tables> {
        let name = key.get_ref();
        let has = |craft: &&&'static Tables| own.iter().any(|(key, _)| key.get_ref() == craft.name);
        let Some(craft) = crafts.iter().find(has) else {
            let tables: Vec<_> = crafts.iter().map(|it| format!("[{what}.{name}.{}]", it.name)).collect();
            let message = format!("{what} `{name}` does not say what builds it");
            return Err(self.error(key.span(), message).with_hint(format!("add {}", tables.join(" or "))));
        };
        let with = |name: &str| name == craft.name || craft.with.iter().any(|it| it.name == name);
        match own.iter().find(|(key, _)| !with(key.get_ref())) {
            Some((key, _)) => {
                let message = format!("`{}` does not go with `{}`", key.get_ref(), craft.name);
                Err(self.error(key.span(), message).with_hint("take out one of them"))
            }
            None => Ok(craft),
        }
    }

    /// Reads what is core's of a table; what is called as one of `known` is not.
    fn core<'i, T: DeserializeOwned>(
        &self,
        mut value: Value<'i>,
        known: &[&str],
    ) -> Result<(T, Vec<(Key<'i>, Value<'i>)>)> {
        let mut own = Vec::new();
        let mut keys = Vec::new();
        if let Some(table) = table_of(&mut value) {
            own.extend(known.iter().filter_map(|name| table.remove_entry(*name)));
            keys.extend(table.keys().map(Spanned::span));
        }
        let read = T::deserialize(ValueDeserializer::from(value)).map_err(|error| {
            // It may be about a key further down, where others have nothing.
            let known = if error.span().is_some_and(|span| keys.contains(&span)) { known } else { &[] };
            self.syntax(&error, known)
        })?;
        Ok((read, own))
    }

    /// Reads tables of others, in the order of `forms`. One that is not there is read as an empty one.
    fn owned(
        &self,
        span: &Range<usize>,
        mut own: Vec<(Key<'_>, Value<'_>)>,
        forms: &[Named],
    ) -> Result<Owned> {
        let mut read = Vec::new();
        for (name, form) in forms {
            let at = own.iter().position(|(key, _)| key.get_ref() == name);
            let value = at.map(|at| own.swap_remove(at).1);
            let empty = || Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
            let parsed = (form.parse)(value.unwrap_or_else(empty));
            read.push(Own::new(name, parsed.map_err(|error| self.syntax(&error, &[]))?));
        }
        Ok(Owned(read))
    }

    fn error(&self, span: Range<usize>, message: impl Into<String>) -> Error {
        let (line, column) = line_and_column(self.text, span.start);
        let place = format!("{}:{line}:{column}", self.path.display());
        Error::usage(message).at(place).in_file(self.path, Some((line, column)))
    }

    /// What serde refused; `known` are keys that are there beside those that serde knows.
    fn syntax(&self, error: &toml::de::Error, known: &[&str]) -> Error {
        let mut message = error.message().trim().replace('\n', "; ");
        for (of_rust, of_people) in EXPECTED {
            if let Some(start) = message.strip_suffix(of_rust) {
                message = format!("{start}{of_people}");
            }
        }
        if message.starts_with("unknown field") && !known.is_empty() {
            let mut quoted = message.split('`').skip(1).step_by(2);
            let typed = quoted.next().unwrap_or_default();
            let all: Vec<String> =
                known.iter().copied().chain(quoted).map(|name| format!("`{name}`")).collect();
            let one_of = if all.len() > 1 { "one of " } else { "" };
            message = format!("unknown field `{typed}`, expected {one_of}{}", all.join(", "));
        }
        let usage = self.error(error.span().unwrap_or(0..0), message.clone());
        match suggestion(&message) {
            Some(name) => usage.with_hint(format!("did you mean `{name}`?")),
            None if message.starts_with("missing field `program`") => {
                usage.with_hint(crate::advise!("add a [program.NAME] table, or run `{pgo} init`"))
            }
            None => usage.with_hint("the keys are described in docs/pgo-toml.md and in pgo.schema.json"),
        }
    }
}

fn table_of<'a, 'i>(value: &'a mut Value<'i>) -> Option<&'a mut DeTable<'i>> {
    match value.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn names(forms: &[Named]) -> Vec<&'static str> {
    forms.iter().map(|(name, _)| *name).collect()
}

/// Takes the tables out of the table `key`. What else is in there stays, for serde to refuse.
fn drain<'i>(table: &mut DeTable<'i>, key: &str) -> DeTable<'i> {
    let Some(inner) = table.get_mut(key).and_then(table_of) else { return DeTable::new() };
    let (tables, rest) = mem::take(inner).into_iter().partition(|(_, value)| value.get_ref().is_table());
    *inner = rest;
    tables
}

/// What serde expects, in Rust's words and in ours.
const EXPECTED: [(&str, &str); 5] = [
    ("expected u32", "expected a whole number"),
    ("expected u64", "expected a whole number"),
    ("expected i32", "expected a whole number"),
    ("expected f64", "expected a number"),
    ("expected a sequence", "expected a list"),
];

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
    use crate::config::made_for_tests::{CRAFTS, Counting, Program, When};

    fn error(text: &str) -> String {
        let error = Config::parse(text, Path::new("pgo/pgo.toml"), CRAFTS).unwrap_err();
        assert_eq!(error.code(), crate::ExitCode::Usage);
        let place = error.place().unwrap();
        let (line, column) = place.position.unwrap();
        assert!(error.to_string().starts_with(&format!("{}:{line}:{column}: ", place.file.display())));
        format!("{error} | {}", error.hint().unwrap_or("-"))
    }

    /// With a program, and more in its table.
    fn program(more: &str) -> String {
        format!("[program.t]\nmade.of = \"t\"\n{more}\n")
    }

    #[test]
    fn a_slip_names_the_place_and_the_closest_key() {
        insta::assert_snapshot!(error(&program("enf = {}")), @"pgo/pgo.toml:3:1: unknown field `enf`, expected one of `made`, `counts`, `other`, `env`, `needs`, `pgo`, `workload` | did you mean `env`?");
        insta::assert_snapshot!(error("[program.t]\nmad.of = \"t\"\n"), @"pgo/pgo.toml:2:1: unknown field `mad`, expected one of `made`, `counts`, `other`, `env`, `needs`, `pgo`, `workload` | did you mean `made`?");
        insta::assert_snapshot!(error(&program("made.prts = []")), @"pgo/pgo.toml:3:6: unknown field `prts`, expected `of` or `parts` | did you mean `parts`?");
        insta::assert_snapshot!(error(&program("counts.wen = 1")), @"pgo/pgo.toml:3:8: unknown field `wen`, expected `when` | did you mean `when`?");
        insta::assert_snapshot!(error(&program("[tool.x]\nmade.off = \"t\"")), @"pgo/pgo.toml:4:6: unknown field `off`, expected `of` | did you mean `of`?");
        insta::assert_snapshot!(error(&program("[tool.x]\nof_what = \"t\"")), @"pgo/pgo.toml:4:1: unknown field `of_what`, expected `made` | the keys are described in docs/pgo-toml.md and in pgo.schema.json");
        insta::assert_snapshot!(error(&program("workload.w = { rle = 1 }")), @"pgo/pgo.toml:3:16: unknown field `rle`, expected one of `made`, `role`, `weight`, `seed`, `command`, `service`, `prepare`, `cleanup`, `inputs`, `env`, `exit_codes`, `timeout`, `retries`, `gate`, `min_gain`, `max_regression`, `compare_output`, `answer`, `work`, `latency`, `metric` | did you mean `role`?");
        insta::assert_snapshot!(error(&program("workload.w = { role = \"train\", made.check.arg = [] }")), @"pgo/pgo.toml:3:43: unknown field `arg`, expected `args` | did you mean `args`?");
        insta::assert_snapshot!(error(&program("[conts]")), @"pgo/pgo.toml:3:2: unknown field `conts`, expected one of `counts`, `policy`, `merge`, `bench`, `tool`, `program` | did you mean `counts`?");
    }

    #[test]
    fn a_wrong_value_says_what_was_expected() {
        insta::assert_snapshot!(error(&program("workload.w = { role = \"trian\" }")), @"pgo/pgo.toml:3:23: unknown variant `trian`, expected one of `train`, `eval`, `both` | did you mean `train`?");
        let soon = "workload.w = { role = \"train\", command = [\"{program}\"], timeout = \"soon\" }";
        insta::assert_snapshot!(error(&program(soon)), @r#"pgo/pgo.toml:3:67: `soon` is not a duration (expected number at 0); write it as "30s" or "500ms" | the keys are described in docs/pgo-toml.md and in pgo.schema.json"#);
        insta::assert_snapshot!(error(&program("counts.when = \"exti\"")), @"pgo/pgo.toml:3:15: unknown variant `exti`, expected `exit` or `always` | did you mean `exit`?");
        insta::assert_snapshot!(error("program = 3\n"), @"pgo/pgo.toml:1:11: invalid type: integer `3`, expected a map | the keys are described in docs/pgo-toml.md and in pgo.schema.json");
        insta::assert_snapshot!(error("[program]\nt = 3\n"), @"pgo/pgo.toml:2:5: invalid type: integer `3`, expected struct Program | the keys are described in docs/pgo-toml.md and in pgo.schema.json");
        insta::assert_snapshot!(error(&program("workload.w = 3")), @"pgo/pgo.toml:3:14: invalid type: integer `3`, expected struct Workload | the keys are described in docs/pgo-toml.md and in pgo.schema.json");
    }

    #[test]
    fn one_craft_builds_a_program() {
        insta::assert_snapshot!(error("[bench]\n"), @"pgo/pgo.toml:1:1: missing field `program` | add a [program.NAME] table, or run `honing init`");
        insta::assert_snapshot!(error("[program.t]\n"), @"pgo/pgo.toml:1:10: program `t` does not say what builds it | add [program.t.made] or [program.t.other]");
        insta::assert_snapshot!(error(&program("[program.t.other]\nof = \"t\"")), @"pgo/pgo.toml:3:12: `other` does not go with `made` | take out one of them");
        insta::assert_snapshot!(error("[program.t]\nother.of = \"t\"\ncounts.when = \"exit\"\n"), @"pgo/pgo.toml:3:1: `counts` does not go with `other` | take out one of them");
        insta::assert_snapshot!(error(&program("[tool.x]")), @"pgo/pgo.toml:3:7: tool `x` does not say what builds it | add [tool.x.made]");
        let both = "workload.w = { role = \"train\", made.check = {}, command = [\"{program}\"] }";
        insta::assert_snapshot!(error(&program(both)), @r#"pgo/pgo.toml:3:10: workload `w` needs exactly one of `command`, `service` and `made` | for example command = ["{program}", "--version"]"#);
        insta::assert_snapshot!(error("[program.t]\nother.of = \"t\"\nworkload.w.role = \"train\"\n"), @r#"pgo/pgo.toml:3:10: workload `w` needs exactly one of `command` and `service` | for example command = ["{program}", "--version"]"#);
        let eval = "workload.w = { role = \"eval\", made.check = {} }";
        insta::assert_snapshot!(error(&program(eval)), @r#"pgo/pgo.toml:3:16: what `made` runs can train but not evaluate: it is not the program that ships | set role = "train", and add a `command` or `service` workload with role = "eval""#);
        let words = "workload.w = { role = \"train\", made.check.args = [\"{x}\"] }";
        insta::assert_snapshot!(error(&program(words)), @"pgo/pgo.toml:3:32: `{x}` is not a placeholder; there are {program}, {tool:NAME}, {port:NAME}, {seed}, {dir}, {workspace}, and of other programs {program:NAME}, {program:NAME:STEP} with baseline, instrument or optimize, {profile:NAME} and {profile:NAME:PASS} | write {program} for what is optimized, and {{ and }} for braces of its own");
    }

    #[test]
    fn tables_of_others_are_kept_as_they_read_them() {
        let text = "[program.t.made]\nof = \"t\"\n[program.u]\ncounts.when = \"always\"\nmade = { of = \"u\", parts = [\"a\"] }\n";
        let config = Config::parse(text, Path::new("pgo.toml"), CRAFTS).unwrap();
        let [t, u] = ["t", "u"].map(|name| &config.program[name].own);
        assert_eq!(t.get(), Some(&Program { of: "t".into(), parts: Vec::new() }));
        assert_eq!((t.craft(), t.get()), ("made", Some(&Counting { when: When::Exit })));
        assert_eq!(u.get(), Some(&Counting { when: When::Always }));
        assert_eq!(u.get::<Program>().unwrap().parts, ["a"]);
    }

    #[test]
    fn needs_name_steps_of_other_programs_and_go_one_way() {
        let program =
            |name: &str, needs: &str| format!("[program.{name}]\nmade.of = \"t\"\nneeds = [{needs}]\n");
        for (text, expected) in [
            (program("t", "\"u\""), "3:1: there is no program called `u` in pgo.toml | "),
            (program("t", "\"t.\""), "3:1: `t.` names no step | write \"NAME.optimize\" for what its"),
            (
                program("t", "\"t.train\""),
                "3:1: train makes nothing that others use | programs are made by baseline",
            ),
            (program("t", "\"u.optimize\""), "3:1: there is no program called `u` in pgo.toml | "),
            (program("t", "\"train: t.baseline\", \"train: t.optimize\""), "3:1: `t` is needed twice | "),
            (program("t", "\"merge: t.baseline\""), "3:1: `merge: t.baseline`: this step uses nothing"),
            (program("t", "\"trian: t.baseline\""), "3:1: no stage is called `trian` | did you mean"),
            (program("t", "\": .\""), "3:1: no stage is called ``"),
            (program("t", "\".\""), "3:1: `.` names no step"),
        ] {
            let error = error(&text);
            assert!(error.starts_with(&format!("pgo/pgo.toml:{expected}")), "{error}");
        }
        let text = program("t", "\"u.bolt.optimize\"") + &program("u", "\"v.baseline\"") + &program("v", "");
        let config = Config::parse(&text, Path::new("pgo.toml"), CRAFTS).unwrap();
        let names: Vec<&str> = config.in_order().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["v", "u", "t"]);
        let text = program("t", "\"u.optimize\"") + &program("u", "\"train: t.optimize\"");
        let config = Config::parse(&text, Path::new("pgo.toml"), CRAFTS).unwrap();
        let names: Vec<&str> = config.in_order().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["u", "t"]);
    }

    /// What `program` needs, a line for each: the stage, and the placeholder of what it uses.
    fn needed(text: &str, program: &str) -> Vec<String> {
        let config = Config::parse(text, Path::new("pgo.toml"), CRAFTS).unwrap();
        let line = |one: crate::config::Needed| {
            format!("{} {}", one.by.map_or("builds", crate::Stage::name), one.other)
        };
        config.needed(program).into_iter().map(line).collect()
    }

    #[test]
    fn a_placeholder_is_a_need_of_the_step_that_it_stands_in() {
        let text = r#"
            [program.llvm.made]
            of = "llvm"
            [program."rust.c".made]
            of = "{program:llvm:optimize}"
            parts = ["{cc}", "{profile:llvm}"]
            [program.app]
            needs = ["rust.c.optimize", "optimize: llvm.merge", "bench: llvm.bolt.optimize", "baseline: rust.c"]
            env.A = "{program:llvm}"
            made.of = "app"
            [program.app.workload.train]
            role = "train"
            command = ["{program:app:instrument}", "{tool:rust.c}", "{profile:llvm:bolt}"]
            [program.app.workload.eval]
            role = "eval"
            env.B = "{program:app:baseline}"
            command = ["{program}"]
        "#;
        assert_eq!(needed(text, "rust.c"), ["builds program:llvm:optimize", "builds profile:llvm"]);
        assert_eq!(
            needed(text, "app"),
            [
                "builds program:rust.c:optimize",
                "optimize profile:llvm",
                "bench program:llvm:bolt.optimize",
                "baseline program:rust.c",
                "train program:rust.c:optimize",
                "train program:app:instrument",
                "train program:llvm",
                "train profile:llvm:bolt",
                "bench program:app:baseline",
                "bench program:llvm",
            ]
        );
    }

    #[test]
    fn what_a_placeholder_cannot_name_is_refused() {
        for (workload, expected) in [
            (
                "role = \"train\"\ncommand = [\"{program:u}\"]",
                "workload `w` uses {program:u}: there is no program called `u` in pgo.toml | did you mean `t`?",
            ),
            (
                "role = \"train\"\ncommand = [\"{program:t:train}\"]",
                "`{program:t:train}` is not a placeholder; there are {program}, ",
            ),
            ("role = \"train\"\ncommand = [\"{profile:t}\"]", "workload `w` never runs the program"),
            // What is measured is the program itself.
            ("role = \"both\"\ncommand = [\"{program:t:baseline}\"]", "workload `w` never runs the program"),
        ] {
            let text = format!("[program.t.made]\nof = \"t\"\n[program.t.workload.w]\n{workload}\n");
            let error = error(&text);
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn broken_toml_is_a_usage_error() {
        insta::assert_snapshot!(error("[program.t\n"), @"pgo/pgo.toml:1:11: unclosed table, expected `]` | the keys are described in docs/pgo-toml.md and in pgo.schema.json");
    }
}
