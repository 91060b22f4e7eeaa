//! The Cargo profiles for the dashboard: what the command `manifest` shows, proposes and writes.

use std::sync::{Arc, Mutex};

use honing_core::{Error, Result};
use honing_dashboard::{CargoProfiles, Inbox, Msg};
use honing_engine::{Options, Session, Sink, children::Cancel};

use super::manifest::{FILE, Proposal};
use crate::console;

/// Makes proposals, and keeps the last one until it is accepted.
pub(super) struct Editing {
    options: Options,
    inbox: Inbox,
    last: Arc<Mutex<Option<Proposal>>>,
}

impl Editing {
    pub(super) fn new(options: Options, inbox: Inbox) -> Self {
        Self { options, inbox, last: Arc::default() }
    }

    /// Reads in a thread of its own: cargo takes a moment.
    pub(super) fn read(&self) {
        let (options, inbox, last) = (self.options.clone(), self.inbox.clone(), Arc::clone(&self.last));
        std::thread::spawn(move || {
            let made = honing_engine::open(options, Sink::new(Vec::new()), Cancel::default())
                .and_then(|session| shown(&session, Proposal::make(&session)?));
            let read = made.map(|(proposal, shown)| {
                if let Ok(mut last) = last.lock() {
                    *last = Some(proposal);
                }
                shown
            });
            inbox.send(Msg::ManifestRead(read));
        });
    }

    /// Writes the last proposal, and says in a line what that was. Not in a thread: nobody may
    /// leave before it is whole.
    pub(super) fn write(&self) -> Option<String> {
        let proposal = self.last.lock().ok().and_then(|mut last| last.take())?;
        let written = proposal.apply();
        let said = written.is_ok().then(|| line(&proposal));
        self.inbox.send(Msg::ManifestWritten(written));
        said
    }
}

fn shown(session: &Session, proposal: Proposal) -> Result<(Proposal, CargoProfiles)> {
    let edit = &proposal.edit;
    let mut text = anstream::StripStream::new(Vec::new());
    honing_report::diff(FILE, edit.old_text(), edit.new_text(), &mut text).map_err(console::broken)?;
    let text = String::from_utf8(text.into_inner()).map_err(|error| Error::internal(error.to_string()))?;
    let shown = CargoProfiles {
        reviews: proposal.reviews.clone(),
        diff: text.lines().map(str::to_owned).collect(),
        next: proposal.outdated(session),
    };
    Ok((proposal, shown))
}

/// `Changed Cargo.toml: [profile.release] lto = "fat", codegen-units = 1`.
fn line(proposal: &Proposal) -> String {
    let mut words = Vec::new();
    let mut profile = "";
    for change in proposal.edit.changes() {
        let of =
            if change.profile == profile { String::new() } else { format!("[profile.{}] ", change.profile) };
        profile = &change.profile;
        words.push(format!("{of}{} = {}", change.key, change.after));
    }
    format!("Changed {FILE}: {}", words.join(", "))
}
