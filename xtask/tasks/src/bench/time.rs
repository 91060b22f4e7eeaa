//! Time of child processes: of the clock, and of CPU time.

use std::time::Instant;

use anyhow::Result;
use serde::{Deserialize, Serialize};

/// Seconds that something took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(in crate::bench) struct Time {
    /// Of the clock.
    pub(in crate::bench) wall: f64,
    /// Of CPU time, user and system.
    pub(in crate::bench) cpu: f64,
}

impl std::ops::Add for Time {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, cpu: self.cpu + other.cpu }
    }
}

/// The time of `work`. CPU time is that of the children that ended in it: theirs too, since each counts
/// those that it waited for.
pub(in crate::bench) fn of_children<T>(work: impl FnOnce() -> Result<T>) -> Result<Time> {
    let (start, before) = (Instant::now(), so_far()?);
    work()?;
    Ok(Time { wall: start.elapsed().as_secs_f64(), cpu: so_far()? - before })
}

#[cfg(unix)]
fn so_far() -> Result<f64> {
    use nix::sys::{
        resource::{UsageWho, getrusage},
        time::TimeValLike,
    };
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok((usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6)
}

#[cfg(not(unix))]
fn so_far() -> Result<f64> {
    anyhow::bail!("CPU time of children is not read on this system")
}

#[cfg(all(test, unix))]
mod tests {
    use super::of_children;

    #[test]
    fn grandchildren_count() {
        let spin = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 0.05";
        let nested = format!("sh -c '{spin}'");
        let run = || Ok(std::process::Command::new("sh").args(["-c", &nested, ";:"]).status()?);
        let time = of_children(run).unwrap();
        assert!(time.cpu > 0.01 && time.wall > 0.05, "{time:?}");
    }
}
