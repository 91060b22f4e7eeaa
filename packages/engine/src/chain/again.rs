//! What made a step begin again from an earlier one: stored, so that the next run starts there at once.

use honing_core::{Result, Stage, Step};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{session::Session, subject::Subject},
    io::files,
};

/// In a program's folder.
const FILE: &str = "again.json";

/// From where, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Again {
    /// The step that begins again, in another way than before.
    pub(crate) from: Step,
    /// What was seen.
    pub(crate) because: String,
}

impl Session {
    /// Whether `stage` of a program once began again. Kept until `clean`.
    pub fn began_again(&self, subject: &Subject<'_>, stage: Stage) -> bool {
        let from = subject.step(stage);
        self.agains(subject).iter().any(|again| again.from == from)
    }

    /// Remembers it. A step begins again once, so that a chain comes to its end.
    pub(crate) fn begin_again(&self, subject: &Subject<'_>, again: Again) -> Result<()> {
        let mut all = self.agains(subject);
        all.retain(|one| one.from != again.from);
        all.push(again);
        files::write_json(&self.store.root().join(subject.name).join(FILE), &all)
    }

    fn agains(&self, subject: &Subject<'_>) -> Vec<Again> {
        files::read_json(&self.store.root().join(subject.name).join(FILE)).unwrap_or_default()
    }
}
