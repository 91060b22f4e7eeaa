//! Which profiles a workload's program wrote itself.

use std::path::Path;

use honing_core::{Result, config::Workload};

use crate::{
    chain::{
        built::{Built, trained_flavour},
        session::Session,
        subject::Subject,
    },
    profiles::Sorter,
};

/// The program that is trained, as far as its profiles have to be told from others'.
#[derive(Debug)]
pub(crate) struct Sorting<'a> {
    pub(crate) session: &'a Session,
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) trainee: &'a Built,
}

impl Sorting<'_> {
    /// What tells them apart; `None` for a workload whose profiles all count. Tests and benchmarks are programs
    /// of their own, and are meant to be; so is what a library is trained through.
    pub(crate) fn of(&self, workload: &Workload) -> Result<Option<Box<dyn Sorter>>> {
        let own =
            (workload.command.is_some() || workload.service.is_some()) && workload.runs_through().is_none();
        own.then(|| self.sorter()).transpose()
    }

    /// Tells what the program leaves from what others do.
    pub(crate) fn sorter(&self) -> Result<Box<dyn Sorter>> {
        let Self { session, subject, trainee } = self;
        let libraries = match subject.pass() {
            None => subject.builder().folders(session, subject, trained_flavour(subject))?.libraries,
            Some(_) => trainee.path().parent().map(Path::to_owned).into_iter().collect(),
        };
        Ok(subject.kind().sorter(trainee.path(), libraries))
    }
}
