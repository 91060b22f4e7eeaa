//! What is given to the dashboard from outside, and what a person asks a run for.

use honing_core::{Stage, Step};

use crate::{keys::Keymap, screen::Screen};

/// What the dashboard was opened for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// A run begins at once.
    #[default]
    Run,
    /// Nothing is started.
    Look,
    /// Recorded events are shown.
    Replay,
}

/// How a person who is elsewhere is told that a run has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// Not at all.
    #[default]
    Off,
    /// The terminal's bell.
    Bell,
    /// A notification of the desktop, where the terminal knows OSC 9.
    Osc9,
}

/// How the dashboard is set up.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// What it was opened for.
    pub mode: Mode,
    /// Which key does what.
    pub keymap: Keymap,
    /// What the terminal can show.
    pub screen: Screen,
    /// How the end of a run is told.
    pub notify: Notify,
    /// Whether there is no Cargo.toml here, and so no Cargo profile to look at.
    pub no_manifest: bool,
}

/// A run that a person asks for. What it does not say is as on the command line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// The only program.
    pub program: Option<String>,
    /// The first step.
    pub from: Option<Step>,
    /// Whether it is the only one.
    pub only: bool,
    /// Whether stages run even where they are up to date.
    pub force: bool,
    /// Whether nothing is to be measured, nor recorded.
    pub skip_bench: bool,
}

impl Ask {
    /// Whether bench is left out: what begins there, or after it, is not.
    pub fn skips(&self) -> bool {
        let measures = |first: Step| first == Stage::Bench || first == Stage::Record;
        self.skip_bench && !self.only && !self.from.is_some_and(measures)
    }
}
