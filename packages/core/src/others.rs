//! What a step uses of another program: what `{program:NAME}` and the like stand for.

use std::fmt;

use crate::{
    stage::Stage,
    step::{Pass, Step},
};

/// Something that another program's steps made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Other {
    /// That program.
    pub program: String,
    /// What of it.
    pub part: Part,
}

/// What of a program is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What it ships, by its verdict and the policy.
    Shipped,
    /// The program that a step made.
    Made(Step),
    /// The merged profile of its build, or of a pass.
    Profile(Option<Pass>),
}

impl Part {
    /// The step that has to be done for it.
    pub fn step(self) -> Step {
        match self {
            Self::Shipped => Stage::Bench.into(),
            Self::Made(step) => step,
            Self::Profile(pass) => Step { pass, stage: Stage::Merge },
        }
    }

    /// What a step makes, where that is a program or a profile.
    pub fn of(step: Step) -> Option<Self> {
        match step.stage {
            Stage::Baseline | Stage::Instrument | Stage::Optimize => Some(Self::Made(step)),
            Stage::Merge => Some(Self::Profile(step.pass)),
            _ => None,
        }
    }
}

impl Other {
    /// What a placeholder names, without its braces: `program:NAME`, `program:NAME:STEP`, `profile:NAME` or
    /// `profile:NAME:PASS`.
    pub fn named(text: &str) -> Option<Self> {
        let (word, rest) = text.split_once(':')?;
        let (program, of) = rest.split_once(':').map_or((rest, None), |(name, of)| (name, Some(of)));
        let part = match (word, of) {
            ("program", None) => Part::Shipped,
            ("program", Some(step)) => match Part::of(step.parse().ok()?)? {
                made @ Part::Made(_) => made,
                _ => return None,
            },
            ("profile", None) => Part::Profile(None),
            ("profile", Some(pass)) if !pass.is_empty() => Part::Profile(Some(Pass::named(pass))),
            _ => return None,
        };
        (!program.is_empty()).then(|| Self { program: program.to_owned(), part })
    }

    /// What a text names between braces, whatever else is in it.
    pub fn all_in(text: &str) -> impl Iterator<Item = Self> + '_ {
        let inner = |part: &str| part.split_once('}').and_then(|(inner, _)| Self::named(inner));
        text.split('{').skip(1).filter_map(inner)
    }
}

/// As a placeholder has it, without its braces.
impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, part } = self;
        match part {
            Part::Shipped => write!(f, "program:{program}"),
            Part::Made(step) => write!(f, "program:{program}:{step}"),
            Part::Profile(None) => write!(f, "profile:{program}"),
            Part::Profile(Some(pass)) => write!(f, "profile:{program}:{}", pass.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for (text, step) in [
            ("program:q", "bench"),
            ("program:q:baseline", "baseline"),
            ("program:q:bolt.optimize", "bolt.optimize"),
            ("profile:q", "merge"),
            ("profile:q:bolt", "bolt.merge"),
        ] {
            let other = Other::named(text).unwrap();
            assert_eq!((other.to_string(), other.part.step().to_string()), (text.into(), step.into()));
        }
        for wrong in [
            "program",
            "program:",
            "program:q:",
            "program:q:merge",
            "program:q:train",
            "profile:q:",
            "tool:q",
        ] {
            assert_eq!(Other::named(wrong), None, "{wrong}");
        }
        let found: Vec<String> = Other::all_in("a{b {program:q} {{{profile:r:s}}} {program:t")
            .map(|one| one.to_string())
            .collect();
        assert_eq!(found, ["program:q", "profile:r:s"]);
    }
}
