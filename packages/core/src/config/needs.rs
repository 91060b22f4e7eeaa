//! What a program's steps use of other programs: by `needs`, and by placeholders.

use crate::{
    error::{Error, Result},
    others::{Other, Part},
    stage::Stage,
    step::Step,
    template::{self, Placeholder},
};

use crate::config::program::Program;
use crate::config::sections::Config;
use crate::config::workload::Workload;

/// What a step uses of another program, as `needs` or a placeholder names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needed {
    /// The stage whose step it is; without, each build of the program.
    pub by: Option<Stage>,
    /// What it uses.
    pub other: Other,
}

impl Needed {
    /// Whether a step uses it.
    pub fn is_for(&self, step: Step) -> bool {
        match self.by {
            None => is_build(step),
            Some(Stage::Train) => step.stage == Stage::Train,
            Some(stage) => step == stage,
        }
    }

    /// What the steps of a program with PGO use, by what is `written`: in its baseline, what another one ships is
    /// that one's baseline. So its verdict is about all of them.
    pub fn with_baselines(written: &[Self]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for one in written.iter().flat_map(Self::each_build) {
            let of_all = Self { by: None, other: one.other.clone() };
            let is_baseline = one.by == Some(Stage::Baseline) && one.other.part != Part::Shipped;
            let is_there = is_baseline && written.contains(&of_all);
            if !is_there && !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }

    fn each_build(&self) -> Vec<Self> {
        let by = match self.by {
            _ if self.other.part != Part::Shipped => return vec![self.clone()],
            None => vec![Stage::Baseline, Stage::Instrument, Stage::Optimize],
            Some(by) => vec![by],
        };
        let part = |by: Stage| if by == Stage::Baseline { Part::Made(by.into()) } else { Part::Shipped };
        let other = |by| Other { program: self.other.program.clone(), part: part(by) };
        by.into_iter().map(|by| Self { by: Some(by), other: other(by) }).collect()
    }

    /// `llvm.optimize`, `train: rustc.optimize`, or `llvm` for what it ships, among programs of these names.
    fn parse(text: &str, names: &[&str]) -> Result<Self> {
        let (by, rest) = match text.split_once(':') {
            None => (None, text),
            Some((by, rest)) => (Some(by.trim().parse()?), rest.trim_start()),
        };
        if by.is_some_and(|by: Stage| by != Stage::Train && by != Stage::Bench && !is_build(by.into())) {
            return Err(Error::usage(format!("`{text}`: this step uses nothing of others"))
                .with_hint("those that do are baseline, instrument, train, optimize and bench"));
        }
        let fits = |end: &str| end.is_empty() || end.starts_with('.');
        let known = names.iter().filter(|name| rest.strip_prefix(**name).is_some_and(fits));
        let (program, step) = match known.max_by_key(|name| name.len()) {
            Some(name) => (*name, rest.get(name.len() + 1..).unwrap_or_default()),
            None => rest.split_once('.').unwrap_or((rest, "")),
        };
        if rest == program && names.contains(&program) {
            return Ok(Self { by, other: Other { program: program.to_owned(), part: Part::Shipped } });
        }
        if !program.is_empty() && !names.contains(&program) {
            return Err(crate::unknown("program", program, "pgo.toml", names));
        }
        if step.is_empty() {
            return Err(Error::usage(format!("`{text}` names no step")).with_hint(
                "write \"NAME.optimize\" for what its last build made, \"NAME\" for what it ships",
            ));
        }
        let step: Step = step.parse()?;
        let part = Part::of(step).ok_or_else(|| {
            Error::usage(format!("{step} makes nothing that others use"))
                .with_hint("programs are made by baseline, instrument and optimize, a profile by merge")
        })?;
        Ok(Self { by, other: Other { program: program.to_owned(), part } })
    }
}

fn is_build(step: Step) -> bool {
    step.pass.is_none() && matches!(step.stage, Stage::Baseline | Stage::Instrument | Stage::Optimize)
}

impl Config {
    /// What the steps of a program use of others; validation has seen that it can be read.
    pub fn needed(&self, name: &str) -> Vec<Needed> {
        let Some(program) = self.program.get(name) else { return Vec::new() };
        let names: Vec<&str> = self.program.keys().map(String::as_str).collect();
        let mut needed: Vec<Needed> =
            program.needs.iter().filter_map(|text| Needed::parse(text, &names).ok()).collect();
        let listed = needed.clone();
        let mut add = |by, other| {
            let one = Needed { by, other };
            if !needed.contains(&one) {
                needed.push(one);
            }
        };
        for own in program.own.iter() {
            own.table.iter().for_each(|(key, value)| in_builds(key, value, None, &mut add));
        }
        for workload in program.workload.values() {
            let roles = [(Stage::Train, workload.role.trains()), (Stage::Bench, workload.role.evaluates())];
            for (stage, _) in roles.into_iter().filter(|(_, has)| *has) {
                for placeholder in placeholders(program, workload) {
                    match placeholder {
                        Placeholder::Other(other) => add(Some(stage), other),
                        // What `needs` lists is a tool of workloads, too.
                        Placeholder::Tool(tool) => listed
                            .iter()
                            .filter(|one| one.other.program == tool)
                            .filter(|one| one.by.is_none_or(|by| by == stage))
                            .for_each(|one| add(Some(stage), one.other.clone())),
                        _ => {}
                    }
                }
            }
        }
        needed
    }

    /// Whether `needs` of a program lists another one.
    pub(super) fn lists(&self, program: &Program, other: &str) -> bool {
        let names: Vec<&str> = self.program.keys().map(String::as_str).collect();
        let mut listed = program.needs.iter().filter_map(|text| Needed::parse(text, &names).ok());
        listed.any(|needed| needed.other.program == other)
    }

    /// Checks what a program's `needs` list.
    pub(super) fn check_needs(&self, name: &str, program: &Program) -> Result<()> {
        let names: Vec<&str> = self.program.keys().map(String::as_str).collect();
        let mut seen: Vec<Needed> = Vec::new();
        for text in &program.needs {
            let needed = Needed::parse(text, &names)?;
            let same = |one: &Needed| one.by == needed.by && one.other.program == needed.other.program;
            let is_profile = |one: &Needed| matches!(one.other.part, Part::Profile(_));
            if seen.iter().any(|one| same(one) && is_profile(one) == is_profile(&needed)) {
                let text = format!("`{}` is needed twice", needed.other.program);
                return Err(Error::usage(text).with_hint("one step of a program is enough: keep one"));
            }
            seen.push(needed);
        }
        // What stands in a workload was seen to be there.
        match self.needed(name).iter().find(|needed| !names.contains(&needed.other.program.as_str())) {
            Some(Needed { other, .. }) => {
                let error = crate::unknown("program", &other.program, "pgo.toml", &names);
                Err(error.at(format!("{{{other}}}")))
            }
            None => Ok(()),
        }
    }

    /// The programs, each after those that it needs where that can be, else as `pgo.toml` has them.
    pub fn in_order(&self) -> Vec<(&str, &Program)> {
        let (mut order, mut begun) = (Vec::new(), Vec::new());
        self.program.keys().for_each(|name| self.put(name, &mut begun, &mut order));
        order
    }

    fn put<'a>(&'a self, name: &str, begun: &mut Vec<String>, order: &mut Vec<(&'a str, &'a Program)>) {
        let Some((name, program)) = self.program.get_key_value(name) else { return };
        if begun.contains(name) {
            return;
        }
        begun.push(name.clone());
        self.needed(name).iter().for_each(|needed| self.put(&needed.other.program, begun, order));
        order.push((name, program));
    }
}

/// What stands in a workload of a program, its environment included.
fn placeholders(program: &Program, workload: &Workload) -> impl Iterator<Item = Placeholder> {
    let ready =
        workload.service.iter().flat_map(|service| service.ready.tcp.iter().chain(&service.ready.http));
    let env = program.env.values().chain(workload.env.values());
    let texts = workload.words().into_iter().chain(env.chain(ready).map(String::as_str));
    template::placeholders(texts).unwrap_or_default().into_iter()
}

/// What stands in the table of what builds: under a build's name it is that build's alone.
fn in_builds(key: &str, value: &toml::Value, by: Option<Stage>, add: &mut impl FnMut(Option<Stage>, Other)) {
    let by = key.parse().ok().filter(|stage: &Stage| is_build((*stage).into())).or(by);
    match value {
        toml::Value::String(text) => Other::all_in(text).for_each(|other| add(by, other)),
        toml::Value::Array(values) => values.iter().for_each(|value| in_builds("", value, by, add)),
        toml::Value::Table(table) => table.iter().for_each(|(key, value)| in_builds(key, value, by, add)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_baseline_what_another_one_ships_is_its_baseline() {
        let with = |written: &[(Option<Stage>, &str)]| -> Vec<String> {
            let need =
                |(by, text): &(Option<Stage>, &str)| Needed { by: *by, other: Other::named(text).unwrap() };
            let written: Vec<Needed> = written.iter().map(need).collect();
            let line = |one: &Needed| format!("{} {}", one.by.map_or("builds", Stage::name), one.other);
            Needed::with_baselines(&written).iter().map(line).collect()
        };
        let (baseline, train) = (Some(Stage::Baseline), Some(Stage::Train));
        let builds = ["baseline program:q:baseline", "instrument program:q", "optimize program:q"];
        assert_eq!(with(&[(None, "program:q")]), builds);
        assert_eq!(with(&[(None, "program:q"), (baseline, "program:q")]), builds);
        assert_eq!(
            with(&[(train, "program:q"), (None, "profile:q")]),
            ["train program:q", "builds profile:q"]
        );
        // One need of a step is enough.
        assert_eq!(
            with(&[(None, "program:q:baseline"), (baseline, "program:q"), (train, "program:q:baseline")]),
            ["builds program:q:baseline", "train program:q:baseline"]
        );
    }
}
