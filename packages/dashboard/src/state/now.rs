//! What can be done now, and which key does it.

use honing_core::{Step, event::StageState};

use super::{
    State, Text,
    ask::Mode,
    manifest::Manifest,
    program::{Row, Standing},
};
use crate::{
    keys::{Action, Binding, Key, Where},
    screen::{is_drawn, is_wide},
};

impl State {
    /// The action of a key, where something is done by it now.
    pub(crate) fn action(&self, key: Key) -> Option<Action> {
        self.bindings().find(|(_, keys)| keys.contains(&key)).map(|(binding, _)| binding.action)
    }

    /// What can be done now, with its keys.
    pub(crate) fn bindings(&self) -> impl Iterator<Item = (&'static Binding, &[Key])> {
        self.setup.keymap.all().filter(|(binding, _)| self.is_at(binding.place) && self.can(binding.action))
    }

    fn is_at(&self, place: Where) -> bool {
        match place {
            Where::Always => true,
            Where::Question => self.asks(),
            Where::Text => self.reads_text() && !self.proposes(),
            Where::Proposal => self.proposes(),
            Where::Anywhere => !self.asks() && !self.reads_text(),
            Where::In(pane) => !self.asks() && !self.reads_text() && self.is_focused(pane),
        }
    }

    fn can(&self, action: Action) -> bool {
        match action {
            Action::Start | Action::From | Action::Only | Action::SkipBench => self.can_start(),
            Action::Rerun => self.can_start() && self.unfinished().is_some(),
            Action::Cancel => self.can_cancel(),
            Action::Suspend => cfg!(unix),
            Action::Program => self.has_several(),
            Action::Report => self.has_result(),
            Action::Manifest => self.setup.mode != Mode::Replay && !self.setup.no_manifest,
            Action::Details | Action::Command => self.row().is_some(),
            Action::Messages => self.has_messages(),
            Action::Zoom => is_wide(self.size),
            Action::NextMatch | Action::PreviousMatch => !self.log.search.is_empty(),
            _ => true,
        }
    }

    pub(crate) fn asks(&self) -> bool {
        self.question.is_some()
    }

    fn reads_text(&self) -> bool {
        self.text.is_some() && !self.asks()
    }

    /// Whether an edit is shown, also by the terminal's size, and may be accepted.
    pub(crate) fn proposes(&self) -> bool {
        let shown = matches!(&self.manifest, Manifest::Read(read) if !read.diff.is_empty());
        shown && is_drawn(self.size) && !self.works() && self.reads_text() && self.shows_manifest()
    }

    pub(crate) fn shows_manifest(&self) -> bool {
        matches!(self.text, Some((Text::Manifest, _)))
    }

    pub(crate) fn can_cancel(&self) -> bool {
        self.works() && self.setup.mode != Mode::Replay
    }

    fn can_start(&self) -> bool {
        !self.works() && self.setup.mode != Mode::Replay
    }

    pub(crate) fn has_several(&self) -> bool {
        self.programs.len() > 1
    }

    /// Whether there is a report, or something to say in place of one.
    fn has_result(&self) -> bool {
        let summary = self.program().is_some_and(|program| program.summary.is_some());
        summary || self.has_report() || self.exit().is_some()
    }

    pub(crate) fn has_report(&self) -> bool {
        self.report.is_some()
    }

    pub(crate) fn has_messages(&self) -> bool {
        !self.messages.is_empty()
    }

    /// The first stage that failed or was cancelled, and its program.
    pub(crate) fn unfinished(&self) -> Option<(&str, Step)> {
        let ended =
            |row: &&Row| matches!(row.standing, Standing::Ended(StageState::Failed | StageState::Cancelled));
        self.programs
            .iter()
            .find_map(|program| program.rows.iter().find(ended).map(|row| (program.name.as_str(), row.stage)))
    }
}
