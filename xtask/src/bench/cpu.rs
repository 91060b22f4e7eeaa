//! CPU time of child processes.

use anyhow::Result;

/// What `work` gives, and the seconds of CPU time, user and system, of the children that ended in it:
/// theirs too, since each counts those that it waited for.
pub(super) fn of_children<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, f64)> {
    let before = so_far()?;
    let done = work()?;
    Ok((done, so_far()? - before))
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
        let spin = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        let nested = format!("sh -c '{spin}'");
        let run = || Ok(std::process::Command::new("sh").args(["-c", &nested, ";:"]).status()?);
        let (status, seconds) = of_children(run).unwrap();
        assert!(status.success() && seconds > 0.01, "{status} {seconds}");
    }
}
