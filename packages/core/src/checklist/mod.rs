//! The checklist before a release: what is known about a program, as items that hold or do not, and
//! what would mend them. The engine gathers the [`Facts`], report renders the [`Checklist`].

mod facts;
mod item;
mod measured;
mod mend;
mod release;
mod stored;

use serde::Serialize;

use crate::{
    config::{Policy, Program},
    error::{Error, ExitCode},
};

pub use facts::{Again, Attempt, Built, Facts, Repository};
pub use item::{Item, Key, State};
pub use mend::{Mend, mend};

/// Version of the checklist's JSON.
pub const SCHEMA: u32 = 1;

/// Every item of every program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checklist {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Version of Honing.
    pub version: String,
    /// When it was made, in UTC.
    pub date: String,
    /// The commit that is checked out; `None` without git or a commit.
    pub commit: Option<String>,
    /// Whether every item holds.
    pub ready: bool,
    /// How the process ends: as the first item says that does not hold.
    pub exit: ExitCode,
    /// The number of it.
    pub code: u8,
    /// The programs, in the order of `pgo.toml`.
    pub programs: Vec<Checked>,
}

/// The items of a program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The program.
    pub program: String,
    /// The version of its package.
    pub version: String,
    /// The target triple.
    pub target: String,
    /// Every item, in an order that is always the same.
    pub items: Vec<Item>,
}

impl Checklist {
    /// Of the programs' items.
    pub fn new(version: String, date: String, commit: Option<String>, programs: Vec<Checked>) -> Self {
        let mut items = programs.iter().flat_map(|program| &program.items);
        let exit = items.find_map(|item| item.exit).unwrap_or(ExitCode::Success);
        let (schema, ready, code) = (SCHEMA, exit == ExitCode::Success, exit.code());
        Self { schema, version, date, commit, ready, exit, code, programs }
    }

    /// What does not hold, as an error: for whoever does not see the list.
    pub fn failure(&self) -> Option<Error> {
        let items = || self.programs.iter().flat_map(|program| &program.items);
        let open: Vec<&Item> = items().filter(|item| item.exit.is_some()).collect();
        let (first, others) = open.split_first()?;
        // One may be the reason for those after it.
        let others: String = others.iter().map(|item| format!(", {}", item.title)).collect();
        let (count, of) = (open.len(), items().count());
        let verb = if count == 1 { "does" } else { "do" };
        let text = format!(
            "checklist: {count} of {of} items {verb} not hold: {} ({}){others}",
            first.title, first.value
        );
        Some(Error::new(self.exit, text).with_any_hint(first.next.as_deref()))
    }
}

/// What the facts come to: every item, whatever is unknown.
pub fn items(facts: &Facts, policy: &Policy, program: &Program) -> Vec<Item> {
    Key::ALL
        .into_iter()
        .map(|key| {
            let finding = match key {
                Key::Profile => stored::profile(facts),
                Key::Toolchain => stored::toolchain(facts, policy),
                Key::Age => stored::age(facts, policy),
                Key::Match => release::matched(facts, policy),
                Key::Verdict => measured::verdict(facts, policy, program),
                Key::Regressions => measured::regressions(facts, policy, program),
                Key::Committed => release::committed(facts),
                Key::Clean => release::clean(facts),
                Key::Reproducible => release::reproducible(facts),
                Key::Sizes => release::sizes(facts, policy),
                Key::Cost => measured::cost(facts),
            };
            Item::new(key, facts, finding)
        })
        .collect()
}

#[cfg(test)]
mod tests;
