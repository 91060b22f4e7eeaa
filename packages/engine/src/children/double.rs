//! Children that are played instead of started: what runs them can be tried in no time.

use std::fmt::Debug;

use crate::children::{
    command::Command,
    ended::{Status, Usage},
};

/// Plays children.
pub trait Double: Debug + Send + Sync {
    /// What becomes of a command, which may write files meanwhile.
    fn play(&self, command: &Command) -> Played;
}

/// What a child that was played did.
#[derive(Debug, Clone)]
pub struct Played {
    /// Whether it is a service, which runs until it gets a signal.
    pub stays: bool,
    /// How it ended.
    pub status: Status,
    /// What it used.
    pub usage: Usage,
    /// What it printed on standard output.
    pub stdout: String,
    /// What it printed on standard error.
    pub stderr: String,
}
