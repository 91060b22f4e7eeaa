//! The name of a step: a stage of a program's build, or of a pass after it.

use std::{collections::BTreeSet, fmt, str::FromStr, sync::Mutex};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::{
    error::{Error, Result},
    stage::Stage,
};

/// A pass over a program that is built already, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pass(&'static str);

impl Pass {
    /// The pass that is called so.
    pub fn named(name: &str) -> Self {
        // There are as many as pgo.toml and old files name: a handful. Copies of a step are everywhere.
        static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
        let mut names = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = names.get(name) {
            return Self(known);
        }
        let name: &'static str = Box::leak(name.into());
        names.insert(name);
        Self(name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// A step of a program: `optimize`, or `bolt.optimize` of the pass `bolt`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step {
    /// The pass that it belongs to; none for the build itself, and for what is about all of them.
    pub pass: Option<Pass>,
    /// What it does.
    pub stage: Stage,
}

impl From<Stage> for Step {
    fn from(stage: Stage) -> Self {
        Self { pass: None, stage }
    }
}

impl PartialEq<Stage> for Step {
    fn eq(&self, stage: &Stage) -> bool {
        *self == Self::from(*stage)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pass {
            None => self.stage.fmt(f),
            Some(pass) => f.pad(&format!("{}.{}", pass.name(), self.stage.name())),
        }
    }
}

impl FromStr for Step {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.rsplit_once('.') {
            None => Ok(text.parse::<Stage>()?.into()),
            Some((pass, stage)) => Ok(Self { pass: Some(Pass::named(pass)), stage: stage.parse()? }),
        }
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|error: Error| D::Error::custom(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let plain = Step::from(Stage::Train);
        let of_pass = Step { pass: Some(Pass::named("bolt")), stage: Stage::Train };
        for (step, text) in [(plain, "train"), (of_pass, "bolt.train")] {
            assert_eq!((step.to_string(), text.parse::<Step>().unwrap()), (text.to_owned(), step));
            let json = serde_json::to_string(&step).unwrap();
            assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
        }
        assert!(plain == Stage::Train && of_pass != Stage::Train);
        assert_eq!(format!("{of_pass:12}|"), "bolt.train  |");
        assert_eq!("bolt.trian".parse::<Step>().unwrap_err().hint(), Some("did you mean `train`?"));
    }
}
