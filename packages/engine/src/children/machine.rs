//! What the machine was busy with while a child ran, where the system tells: Linux's `/proc`.

use std::{fs, time::Duration};

use serde::{Deserialize, Serialize};

/// Ticks of `/proc/stat` in a second: `USER_HZ`, which is 100 wherever Rust's std runs on Linux.
const TICK: Duration = Duration::from_millis(10);

/// Counters of the whole machine, or what was added to them. `None` where they are not told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// CPU time of all processes and of the kernel.
    pub busy: Option<Duration>,
    /// Time that a hypervisor took away, over all CPUs.
    pub steal: Option<Duration>,
    /// Time in which anything waited for a CPU.
    pub stall: Option<Duration>,
}

impl Machine {
    /// The counters as they stand.
    pub(super) fn now() -> Self {
        let (busy, steal) = fs::read_to_string("/proc/stat").ok().as_deref().and_then(times).unzip();
        let stall = fs::read_to_string("/proc/pressure/cpu").ok().as_deref().and_then(stalled);
        Self { busy, steal, stall }
    }

    /// What was added since `before`.
    pub(super) fn since(self, before: Self) -> Self {
        let added = |now: Option<Duration>, then: Option<Duration>| Some(now?.saturating_sub(then?));
        Self {
            busy: added(self.busy, before.busy),
            steal: added(self.steal, before.steal),
            stall: added(self.stall, before.stall),
        }
    }
}

/// Busy and stolen time from the first line of `/proc/stat`: user, nice, system, idle, iowait, irq,
/// softirq, steal (proc_stat(5)).
fn times(stat: &str) -> Option<(Duration, Duration)> {
    let words = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
    let ticks: Vec<u32> = words.map(|word| word.parse().unwrap_or(u32::MAX)).collect();
    let at = |index: usize| ticks.get(index).copied();
    let busy = at(0)?.checked_add(at(1)?)?.checked_add(at(2)?)?.checked_add(at(5)?)?.checked_add(at(6)?)?;
    Some((TICK * busy, TICK * at(7)?))
}

/// `total` of the line `some`, in microseconds.
fn stalled(pressure: &str) -> Option<Duration> {
    let some = pressure.lines().find(|line| line.starts_with("some "))?;
    let total = some.split_whitespace().find_map(|word| word.strip_prefix("total="))?;
    total.parse().ok().map(Duration::from_micros)
}

/// Run-queue wait from a `schedstat` of a process or thread: nanoseconds on a CPU, nanoseconds
/// ready without one, number of turns.
#[cfg(any(unix, test))]
pub(super) fn waited(schedstat: &str) -> Option<Duration> {
    schedstat.split_whitespace().nth(1)?.parse().ok().map(Duration::from_nanos)
}

/// CPU time in user space and in the kernel of the children that a process has waited for, from its
/// `/proc/PID/stat` (proc_pid_stat(5), fields 16 and 17).
#[cfg(any(unix, test))]
pub(super) fn of_children(stat: &str) -> Option<(Duration, Duration)> {
    // The second field, the name, is in parentheses and may have any characters.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(16 - 3);
    let mut time = || Some(TICK * fields.next()?.parse::<u32>().ok()?);
    Some((time()?, time()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_read() {
        let stat = "cpu  100 20 30 4000 50 6 7 8 0 0\ncpu0 1 2 3\n";
        assert_eq!(times(stat), Some((Duration::from_millis(1630), Duration::from_millis(80))));
        let pressure = "some avg10=9.64 avg60=9.62 avg300=6.18 total=47024687\nfull avg10=0.00 total=0\n";
        assert_eq!(stalled(pressure), Some(Duration::from_micros(47_024_687)));
        assert_eq!(waited("139183706 44502373 16\n"), Some(Duration::from_nanos(44_502_373)));
        assert_eq!((times("intr 1"), stalled(""), waited("")), (None, None, None));
        let stat = "7 (a b) c) Z 1 2 3 4 5 6 7 8 9 10 11 12 130 4 20 0 1 0 99\n";
        assert_eq!(of_children(stat), Some((Duration::from_millis(1300), Duration::from_millis(40))));
        assert_eq!(of_children("7 (a) Z 1"), None);
    }
}
