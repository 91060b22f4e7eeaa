//! The Cargo profiles, and the edit of Cargo.toml that is proposed: looked at, accepted or
//! refused.

use honing_core::Result;

use super::msg::Effect;
use crate::state::{CargoProfiles, Manifest, State, Text, Tone};

impl State {
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
