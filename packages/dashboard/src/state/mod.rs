//! The state of the dashboard: everything that is shown, and what can be done now. How it changes is the
//! room `update`'s.

mod ask;
mod log;
mod manifest;
mod now;
mod program;

use honing_core::{ExitCode, Step};

pub use ask::{Ask, Mode, Notify, Setup};
pub(crate) use log::{Kind, Line, Log};
pub use manifest::CargoProfiles;
pub(crate) use manifest::Manifest;
pub use program::Standing;
pub(crate) use program::{Program, Row};

use crate::{pane::Pane, past::Past};

/// How the run stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Run {
    /// None was started.
    #[default]
    None,
    /// One was asked for, and has not said anything yet.
    Starting,
    /// It works.
    Running,
    /// It was asked to end.
    Cancelling,
    /// It has ended.
    Ended { exit: ExitCode, error: Option<String>, hint: Option<String> },
}

/// A text that covers the panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Text {
    Help,
    Details,
    Command,
    Messages,
    Summary,
    Manifest,
}

/// What is asked of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Cancel,
    Quit,
}

/// How much attention a message wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is worth knowing.
    Note,
    /// A person should look at it.
    Warning,
    /// It ended the run.
    Error,
}

/// What is said to the person. It is no part of the log: that is what children print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) tone: Tone,
    pub(crate) text: String,
    pub(crate) hint: Option<String>,
}

/// Messages that are kept.
const MOST_MESSAGES: usize = 200;

/// Everything that is shown.
#[derive(Debug, Default)]
pub struct State {
    pub(crate) setup: Setup,
    pub(crate) size: (u16, u16),
    pub(crate) now_ms: u64,
    pub(crate) run: Run,
    pub(crate) run_name: String,
    pub(crate) programs: Vec<Program>,
    /// Past runs of all programs, the newest first.
    pub(crate) past: Vec<Past>,
    /// The chosen program, and the selected stage.
    pub(crate) current: usize,
    pub(crate) selected: Step,
    /// Whether the selection goes with the run.
    pub(crate) goes_along: bool,
    pub(crate) pane: Pane,
    /// What the lower part shows where several panes are seen at once.
    pub(crate) lower: Pane,
    pub(crate) zoomed: bool,
    /// The first line that each pane shows, in the order of [`Pane::ALL`].
    pub(crate) offsets: [usize; 6],
    pub(crate) log: Log,
    pub(crate) messages: Vec<Message>,
    /// How many of them are of earlier runs.
    pub(crate) said_before: usize,
    pub(crate) text: Option<(Text, usize)>,
    pub(crate) question: Option<Question>,
    /// What is being typed to look for.
    pub(crate) typed: Option<String>,
    /// Shown functions have this in their name.
    pub(crate) hot_search: String,
    pub(crate) skips_bench: bool,
    pub(crate) manifest: Manifest,
    pub(crate) report: Option<String>,
    pub(crate) quits: bool,
}

impl State {
    /// What is shown at first.
    pub fn new(setup: Setup) -> Self {
        let run = if setup.mode == Mode::Run { Run::Starting } else { Run::None };
        Self { setup, run, goes_along: true, lower: Pane::Log, ..Self::default() }
    }

    /// The program of that name, which may be new, and its place.
    pub(crate) fn program_mut(&mut self, name: &str) -> (usize, &mut Program) {
        let found = self.programs.iter().position(|program| program.name == name);
        let at = found.unwrap_or_else(|| {
            let mut new = Program::new(name);
            new.look_back(&self.past);
            self.programs.push(new);
            self.programs.len() - 1
        });
        (at, &mut self.programs[at])
    }

    /// The chosen program.
    pub(crate) fn program(&self) -> Option<&Program> {
        self.programs.get(self.current)
    }

    /// The selected stage.
    pub(crate) fn row(&self) -> Option<&Row> {
        self.program()?.row(self.selected)
    }

    /// How a stage of a program stands; `None` where the program is unknown.
    pub fn standing(&self, program: &str, step: impl Into<Step>) -> Option<Standing> {
        let program = self.programs.iter().find(|known| known.name == program)?;
        program.row(step.into()).map(|row| row.standing)
    }

    /// How the last run ended; `None` where none has.
    pub fn exit(&self) -> Option<ExitCode> {
        match self.run {
            Run::Ended { exit, .. } => Some(exit),
            _ => None,
        }
    }

    /// How the end of a run is told.
    pub fn notify(&self) -> Notify {
        self.setup.notify
    }

    /// Whether work goes on.
    pub fn works(&self) -> bool {
        matches!(self.run, Run::Starting | Run::Running | Run::Cancelling)
    }

    /// The run in a few words.
    pub(crate) fn headline(&self) -> String {
        match &self.run {
            Run::None if self.setup.mode == Mode::Replay => "replay".into(),
            Run::None => "nothing runs".into(),
            Run::Starting => "starting".into(),
            Run::Running => "running".into(),
            Run::Cancelling => "cancelling: children are asked to stop; again kills them".into(),
            Run::Ended { exit: ExitCode::Success, .. } => "finished".into(),
            Run::Ended { exit: ExitCode::Interrupted, .. } => "cancelled".into(),
            Run::Ended { exit, error: None, .. } => format!("finished, {}: {}", exit.code(), exit.meaning()),
            Run::Ended { exit, .. } => format!("failed, {}: {}", exit.code(), exit.meaning()),
        }
    }

    pub(crate) fn is_focused(&self, pane: Pane) -> bool {
        self.pane == pane
    }

    /// Says something to the person.
    pub(crate) fn say(&mut self, tone: Tone, text: String, hint: Option<String>) {
        if self.messages.len() == MOST_MESSAGES {
            self.messages.remove(0);
            self.said_before = self.said_before.saturating_sub(1);
        }
        self.messages.push(Message { tone, text, hint });
    }
}
