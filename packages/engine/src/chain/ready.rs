//! What preflight found: every later stage wants to see it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The environment suffices. Only preflight makes one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ready {
    /// What was seen to merge what this toolchain's programs write.
    pub merger: Merger,
    /// Whether the compiler can list the functions that it builds, with the hashes of
    /// their control flow.
    pub traces: bool,
}

/// What merges raw profiles.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Merger {
    /// A tool; without it, Honing itself.
    pub tool: Option<PathBuf>,
    /// Its name and version.
    pub name: String,
}

impl std::fmt::Display for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.merger.name.fmt(f)
    }
}
