//! A Cargo profile under review: what cargo builds with, what PGO wants, and why.

use serde::Serialize;

use super::{Advice, Origin, Pins, Resolved, advise};

/// A Cargo profile that programs are built with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Review {
    /// Its name.
    pub profile: String,
    /// The programs.
    pub programs: Vec<String>,
    /// What it inherits from, the nearest first.
    pub inherits: Vec<String>,
    /// Every setting that PGO has a word about.
    pub settings: Vec<Advice>,
    /// Settings for single packages.
    pub packages: Vec<OfPackage>,
    /// Whether symbols keep their names when it changes.
    #[serde(skip)]
    pub symbols_pinned: bool,
}

/// A setting that a profile has for single packages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfPackage {
    /// The setting, dotted: `package.NAME.opt-level`.
    pub key: String,
    /// Its value.
    pub value: String,
    /// Where that comes from.
    pub origin: Origin,
}

/// A setting as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the columns, but for one")]
pub struct Row {
    pub setting: String,
    pub value: String,
    pub from: String,
    pub wants: String,
    pub why: String,
    /// Whether it is another value than the one that is wanted.
    pub differs: bool,
}

impl Review {
    /// Of the profile that `programs` are built with.
    pub fn new(programs: Vec<String>, resolved: &Resolved, pins: &Pins, symbols_pinned: bool) -> Self {
        let packages = resolved.settings.iter().filter(|(key, _)| key.starts_with("package."));
        let of_package = |(key, found): (&String, &super::Found)| OfPackage {
            key: key.clone(),
            value: found.value.clone(),
            origin: found.origin.clone(),
        };
        let mut chain = resolved.chain.iter().cloned();
        Self {
            profile: chain.next().unwrap_or_default(),
            programs,
            inherits: chain.collect(),
            settings: advise(resolved, pins, symbols_pinned),
            packages: packages.map(of_package).collect(),
            symbols_pinned,
        }
    }

    /// Which profile it is, and whose: a heading.
    pub fn title(&self) -> String {
        let of = match self.programs.as_slice() {
            [] => "no program yet".to_owned(),
            programs => programs.join(", "),
        };
        let inherits = match self.inherits.first() {
            Some(parent) => format!(", inherits from `{parent}`"),
            None => String::new(),
        };
        format!("Cargo profile `{}` ({of}){inherits}", self.profile)
    }

    /// Every setting, those of single packages last.
    pub fn rows(&self) -> Vec<Row> {
        let settings = self.settings.iter().map(|advice| Row {
            setting: advice.key.name().into(),
            value: advice.value.clone(),
            from: advice.origin.to_string(),
            wants: advice.wants.clone().unwrap_or_else(|| "-".into()),
            why: advice.why.clone(),
            differs: !advice.fulfilled(),
        });
        let packages = self.packages.iter().map(|of| Row {
            setting: of.key.clone(),
            value: of.value.clone(),
            from: of.origin.to_string(),
            wants: "-".into(),
            why: "left alone: of single packages".into(),
            differs: false,
        });
        settings.chain(packages).collect()
    }
}
