//! The Cargo profiles, and the edit of Cargo.toml that is proposed: looked at, accepted or
//! refused.

use honing_cargo::cargo_profile::Review;
use honing_core::{Error, Result};

use super::{Effect, Mode, State, Text, Tone};
use crate::view;

/// What the Cargo profiles are, and an edit that makes them as PGO wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CargoProfiles {
    /// The profiles that programs are built with.
    pub reviews: Vec<Review>,
    /// The edit as a unified diff, line by line; nothing where there is nothing to change.
    pub diff: Vec<String>,
    /// What is to be done after it.
    pub next: Vec<String>,
}

/// How far a person is with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manifest {
    /// They were not asked for.
    Unread,
    /// They are being read.
    Reading,
    /// They are shown; where there is an edit, it can be accepted.
    Read(CargoProfiles),
    /// The edit is being written.
    Writing(CargoProfiles),
    /// The edit was written.
    Written(CargoProfiles),
    /// They cannot be read, or the edit cannot be written.
    Failed(Error),
}

impl State {
    /// Whether an edit is shown, also by the terminal's size, and may be accepted.
    pub(crate) fn proposes(&self) -> bool {
        let shown = matches!(&self.manifest, Manifest::Read(read) if !read.diff.is_empty());
        shown && view::is_drawn(self.size) && !self.works() && self.reads_text() && self.shows_manifest()
    }

    pub(crate) fn has_manifest(&self) -> bool {
        self.setup.mode != Mode::Replay
    }

    fn shows_manifest(&self) -> bool {
        matches!(self.text, Some((Text::Manifest, _)))
    }

    /// Shows them as they are now. What is under way already is waited for, so that what can
    /// be accepted is always what is shown.
    pub(super) fn look_at_manifest(&mut self) -> Option<Effect> {
        self.text = Some((Text::Manifest, 0));
        if matches!(self.manifest, Manifest::Reading | Manifest::Writing(_)) {
            return None;
        }
        self.manifest = Manifest::Reading;
        Some(Effect::ReadManifest)
    }

    pub(super) fn accept(&mut self) -> Option<Effect> {
        match std::mem::replace(&mut self.manifest, Manifest::Unread) {
            Manifest::Read(read) => {
                self.manifest = Manifest::Writing(read);
                Some(Effect::WriteManifest)
            }
            other => {
                self.manifest = other;
                None
            }
        }
    }

    pub(super) fn refuse(&mut self) {
        self.text = None;
        self.say(Tone::Note, "Cargo.toml was left as it is".into(), None);
    }

    pub(super) fn manifest_read(&mut self, read: Result<CargoProfiles>) {
        if self.manifest == Manifest::Reading {
            self.manifest = read.map_or_else(Manifest::Failed, Manifest::Read);
            self.show_from_the_top();
        }
    }

    pub(super) fn manifest_written(&mut self, written: Result<()>) {
        let Manifest::Writing(proposed) = &self.manifest else { return };
        match written {
            Ok(()) => {
                self.manifest = Manifest::Written(proposed.clone());
                self.say(Tone::Note, "Cargo.toml was changed; the next run builds with it".into(), None);
            }
            Err(error) => {
                if !self.shows_manifest() {
                    self.say(Tone::Warning, error.to_string(), error.hint().map(str::to_owned));
                }
                self.manifest = Manifest::Failed(error);
            }
        }
        self.show_from_the_top();
    }

    fn show_from_the_top(&mut self) {
        if let Some((Text::Manifest, offset)) = &mut self.text {
            *offset = 0;
        }
    }
}
