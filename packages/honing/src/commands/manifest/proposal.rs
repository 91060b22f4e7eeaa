//! The edit of Cargo.toml that is proposed: one, for the command and for the dashboard.

use honing_cargo::{
    cargo_profile::{Key, Review},
    tables,
};
use honing_core::{Error, Result};
use honing_engine::{RootManifest, Session, cargo_profile};
use honing_manifest::Edit;

/// The file, as a person in the workspace calls it.
pub(crate) const FILE: &str = "Cargo.toml";

/// The Cargo profiles of programs, and an edit that makes them as PGO wants.
pub(crate) struct Proposal {
    manifest: RootManifest,
    pub(crate) reviews: Vec<Review>,
    pub(crate) edit: Edit,
}

impl Proposal {
    /// Every Cargo profile that a chosen program is built with; the edit changes nothing yet.
    pub(super) fn look(session: &Session) -> Result<Self> {
        let manifest = RootManifest::read(session)?;
        let mut profiles: Vec<&str> = Vec::new();
        for subject in session.subjects()? {
            let program = subject.program.own.get::<tables::Program>();
            if let Some(program) = program.filter(|program| !profiles.contains(&program.profile.as_str())) {
                profiles.push(&program.profile);
            }
        }
        let reviews =
            profiles.iter().map(|name| review(session, &manifest.text, name)).collect::<Result<_>>()?;
        let edit = Edit::new(manifest.text.as_str()).map_err(refused)?;
        Ok(Self { manifest, reviews, edit })
    }

    /// The same with the edit.
    pub(crate) fn make(session: &Session) -> Result<Self> {
        let mut made = Self::look(session)?;
        for review in &made.reviews {
            propose(session, review, &mut made.edit)?;
        }
        Ok(made)
    }

    /// A profile called `name` that has what PGO wants and inherits the rest from `parent`.
    pub(super) fn new_profile(session: &Session, name: &str, parent: &str) -> Result<Self> {
        let manifest = RootManifest::read(session)?;
        cargo_profile(session, &manifest.text, parent)?;
        let mut edit = Edit::new(manifest.text.as_str()).map_err(refused)?;
        edit.add_profile(name, parent, "a profile of its own").map_err(refused)?;
        let review = review(session, edit.new_text(), name)?;
        propose(session, &review, &mut edit)?;
        Ok(Self { manifest, reviews: vec![review], edit })
    }

    /// Whether there is nothing to change.
    pub(crate) fn is_empty(&self) -> bool {
        self.edit.changes().is_empty()
    }

    /// Writes it, if Cargo.toml is still as it was read.
    pub(crate) fn apply(&self) -> Result<()> {
        self.manifest.replace(self.edit.new_text())
    }

    /// What to say after that: the stored profiles that are of another build then.
    pub(crate) fn outdated(&self, session: &Session) -> Vec<String> {
        let outdated = self.reviews.iter().filter(|review| outdates(review, &self.edit));
        let folders = outdated
            .flat_map(|review| &review.programs)
            .map(|program| session.config_path.with_file_name("profiles").join(program));
        let stored = folders.filter(|folder| session.root.join(folder).is_dir());
        stored
            .map(|folder| format!("train again: {} has the profile of another build", folder.display()))
            .collect()
    }
}

fn review(session: &Session, manifest: &str, name: &str) -> Result<Review> {
    let resolved = cargo_profile(session, manifest, name)?;
    let pins = tables::pins(&session.config, name, &session.config_text, &session.config_path);
    let users = || tables::programs(&session.config).filter(|(_, program)| program.profile == name);
    let symbols_pinned = users().all(|(_, program)| program.pin_symbols);
    let programs = users().map(|(name, _)| name.to_owned()).collect();
    Ok(Review::new(programs, &resolved, &pins, symbols_pinned))
}

/// Puts what should change into `edit`, and makes sure that cargo would then build as wanted.
fn propose(session: &Session, reviewed: &Review, edit: &mut Edit) -> Result<()> {
    let profile = &reviewed.profile;
    for advice in &reviewed.settings {
        if let Some(value) = &advice.propose {
            let value = advice.key.to_toml(value);
            edit.set(profile, advice.key.name(), value, &advice.why).map_err(refused)?;
        }
    }
    let after = review(session, edit.new_text(), profile)?;
    match after.settings.iter().find(|advice| advice.propose.is_some()) {
        Some(left) => {
            let key = left.key.name();
            Err(Error::internal(format!("{FILE}: [profile.{profile}] {key} would stay {}", left.value)))
        }
        None => Ok(()),
    }
}

/// Whether a stored profile applies to what is built then. With pinned symbols a few settings do
/// not matter to it (docs/durability.md).
fn outdates(review: &Review, edit: &Edit) -> bool {
    let harmless = [Key::Lto, Key::Debug, Key::Strip].map(Key::name);
    let changed = edit.changes().iter().filter(|change| change.profile == review.profile);
    changed.into_iter().any(|change| !review.symbols_pinned || !harmless.contains(&change.key.as_str()))
}

fn refused(error: honing_manifest::Error) -> Error {
    use honing_manifest::Error as Manifest;
    let hint = match &error {
        Manifest::Unexpected(_) | Manifest::Changed => {
            return Error::internal(format!("{FILE}: {error}"))
                .with_hint("nothing was written; edit it by hand, and report what the file looks like");
        }
        Manifest::NotToml { .. } | Manifest::Shape { .. } => {
            "mend it first; `cargo metadata --no-deps` has cargo's view".into()
        }
        Manifest::Exists { .. } => {
            honing_core::advise!(
                "choose another name, or name it as `profile` in pgo.toml: then `{pgo} manifest` proposes what it lacks"
            )
        }
        Manifest::Name { .. } => honing_core::advise!("for example: {pgo} manifest new release-pgo"),
    };
    Error::usage(format!("{FILE}: {error}")).with_hint(hint)
}
