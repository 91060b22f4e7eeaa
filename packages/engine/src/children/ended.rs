//! What is known of a child once it has ended.

use std::{fmt, time::Duration};

use crate::children::{left::Left, machine::Machine};

/// Resources that a child used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// From start to end.
    pub wall: Duration,
    /// CPU time in user space, of the child and its waited-for children.
    pub user: Duration,
    /// CPU time in the kernel.
    pub system: Duration,
    /// What of it was its waited-for children's, in user space and in the kernel, where that is told: to 10 ms.
    pub children: Option<(Duration, Duration)>,
    /// Largest resident set, in bytes. Reads no less than the launcher's own few MiB.
    pub peak_rss: u64,
    /// Time that it was ready to run and had no CPU, where that is told: that of the child's first
    /// thread, or of all its threads where it was asked to stop.
    pub wait: Option<Duration>,
    /// What the whole machine was busy with meanwhile.
    pub machine: Machine,
}

impl Usage {
    /// CPU time in user space and kernel.
    pub fn cpu(&self) -> Duration {
        self.user + self.system
    }

    /// This and another's.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            user: self.user + other.user,
            system: self.system + other.system,
            peak_rss: self.peak_rss.max(other.peak_rss),
            ..other
        }
    }
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It exited with a code.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {}", signal_name(*signal)),
        }
    }
}

#[cfg(unix)]
fn signal_name(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal)
        .map_or_else(|_| signal.to_string(), |name| name.as_str().into())
}

#[cfg(not(unix))]
fn signal_name(signal: i32) -> String {
    signal.to_string()
}

/// A child that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How.
    pub status: Status,
    /// At what cost.
    pub usage: Usage,
    /// Whether it was killed because its time was up.
    pub timed_out: bool,
    /// What it left running when it ended by itself, and was ended after it.
    pub left: Left,
}
