//! What the state hears, and what it asks the rim for.

use honing_core::{Planned, Result, event::Record, status::Status};

use crate::{
    keys::Key,
    past::Past,
    state::{Ask, CargoProfiles},
};

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Msg {
    /// In the run.
    Event(Box<Record>),
    /// A key was pressed.
    Key(Key),
    /// The terminal has another size: columns, lines.
    Resize(u16, u16),
    /// Time went on: milliseconds since the run began.
    Tick(u64),
    /// Past runs were read, the newest first.
    Past(Vec<Past>),
    /// The stored profiles were looked at.
    Status(Vec<Status>),
    /// What a run would do was found out.
    Planned(Vec<Planned>),
    /// The run left a report, a file.
    Report(String),
    /// The Cargo profiles were read, or cannot be.
    ManifestRead(Result<CargoProfiles>),
    /// The edit of Cargo.toml was written, or cannot be.
    ManifestWritten(Result<()>),
    /// Lines of output were left out, since nobody took them; the log on disk has them.
    LeftOut(u64),
    /// Something could not be looked at: what, and what to do.
    Trouble(String, Option<String>),
}

/// What the rim is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start a run.
    Start(Ask),
    /// Cancel the run; once more kills its children.
    Cancel,
    /// Leave.
    Quit,
    /// Stop this process and its children.
    Suspend,
    /// Draw everything again.
    Redraw,
    /// Tell a person who is elsewhere that the run has ended.
    Notify(String),
    /// Open the report that the run left, a file.
    Open(String),
    /// Read the Cargo profiles, and propose an edit of Cargo.toml.
    ReadManifest,
    /// Write the edit that was proposed last.
    WriteManifest,
}
