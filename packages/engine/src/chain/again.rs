//! What made a step begin again from an earlier one: stored, so that the next run starts there at once.

use honing_core::{Error, Result, Stage, Step};
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
        let text =
            serde_json::to_vec_pretty(&all).map_err(|error| Error::internal(format!("{FILE}: {error}")))?;
        files::write_atomically(&self.store.root().join(subject.name).join(FILE), &text)
    }

    fn agains(&self, subject: &Subject<'_>) -> Vec<Again> {
        let text = std::fs::read(self.store.root().join(subject.name).join(FILE));
        text.ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }
}
