//! What works on a program that is built already: instruments it after the link, and rewrites it.

use std::{fmt::Debug, path::Path};

use honing_core::{Fingerprint, Result, config::Program};

use crate::{
    builders::{Flavour, Made},
    chain::{
        ready::Ready,
        session::Session,
        subject::{Input, Subject},
    },
    children::{Command, Usage},
    profiles::ProfileKind,
};

/// A pass over a program that is built already.
pub trait Pass: Debug + Send + Sync {
    /// Its name, for steps and folders: a word in small letters that is no stage's.
    fn name(&self) -> &'static str;

    /// Whether a program is to go through it.
    fn is_for(&self, program: &Program) -> bool;

    /// What it is trained for.
    fn kind(&self) -> &'static dyn ProfileKind;

    /// What a probe depends on.
    fn probe_fingerprint(&self, session: &Session, subject: &Subject<'_>) -> Result<Fingerprint>;

    /// Sees that the tools that are there work.
    fn probe(&self, session: &Session, subject: &Subject<'_>, dir: &Path) -> Result<(Ready, Usage)>;

    /// What a flavour is made of, beside the program that is worked on.
    fn fingerprint(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
    ) -> Result<Fingerprint>;

    /// The command that makes it, for display.
    fn command(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
        input: &Path,
    ) -> Result<Command>;

    /// Makes a flavour of `input`: to be trained, or with a profile. What was made stays where it is until
    /// the next call.
    fn build(
        &self,
        session: &Session,
        subject: &Subject<'_>,
        flavour: Flavour<'_>,
        input: &Input,
    ) -> Result<Made>;
}
