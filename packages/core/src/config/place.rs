//! Where a rule of pgo.toml is broken.

use std::path::Path;

use crate::config::sections::Config;
use crate::config::{position::Positions, program::Program};
use crate::error::Error;

/// A key of pgo.toml, for an error about it.
pub struct Place<'a> {
    positions: &'a Positions<'a>,
    file: &'a Path,
    path: Vec<&'a str>,
}

impl<'a> Place<'a> {
    /// The program that the place is in.
    pub(super) fn program<'c>(&self, config: &'c Config) -> Option<&'c Program> {
        config.program.get(*self.path.get(1)?)
    }

    /// The file itself, that is shown as `file`.
    pub fn top(positions: &'a Positions<'a>, file: &'a Path) -> Self {
        Self { positions, file, path: Vec::new() }
    }

    /// A key in it.
    #[must_use]
    pub fn key(&self, keys: &[&'a str]) -> Self {
        let path = self.path.iter().chain(keys).copied().collect();
        Self { path, ..*self }
    }

    /// What the key is called.
    pub(super) fn name(&self) -> &str {
        self.path.last().copied().unwrap_or_default()
    }

    /// An error about it, that names file, line and column.
    pub fn error(&self, message: impl Into<String>) -> Error {
        let (line, column) = self.positions.nearest(&self.path);
        let place = format!("{}:{line}:{column}", self.file.display());
        Error::usage(message).at(place).in_file(self.file, Some((line, column)))
    }
}
