//! Errors as part of the interface: what went wrong, what to do next, and the exit code.

use std::{fmt, path::PathBuf};

/// What a process of ours ends with. The numbers are documented and stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ExitCode {
    /// Everything asked for was done.
    Success = 0,
    /// A fault of ours.
    Internal = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Cargo or the compiler failed.
    Build = 10,
    /// A workload or its service failed.
    Workload = 11,
    /// A profile cannot be merged or read.
    Profile = 12,
    /// The regression gate said no.
    Regression = 13,
    /// A stored profile is missing, stale or below policy.
    Stale = 14,
    /// The environment does not suffice.
    Preflight = 15,
    /// Ended by a signal.
    Interrupted = 130,
}

impl ExitCode {
    /// Every code, in ascending order.
    pub const ALL: [Self; 10] = [
        Self::Success,
        Self::Internal,
        Self::Usage,
        Self::Build,
        Self::Workload,
        Self::Profile,
        Self::Regression,
        Self::Stale,
        Self::Preflight,
        Self::Interrupted,
    ];

    /// The number the process exits with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The name in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Build => "build",
            Self::Workload => "workload",
            Self::Profile => "profile",
            Self::Regression => "regression",
            Self::Stale => "stale",
            Self::Preflight => "preflight",
            Self::Interrupted => "interrupted",
        }
    }

    /// One line for `--help` and the docs.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "fine",
            Self::Internal => "internal error",
            Self::Usage => "usage or configuration",
            Self::Build => "build failed",
            Self::Workload => "workload or service failed",
            Self::Profile => "profile cannot be merged or read",
            Self::Regression => "regression gate",
            Self::Stale => "profile stale or below policy",
            Self::Preflight => "preflight: the environment does not suffice",
            Self::Interrupted => "interrupted",
        }
    }
}

/// A place in a file of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the workspace or absolute.
    pub file: PathBuf,
    /// Line and column, from 1, where they are known.
    pub position: Option<(usize, usize)>,
}

/// An error that a person can act on.
///
/// `Display` gives what and where; [`Error::hint`] gives what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    code: ExitCode,
    message: String,
    hint: Option<String>,
    place: Option<Box<Place>>,
}

/// Results whose error carries an exit code.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with the code that ends the process.
    pub fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, place: None }
    }

    /// A fault of ours, or of the file system under us.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ExitCode::Internal, message)
    }

    /// Wrong usage or configuration.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ExitCode::Usage, message)
    }

    /// The environment does not suffice.
    pub fn preflight(message: impl Into<String>) -> Self {
        Self::new(ExitCode::Preflight, message)
    }

    /// The run was ended by a signal.
    pub fn interrupted() -> Self {
        Self::new(ExitCode::Interrupted, "interrupted")
            .with_hint("what was finished stays: the same command goes on from there")
    }

    /// Adds what to do next, where that is known.
    #[must_use]
    pub fn with_any_hint(self, hint: Option<impl Into<String>>) -> Self {
        match hint {
            Some(hint) => self.with_hint(hint),
            None => self,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says where: `context: message`.
    #[must_use]
    pub fn at(mut self, context: impl fmt::Display) -> Self {
        self.message = format!("{context}: {}", self.message);
        self
    }

    /// Names the file that has to be mended, for those who show errors beside it. The message
    /// says it too.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<PathBuf>, position: Option<(usize, usize)>) -> Self {
        self.place = Some(Box::new(Place { file: file.into(), position }));
        self
    }

    /// Ends with another code, the text unchanged.
    #[must_use]
    pub fn with_code(mut self, code: ExitCode) -> Self {
        self.code = code;
        self
    }

    /// The code that ends the process.
    pub fn code(&self) -> ExitCode {
        self.code
    }

    /// It with what to do next, in one line.
    pub fn words(&self) -> String {
        self.hint().map_or_else(|| self.to_string(), |hint| format!("{self} ({hint})"))
    }

    /// What to do next, if there is something to say.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The file that has to be mended, if it is one.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_events() {
        for code in ExitCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.name());
        }
    }
}
