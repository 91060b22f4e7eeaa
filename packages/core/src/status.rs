//! What is known about a stored profile without compiling: for `status`, and for whoever
//! watches a run.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, ExitCode},
    forecast::Forecast,
    recorded::Manifest,
};

/// How a program's stored profile stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The program.
    pub program: String,
    /// The target triple.
    pub target: String,
    /// Where the profile is, relative to the workspace.
    pub folder: String,
    /// Its manifest; `None` where nothing is stored, or it cannot be used.
    pub manifest: Option<Manifest>,
    /// Its age in seconds.
    pub age_s: Option<u64>,
    /// What happened to the program's crates since; `None` where history does not tell.
    pub since: Option<Since>,
    /// Why git does not tell, in its own words and with what to do; absent where it tells, and where there
    /// is no git or no repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<String>,
    /// What differs from when it was recorded: the builder's account, and workloads.
    pub differences: Vec<String>,
    /// The last match that was measured.
    pub last_match: Option<LastMatch>,
    /// When it will be below the policy; absent where nothing was lost yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Forecast>,
    /// Why the profile is stale under the policy; empty where it is not.
    pub stale: Vec<String>,
    /// What stands in the way of using it at all.
    pub error: Option<String>,
    /// What to do about that.
    pub hint: Option<String>,
    /// What a command that needs the profile would end with.
    pub exit: Option<ExitCode>,
}

/// What happened in some folders since a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// Commits that touched them.
    pub commits: u64,
    /// Lines added and removed, with what is not committed yet.
    pub lines: u64,
}

/// A match that was measured before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastMatch {
    /// `99.8 % of the profile's weight (…)`.
    pub words: String,
    /// When, in UTC.
    pub when: String,
    /// Percent of the weight that no longer applied: the staleness, as one number.
    pub staleness: Option<f64>,
}

impl Status {
    /// The manifest, whether it is there or not, relative to the workspace.
    pub fn manifest_file(&self) -> PathBuf {
        Path::new(&self.folder).join("manifest.toml")
    }

    /// What stands in the way of using the profile, as an error.
    pub fn failure(&self) -> Option<Error> {
        let message = self.error.clone()?;
        let error = Error::new(self.exit.unwrap_or(ExitCode::Profile), message);
        Some(error.in_file(self.manifest_file(), None).with_any_hint(self.hint.as_deref()))
    }
}
