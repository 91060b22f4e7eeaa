//! What the checklist is made of.

use crate::{
    applied::Applied,
    error::Error,
    fingerprint::Digest,
    recorded::{Manifest, WorkloadEntry},
    release::Beside,
    status::Status,
};

/// What is known about a program.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Now, in UTC.
    pub now: String,
    /// The version of its package.
    pub version: String,
    /// What is another one in the toolchain of today than in that which the profile was recorded with.
    pub toolchain: Vec<String>,
    /// The eval workloads of today.
    pub evals: Vec<WorkloadEntry>,
    /// How the stored profile stands, without compiling.
    pub status: Status,
    /// The release build of what is checked out.
    pub build: Attempt<Built>,
    /// The same in another folder.
    pub again: Attempt<Again>,
    /// What git says, or why it has no answer.
    pub repository: Result<Repository, Error>,
}

/// Something that takes work to find out.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempt<T> {
    /// It was done.
    Made(T),
    /// It failed.
    Failed(Error),
    /// It was not tried, and why.
    Spared(String),
}

/// A release build.
#[derive(Debug, Clone, PartialEq)]
pub struct Built {
    /// Where the binary is.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its digest.
    pub digest: Digest,
    /// How much of the stored profile it applied; `None` where the verdict says that it ships without.
    pub applied: Option<Applied>,
    /// When it was built, in UTC.
    pub when: String,
}

/// The second build, from nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Again {
    /// Where the binary is, where it is another one.
    pub path: String,
    /// The binary's size in bytes.
    pub bytes: u64,
    /// Its digest.
    pub digest: Digest,
    /// Milliseconds of wall time.
    pub elapsed_ms: u64,
    /// Milliseconds of CPU time.
    pub cpu_ms: u64,
}

/// What git says of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The commit that is checked out.
    pub commit: String,
    /// The profile's files that git does not know.
    pub untracked: Vec<String>,
    /// Changes to the profile's files, as `git status --porcelain` says them.
    pub profile: Vec<String>,
    /// All other changes, in the whole repository and in packages beside it.
    pub changes: Vec<String>,
    /// Packages in folders of other repositories, or of none.
    pub beside: Vec<Beside>,
}

impl Facts {
    /// What is recorded, where it can be used.
    pub(super) fn manifest(&self) -> Option<&Manifest> {
        self.status.manifest.as_ref().filter(|_| self.status.error.is_none())
    }

    /// A command on this program.
    pub(super) fn command(&self, words: &str) -> String {
        let space = if words.is_empty() { "" } else { " " };
        crate::advise!("{pgo}{space}{words} --program {}", self.status.program)
    }

    /// The same, to be named in a sentence.
    pub(super) fn run(&self, words: &str) -> String {
        format!("`{}`", self.command(words))
    }
}
