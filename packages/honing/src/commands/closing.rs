//! What a run in the dashboard leaves on the terminal once it is closed: how its stages
//! ended, what was warned of, and the summary, as the plain reporter writes them.

use std::io::Write;

use honing_core::{
    Error,
    event::{Event, Record, Summary},
};
use honing_report::Plain;

use crate::console;

#[derive(Default)]
pub(super) struct Closing {
    plain: Plain,
    text: Vec<u8>,
    summaries: Vec<Summary>,
    error: Option<Error>,
    /// Edits of Cargo.toml: these are of no run.
    edits: Vec<String>,
}

impl Closing {
    /// Takes an event; a run that begins takes the place of the one before.
    pub(super) fn record(&mut self, record: &Record) {
        let mut record = std::borrow::Cow::Borrowed(record);
        match &record.event {
            Event::RunStarted { .. } => {
                *self = Self { edits: std::mem::take(&mut self.edits), ..Self::default() }
            }
            Event::Progress { .. } | Event::Heartbeat { .. } => return,
            Event::ProgramFinished { summary } => self.summaries.push((**summary).clone()),
            Event::RunFinished { exit, error: Some(error), hint, .. } => {
                self.error = Some(Error::new(*exit, error).with_any_hint(hint.as_deref()));
            }
            // That a stage ran is told when it ended.
            Event::StageStarted { .. } => {
                if let Event::StageStarted { reasons, .. } = &mut record.to_mut().event {
                    reasons.clear();
                }
            }
            _ => {}
        }
        let _ = self.plain.event(&record, &mut self.text);
    }

    /// Takes a line about an edit of Cargo.toml.
    pub(super) fn edit(&mut self, line: String) {
        self.edits.push(line);
    }

    /// Writes all of it.
    pub(super) fn print(&self) {
        self.edits.iter().for_each(|edit| console::line(&format!("     {edit}")));
        let _ = console::err().write_all(&self.text);
        for summary in &self.summaries {
            let _ = honing_report::summary(summary, false, console::width(), &mut console::out());
        }
        if let Some(error) = &self.error {
            let _ = honing_report::error(error, &mut console::err());
        }
    }
}
