//! Stopping and continuing everything below a process: `timeout`, `setsid` and shells with job control give what they
//! start a process group of its own, which a signal for the child's group does not reach. Where there is no `/proc`,
//! only that group is reached.

use std::{fs, thread, time::Duration};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};

use crate::children::left::children;

/// Looks for what still runs: what is in the kernel for longer stops when it comes back.
const ROUNDS: usize = 20;
/// Looks in a row that have to find nothing: a process whose parent ends meanwhile may be overlooked by one.
const QUIET: usize = 2;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(1);

/// Stops the process group, and all processes below `root` (a number, or `self`).
pub(crate) fn stop(group: Pid, root: &str) {
    let runs = |state: char| !matches!(state, 'T' | 't' | 'Z' | 'X');
    send(Signal::SIGSTOP, group, root, runs);
}

/// Lets them go on.
pub(crate) fn go_on(group: Pid, root: &str) {
    send(Signal::SIGCONT, group, root, |state| state == 'T');
}

fn send(signal: Signal, group: Pid, root: &str, lacks: impl Fn(char) -> bool) {
    // What stands still has its children where they were: they are listed before it goes on. Each is sent the signal
    // once in any case: one that was to stop, and has not come to it, must not do so later.
    let mut processes: Vec<i32> = below(root).into_iter().map(|(process, _)| process).collect();
    let _ = killpg(group, signal);
    let mut quiet = 0;
    for _ in 0..ROUNDS {
        for process in processes {
            let _ = kill(Pid::from_raw(process), signal);
        }
        thread::sleep(PAUSE);
        let lacking = below(root).into_iter().filter(|(_, state)| lacks(*state));
        processes = lacking.map(|(process, _)| process).collect();
        quiet = if processes.is_empty() { quiet + 1 } else { 0 };
        if quiet == QUIET {
            return;
        }
    }
}

/// All processes below `root` with their states. Each state is read before the process's children are: what is
/// stopped by then gets no more of them.
fn below(root: &str) -> Vec<(i32, char)> {
    let with_state = |process: i32| Some((process, state(process)?));
    let mut found: Vec<(i32, char)> = children(root).into_iter().filter_map(with_state).collect();
    let mut at = 0;
    while let Some((process, _)) = found.get(at) {
        found.extend(children(&process.to_string()).into_iter().filter_map(with_state));
        at += 1;
    }
    found
}

/// The letter of `/proc/PID/stat`; `None` where it is gone.
fn state(process: i32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it is in parentheses, and may have some itself.
    stat.rsplit_once(") ")?.1.chars().next()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::{os::unix::process::CommandExt, path::Path, process::Command, time::Instant};

    use super::*;

    /// Whether something is written into `file` within a fifth of a second.
    fn grows(file: &Path) -> bool {
        let size = || fs::metadata(file).map_or(0, |file| file.len());
        let (before, start) = (size(), Instant::now());
        while start.elapsed() < Duration::from_millis(200) {
            if size() > before {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        false
    }

    /// Ends what a test began, however it ends.
    struct Begun(std::process::Child);

    impl Drop for Begun {
        fn drop(&mut self) {
            let all = below(&self.0.id().to_string());
            let _ = self.0.kill();
            for (process, _) in all {
                let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
            }
            let _ = self.0.wait();
        }
    }

    #[test]
    fn what_left_the_process_group_stands_still_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ticks");
        // It starts processes all the time, two groups away.
        let ticks = "while :; do sh -c 'echo >> ticks'; sleep 0.005; done";
        let script = format!("setsid -w timeout 60 sh -c \"{ticks}\"; true");
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &script]).current_dir(&folder).process_group(0).spawn();
        let shell = Begun(shell.unwrap());
        let (group, root) = (Pid::from_raw(i32::try_from(shell.0.id()).unwrap()), shell.0.id().to_string());
        let start = Instant::now();
        while !grows(&file) {
            assert!(start.elapsed() < Duration::from_secs(20), "it does not begin");
        }
        for _ in 0..5 {
            stop(group, &root);
            let (states, still) = (below(&root), !grows(&file));
            go_on(group, &root);
            assert!(still, "it went on: {states:?}");
            let stopped: Vec<_> = below(&root).into_iter().filter(|(_, state)| *state == 'T').collect();
            assert!(grows(&file), "it did not go on: {stopped:?}");
        }
    }
}
