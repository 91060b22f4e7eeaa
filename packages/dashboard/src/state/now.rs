//! What can be done now: the conditions that the table of keys names.

use honing_core::{Step, event::StageState};

use super::{Mode, Row, Standing, State};
use crate::view;

impl State {
    pub(crate) fn asks(&self) -> bool {
        self.question.is_some()
    }

    pub(crate) fn reads_text(&self) -> bool {
        self.text.is_some() && !self.asks()
    }

    pub(crate) fn can_cancel(&self) -> bool {
        self.works() && self.setup.mode != Mode::Replay
    }

    pub(crate) fn can_start(&self) -> bool {
        !self.works() && self.setup.mode != Mode::Replay
    }

    pub(crate) fn can_rerun(&self) -> bool {
        self.can_start() && self.unfinished().is_some()
    }

    pub(crate) fn can_suspend(&self) -> bool {
        cfg!(unix)
    }

    pub(crate) fn can_zoom(&self) -> bool {
        view::is_wide(self.size)
    }

    pub(crate) fn has_several(&self) -> bool {
        self.programs.len() > 1
    }

    pub(crate) fn has_stages(&self) -> bool {
        self.row().is_some()
    }

    /// Whether there is a report, or something to say in place of one.
    pub(crate) fn has_result(&self) -> bool {
        let summary = self.program().is_some_and(|program| program.summary.is_some());
        summary || self.has_report() || self.exit().is_some()
    }

    pub(crate) fn has_report(&self) -> bool {
        self.report.is_some()
    }

    pub(crate) fn has_messages(&self) -> bool {
        !self.messages.is_empty()
    }

    pub(crate) fn searches(&self) -> bool {
        !self.log.search.is_empty()
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
