//! Which steps of other programs a program needs.

use crate::{
    error::{Error, Result},
    stage::Stage,
    step::Step,
};

use crate::config::program::Program;
use crate::config::sections::Config;

/// A step of another program, as `needs` names it: `clang.optimize`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed<'a> {
    /// The other program.
    pub program: &'a str,
    /// The step whose program is needed.
    pub step: Step,
}

impl<'a> Needed<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let Some((program, step)) = text.split_once('.') else {
            return Err(Error::usage(format!("`{text}` names no step"))
                .with_hint(format!("write \"{text}.optimize\" for what its last build made")));
        };
        let step: Step = step.parse()?;
        match step.stage {
            Stage::Baseline | Stage::Instrument | Stage::Optimize => Ok(Self { program, step }),
            _ => Err(Error::usage(format!("{step} makes no program"))
                .with_hint("programs are made by baseline, instrument and optimize")),
        }
    }
}

impl Program {
    /// Whether a step of another program is needed.
    pub fn needs(&self, other: &str) -> bool {
        self.needed().any(|needed| needed.program == other)
    }

    /// What its builds and its workloads need of other programs; validation has seen that it can be read.
    pub fn needed(&self) -> impl Iterator<Item = Needed<'_>> {
        self.needs.iter().filter_map(|text| Needed::parse(text).ok())
    }
}

impl Config {
    /// Checks what a program needs.
    pub(super) fn check_needs(&self, name: &str, program: &Program) -> Result<()> {
        for text in &program.needs {
            let needed = Needed::parse(text)?;
            let names: Vec<&str> = self.program.keys().map(String::as_str).collect();
            if !names.contains(&needed.program) {
                return Err(crate::unknown("program", needed.program, "pgo.toml", &names));
            }
            if program.needed().filter(|other| other.program == needed.program).count() > 1 {
                let text = format!("`{}` is needed twice", needed.program);
                return Err(Error::usage(text).with_hint("one step of a program is enough: keep one"));
            }
            if needed.program == name || self.leads_to(needed.program, name, &mut Vec::new()) {
                let text = format!("`{name}` and `{}` need each other", needed.program);
                return Err(Error::usage(text).with_hint("one of them has to be built first"));
            }
        }
        Ok(())
    }

    /// Whether a program needs another one, be it by way of others.
    fn leads_to<'a>(&'a self, from: &'a str, to: &str, seen: &mut Vec<&'a str>) -> bool {
        if seen.contains(&from) {
            return false;
        }
        seen.push(from);
        let Some(program) = self.program.get(from) else { return false };
        program.needed().any(|needed| needed.program == to || self.leads_to(needed.program, to, seen))
    }

    /// The programs, each after those that it needs, else as `pgo.toml` has them.
    pub fn in_order(&self) -> Vec<(&str, &Program)> {
        let mut order: Vec<(&str, &Program)> = Vec::new();
        for name in self.program.keys() {
            self.put(name, &mut order);
        }
        order
    }

    fn put<'a>(&'a self, name: &'a str, order: &mut Vec<(&'a str, &'a Program)>) {
        let Some(program) = self.program.get(name).filter(|_| !order.iter().any(|(done, _)| *done == name))
        else {
            return;
        };
        // Validated: this comes to an end.
        program.needed().for_each(|needed| self.put(needed.program, order));
        order.push((name, program));
    }
}
