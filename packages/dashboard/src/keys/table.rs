//! The table of keys. Whether one does something now is for the state to say.

use crate::pane::Pane;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Action {
    Quit,
    Interrupt,
    Suspend,
    Redraw,
    Start,
    Cancel,
    Rerun,
    From,
    Only,
    SkipBench,
    Program,
    Report,
    Manifest,
    Accept,
    Refuse,
    Details,
    Command,
    Messages,
    Help,
    Show(Pane),
    Next,
    Previous,
    Zoom,
    Up,
    Down,
    PageUp,
    PageDown,
    Top,
    Bottom,
    Search,
    NextMatch,
    PreviousMatch,
    Follow,
    Wrap,
    OneStage,
    Close,
    Yes,
    No,
}

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    /// Wherever nothing else is open.
    Anywhere,
    /// In one pane.
    In(Pane),
    /// Where help, a command or another text covers the panes.
    Text,
    /// Where an edit of Cargo.toml covers the panes, and can be accepted.
    Proposal,
    /// Where something is asked.
    Question,
    /// Always, whatever is open.
    Always,
}

/// An action with everything that is said about it.
pub(crate) struct Binding {
    pub(crate) action: Action,
    /// Its name in the configuration file.
    pub(crate) name: &'static str,
    pub(super) keys: &'static str,
    pub(crate) place: Where,
    /// The word for it in the footer; empty where it is not worth the room.
    pub(crate) word: &'static str,
    /// What it does.
    pub(crate) help: &'static str,
    /// The flag that does the same, if it is something that a run does.
    pub(crate) flag: &'static str,
}

const fn bind(
    action: Action,
    name: &'static str,
    keys: &'static str,
    place: Where,
    (word, help): (&'static str, &'static str),
) -> Binding {
    Binding { action, name, keys, place, word, help, flag: "" }
}

impl Binding {
    const fn flag(mut self, flag: &'static str) -> Self {
        self.flag = flag;
        self
    }
}

use Action as A;
use Where::{Always, Anywhere, In, Proposal, Question, Text};

/// Every key, in the order of the footer.
pub(crate) const BINDINGS: &[Binding] = &[
    bind(A::Yes, "yes", "y enter", Question, ("yes", "do it")),
    bind(A::No, "no", "n esc", Question, ("no", "leave it")),
    bind(A::Accept, "accept", "y", Proposal, ("change Cargo.toml", "change Cargo.toml as shown"))
        .flag("manifest --yes"),
    bind(A::Refuse, "refuse", "n esc q", Proposal, ("leave it", "leave Cargo.toml as it is")),
    bind(A::Close, "close", "esc q enter", Text, ("close", "back to the panes")),
    bind(A::Cancel, "cancel", "x", Anywhere, ("cancel", "cancel the run; asks first")).flag("Ctrl-C"),
    bind(
        A::Rerun,
        "rerun",
        "r",
        Anywhere,
        ("rerun failed", "run again from the stage that failed or was cancelled"),
    )
    .flag("--from STAGE"),
    bind(A::Start, "start", "s", Anywhere, ("start", "run what the command line asked for")),
    bind(
        A::From,
        "from",
        "a",
        Anywhere,
        ("from here", "run the selected stage again, and everything after it"),
    )
    .flag("--from STAGE --force"),
    bind(A::Only, "only", "o", Anywhere, ("only", "run the selected stage alone"))
        .flag("--only STAGE --force"),
    bind(A::Program, "program", "p", Anywhere, ("program", "go to the next program")).flag("-P NAME"),
    bind(A::Search, "search", "/", In(Pane::Log), ("search", "search")),
    bind(A::Search, "search", "/", In(Pane::Hot), ("search", "show functions with a text in their name")),
    bind(A::NextMatch, "next-match", "n", In(Pane::Log), ("next", "next line with the text")),
    bind(A::PreviousMatch, "previous-match", "N", In(Pane::Log), ("previous", "line before with the text")),
    bind(
        A::Follow,
        "follow",
        "f space",
        In(Pane::Log),
        ("follow/pause", "follow the output, or hold it still"),
    ),
    bind(A::Wrap, "wrap", "w", In(Pane::Log), ("wrap", "wrap long lines")),
    bind(
        A::OneStage,
        "one-stage",
        "t",
        In(Pane::Log),
        ("one stage", "show the selected stage alone, or all"),
    ),
    bind(A::Report, "report", "v", Anywhere, ("report", "open the report, or show the summary")),
    bind(
        A::SkipBench,
        "skip-bench",
        "b",
        Anywhere,
        ("no bench", "whether runs that are started here end before bench"),
    )
    .flag("--to optimize"),
    bind(A::Details, "details", "enter", Anywhere, ("details", "everything about the selected stage")),
    bind(A::Command, "command", "c", Anywhere, ("command", "the selected stage's commands, to be copied"))
        .flag("plan --explain"),
    bind(
        A::Manifest,
        "manifest",
        "e",
        Anywhere,
        ("manifest", "the Cargo profiles, what PGO wants of them, and an edit of Cargo.toml"),
    )
    .flag("manifest"),
    bind(A::Messages, "messages", "m", Anywhere, ("messages", "warnings and errors, in full")),
    bind(A::Zoom, "zoom", "z", Anywhere, ("zoom", "one pane alone, or all")),
    bind(A::Next, "next-pane", "tab", Anywhere, ("next pane", "next pane")),
    bind(A::Previous, "previous-pane", "backtab", Anywhere, ("", "pane before")),
    bind(A::Show(Pane::Stages), "stages", "1", Anywhere, ("", "pane Stages")),
    bind(A::Show(Pane::Profile), "profile", "2", Anywhere, ("", "pane Profile")),
    bind(A::Show(Pane::Deltas), "deltas", "3", Anywhere, ("", "pane Deltas")),
    bind(A::Show(Pane::Hot), "hot", "4", Anywhere, ("", "pane Hot functions")),
    bind(A::Show(Pane::Log), "log", "5", Anywhere, ("", "pane Log")),
    bind(A::Show(Pane::History), "history", "6", Anywhere, ("", "pane History")),
    bind(A::Up, "up", "up k", Always, ("", "up; in Stages, the stage before")),
    bind(A::Down, "down", "down j", Always, ("", "down; in Stages, the next stage")),
    bind(A::PageUp, "page-up", "pageup", Always, ("", "a page up")),
    bind(A::PageDown, "page-down", "pagedown", Always, ("", "a page down")),
    bind(A::Top, "top", "home g", Always, ("", "to the top")),
    bind(A::Bottom, "bottom", "end G", Always, ("", "to the bottom; in Log, follow again")),
    bind(A::Close, "clear", "esc", Anywhere, ("", "end the search")),
    bind(A::Help, "help", "?", Anywhere, ("help", "all keys")),
    bind(A::Redraw, "redraw", "ctrl-l", Always, ("", "draw everything again")),
    bind(A::Suspend, "suspend", "ctrl-z", Always, ("", "stop the run and its children; fg goes on")),
    bind(
        A::Interrupt,
        "interrupt",
        "ctrl-c",
        Always,
        ("", "while work runs as cancel, then yes, then kill; else quit"),
    ),
    bind(A::Quit, "quit", "q", Anywhere, ("quit", "quit; asks first while work runs")),
];
